// The calls that are measured. `expected` is what `problemWith` holds their answers against.
const text = "The quick brown fox jumps over the lazy dog 0123456789 ".repeat(19).slice(0, 1024);
const echo = (at) => ({
  name: `echo 1 KB, ${at} at a time`,
  at,
  tool: ["echo", { text }],
  expected: () => ({ text }),
});
const words = (name, bytes) => ({
  name,
  at: 1,
  tool: ["text", { bytes }],
  expected: () => ({ text: "plain words and 42 numbers ".repeat(bytes / 27) }),
});

export const BUSY = "echo 1 KB, 8 at a time";
export const CELLS = [
  ...[1, 8, 32, 128].map(echo),
  words("text 100 KB", 100_000),
  words("text 1 MB", 1_000_000),
  {
    name: "rows, 1 MB twice (text and structured)",
    at: 1,
    tool: ["rows", { count: 9500 }],
    expected: () => ({ rows: 9500 }),
  },
  {
    name: "people, 100 KB twice, each with e-mail and SSN",
    at: 1,
    // `strict` refuses these results, and `dev` lets them through: there is nothing to compare.
    only: /direct|raw|SDK|mcp-proxy|redacted/,
    tool: ["people", { count: 720 }],
    expected: (target) => ({ rows: 720, redacted: target.includes("redacted") }),
  },
];
