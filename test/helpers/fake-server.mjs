// A stdio server for faults that no honest server makes. The tool's name says what it does; every line it receives is
// appended to the file in FAKE_LOG, so that a test can see what was forwarded.
import { appendFileSync, closeSync, readFileSync } from "node:fs";

const log = process.env.FAKE_LOG;
const out = (...texts) => texts.forEach((text) => process.stdout.write(`${text}\n`));
const text = (id, said) =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[{"type":"text","text":${JSON.stringify(said)}}]}}`;

const TOOLS = {
  echo: (id, args) => out(text(id, String(args.text ?? ""))),
  /** Answers with the very JSON text given in `raw`. */
  raw: (id, args) => out(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${args.raw}}`),
  /** Answers with the line in a file, so that what it says does not stand in the arguments; $ID is the call's id. */
  file: (id, args) => out(readFileSync(args.file, "utf8").replaceAll("$ID", JSON.stringify(id))),
  slow: (id, args) => setTimeout(() => out(text(id, "done")), args.ms),
  hang: () => {},
  /** Lives on, but will never say anything again. */
  mute: () => {
    closeSync(1);
    setInterval(() => {}, 1000);
  },
  /** Asks the user under the id `args.id`, or one of its own; the call's answer is what the user said. */
  ask: (id, args) => {
    const own = args.id ?? `ask-${id}`;
    asked.set(JSON.stringify(own), (said) => out(text(id, JSON.stringify(said))));
    const schema = { type: "object", properties: { name: { type: "string" } } };
    const params = { mode: "form", message: args.text, requestedSchema: schema };
    const question = JSON.stringify({ jsonrpc: "2.0", id: own, method: "elicitation/create", params });
    setTimeout(() => out(question), args.ms ?? 0);
    if (args.dies) setTimeout(() => process.exit(7), 50);
  },
  /**
   * Asks all of `args.texts` at once and `args.meanwhile` after `args.ms`, then one by one all of `args.next`; the call's
   * answer is what the user said.
   */
  questions: async (id, args) => {
    const question = (text, at) =>
      new Promise((resolve) => {
        const own = `question-${id}-${at}`;
        asked.set(JSON.stringify(own), resolve);
        const requestedSchema = { type: "object", properties: { name: { type: "string" } } };
        const params = { message: text, requestedSchema };
        out(JSON.stringify({ jsonrpc: "2.0", id: own, method: "elicitation/create", params }));
      });
    const first = args.texts.map(question);
    if (args.meanwhile !== undefined)
      first.push(
        new Promise((resolve) => setTimeout(resolve, args.ms)).then(() => question(args.meanwhile, "m")),
      );
    const said = await Promise.all(first);
    for (const [at, each] of (args.next ?? []).entries()) said.push(await question(each, `next-${at}`));
    out(text(id, JSON.stringify(said)));
  },
  /** Tells of progress under a token, whosever it is; `late`: when the call is over. */
  progress: (id, args) => {
    const params = { progressToken: args.token, progress: 1, message: args.text };
    const note = JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params });
    if (!args.late) out(note);
    out(text(id, "told"));
    if (args.late) setTimeout(() => out(note), 100);
  },
  die: () => process.exit(7),
  junk: (id) => out("this is not JSON", "[1,2", text(id, "after junk")),
  wrong_id: (id) => out(text(999_999, "not yours"), text(id, "yours")),
  twice: (id) => out(text(id, "first"), text(id, "second")),
  both: (id) =>
    out(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{},"error":{"code":1,"message":"x"}}`),
  batch: (id) => out(`[${text(id, "in a batch")}]`),
  bad_utf8: (id) =>
    process.stdout.write(
      Buffer.concat([Buffer.from(text(id, "xx").slice(0, -4)), Buffer.from([0xff, 0xfe, 0x0a])]),
    ),
  flood: () => {
    const piece = "x".repeat(1 << 20);
    let left = 80;
    const more = () => {
      while (left-- > 0) if (!process.stdout.write(piece)) return process.stdout.once("drain", more);
    };
    more();
  },
  error: (id, args) =>
    out(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32050,"message":${JSON.stringify(args.text)}}}`,
    ),
  say: (id, args) => {
    out(
      JSON.stringify({
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { level: "info", data: args.text },
      }),
    );
    out(text(id, "said"));
  },
};

/** What waits for an answer of the user, by the JSON text of its id. */
const asked = new Map();

function handle(line) {
  if (log !== undefined) appendFileSync(log, `${line}\n`);
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) return asked.get(JSON.stringify(id))?.(result ?? error);
  if (process.argv.includes("--deaf")) return;
  if (method === "initialize")
    out(
      JSON.stringify({
        jsonrpc: "2.0",
        id,
        result: {
          protocolVersion: params.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: "fake", version: "1" },
        },
      }),
    );
  else if (method === "tools/list")
    out(
      JSON.stringify({
        jsonrpc: "2.0",
        id,
        result: { tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema: { type: "object" } })) },
      }),
    );
  else if (method === "tools/call")
    (TOOLS[params.name.replace(/-.*/, "")] ?? TOOLS.echo)(id, params.arguments ?? {});
  else if (id !== undefined && method !== undefined)
    out(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } }));
}

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) if (line.trim() !== "") handle(line);
});
if (process.argv.includes("--deaf")) setInterval(() => {}, 1000);
else process.stdin.on("end", () => process.exit(0));
