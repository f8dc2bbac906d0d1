// What any Node process in between must cost: bytes in, bytes out, nothing looked at.
//   node raw.mjs -- COMMAND…            stdio to stdio
//   node raw.mjs --http PORT TARGET     HTTP to HTTP
//   node raw.mjs --http PORT -- COMMAND…    HTTP to stdio; here ids are looked at, to tell whose answer it is
import { spawn } from "node:child_process";
import http from "node:http";
import readline from "node:readline";

const [mode, ...rest] = process.argv.slice(2);
if (mode === "--") {
  const child = spawn(rest[0], rest.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  process.stdin.pipe(child.stdin);
  child.stdout.pipe(process.stdout);
  child.on("exit", (code) => process.exit(code ?? 0));
} else if (rest[1] === "--") {
  const child = spawn(rest[2], rest.slice(3), { stdio: ["pipe", "pipe", "inherit"] });
  process.once("SIGTERM", () => child.kill() && process.exit());
  const waiting = new Map();
  const idOf = (text) => /"id":(\d+)/.exec(text)?.[1];
  readline.createInterface({ input: child.stdout, crlfDelay: Infinity }).on("line", (line) => {
    const id = idOf(line);
    const length = Buffer.byteLength(line);
    waiting
      .get(id)
      ?.writeHead(200, { "content-type": "application/json", "content-length": length })
      .end(line);
    waiting.delete(id);
  });
  http
    .createServer((request, response) => {
      const chunks = [];
      request
        .on("data", (chunk) => chunks.push(chunk))
        .on("end", () => {
          const body = Buffer.concat(chunks).toString();
          const id = idOf(body);
          if (id === undefined) response.writeHead(202).end();
          else waiting.set(id, response);
          child.stdin.write(`${body}\n`);
        });
    })
    .listen(Number(rest[0]), "127.0.0.1");
} else {
  const agent = new http.Agent({ keepAlive: true });
  http
    .createServer((request, response) => {
      const { method, headers } = request;
      const onward = http.request(rest[1], { method, headers, agent }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.writeHead(502).end());
      request.pipe(onward);
    })
    .listen(Number(rest[0]), "127.0.0.1");
}
