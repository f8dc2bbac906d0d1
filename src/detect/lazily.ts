/**
 * Made when it is first asked for. Reading a thousand patterns takes a tenth of a start, and a session needs few of them.
 */
export function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
