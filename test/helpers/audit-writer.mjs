// node audit-writer.mjs STORE CALLERS: callers that decide and finish calls until a line comes on stdin, or until the
// store refuses. Tells on stdout, a JSON line each: {"calls": n} now and then, and at the end
// {"calls": n, "refused": [messages], "promised": [ids of the last decisions that were durable]}.
import { createInterface } from "node:readline";
import { decisionBody, outcomeBody } from "../../dist/audit/bodies.js";
import { newId } from "../../dist/audit/ids.js";
import { openAudit } from "../../dist/audit/log.js";
import { describeError } from "../../dist/model/errors.js";

const [path, callers] = [process.argv[2], Number(process.argv[3])];
const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
let [calls, going] = [0, true];
const refused = [];
const promised = [];
createInterface({ input: process.stdin }).once("line", () => (going = false));
const decision = {
  phase: "input",
  decision: "allow",
  rules: [],
  reason: "",
  findings: [],
  shadow: [],
  failClosed: false,
};
const log = await openAudit({ path, version: "1.0.0" });
async function caller() {
  while (going) {
    const call = {
      id: newId("d"),
      principal: { id: "maya", how: "os_user" },
      client: undefined,
      server: "crm",
      connector: "postgres",
      tool: "query",
      operation: "query",
      args: {},
      argsText: "{}",
    };
    try {
      await log.appendDecision(() => decisionBody({ call, decision: { ...decision, snapshot: "5f" } }, log));
      promised.push(call.id);
      await log.appendOutcome(() => outcomeBody({ callId: call.id, outcome: "released" }, log));
      if (++calls % 100 === 0) tell({ calls });
    } catch (error) {
      refused.push(describeError(error));
      going = false;
    }
  }
}
await Promise.all(Array.from({ length: callers }, caller));
tell({ calls, refused, promised: promised.slice(-500) });
await log.close().catch(() => {});
process.exit(0);
