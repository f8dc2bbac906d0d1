/** Tokens for downstream servers: where they come from, how they are renewed, and who never gets them. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuthorizationCode } from "../../../src/config/auth-types.js";
import { createCredentials } from "../../../src/mcp/auth/credentials.js";
import { withClientCredentials, withKeptTokens } from "../../../src/mcp/auth/grants.js";
import { login } from "../../../src/mcp/auth/login.js";
import { startAuthorizationServer, type AuthorizationServer } from "./authorization-server.js";
import { startDownstream, type Downstream } from "./downstream.js";
import { CALL, INITIALIZE, startFront, statelessCall, type Answer, type Front } from "./front.js";

let issuer: AuthorizationServer;
let down: Downstream;
let front: Front | undefined;
beforeEach(async () => {
  issuer = await startAuthorizationServer();
  down = await startDownstream();
  down.tokens = issuer.good;
});
afterEach(async () => {
  await front?.close();
  front = undefined;
  issuer.close();
  down.close();
});

const secret = { client_id: "app", client_secret: "${APP_SECRET}" };
async function session(auth: object): Promise<() => Promise<Answer>> {
  front = await startFront({ mcpServers: { down: { url: down.url, auth } } });
  const hello = await front.post(INITIALIZE);
  const headers = { "mcp-session-id": hello.headers.get("mcp-session-id")! };
  return () => front!.post(CALL, headers);
}
const sent = (): (string | undefined)[] => down.seen.map(({ headers }) => headers.authorization);

describe("client credentials", () => {
  it("are exchanged for a token, once, by the issuer's metadata", async () => {
    const call = await session({
      type: "client_credentials",
      ...secret,
      issuer: issuer.issuer,
      scope: "mcp",
    });
    expect((await call()).body.result.content[0].text).toBe("done");
    expect((await call()).body.result.content[0].text).toBe("done");
    expect(issuer.grants.map((form) => [form.get("grant_type"), form.get("scope")])).toEqual([
      ["client_credentials", "mcp"],
    ]);
    expect(new Set(sent())).toEqual(new Set([`Bearer ${[...issuer.good][0]}`]));
  });

  it("work with a bare token address, and in the stateless era", async () => {
    const auth = { type: "client_credentials", ...secret, token_url: `${issuer.issuer}/token` };
    front = await startFront({ mcpServers: { down: { url: down.url, auth } } });
    const { message, headers } = statelessCall(1);
    expect((await front.post(message, headers)).body.result.content[0].text).toBe("done");
    expect(issuer.asked.filter((path) => path !== "/token")).toEqual([]);
  });

  it("get a new token when the server refuses the old one, and the call is sent again, once", async () => {
    const call = await session({ type: "client_credentials", ...secret, issuer: issuer.issuer });
    await call();
    issuer.good.clear();
    down.seen.length = 0;
    expect((await call()).body.result.content[0].text).toBe("done");
    expect(issuer.grants).toHaveLength(2);
    expect(sent()).toHaveLength(2);
  });

  it("are not spent in a circle on a server that refuses every token", async () => {
    const call = await session({ type: "client_credentials", ...secret, issuer: issuer.issuer });
    down.tokens = new Set();
    down.seen.length = 0;
    for (let at = 0; at < 5; at++) expect((await call()).body.result.isError).toBe(true);
    expect(issuer.grants).toHaveLength(2);
    expect(down.seen.length).toBeLessThanOrEqual(6);
  });

  it("are exchanged for a token with more rights when the server wants them, once, and none is lost", async () => {
    const auth = { type: "client_credentials", ...secret, issuer: issuer.issuer, scope: "read" };
    const call = await session(auth);
    await call();
    down.wants = "write";
    const { body } = await call();
    expect(body.result.content[0].text).toContain("HTTP 403");
    expect(issuer.grants.map((form) => form.get("scope"))).toEqual(["read", "read write"]);
    await call();
    expect(issuer.grants).toHaveLength(2);
  });

  it("that are wrong are told in words of ours", async () => {
    front = await startFront({
      mcpServers: {
        down: {
          url: down.url,
          auth: { type: "client_credentials", client_id: "app", client_secret: "no", issuer: issuer.issuer },
        },
      },
    });
    const { error } = (await front.post(INITIALIZE)).body;
    expect(error.message).toMatch(/no token for server "down" \(invalid_client\)/);
    expect(down.seen).toEqual([]);
  });

  it("are asked for once by many calls at the same time", async () => {
    const auth = {
      type: "client_credentials",
      clientId: "app",
      clientSecret: "s3cret",
      issuer: issuer.issuer,
    } as const;
    const credentials = createCredentials("down", withClientCredentials(auth, down.url));
    await Promise.all(Array.from({ length: 20 }, () => credentials.obtain()));
    const first = credentials.current!;
    await Promise.all(Array.from({ length: 20 }, () => credentials.renew(first, undefined)));
    expect(issuer.grants).toHaveLength(2);
  });
});

describe("a login", () => {
  let dir: string;
  let auth: AuthorizationCode;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "sallyport-login-"));
    auth = { type: "authorization_code", issuer: issuer.issuer, tokenFile: join(dir, "oauth", "down.json") };
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const kept = (): { tokens: Record<string, string>; expiresAt: number } =>
    JSON.parse(readFileSync(auth.tokenFile, "utf8")) as ReturnType<typeof kept>;
  /** Stands for the person and the browser: the page agrees at once and sends the browser back. */
  const browser = async (url: string): Promise<Response> => fetch(url);
  const logIn = async (): Promise<void> => {
    let came: Promise<Response> | undefined;
    await login(auth, down.url, (url) => {
      came = browser(url);
    });
    expect(await (await came!).text()).toMatch(/logged in/);
  };
  const credentials = () => createCredentials("down", withKeptTokens(auth, "down", down.url));

  it("keeps tokens that only the owner can read, and the proxy uses them", async () => {
    await logIn();
    expect(statSync(auth.tokenFile).mode & 0o777).toBe(0o600);
    const mine = credentials();
    await mine.obtain();
    expect(issuer.good.has(mine.current!)).toBe(true);
    expect(issuer.grants.map((form) => form.get("grant_type"))).toEqual(["authorization_code"]);
  });

  it("is renewed by its refresh token, by one of several proxies that share it", async () => {
    await logIn();
    const [mine, other] = [credentials(), credentials()];
    await Promise.all([mine.obtain(), other.obtain()]);
    const old = mine.current!;
    await Promise.all([mine.renew(old, undefined), other.renew(old, undefined)]);
    expect(mine.current).not.toBe(old);
    expect(other.current).toBe(mine.current);
    expect(issuer.grants.filter((form) => form.get("grant_type") === "refresh_token")).toHaveLength(1);
  });

  it("whose refresh token is spent asks for a person, by the command's name", async () => {
    await logIn();
    const spoiled = { ...kept(), tokens: { ...kept().tokens, refresh_token: "spent" }, expiresAt: 1 };
    writeFileSync(auth.tokenFile, JSON.stringify(spoiled));
    await expect(credentials().obtain()).rejects.toThrow(/sallyport login down/);
  });

  it("is not used for another server, nor for another issuer, under the same name", async () => {
    await logIn();
    const elsewhere = createCredentials("down", withKeptTokens(auth, "down", "http://127.0.0.1:9/mcp"));
    await expect(elsewhere.obtain()).rejects.toThrow(/wants a person/);
    const moved = { ...auth, issuer: "https://other.example" };
    await expect(createCredentials("down", withKeptTokens(moved, "down", down.url)).obtain()).rejects.toThrow(
      /wants a person/,
    );
  });

  it("that others can read is refused", async () => {
    await logIn();
    chmodSync(auth.tokenFile, 0o644);
    await expect(credentials().obtain()).rejects.toThrow(/others can read/);
  });

  it("asks for the scopes that the server names, and the next one for those it has wanted since as well", async () => {
    const scopes: (string | null)[] = [];
    const logInAgain = async (): Promise<void> => {
      let came: Promise<Response> | undefined;
      await login(auth, down.url, (url) => {
        scopes.push(new URL(url).searchParams.get("scope"));
        came = browser(url);
      });
      await came;
    };
    await logInAgain();
    const mine = credentials();
    await mine.obtain();
    const challenge = 'Bearer error="insufficient_scope", scope="write"';
    const more = /wants rights that the login did not ask for: run `sallyport login down` again/;
    await expect(mine.renew(mine.current!, challenge, 403)).rejects.toThrow(more);
    // The token is good for all else.
    await mine.obtain();
    await expect(mine.renew(mine.current!, challenge, 403)).rejects.toThrow(more);
    expect(issuer.grants).toHaveLength(1);
    await logInAgain();
    expect(scopes).toEqual(["first", "first write"]);
  });

  it("never made asks for a person", async () => {
    await expect(credentials().obtain()).rejects.toThrow(/sallyport login down/);
  });

  it("takes no code that comes with another state, and is not disturbed by it", async () => {
    let came: Promise<Response> | undefined;
    await login(auth, down.url, (url) => {
      came = (async () => {
        const back = new URL(new URL(url).searchParams.get("redirect_uri")!);
        back.search = "code=stolen&state=guessed";
        expect((await fetch(back)).status).toBe(404);
        return browser(url);
      })();
    });
    await came;
    expect(issuer.grants).toHaveLength(1);
  });

  it("that fails leaves what was kept", async () => {
    await logIn();
    const before = kept();
    const refused = login(auth, down.url, (url) => {
      const { searchParams: query } = new URL(url);
      const back = new URL(query.get("redirect_uri")!);
      back.search = `error=access_denied&state=${query.get("state")}`;
      void fetch(back);
    });
    await expect(refused).rejects.toThrow(/access_denied/);
    expect(kept()).toEqual(before);
  });
});
