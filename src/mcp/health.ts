/**
 * How one server is doing, shared by all sessions: a server that cannot start is tried again at growing intervals, one
 * that does not answer is left alone for a while, and calls meanwhile are told at once instead of waiting.
 */
import { SallyportError, type ErrorCode } from "../model/errors.js";
import {
  BREAKER_MS,
  BREAKER_TIMEOUTS,
  MAX_CONCURRENT_CALLS,
  MAX_WAITING_CALLS,
  RESTART_MAX_MS,
  RESTART_PAUSE_MS,
} from "./limits.js";

export interface HealthView {
  readonly state: "new" | "up" | "down" | "not_answering";
  /** Requests that wait for an answer. */
  readonly inFlight: number;
  readonly failures: number;
  /** Milliseconds until it is tried again; 0 when nothing is in the way. */
  readonly retryInMs: number;
  /** A closed error code, never the server's words. */
  readonly lastError?: ErrorCode;
}

export interface Health {
  /** Throws `downstream_unavailable` while it is too early to try again. */
  mayConnect(): void;
  connected(): void;
  connectFailed(error: unknown): void;
  /** Runs one request: refused while the breaker is open, held back while too many are running. */
  run<T>(work: () => Promise<T>): Promise<T>;
  readonly view: HealthView;
}

export function createHealth(name: string, now: () => number = Date.now): Health {
  let state: HealthView["state"] = "new";
  let failures = 0;
  let timeouts = 0;
  let notBefore = 0;
  let inFlight = 0;
  let lastError: ErrorCode | undefined;
  const waiting: (() => void)[] = [];

  const refuse = (what: string): never => {
    const seconds = Math.max(1, Math.ceil((notBefore - now()) / 1000));
    throw new SallyportError("downstream_unavailable", `${what}; it is tried again in ${seconds} s`);
  };
  const mayAsk = (): void => {
    if (state === "not_answering" && now() < notBefore) refuse(`server "${name}" has not answered lately`);
  };
  const noted = (error: unknown): void => {
    lastError = error instanceof SallyportError ? error.code : "internal";
  };

  return {
    mayConnect: () => {
      if (state === "down" && now() < notBefore) refuse(`server "${name}" could not be started or reached`);
    },
    connected: () => {
      state = "up";
      failures = 0;
    },
    connectFailed: (error) => {
      noted(error);
      failures++;
      state = "down";
      notBefore = now() + Math.min(RESTART_MAX_MS, RESTART_PAUSE_MS * 2 ** (failures - 1));
    },
    run: async (work) => {
      mayAsk();
      if (inFlight < MAX_CONCURRENT_CALLS) inFlight++;
      else {
        if (waiting.length >= MAX_WAITING_CALLS)
          throw new SallyportError("downstream_unavailable", `server "${name}" has too many calls waiting`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      try {
        mayAsk(); // it may have stopped answering while this call stood in line
        const result = await work();
        timeouts = 0;
        if (state === "not_answering") state = "up";
        return result;
      } catch (error) {
        if (error instanceof SallyportError && error.code === "downstream_timeout") {
          noted(error);
          if (++timeouts >= BREAKER_TIMEOUTS) {
            state = "not_answering";
            notBefore = now() + BREAKER_MS;
          }
        }
        throw error;
      } finally {
        // The place is handed on: given back first, somebody who has just come would take it as well.
        const next = waiting.shift();
        if (next === undefined) inFlight--;
        else next();
      }
    },
    get view() {
      const retryInMs = state === "down" || state === "not_answering" ? Math.max(0, notBefore - now()) : 0;
      return { state, inFlight, failures, retryInMs, ...(lastError !== undefined && { lastError }) };
    },
  };
}
