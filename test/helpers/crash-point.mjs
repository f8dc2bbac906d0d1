// node crash-point.mjs STORE AT: a writer's whole life, killed before its AT-th step. A step is one statement to the
// database or one change to the file system; with AT 0 nothing is killed and the number of steps is told. What has been
// promised is written to stdout the moment it is, in one write each.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import Database from "better-sqlite3";

const [path, at] = [process.argv[2], Number(process.argv[3])];
const tell = fs.writeSync.bind(fs, 1);
let steps = 0;
function step() {
  steps++;
  if (steps === at) process.kill(process.pid, "SIGKILL");
}
function stepped(object, names) {
  for (const name of names) {
    const original = object[name];
    object[name] = function (...args) {
      step();
      return Reflect.apply(original, this, args);
    };
  }
}
const memory = new Database(":memory:");
const statement = memory.prepare("SELECT 1");
stepped(Object.getPrototypeOf(statement), ["run", "get", "all"]);
stepped(Database.prototype, ["exec", "close"]);
stepped(fs, [
  "writeSync",
  "fsyncSync",
  "linkSync",
  "renameSync",
  "rmSync",
  "mkdirSync",
  "openSync",
  "closeSync",
]);
syncBuiltinESMExports();

const { openAudit } = await import("../../dist/audit/log.js");
const { decisionBody, outcomeBody } = await import("../../dist/audit/bodies.js");
const { newId } = await import("../../dist/audit/ids.js");
const { prune } = await import("../../dist/audit/prune.js");

const log = await openAudit({ path, version: "1.0.0", checkpointMs: 1e9 });
const by = { id: "local:ann", how: "os_user" };
async function call(decision, finish) {
  const made = {
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
  const judged = {
    phase: "input",
    decision,
    rules: [],
    reason: "",
    findings: [],
    shadow: [],
    failClosed: false,
  };
  await log.appendDecision(() => decisionBody({ call: made, decision: { ...judged, snapshot: "5f" } }, log));
  tell(`decided ${made.id}\n`);
  if (!finish) return;
  await log.appendOutcome(() => outcomeBody({ callId: made.id, outcome: "released" }, log));
  tell(`released ${made.id}\n`);
}
await call("allow", true);
await call("deny", false);
const signed = await log.checkpoint();
tell(`signed ${signed.size}\n`);
const old = Date.now() + 1000;
await call("allow", false);
const pruned = await prune(log, { before: old, by });
tell(`erased ${pruned.erased}\n`);
await log.appendHold({ event: "placed", query: { who: "maya" }, reason: "case", by });
tell("held\n");
tell(`key ${await log.changeKey()}\n`);
await call("allow", true);
await log.close();
tell(`closed ${steps}\n`);
