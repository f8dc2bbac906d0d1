/** The listener as an OAuth resource server, against a real issuer: whose token opens what, and what it never opens. */
import { SignJWT, UnsecuredJWT, generateKeyPair } from "jose";
import http from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { AUDIENCE, startAuthorizationServer, type AuthorizationServer } from "./authorization-server.js";
import { startDownstream, type Downstream } from "./downstream.js";
import { CALL, INITIALIZE, TOKEN, startFront, statelessCall, type Answer, type Front } from "./front.js";

let issuer: AuthorizationServer;
let down: Downstream;
let front: Front;
beforeAll(async () => {
  issuer = await startAuthorizationServer();
  down = await startDownstream();
  front = await startFront({
    mcpServers: { down: { url: down.url } },
    auth: {
      issuer: issuer.issuer,
      audience: AUDIENCE,
      jwks: issuer.jwks,
      scopes: ["sallyport:call"],
      roles: { scope: { "sallyport:admin": ["admin"] }, groups: { dba: ["dba", "oncall"] } },
      team: "team",
    },
  });
});
afterAll(async () => {
  await front.close();
  issuer.close();
  down.close();
});
beforeEach(() => {
  down.seen.length = 0;
});

const now = (): number => Math.floor(Date.now() / 1000);
const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

async function open(token: string): Promise<Record<string, string>> {
  const hello = await front.post(INITIALIZE, as(token));
  expect(hello.status).toBe(200);
  return { ...as(token), "mcp-session-id": hello.headers.get("mcp-session-id")! };
}

describe("a caller without a token", () => {
  it("is told where to get one", async () => {
    const answer = await front.post(INITIALIZE, { authorization: "" });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe(
      'Bearer realm="sallyport", scope="sallyport:call", ' +
        'resource_metadata="https://sallyport.example/.well-known/oauth-protected-resource/mcp"',
    );
    expect(down.seen).toEqual([]);
  });

  it("can read the metadata, in both places", async () => {
    for (const path of ["", "/mcp"]) {
      const url = new URL(`/.well-known/oauth-protected-resource${path}`, front.url);
      expect(await (await fetch(url)).json()).toEqual({
        resource: AUDIENCE,
        authorization_servers: [issuer.issuer],
        scopes_supported: ["sallyport:call"],
        bearer_methods_supported: ["header"],
        resource_name: "Sallyport",
      });
    }
    const other = new URL("/.well-known/oauth-protected-resource/other", front.url);
    expect((await fetch(other)).status).toBe(401);
  });

  it("gets nowhere with the token that Sallyport has without `auth`, nor with one in the address", async () => {
    expect((await front.post(INITIALIZE, as(TOKEN))).status).toBe(401);
    const url = `${front.url}?access_token=${await issuer.mint()}`;
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  });
});

describe("a token", () => {
  it("makes its holder the principal, with team and roles from its claims", async () => {
    const claims = {
      sub: "maya",
      team: "sre",
      groups: ["dba", "unknown"],
      scope: "sallyport:call sallyport:admin",
    };
    const session = await open(await issuer.mint(claims));
    expect((await front.post(CALL, session)).body.result.content[0].text).toBe("done");
    const roles = ["admin", "dba", "oncall"];
    expect(front.principals()[0]).toEqual({ id: "maya", how: "oidc", team: "sre", roles });
  });

  const bad: [string, () => Promise<string>, RegExp][] = [
    ["for another audience", () => issuer.mint({ aud: "https://other.example" }), /claim aud/],
    ["without an audience", () => issuer.mint({ aud: undefined as never }), /claim aud/],
    ["of another issuer", () => issuer.mint({ iss: "https://evil.example" }), /claim iss/],
    ["of an issuer that differs by a slash", () => issuer.mint({ iss: `${issuer.issuer}/` }), /claim iss/],
    ["that has expired", () => issuer.mint({ exp: now() - 31 }), /expired/],
    ["that never ends", () => issuer.mint({ exp: undefined as never }), /claim exp/],
    ["that is not valid yet", () => issuer.mint({ nbf: now() + 60 }), /claim nbf/],
    ["without a subject", () => issuer.mint({ sub: undefined as never }), /no usable claim sub/],
    ["with a subject that would break a line", () => issuer.mint({ sub: "a\nb" }), /no usable claim sub/],
    ["bound to a key of its holder", () => issuer.mint({ cnf: { jkt: "x" } }), /bound to a key/],
    ["of another type", () => issuer.mint({}, { typ: "logout+jwt" }), /not an access token/],
    ["signed with an unknown key", () => issuer.mint({}, { kid: "k2" }), /no key of the issuer/],
    ["that is no JWT", async () => "opaque", /not a signed JWT/],
    [
      "with no signature",
      async () =>
        new UnsecuredJWT({
          iss: issuer.issuer,
          aud: AUDIENCE,
          sub: "x",
          exp: now() + 60,
          scope: "sallyport:call",
        }).encode(),
      /./,
    ],
    [
      "signed with the public key as if it were a secret",
      () =>
        new SignJWT({ iss: issuer.issuer, aud: AUDIENCE, sub: "x", exp: now() + 60, scope: "sallyport:call" })
          .setProtectedHeader({ alg: "HS256", kid: "k1" })
          .sign(new TextEncoder().encode(issuer.publicKeyPem)),
      /algorithm/,
    ],
    [
      "signed by somebody else under the right key's name",
      async () =>
        new SignJWT({ iss: issuer.issuer, aud: AUDIENCE, sub: "x", exp: now() + 60, scope: "sallyport:call" })
          .setProtectedHeader({ alg: "ES256", kid: "k1" })
          .sign((await generateKeyPair("ES256")).privateKey),
      /signature/,
    ],
  ];
  for (const [name, mint, why] of bad)
    it(`${name} is refused`, async () => {
      const answer = await front.post(INITIALIZE, as(await mint()));
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
      expect(answer.body.error.message).toMatch(why);
      expect(down.seen).toEqual([]);
    });

  it("may be off by the difference of two clocks", async () => {
    expect((await front.post(INITIALIZE, as(await issuer.mint({ exp: now() - 10 })))).status).toBe(200);
  });

  it("without the scope is told which is missing", async () => {
    const answer = await front.post(INITIALIZE, as(await issuer.mint({ scope: "openid" })));
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toMatch(
      /error="insufficient_scope".*scope="sallyport:call"/,
    );
  });

  it("is never passed on", async () => {
    const token = await issuer.mint();
    const session = await open(token);
    await front.post(CALL, session);
    const { message, headers } = statelessCall(7);
    await front.post(message, { ...headers, ...as(token) });
    expect(down.seen.length).toBeGreaterThan(2);
    expect(JSON.stringify(down.seen)).not.toContain(token);
    expect(down.seen.filter(({ headers: { authorization } }) => authorization !== undefined)).toEqual([]);
  });
});

describe("a session", () => {
  const send = async (method: string, headers: Record<string, string>): Promise<number> =>
    (await fetch(front.url, { method, headers })).status;

  it("does not exist for another principal, nor for the same one with other roles", async () => {
    const alice = await open(await issuer.mint());
    const others = [
      await issuer.mint({ sub: "mallory" }),
      await issuer.mint({ groups: "dba" }),
      await issuer.mint({ team: "other" }),
    ];
    for (const other of others) {
      const stolen = { ...alice, ...as(other) };
      expect((await front.post(CALL, stolen)).status).toBe(404);
      expect(await send("GET", stolen)).toBe(404);
      expect(await send("DELETE", stolen)).toBe(404);
    }
    expect((await front.post(CALL, alice)).status).toBe(200);
  });

  it("goes on with a new token of the same principal", async () => {
    const alice = await open(await issuer.mint());
    expect((await front.post(CALL, { ...alice, ...as(await issuer.mint({ jti: "2" })) })).status).toBe(200);
  });

  it("too many of one principal leaves room for those of another", async () => {
    const auth = { issuer: issuer.issuer, audience: AUDIENCE, jwks: issuer.jwks };
    const small = await startFront(
      { mcpServers: { down: { url: down.url } }, auth },
      { sessions: 3, sessionsOfOne: 2 },
    );
    try {
      const hello = async (sub: string): Promise<Answer> =>
        small.post(INITIALIZE, as(await issuer.mint({ sub })));
      expect((await hello("zoe")).status).toBe(200);
      expect((await hello("zoe")).status).toBe(200);
      const third = await hello("zoe");
      expect(third.status).toBe(503);
      expect(third.body.error.message).toContain("2 sessions of yours are open");
      expect((await hello("yan")).status).toBe(200);
      expect((await hello("yan")).body.error.message).toContain("too many sessions");
    } finally {
      await small.close();
    }
  });

  it("of the stateless era is one for each principal", async () => {
    const call = async (sub: string, id: number): Promise<Answer> => {
      const { message, headers } = statelessCall(id);
      return front.post(message, { ...headers, ...as(await issuer.mint({ sub })) });
    };
    expect((await call("zoe", 1)).body.result.content[0].text).toBe("done");
    await call("zoe", 2);
    await call("yan", 3);
    const ids = front.principals().map((principal) => (principal as { id: string }).id);
    expect(ids.slice(0, 3)).toEqual(["yan", "zoe", "zoe"]);
    expect(down.seen.filter(({ method }) => method === "initialize")).toHaveLength(2);
  });
});

describe("a stream", () => {
  it("ends with the token that opened it, in either era", async () => {
    const settings = {
      mcpServers: { down: { url: down.url } },
      auth: { issuer: issuer.issuer, audience: AUDIENCE, jwks: issuer.jwks },
    };
    const short = await startFront(settings, { sweepMs: 50 });
    try {
      const hour = 3600;
      const token = as(await issuer.mint({ exp: now() + hour }));
      const hello = await short.post(INITIALIZE, token);
      const session = { ...token, "mcp-session-id": hello.headers.get("mcp-session-id")! };
      const legacy = await fetch(short.url, { headers: { ...session, accept: "text/event-stream" } });
      expect(legacy.status).toBe(200);

      const { message, headers } = statelessCall(5);
      const { params } = message as { params: object };
      const listen = { id: 5, method: "subscriptions/listen", params: { ...params, notifications: {} } };
      const stream = await fetch(short.url, {
        method: "POST",
        headers: {
          ...headers,
          ...token,
          "mcp-method": "subscriptions/listen",
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
        body: JSON.stringify({ jsonrpc: "2.0", ...listen }),
      });
      expect(stream.status).toBe(200);

      // Only the clock is moved; what ends the streams is the listener's own sweep.
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + (hour + 31) * 1000 });
      expect(await legacy.text()).toBe("");
      await expect(stream.text()).rejects.toThrow();
    } finally {
      vi.useRealTimers();
      await short.close();
    }
  });
});

describe("names", () => {
  const status = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = http.request(front.url, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      request.once("error", reject).end("{}");
    });

  it("of other hosts and origins are refused before any token is looked at: the page was rebound to us", async () => {
    const token = as(await issuer.mint());
    expect(await status({ ...token, host: "evil.example" })).toBe(403);
    expect(await status({ ...token, host: "sallyport.example.evil.example" })).toBe(403);
    expect(await status({ ...token, origin: "https://evil.example" })).toBe(403);
    expect(await status({ ...token, origin: "null" })).toBe(403);
  });

  it("of the audience are ours, behind a proxy that ends TLS", async () => {
    expect(await status({ ...as("bad"), host: "sallyport.example" })).toBe(401);
  });
});
