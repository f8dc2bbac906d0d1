// What any Node process in between must cost: bytes in, bytes out, nothing looked at.
//   node raw.mjs -- COMMAND…            stdio to stdio
//   node raw.mjs --http PORT TARGET     HTTP to HTTP
import { spawn } from "node:child_process";
import http from "node:http";

const [mode, ...rest] = process.argv.slice(2);
if (mode === "--") {
  const child = spawn(rest[0], rest.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  process.stdin.pipe(child.stdin);
  child.stdout.pipe(process.stdout);
  child.on("exit", (code) => process.exit(code ?? 0));
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
