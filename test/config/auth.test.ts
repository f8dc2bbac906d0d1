/** What the keys `auth` and `${file:…}` may say, and what is refused at start because it would give secrets away. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AUTH_KEYS, SERVER_AUTH_KEYS, SERVER_AUTH_TYPES } from "../../src/config/auth.js";
import { readTokens, writeTokens } from "../../src/config/auth-store.js";
import { loadConfig, type HttpTransport } from "../../src/config/load.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-auth-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function load(settings: object, env: Record<string, string> = {}) {
  const file = join(dir, "mcp.config.json");
  const servers = { mcpServers: { one: { command: "node" } } };
  writeFileSync(
    file,
    JSON.stringify({ ...servers, audit: { path: join(dir, "data", "audit.db") }, ...settings }),
  );
  const { config, problems } = loadConfig({ file, cwd: dir, env: { HOME: dir, ...env } });
  return { config, said: problems.map(({ path, message }) => `${path}: ${message}`) };
}
function server(entry: object, env: Record<string, string> = {}) {
  const { config, said } = load({ mcpServers: { wiki: { url: "https://wiki.example/mcp", ...entry } } }, env);
  return { transport: config?.servers[0]?.transport as HttpTransport | undefined, said };
}
function secretFile(text: string, mode = 0o600): void {
  mkdirSync(join(dir, ".secrets"), { recursive: true });
  writeFileSync(join(dir, ".secrets", "wiki"), text);
  chmodSync(join(dir, ".secrets", "wiki"), mode);
}

const LISTENER = {
  issuer: "https://login.example",
  audience: "https://mcp.example/mcp",
  jwks: "https://login.example/k",
};

describe("the listener's auth", () => {
  it("is read with its defaults", () => {
    expect(load({ auth: LISTENER }).config?.auth).toEqual({
      ...LISTENER,
      scopes: [],
      roles: {},
      principal: "sub",
    });
  });

  it("names scopes, roles by claim, principal and team", () => {
    const auth = {
      ...LISTENER,
      scopes: ["call"],
      roles: { groups: { dba: ["dba"] } },
      principal: "email",
      team: "dept",
    };
    expect(load({ auth }).config?.auth).toEqual(auth);
  });

  const bad: [string, object, RegExp][] = [
    ["no jwks", { issuer: LISTENER.issuer, audience: "a" }, /^auth.jwks: no jwks/],
    ["keys over plain http", { ...LISTENER, jwks: "http://login.example/k" }, /^auth.jwks: .*not valid here/],
    ["an issuer with a password", { ...LISTENER, issuer: "https://a:b@login.example" }, /^auth.issuer/],
    [
      "an audience from an empty variable",
      { ...LISTENER, audience: "${EMPTY}" },
      /^auth.audience: an empty audience/,
    ],
    ["a scope of two words", { ...LISTENER, scopes: ["a b"] }, /^auth.scopes\[0\]: not a scope/],
    [
      "a scope that would end a header's quotes",
      { ...LISTENER, scopes: ['a"'] },
      /^auth.scopes\[0\]: not a scope/,
    ],
    ["an unknown key", { ...LISTENER, algorithm: "none" }, /^auth.algorithm: unknown key/],
    [
      "a role that is no list",
      { ...LISTENER, roles: { groups: { dba: "dba" } } },
      /^auth.roles.groups.dba: expected a list/,
    ],
  ];
  for (const [name, auth, says] of bad)
    it(`is refused with ${name}`, () => {
      const { config, said } = load({ auth }, { EMPTY: "" });
      expect(config).toBeUndefined();
      expect(said.join("\n")).toMatch(says);
    });
});

describe("a server's auth", () => {
  const app = { type: "client_credentials", client_id: "app", client_secret: "${SECRET}" };
  const env = { SECRET: "s3cret" };

  it("takes its secret from a variable or a file", () => {
    secretFile("from a file\n");
    const issuer = "https://login.example";
    expect(server({ auth: { ...app, issuer, scope: "mcp" } }, env).transport?.auth).toEqual({
      type: "client_credentials",
      clientId: "app",
      clientSecret: "s3cret",
      issuer,
      scope: "mcp",
    });
    const filed = server({ auth: { ...app, issuer, client_secret: "${file:~/.secrets/wiki}" } });
    expect(filed.transport?.auth).toMatchObject({ clientSecret: "from a file" });
  });

  it("of a person is kept in the data directory", () => {
    expect(server({ auth: { type: "authorization_code", redirect_port: 7421 } }).transport?.auth).toEqual({
      type: "authorization_code",
      redirectPort: 7421,
      tokenFile: join(dir, "data", "oauth", "wiki.json"),
    });
  });

  const bad: [string, object, RegExp][] = [
    ["no type", { auth: {} }, /auth.type: no type/],
    ["a secret that anybody could be given", { auth: app }, /auth: needs one of issuer and token_url/],
    [
      "two who get the secret",
      { auth: { ...app, issuer: "https://a.example", token_url: "https://b.example" } },
      /auth: needs one of/,
    ],
    [
      "no secret",
      { auth: { type: "client_credentials", client_id: "a", issuer: "https://a.example" } },
      /no client_secret/,
    ],
    [
      "a secret of a person's client without an issuer",
      { auth: { type: "authorization_code", client_id: "a", client_secret: "b" } },
      /a client_secret without client_id and issuer/,
    ],
    [
      "a key of the other type",
      { auth: { ...app, issuer: "https://a.example", redirect_port: 1 } },
      /has no effect/,
    ],
    ["a port that is none", { auth: { type: "authorization_code", redirect_port: 0 } }, /redirect_port/],
    [
      "an Authorization header besides",
      { auth: { type: "authorization_code" }, headers: { authorization: "x" } },
      /both auth and an Authorization header/,
    ],
    [
      "a server over plain http",
      { url: "http://wiki.example/mcp", auth: { type: "authorization_code" } },
      /plain http/,
    ],
  ];
  for (const [name, entry, says] of bad)
    it(`is refused with ${name}`, () => {
      const { transport, said } = server(entry, env);
      expect(transport).toBeUndefined();
      expect(said.join("\n")).toMatch(says);
    });

  it("has no meaning for a command", () => {
    const { said } = load({ mcpServers: { one: { command: "node", auth: { type: "authorization_code" } } } });
    expect(said).toEqual(["mcpServers.one.auth: auth with a command has no effect"]);
  });
});

describe("a secret in a file", () => {
  const headers = { Authorization: "Bearer ${file:~/.secrets/wiki}" };

  it("stands in a header, without the line break at its end", () => {
    secretFile("t0ken\n");
    expect(server({ headers }).transport?.headers).toEqual({ Authorization: "Bearer t0ken" });
  });

  it("that others can read is refused, by path and without its text", () => {
    secretFile("t0ken", 0o640);
    const { transport, said } = server({ headers });
    expect(transport).toBeUndefined();
    expect(said).toEqual(["mcpServers.wiki.headers.Authorization: others can read ~/.secrets/wiki"]);
  });

  it("that is missing, empty, too large or a folder is refused", () => {
    const said = () => server({ headers }).said.join();
    expect(said()).toMatch(/cannot be read: ENOENT/);
    secretFile("\n");
    expect(said()).toMatch(/is empty/);
    secretFile("x".repeat(65 * 1024));
    expect(said()).toMatch(/too large/);
    expect(server({ headers: { A: "${file:~/.secrets}" } }).said.join()).toMatch(/is not a file/);
  });

  it("cannot add headers of its own", () => {
    secretFile("a\r\nX-Admin: 1");
    expect(server({ headers }).said.join()).toMatch(/a line break in a header value/);
  });

  it("does not go into an address or a command line, which others get to see", () => {
    secretFile("t0ken");
    expect(server({ url: "https://wiki.example/${file:~/.secrets/wiki}" }).said.join()).toMatch(
      /not an environment/,
    );
    const { said } = load({ mcpServers: { one: { command: "node", args: ["${file:~/.secrets/wiki}"] } } });
    expect(said.join()).toMatch(/not an environment variable/);
  });
});

describe("kept tokens", () => {
  const file = () => join(dir, "oauth", "wiki.json");

  it("are there again, and replaced as a whole", () => {
    expect(readTokens(file())).toBeUndefined();
    writeTokens(file(), { a: 1 });
    writeTokens(file(), { b: 2 });
    expect(readTokens(file())).toEqual({ b: 2 });
  });

  it("that are damaged are not taken for none", () => {
    writeTokens(file(), { a: 1 });
    writeFileSync(file(), "{");
    expect(() => readTokens(file())).toThrow(/cannot be read/);
  });
});

it("the schema that editors use knows the same keys", () => {
  const schema = JSON.parse(
    readFileSync(new URL("../../schemas/mcp.config.schema.json", import.meta.url), "utf8"),
  ) as {
    properties: { auth: { properties: object } };
    definitions: { serverAuth: { properties: { type: { enum: string[] } } } };
  };
  const { serverAuth } = schema.definitions;
  expect(Object.keys(schema.properties.auth.properties)).toEqual([...AUTH_KEYS]);
  expect(Object.keys(serverAuth.properties)).toEqual([...SERVER_AUTH_KEYS]);
  expect(serverAuth.properties.type.enum).toEqual([...SERVER_AUTH_TYPES]);
});
