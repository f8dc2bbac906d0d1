// Cheap raw clients, one per transport: `call(name, args)` resolves when the answer is there.
import { spawn } from "node:child_process";
import http from "node:http";
import net from "node:net";

const hello = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "bench", version: "1" },
};
const message = (id, method, params) => JSON.stringify({ jsonrpc: "2.0", id, method, params });

export async function overStdio([command, ...args], env) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
  const waiting = new Map();
  let parts = [];
  child.stdout.on("data", (chunk) => {
    let from = 0;
    for (let end; (end = chunk.indexOf(10, from)) !== -1; from = end + 1) {
      parts.push(chunk.subarray(from, end));
      const line = parts.length === 1 ? parts[0] : Buffer.concat(parts);
      parts = [];
      const id = /"id":(\d+)/.exec(
        line.toString("latin1", 0, 64) + line.toString("latin1", Math.max(0, line.length - 64)),
      )?.[1];
      waiting.get(Number(id))?.(line);
      waiting.delete(Number(id));
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  });
  let lastId = 0;
  const request = (method, params) =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve);
      child.stdin.write(`${message(lastId, method, params)}\n`);
    });
  await request("initialize", hello);
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return {
    pid: child.pid,
    call: (name, args) => request("tools/call", { name, arguments: args }),
    close: () => new Promise((resolve) => child.once("exit", resolve) && child.stdin.end()),
  };
}

const STATELESS = "2026-07-28";
const _meta = {
  "io.modelcontextprotocol/protocolVersion": STATELESS,
  "io.modelcontextprotocol/clientInfo": hello.clientInfo,
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** The message of an answer, which may come as the last event of a stream. */
function messageOf(body) {
  if (body[0] === 0x7b) return body;
  const from = body.lastIndexOf("data: ");
  return from === -1 ? body : body.subarray(from + 6, body.indexOf(10, from));
}

/** `processes`: commands to start, in order; the last listens on the port of `url`. */
export async function overHttp(processes, url, { env = {}, headers = {}, stateless = false } = {}) {
  const children = processes.map(([command, ...args]) =>
    spawn(command, args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ...env } }),
  );
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  await listening(Number(new URL(url).port));
  let session;
  let lastId = 0;
  const post = (body, more) =>
    new Promise((resolve, reject) => {
      const all = {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
        ...more,
        ...(session && { "mcp-session-id": session }),
      };
      const request = http.request(
        url,
        { method: "POST", agent, headers: { ...all, "content-length": Buffer.byteLength(body) } },
        (response) => {
          session ??= response.headers["mcp-session-id"];
          const chunks = [];
          response
            .on("data", (chunk) => chunks.push(chunk))
            .on("end", () => resolve(messageOf(Buffer.concat(chunks))));
        },
      );
      request.on("error", reject).end(body);
    });
  const told = { "mcp-protocol-version": STATELESS, "mcp-method": "tools/call" };
  const call = (name, args) =>
    stateless
      ? post(message(++lastId, "tools/call", { name, arguments: args, _meta }), { ...told, "mcp-name": name })
      : post(message(++lastId, "tools/call", { name, arguments: args }));
  if (stateless) await call("echo", { text: "" });
  else {
    await post(message(++lastId, "initialize", hello));
    await post('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  }
  return {
    pid: children.at(-1).pid,
    call,
    close: async () => {
      agent.destroy();
      for (const child of children.toReversed()) {
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        await gone;
      }
    },
  };
}

export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port) {
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.once("close", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
