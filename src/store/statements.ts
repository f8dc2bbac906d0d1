import type { Statement } from "better-sqlite3";
import type { Db } from "./database.js";

/**
 * Nothing native of a database ever becomes garbage. The destructor of a better-sqlite3 12 statement asks for the
 * JavaScript context it runs in; a collection while the process is idle has none, and on Node 24 that is a native
 * assertion that ends the process. A store prepares a few dozen statements in its life, so they are kept.
 */
const kept: unknown[] = [];

export function keep<T>(thing: T): T {
  kept.push(thing);
  return thing;
}

export function statement(db: Db, sql: string): Statement {
  return keep(db.prepare(sql));
}

/** The value of a pragma. `db.pragma` would make a statement and drop it. */
export function pragma(db: Db, name: string): unknown {
  return statement(db, `PRAGMA ${name}`).pluck().get();
}
