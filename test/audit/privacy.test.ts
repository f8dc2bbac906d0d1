/**
 * Nothing of a call's payload is kept: no value of any golden call's arguments or answer is in the store's files, in
 * what is logged, or in anything that the audit commands print.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { auditCommand } from "../../src/cli/audit.js";
import { NO_SETTINGS } from "../../src/config/audit.js";
import { fillTemplate } from "../../src/detect/template.js";
import type { Json } from "../../src/model/json.js";
import { testGate } from "../helpers/gate.js";

const CALLS = fileURLToPath(new URL("../calls", import.meta.url));
/** Shorter ones stand in any text by chance, and so do the words of our own vocabulary. */
const SHORTEST = 6;

interface Golden {
  readonly server: object;
  readonly settings?: object;
  readonly tool: string;
  readonly arguments: object;
}

/** Every string and number in a document, also inside of strings that hold JSON. */
function valuesIn(value: Json): string[] {
  if (typeof value === "string") {
    try {
      return [value, ...valuesIn(JSON.parse(value) as Json)];
    } catch {
      return [value, ...value.split(/[\n,|]/)];
    }
  }
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  // A content block's "type" is the protocol's word, and part of every pointer.
  return Object.entries(value).flatMap(([key, each]) => (key === "type" ? [] : valuesIn(each as Json)));
}

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-privacy-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Makes the golden call; resolves with its values and all that was written anywhere. */
async function traces(folder: string, previews: boolean): Promise<{ values: string[]; written: string }> {
  const read = (name: string): string => fillTemplate(readFileSync(join(CALLS, folder, name), "utf8"));
  const golden = JSON.parse(read("call.json")) as Golden;
  const answer = read("answer.txt").replace(/\n$/, "");
  const settings = { ...golden.settings, audit: { path: join(dir, "audit.db"), previews } };
  const kit = await testGate({ it: golden.server }, settings, { dir });
  const text = JSON.stringify(golden.arguments);
  await kit.gate.govern(kit.call("it", golden.tool, text), async () => ({
    body: "result",
    text: answer,
    value: JSON.parse(answer) as Json,
    bytes: Buffer.byteLength(answer),
  }));
  const path = join(dir, "audit.db");
  const files = ["", "-wal"]
    .filter((suffix) => existsSync(`${path}${suffix}`))
    .map((suffix) => `${path}${suffix}`);
  let written = [...files.map((file) => readFileSync(file, "utf8")), ...kit.logged].join("\n");
  const pack = join(dir, "pack");
  const { id } = kit.last();
  for (const argv of [...PRINTING, ["show", id], ["checkpoint"], ["export", "--pack", pack]]) {
    await auditCommand(argv, {
      path,
      settings: NO_SETTINGS,
      version: "1",
      user: "ann",
      color: false,
      write: (each) => void (written += each),
    });
  }
  for (const name of readdirSync(pack, { recursive: true, encoding: "utf8" }))
    if (/\.(jsonl?|csv|md|txt)$/.test(name)) written += readFileSync(join(pack, name), "utf8");
  await kit.close();
  const values = [...valuesIn(golden.arguments as Json), ...valuesIn(JSON.parse(answer) as Json)];
  return {
    values: [...new Set(values.map((each) => each.trim()))].filter((each) => each.length >= SHORTEST),
    written,
  };
}

const PRINTING = [
  ["search", "--json"],
  ["tail"],
  ["verify", "--json"],
  ["stats"],
  ["export", "--format", "jsonl"],
  ["export", "--format", "csv"],
  ["export", "--format", "ocsf"],
  ["export", "--format", "otlp"],
] as const;

it("the check sees what is written", async () => {
  const { values, written } = await traces("redacted-in-arguments", false);
  expect(values).toContain("her ssn is 536-90-4399");
  expect(written).toContain('"kind":"decision"');
  expect(written).toContain('"kind":"outcome"');
});

for (const folder of readdirSync(CALLS)) {
  it(`keeps nothing of: ${folder.replaceAll("-", " ")}`, async () => {
    const { values, written } = await traces(folder, false);
    expect(values.filter((value) => written.includes(value))).toEqual([]);
  });
}

it.each(readdirSync(CALLS).filter((folder) => folder.startsWith("redacted")))(
  "a preview shows nothing that a detector found: %s",
  async (folder) => {
    const { values, written } = await traces(folder, true);
    const kept = values.filter((value) => written.includes(value));
    expect(kept.filter((value) => /@|\b\d{3}-\d\d-\d{4}\b|\bgh[pos]_|\d{9}/.test(value))).toEqual([]);
    expect(written).toContain('"preview":');
  },
);
