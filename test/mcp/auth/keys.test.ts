/** The issuer's keys: fetched rarely, whoever asks, and never from where we should not look. */
import { afterEach, beforeEach, expect, it } from "vitest";
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
afterEach(() => issuer.close());

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
