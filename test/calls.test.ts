/**
 * Golden calls: a folder each under test/calls/. `call.json`: the server's entry, settings and the tool call;
 * `answer.txt`: what the downstream answers, as bytes; `expected.json`: the record; `reply.txt`: what the client gets,
 * absent when that is the answer itself. `UPDATE_CALLS=1 npx vitest run test/calls.test.ts` writes the last two anew:
 * read the difference before you commit it.
 */
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fillTemplate } from "../src/detect/template.js";
import type { Json } from "../src/model/json.js";
import { testGate } from "./helpers/gate.js";

const CALLS = fileURLToPath(new URL("calls", import.meta.url));
const folders = readdirSync(CALLS);

interface GoldenCall {
  readonly server: object;
  readonly settings?: object;
  readonly tool: string;
  readonly arguments: object;
}

/** Secret-shaped text stands in the folders as templates; ids of decisions differ from run to run. */
const read = (folder: string, name: string): string =>
  fillTemplate(readFileSync(join(CALLS, folder, name), "utf8"));
const stable = (text: string): string => text.replaceAll(/\bd_[0-9a-z]{26}\b/g, "d_ID");

describe("golden calls", () => {
  it("there are some", () => expect(folders.length).toBeGreaterThan(10));

  for (const folder of folders) {
    it(folder.replaceAll("-", " "), async () => {
      const golden = JSON.parse(read(folder, "call.json")) as GoldenCall;
      const answer = read(folder, "answer.txt").replace(/\n$/, "");
      const kit = await testGate({ it: golden.server }, golden.settings);
      try {
        const call = kit.call("it", golden.tool, JSON.stringify(golden.arguments));
        let forwarded: Json = null;
        const governed = await kit.gate.govern(call, async (subject) => {
          forwarded = subject.args;
          return {
            body: "result",
            text: answer,
            value: JSON.parse(answer) as Json,
            bytes: Buffer.byteLength(answer),
          };
        });
        const reply = governed.kind === "changed" ? stable(governed.text) : undefined;
        const { decision, outcome, category, type, rule, findings, rows, bytes, not_scanned } = kit.last();
        const found = findings.map(
          (f) => `${f.phase} ${f.category}/${f.type} ${f.severity} ${f.action} ×${f.count}`,
        );
        const record = {
          decision,
          outcome,
          category,
          type,
          rule,
          findings: found,
          rows,
          bytes,
          not_scanned,
          forwarded,
        };
        const text = `${JSON.stringify(record, null, 2)}\n`;
        if (process.env["UPDATE_CALLS"] !== undefined) {
          writeFileSync(join(CALLS, folder, "expected.json"), text);
          if (reply === undefined) rmSync(join(CALLS, folder, "reply.txt"), { force: true });
          else writeFileSync(join(CALLS, folder, "reply.txt"), `${reply}\n`);
        }
        expect(text).toBe(read(folder, "expected.json"));
        const replyFile = join(CALLS, folder, "reply.txt");
        expect(reply).toBe(existsSync(replyFile) ? read(folder, "reply.txt").replace(/\n$/, "") : undefined);
        expect(kit.logged).toEqual([]);
      } finally {
        await kit.close();
      }
    });
  }
});
