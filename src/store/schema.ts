/**
 * The tables, as numbered steps: the file's user_version counts how many were taken. A step that has shipped
 * is never edited; a change is a further step.
 */

/** "SALY": tells our files from any other SQLite database a path might point at by mistake. */
export const APPLICATION_ID = 0x53414c59;

const FIRST = `
  -- The chain. "body" may be erased one day (retention); "body_hash" and "hash" stay, so the chain still
  -- verifies.
  CREATE TABLE records (
    seq       INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL,
    id        TEXT NOT NULL UNIQUE,
    ref       TEXT,
    time      INTEGER NOT NULL,
    body      TEXT,
    body_hash BLOB NOT NULL,
    hash      BLOB NOT NULL
  ) STRICT;
  -- Only outcomes have a ref, the decision's id: two outcomes of one decision cannot be written.
  CREATE UNIQUE INDEX records_by_ref ON records (ref) WHERE ref IS NOT NULL;
  CREATE INDEX records_by_time ON records (time);

  -- Working state, not evidence: forwarded decisions without an outcome, so that a start need not read a
  -- million records to find them.
  CREATE TABLE open_decisions (
    id     TEXT PRIMARY KEY,
    writer TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Cumulative budgets. "width" and "start" in milliseconds.
  CREATE TABLE windows (
    principal TEXT NOT NULL,
    connector TEXT NOT NULL,
    width     INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    calls     INTEGER NOT NULL,
    rows      INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    PRIMARY KEY (principal, connector, width, start)
  ) STRICT, WITHOUT ROWID;
`;

const PINS = `
  -- Working state: how each tool was defined when it was first seen or last approved, and how it was listed
  -- since. What happened to it, and when, is in the chain. Hashes are SHA-256 of the definition, in hex;
  -- findings are JSON lists; times in milliseconds. Texts come last: most reads want the short columns only.
  -- "origin" is where the server is configured: two files may each have a server "db".
  CREATE TABLE pins (
    origin             TEXT NOT NULL,
    server             TEXT NOT NULL,
    tool               TEXT NOT NULL,
    hash               TEXT NOT NULL,
    listed             TEXT NOT NULL,
    changed            TEXT,
    findings           TEXT NOT NULL,
    changed_findings   TEXT NOT NULL,
    first_seen         INTEGER NOT NULL,
    changed_at         INTEGER,
    approved_at        INTEGER,
    approved_by        TEXT,
    definition         TEXT NOT NULL,
    changed_definition TEXT,
    PRIMARY KEY (origin, server, tool)
  ) STRICT, WITHOUT ROWID;
`;

/** Each page that a call touches is written twice and hashed by SQLite: what nobody reads is left out. */
const LEAN = `
  DROP INDEX records_by_time;
  -- Working state: writers that have not ended well, and a record before which none of theirs is open.
  CREATE TABLE writers (
    writer TEXT PRIMARY KEY,
    since  INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO writers SELECT DISTINCT writer, 1 FROM open_decisions;
  DROP TABLE open_decisions;
`;

const CHECKPOINTS = `
  -- What the Merkle tree over the first "size" records was when it was signed. "note" says it, and can be checked
  -- without the rest. Working state: "frontier" is what it takes to go on from there. Time in milliseconds.
  CREATE TABLE checkpoints (
    size     INTEGER PRIMARY KEY,
    time     INTEGER NOT NULL,
    note     TEXT NOT NULL,
    frontier BLOB NOT NULL
  ) STRICT;
`;

const LIMITS = `
  -- Working state: what a person has stopped. All that is named must match; nothing named is everything.
  -- Times in milliseconds. Who stopped and resumed what, and when, is in the chain.
  CREATE TABLE stops (
    id         TEXT PRIMARY KEY,
    server     TEXT,
    tool       TEXT,
    principal  TEXT,
    session    TEXT,
    reason     TEXT NOT NULL,
    stopped_by TEXT NOT NULL,
    since      INTEGER NOT NULL,
    until      INTEGER
  ) STRICT, WITHOUT ROWID;

  -- Token buckets: when each is full again. A bucket without a row is full.
  CREATE TABLE buckets (
    principal TEXT NOT NULL,
    server    TEXT NOT NULL,
    tool      TEXT NOT NULL,
    full_at   REAL NOT NULL,
    PRIMARY KEY (principal, server, tool)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE windows ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;
`;

const APPROVALS = `
  -- Calls that wait for a person. "asked" is what that person reads: masked arguments, kept while the question is open.
  -- Digests are keyed; times in milliseconds. Who has said what, and when, is in the chain.
  CREATE TABLE approvals (
    id          TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    binding     TEXT NOT NULL,
    shape       TEXT NOT NULL,
    call        TEXT NOT NULL,
    requester   TEXT NOT NULL,
    server      TEXT NOT NULL,
    tool        TEXT NOT NULL,
    decision    TEXT NOT NULL,
    approvals   TEXT NOT NULL,
    asked       TEXT,
    votes       TEXT NOT NULL,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    grant_left  INTEGER NOT NULL,
    grant_bytes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX approvals_by_binding ON approvals (binding);
  CREATE INDEX approvals_by_shape ON approvals (shape) WHERE grant_left > 0;
  CREATE INDEX approvals_pending ON approvals (call) WHERE state = 'pending';
`;

export const MIGRATIONS: readonly string[] = [FIRST, PINS, LEAN, CHECKPOINTS, LIMITS, APPROVALS];
