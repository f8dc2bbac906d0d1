// The ways from the suite to the fixture: direct, and through a Sallyport that reaches it over HTTP or stdio.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openRelay } from "./relay.mjs";

const FIXTURE = fileURLToPath(new URL("fixture.mjs", import.meta.url));
export const SALLYPORT = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export const WAYS = {
  direct: startFixture,
  "HTTP to HTTP": async (folder, era) => {
    const fixture = await startFixture(folder, era);
    return startSallyport(folder, { url: fixture.url }, fixture.stop);
  },
  "HTTP to stdio": (folder, era) =>
    startSallyport(folder, { command: process.execPath, args: [FIXTURE, ...eraArgs(era)] }, () => {}),
};

/**
 * Resolves to { url, stop } of one way, behind a relay. `folder` takes its log, configuration and audit store. `era`: the
 * only one that the fixture speaks; both when undefined.
 */
export async function open(way, folder, era) {
  const { url, token, stop } = await WAYS[way](folder, era);
  const relay = await openRelay(url, token === undefined ? {} : { authorization: `Bearer ${token}` });
  return {
    url: relay.url,
    stop: async () => {
      relay.close();
      await stop();
    },
  };
}

function eraArgs(era) {
  return era === undefined ? [] : ["--era", era];
}

function startFixture(folder, era) {
  return start([FIXTURE, "--http", "0", ...eraArgs(era)], folder, "fixture.log", process.env);
}

export async function startSallyport(folder, server, stopServer) {
  const config = join(folder, "mcp.config.json");
  writeFileSync(config, JSON.stringify({ mcpServers: { fixture: server } }));
  const token = randomBytes(24).toString("hex");
  // The profile that only records: what the proxy does by itself is measured here, not what its rules do.
  const env = { ...process.env, SALLYPORT_HOME: folder, SALLYPORT_PROFILE: "dev", SALLYPORT_TOKEN: token };
  const args = [SALLYPORT, "serve", "--config", config, "--listen", "127.0.0.1:0"];
  const { url, stop } = await start(args, folder, "sallyport.log", env);
  return {
    url,
    token,
    stop: async () => {
      await stop();
      await stopServer();
    },
  };
}

/** Starts a Node program that prints the URL it serves. */
function start(args, folder, log, env) {
  const child = spawn(process.execPath, args, {
    env,
    stdio: ["ignore", "pipe", openSync(join(folder, log), "w")],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return new Promise((resolve, reject) => {
    ended.then(
      (code) => reject(new Error(`${log}: the program ended with ${code} before it listened`)),
      reject,
    );
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const url = /http:\/\/\S+(?=\s)/.exec(output)?.[0];
      if (url !== undefined) resolve({ url, stop });
    });
  });
}
