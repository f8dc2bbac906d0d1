/**
 * The destructors of better-sqlite3 12 ask for a JavaScript context that an idle collection does not have: on Node 24
 * that ends the process. The store keeps what it opens and prepares (src/store/statements.ts); here, what tests make for
 * themselves is kept, so that no worker is lost.
 */
import Database from "better-sqlite3";

type Native = Record<string, (...args: unknown[]) => unknown>;

const kept = new Set<unknown>();
const probe = new Database(":memory:");
const [inner] = Object.getOwnPropertySymbols(probe);
const native = (probe as unknown as Record<symbol, Native>)[inner!]!;
const prototype = Object.getPrototypeOf(native) as Native;
for (const name of ["prepare", "exec", "close"]) {
  const method = prototype[name]!;
  prototype[name] = function keeping(this: Native, ...args: unknown[]): unknown {
    kept.add(this);
    const made = method.apply(this, args);
    kept.add(made);
    return made;
  };
}
kept.add(native);
