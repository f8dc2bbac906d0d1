/** The issuer's keys: fetched rarely, whoever asks, and never from where we should not look. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JWKS_COOLDOWN_MS, JWKS_MAX_AGE_MS } from "../../../src/mcp/limits.js";
import { createVerifier, type Verify } from "../../../src/mcp/auth/verify.js";
import { AUDIENCE, startAuthorizationServer, type AuthorizationServer } from "./authorization-server.js";

let issuer: AuthorizationServer;
let verify: Verify;
beforeEach(async () => {
  issuer = await startAuthorizationServer();
  verify = await createVerifier({
    issuer: issuer.issuer,
    audience: AUDIENCE,
    jwks: issuer.jwks,
    scopes: [],
    roles: {},
    principal: "sub",
  });
});
afterEach(() => {
  vi.useRealTimers();
  issuer.close();
});

it("a flood of unknown keys is one question to the issuer", async () => {
  const flood = Array.from({ length: 50 }, (_, at) => issuer.mint({}, { kid: `unknown-${at}` }));
  for (const token of await Promise.all(flood))
    expect(await verify(token)).toMatchObject({ error: "invalid_token" });
  expect(issuer.asked).toEqual(["/jwks"]);
  expect(await verify(await issuer.mint())).toMatchObject({ principal: { id: "alice" } });
});

it("a flood while the issuer is down is one question as well, and nobody's token is called bad", async () => {
  issuer.settings.broken = true;
  for (let at = 0; at < 20; at++)
    expect(await verify(await issuer.mint())).toMatchObject({ error: "unavailable" });
  expect(issuer.asked).toEqual(["/jwks"]);
});

it("an issuer that redirects is not followed", async () => {
  issuer.settings.redirect = true;
  expect(await verify(await issuer.mint())).toMatchObject({ error: "unavailable" });
  expect(issuer.asked).toEqual(["/jwks"]);
});

describe("the issuer's keys", () => {
  let started: number;
  /** How often they were asked for, once a token has been looked at after so long. */
  const fetched = async (after: number, kid?: string): Promise<number> => {
    vi.useFakeTimers({ toFake: ["Date"], now: started + after });
    await verify(await issuer.mint({}, kid === undefined ? {} : { kid }));
    return issuer.asked.length;
  };
  beforeEach(async () => {
    started = Date.now();
    await fetched(0);
  });

  it("are fetched again when somebody needs another, after a while", async () => {
    expect(await fetched(JWKS_COOLDOWN_MS - 1_000, "another")).toBe(1);
    expect(await fetched(JWKS_COOLDOWN_MS + 1_000, "another")).toBe(2);
  });

  it("are fetched anew when they are old: one may have been revoked", async () => {
    expect(await fetched(JWKS_MAX_AGE_MS - 1_000)).toBe(1);
    expect(await fetched(JWKS_MAX_AGE_MS + 1_000)).toBe(2);
  });
});
