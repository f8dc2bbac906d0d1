// A stdio server of 2026-07-28 that asks what its arguments tell it to: `rounds`, one object of inputRequests each, and
// then answers with what it was told in each of them. Every line it receives is appended to the file in FAKE_LOG.
import { appendFileSync } from "node:fs";

const log = process.env.FAKE_LOG;
const about = { name: "stateless-fake", version: "1" };

function resultOf({ method, params }) {
  if (method === "server/discover")
    return {
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: {} },
      serverInfo: about,
      ttlMs: 0,
      cacheScope: "private",
    };
  if (method !== "tools/call") return undefined;
  const { rounds = [] } = params.arguments;
  const told = params.requestState === undefined ? [] : JSON.parse(params.requestState);
  if (params.requestState !== undefined) told.push(params.inputResponses);
  const inputRequests = rounds[told.length];
  if (inputRequests !== undefined)
    return { resultType: "input_required", inputRequests, requestState: JSON.stringify(told) };
  return { resultType: "complete", content: [{ type: "text", text: JSON.stringify(told) }] };
}

let rest = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    if (log !== undefined) appendFileSync(log, `${line}\n`);
    const message = JSON.parse(line);
    if (message.id === undefined) continue;
    const result = resultOf(message);
    const error = { code: -32601, message: "Method not found" };
    const body = result === undefined ? { error } : { result };
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: message.id, ...body })}\n`);
  }
});
