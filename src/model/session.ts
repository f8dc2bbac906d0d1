import type { Category, DecisionWord, Severity } from "./nouns.js";

/** The gravest finding of one category in what reached the client of a session. */
export interface Seen {
  readonly type: string;
  readonly severity: Severity;
  /** The call that brought it. */
  readonly call: string;
  readonly server: string;
  readonly tool: string;
}

export interface PastCall {
  readonly id: string;
  readonly server: string;
  readonly tool: string;
  /** Of the input gate. */
  readonly decision: DecisionWord;
}

/** What is remembered of one client session, for conditions and limits: facts, no values. */
export interface SessionFacts {
  /** By category. What was masked or withheld has not been seen, nor what is of low severity. */
  readonly seen: ReadonlyMap<Category, Seen>;
  readonly calls: number;
  /** Refused at either gate. */
  readonly denied: number;
  /** Tool errors and servers that could not answer. */
  readonly errors: number;
  /** The newest last, at most LAST_CALLS. */
  readonly lastCalls: readonly PastCall[];
}

export const LAST_CALLS = 20;

/** The facts of a session that has done nothing, and of a call that belongs to none. */
export const NO_SESSION: SessionFacts = {
  seen: new Map(),
  calls: 0,
  denied: 0,
  errors: 0,
  lastCalls: [],
};
