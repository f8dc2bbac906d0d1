/** How long things of a login last and are waited for. Clocks are moved, not waited for. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createCredentials } from "../../../src/mcp/auth/credentials.js";
import { alone } from "../../../src/mcp/auth/kept.js";
import { login } from "../../../src/mcp/auth/login.js";
import { createSafeFetch } from "../../../src/mcp/auth/safe-fetch.js";
import { AUTH_FETCH_MS, LOCK_MS, LOGIN_MS, TOKEN_EARLY_MS, TOKEN_RENEW_MS } from "../../../src/mcp/limits.js";
import { createLock } from "../../../src/store/lock.js";
import { startAuthorizationServer } from "./authorization-server.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a token for a server", () => {
  const granted = (): { now: number; asked: string[]; credentials: ReturnType<typeof createCredentials> } => {
    const state = { now: 1_000_000, asked: [] as string[] };
    const grant = (): Promise<{ accessToken: string; expiresInMs: number }> => {
      state.asked.push(`t${state.asked.length}`);
      return Promise.resolve({ accessToken: state.asked.at(-1)!, expiresInMs: 3_600_000 });
    };
    return Object.assign(state, { credentials: createCredentials("db", grant, () => state.now) });
  };

  it("is not used in its last moments", async () => {
    const at = granted();
    await at.credentials.obtain();
    at.now += 3_600_000 - TOKEN_EARLY_MS - 1;
    expect(at.credentials.current).toBe("t0");
    at.now += 1;
    expect(at.credentials.current).toBeUndefined();
    await at.credentials.obtain();
    expect(at.credentials.current).toBe("t1");
  });

  it("is got again for a server that refuses it, and not with each call", async () => {
    const at = granted();
    await at.credentials.obtain();
    await at.credentials.renew("t0", undefined);
    at.now += TOKEN_RENEW_MS - 1;
    await expect(at.credentials.renew("t1", undefined)).rejects.toThrow(/refuses our tokens/);
    at.now += 1;
    await at.credentials.renew("t1", undefined);
    expect(at.asked).toEqual(["t0", "t1", "t2"]);
  });
});

describe("an authorization server that never answers", () => {
  it("is given up after a while", async () => {
    const server = http.createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const enough = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(enough.signal);
    const asked = createSafeFetch({ loopback: true })(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    );
    server.once("request", () => enough.abort());
    await expect(asked).rejects.toThrow();
    expect(timeout).toHaveBeenCalledWith(AUTH_FETCH_MS);
    server.close();
    server.closeAllConnections();
  });
});

describe("what several proxies share", () => {
  it("is waited for, and not for ever", async () => {
    const dir = mkdtempSync(join(tmpdir(), "sallyport-times-"));
    const held = createLock(join(dir, "tokens.lock"));
    vi.useFakeTimers({ toFake: ["Date", "setTimeout"] });
    let entered = false;
    const done = alone(join(dir, "tokens"), () => {
      entered = true;
      return Promise.resolve("worked");
    });
    await vi.advanceTimersByTimeAsync(LOCK_MS - 1_000);
    expect(entered).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await done).toBe("worked");
    held.release();
    rmSync(dir, { recursive: true });
  });
});

describe("a login", () => {
  it("from which nobody comes back is given up", async () => {
    const issuer = await startAuthorizationServer();
    const set = vi.spyOn(globalThis, "setTimeout");
    const dir = mkdtempSync(join(tmpdir(), "sallyport-times-"));
    const auth = {
      type: "authorization_code",
      issuer: issuer.issuer,
      tokenFile: join(dir, "tokens.json"),
    } as Parameters<typeof login>[0];
    let ended: Promise<void> | undefined;
    await new Promise<void>((resolve) => {
      ended = login(auth, `${issuer.issuer}/mcp`, () => resolve());
    });
    const waits = set.mock.calls.find(([, ms]) => ms === LOGIN_MS);
    (waits![0] as () => void)();
    await expect(ended).rejects.toThrow(/nobody came back/);
    issuer.close();
    rmSync(dir, { recursive: true });
  });
});
