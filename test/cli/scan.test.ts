import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { loadPosture } from "../../src/config/posture.js";
import { scanCommand, type ScanRole } from "../../src/cli/scan.js";
import { loadEngine } from "../../src/cli/start.js";

const parts = { engine: loadEngine(), posture: loadPosture({ SALLYPORT_PROFILE: "strict" }) };

async function scan(
  input: string,
  options: { role?: ScanRole; phase?: "input" | "output"; jsonl?: boolean; json?: boolean },
): Promise<{ code: number; out: string; said: string }> {
  const seen = { out: "", said: "" };
  const code = await scanCommand(
    parts,
    { role: "text", phase: "input", jsonl: false, json: false, ...options },
    {
      input: Readable.from([Buffer.from(input)]),
      write: (text) => (seen.out += text),
      say: (text) => (seen.said += text),
    },
  );
  return { code, ...seen };
}

const lines = (out: string) =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, never>);

test("a line in, a line out, in order, with everything but the value", async () => {
  const input = [
    { id: 1, text: "SSN 536-90-4399, thanks", role: "text", phase: "output" },
    { id: "two", text: "DROP TABLE users", role: "sql", phase: "input" },
    { id: 3, text: "nothing to see", role: "text", phase: "input" },
  ];
  const { code, out } = await scan(input.map((each) => JSON.stringify(each)).join("\n"), { jsonl: true });
  expect(code).toBe(0);
  expect(out).not.toContain("536-90-4399");
  expect(lines(out)).toEqual([
    {
      id: 1,
      findings: [
        {
          category: "pii",
          type: "us_ssn",
          detector: "pii.us_ssn",
          severity: "high",
          action: "block",
          start: 4,
          end: 15,
        },
      ],
    },
    { id: "two", findings: [expect.objectContaining({ category: "dangerous_queries", action: "block" })] },
    { id: 3, findings: [] },
  ]);
});

test("role json walks the document and gives pointers; numbers and JSON in text are found too", async () => {
  const document = JSON.stringify({ customers: [{ ssn: 536904399 }], note: '{"ssn":"536-90-4399"}' });
  const { out } = await scan(JSON.stringify({ id: 1, text: document, role: "json", phase: "output" }), {
    jsonl: true,
  });
  const [{ findings }] = lines(out) as unknown as [{ findings: { pointer: string; inner?: string }[] }];
  expect(findings.map(({ pointer, inner }) => [pointer, inner])).toEqual([
    ["/customers/0/ssn", undefined],
    ["/note", "/ssn"],
  ]);
});

test("a line that cannot be scanned says so and is never shown as clean", async () => {
  const input = [
    '{"id":1,"text":"x","role":"sqll"}',
    '{"id":2}',
    "nonsense",
    '{"id":4,"text":"{","role":"json"}',
  ].join("\n");
  const { code, out, said } = await scan(input, { jsonl: true });
  expect(code).toBe(2);
  expect(lines(out).every((line) => line["error"] !== undefined && line["findings"] === undefined)).toBe(
    true,
  );
  expect(out).toContain("valid: sql, shell");
  expect(said.trim().split("\n")).toHaveLength(4);
});

test("plain text is answered for people, and as JSON when asked", async () => {
  expect((await scan("all quiet", {})).out).toBe("nothing found\n");
  expect((await scan("rm -rf /", { role: "shell" })).out).toMatch(
    /^critical block +dangerous_commands\/delete_root \[0, \d+\)/,
  );
  expect(JSON.parse((await scan("rm -rf /", { role: "shell", json: true })).out)).toHaveProperty("findings");
});
