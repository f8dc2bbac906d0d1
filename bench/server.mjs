// The downstream of the bench: as little of its own as can be. `node server.mjs` serves stdio, `--http PORT` HTTP.
import http from "node:http";

const FIRST = ["Ada", "Bruno", "Chidi", "Dana", "Emeka"];
const row = (i, dense) => ({
  id: i,
  name: `${FIRST[i % 5]} ${i}`,
  city: "Lisbon",
  amount: ((i * 37) % 10_000) / 100,
  placed: `2026-0${1 + (i % 9)}-1${i % 9}`,
  ...(dense && {
    email: `user${i}@example.com`,
    ssn: `${100 + (i % 500)}-${10 + (i % 80)}-${1000 + (i % 8000)}`,
  }),
});
const made = new Map();
function rows(count, dense) {
  const key = `${count} ${dense}`;
  if (!made.has(key)) {
    const list = JSON.stringify(Array.from({ length: count }, (_, i) => row(i, dense)));
    made.set(
      key,
      `{"content":[{"type":"text","text":${JSON.stringify(list)}}],"structuredContent":{"rows":${list}}}`,
    );
  }
  return made.get(key);
}

const TOOLS = {
  echo: ({ text }) => `{"content":[{"type":"text","text":${JSON.stringify(text)}}]}`,
  text: ({ bytes }) =>
    `{"content":[{"type":"text","text":"${"plain words and 42 numbers ".repeat(bytes / 27)}"}]}`,
  rows: ({ count }) => rows(count, false),
  people: ({ count }) => rows(count, true),
};

function answer({ id, method, params }) {
  const reply = (result) => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
  if (method === "tools/call") return reply(TOOLS[params.name](params.arguments));
  if (method === "tools/list")
    return reply(
      JSON.stringify({
        tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema: { type: "object" } })),
      }),
    );
  if (method === "server/discover")
    return reply(
      JSON.stringify({
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        resultType: "complete",
        ttlMs: 60_000,
        cacheScope: "public",
        serverInfo: { name: "bench", version: "1" },
      }),
    );
  if (method === "initialize")
    return reply(
      JSON.stringify({
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: "bench", version: "1" },
      }),
    );
  return id === undefined ? undefined : reply("{}");
}

const port = process.argv[2] === "--http" ? Number(process.argv[3]) : undefined;
if (port === undefined) {
  let rest = "";
  process.stdin.setEncoding("utf8").on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const said = line === "" ? undefined : answer(JSON.parse(line));
      if (said !== undefined) process.stdout.write(`${said}\n`);
    }
  });
  process.stdin.on("end", () => process.exit(0));
} else {
  http
    .createServer((request, response) => {
      const chunks = [];
      request
        .on("data", (chunk) => chunks.push(chunk))
        .on("end", () => {
          const said =
            request.method === "POST" ? answer(JSON.parse(Buffer.concat(chunks).toString())) : undefined;
          if (said === undefined) response.writeHead(request.method === "POST" ? 202 : 405).end();
          else
            response
              .writeHead(200, {
                "content-type": "application/json",
                "content-length": Buffer.byteLength(said),
              })
              .end(said);
        });
    })
    .listen(port, "127.0.0.1");
}
