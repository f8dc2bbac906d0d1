/** The port to the database. SQLite stands behind it (sqlite.ts); nothing above this folder knows. */

export type Param = string | number | bigint | Uint8Array | null;

/** One transaction, or one consistent view. Statements are prepared once per SQL text and kept. */
export interface Tx {
  /** What a work has read and the next of the same transaction need not: forgotten with it, or when a work is undone. */
  readonly memo: Map<string, unknown>;
  run(sql: string, ...params: Param[]): void;
  get<T>(sql: string, ...params: Param[]): T | undefined;
  all<T>(sql: string, ...params: Param[]): T[];
  /**
   * Rows one by one, for what does not fit in memory. Use it up, or leave the loop, before the next
   * statement.
   */
  each<T>(sql: string, ...params: Param[]): IterableIterator<T>;
}

export interface Store {
  readonly path: string;
  /**
   * Runs `work` in the next group commit: one write transaction for everything queued meanwhile. Resolves
   * with what `work` returned once it is on disk (fsynced), never before. A `work` that throws rejects with
   * its own error and leaves no write; the others of its group are not touched. Rejects with
   * `store_unavailable` when the group cannot be written: then nothing of it is in the file. `work` may run
   * more than once only if it is queued more than once; it must be synchronous.
   */
  transact<T>(work: (tx: Tx) => T): Promise<T>;
  /** Runs `work` on one consistent view, at once. Throws `store_unavailable` when the file cannot be read. */
  read<T>(work: (tx: Tx) => T): T;
  /**
   * Another number once another process has committed, as of the last transaction: inside of one it is exact, and
   * costs nothing.
   */
  version(): number;
  /**
   * Empties the write-ahead log into the file, so that text which was overwritten there is in neither. False when
   * another process is reading or writing: try again later.
   */
  scrub(): boolean;
  /** Waits for what is queued, then closes. Later calls reject. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** For reading commands: nothing is created, migrated or written. */
  readonly readonly?: boolean;
  /**
   * How long to wait for another process's write transaction, in milliseconds, before refusing. Default 5000.
   */
  readonly busyMs?: number;
}
