// A stdio server whose tools are what the file TOOLS_FILE says at the moment they are listed: the very text of it.
// FAKE_LOG gets every line received. The tool `announce` says that they have changed.
import { appendFileSync, readFileSync } from "node:fs";

const reply = (id, result) =>
  process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}\n`);

function handle(line) {
  if (process.env.FAKE_LOG !== undefined) appendFileSync(process.env.FAKE_LOG, `${line}\n`);
  const { id, method, params } = JSON.parse(line);
  if (method === "initialize") {
    const serverInfo = { name: "scripted", version: "1" };
    const { protocolVersion } = params;
    reply(id, JSON.stringify({ protocolVersion, capabilities: { tools: {} }, serverInfo }));
  } else if (method === "tools/list") reply(id, readFileSync(process.env.TOOLS_FILE, "utf8"));
  else if (method === "tools/call" && params.name === "announce") {
    process.stdout.write('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n');
    reply(id, JSON.stringify({ content: [] }));
  } else if (method === "tools/call")
    reply(id, JSON.stringify({ content: [{ type: "text", text: `${params.name} ran` }] }));
  else if (id !== undefined)
    process.stdout.write(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"no"}}\n`,
    );
}

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) if (line.trim() !== "") handle(line);
});
process.stdin.on("end", () => process.exit(0));
