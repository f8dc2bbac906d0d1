/** `sallyport login` and `sallyport serve`, as a person meets them. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loginCommand } from "../../../src/cli/login.js";
import { serveCommand } from "../../../src/cli/serve.js";
import { AUDIENCE, startAuthorizationServer, type AuthorizationServer } from "./authorization-server.js";
import { startDownstream, type Downstream } from "./downstream.js";

let issuer: AuthorizationServer;
let down: Downstream;
let dir: string;
beforeEach(async () => {
  issuer = await startAuthorizationServer();
  down = await startDownstream();
  dir = mkdtempSync(join(tmpdir(), "sallyport-login-"));
});
afterEach(() => {
  issuer.close();
  down.close();
  rmSync(dir, { recursive: true, force: true });
});

function source(settings: object): { file: string; cwd: string; env: Record<string, string> } {
  const file = join(dir, "mcp.config.json");
  writeFileSync(file, JSON.stringify({ audit: { path: join(dir, "audit.db") }, ...settings }));
  return { file, cwd: dir, env: { SALLYPORT_LOG_LEVEL: "silent" } };
}

describe("sallyport login", () => {
  const wiki = (auth: object) => source({ mcpServers: { wiki: { url: down.url, auth } } });

  it("prints the address, waits for the browser, and says where the tokens are", async () => {
    let out = "";
    const write = (text: string): void => {
      out += text;
      const url = /^ {2}(http\S+)$/m.exec(text)?.[1];
      if (url !== undefined) void fetch(url);
    };
    const auth = { type: "authorization_code", issuer: issuer.issuer };
    expect(await loginCommand(wiki(auth), "wiki", write)).toBe(0);
    expect(out).toContain(`${issuer.issuer}/authorize?`);
    expect(out).toContain(`Logged in to wiki. The tokens are kept in ${join(dir, "oauth", "wiki.json")}\n`);
    expect(existsSync(join(dir, "oauth", "wiki.json"))).toBe(true);
  });

  it("says what is wrong with the name, or with the server", async () => {
    const auth = {
      type: "client_credentials",
      client_id: "app",
      client_secret: "s3cret",
      token_url: `${issuer.issuer}/token`,
    };
    await expect(loginCommand(wiki(auth), "wki", () => {})).rejects.toThrow(/no server "wki"/);
    await expect(loginCommand(wiki(auth), "wiki", () => {})).rejects.toThrow(
      /no auth of type authorization_code/,
    );
  });
});

describe("sallyport serve", () => {
  const serve = async (settings: object): Promise<string> => {
    let out = "";
    let stop = (): void => {};
    const listen = { host: "127.0.0.1", port: 0 };
    const mcpServers = { wiki: { url: down.url } };
    const code = serveCommand(
      { ...source({ mcpServers, ...settings }), listen },
      {
        write: (text) => (out += text),
        onSignal: (given) => (stop = given),
      },
    );
    await expect.poll(() => out).toMatch(/Clients send|Token/);
    stop();
    expect(await code).toBe(0);
    return out;
  };

  it("makes a token of its own, unless tokens come from an issuer", async () => {
    expect(await serve({})).toMatch(/Token \(shown this once, kept in .*token\): sp_/);
    rmSync(join(dir, "token"));
    const auth = { issuer: issuer.issuer, audience: AUDIENCE, jwks: issuer.jwks };
    expect(await serve({ auth })).toContain(`Clients send a token of ${issuer.issuer} for ${AUDIENCE}\n`);
    expect(existsSync(join(dir, "token"))).toBe(false);
  });
});
