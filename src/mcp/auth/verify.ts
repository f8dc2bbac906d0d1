/** Whether a bearer token is good, and whose it is. */
import type * as Jose from "jose";
import type { ListenerAuth } from "../../config/load.js";
import type { Principal } from "../../model/call.js";
import { JWKS_COOLDOWN_MS, JWKS_MAX_AGE_MS } from "../limits.js";
import { createSafeFetch, isLoopbackUrl, type Fetch } from "./safe-fetch.js";

export interface Identity {
  readonly principal: Principal;
  /** When the token ends, in milliseconds since 1970. */
  readonly until: number;
}

/** `unavailable`: the token may be good, but the issuer's keys cannot be had. */
export interface BadToken {
  readonly error: "invalid_token" | "insufficient_scope" | "unavailable";
  /** For the caller to read; never a part of the token. */
  readonly why: string;
}

export type Verify = (token: string) => Promise<Identity | BadToken>;

/** Signatures by key pairs only: with `none` or an HMAC, anybody who knows the public key could sign. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** Clocks of honest machines differ. Seconds. */
const SKEW_S = 30;
/** Other signed things of the same issuer (a logout notice, a DPoP proof) are no access tokens. */
const TYPES = new Set(["jwt", "at+jwt", "application/at+jwt"]);
/** It is stored with every decision and shown to people: a name, not a text. */
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u;

/** Loads the verifier; fetches no key before the first token. */
export async function createVerifier(
  auth: ListenerAuth,
  fetch: Fetch = createSafeFetch({ loopback: isLoopbackUrl(auth.jwks), own: [auth.jwks] }),
): Promise<Verify> {
  const jose = await import("jose");
  const keys = jose.createRemoteJWKSet(new URL(auth.jwks), {
    cooldownDuration: JWKS_COOLDOWN_MS,
    cacheMaxAge: JWKS_MAX_AGE_MS,
    [jose.customFetch]: notTooOften(fetch),
  });
  return async (token) => {
    try {
      const { payload, protectedHeader } = await jose.jwtVerify(token, keys, {
        issuer: auth.issuer,
        audience: auth.audience,
        algorithms: ALGORITHMS,
        clockTolerance: SKEW_S,
        requiredClaims: ["exp", "iss", "aud"],
      });
      const { typ } = protectedHeader;
      if (typ !== undefined && !TYPES.has(typ.toLowerCase())) return invalid("it is not an access token");
      // Bound to a key of its holder (DPoP, mutual TLS): who merely shows it may have stolen it.
      if (payload["cnf"] !== undefined)
        return invalid("it is bound to a key, and cannot be used as a bearer token");
      return identify(payload, auth);
    } catch (error) {
      return badToken(jose, error);
    }
  };
}

function identify(payload: Jose.JWTPayload, auth: ListenerAuth): Identity | BadToken {
  const id = payload[auth.principal];
  if (typeof id !== "string" || !NAME.test(id)) return invalid(`it has no usable claim ${auth.principal}`);
  const scopes = new Set([...words(payload, "scope"), ...words(payload, "scp")]);
  const missing = auth.scopes.filter((scope) => !scopes.has(scope));
  if (missing.length > 0) return { error: "insufficient_scope", why: `it lacks ${missing.join(" ")}` };
  const team = auth.team === undefined ? undefined : payload[auth.team];
  const roles = Object.entries(auth.roles).flatMap(([claim, map]) =>
    words(payload, claim).flatMap((value) => (Object.hasOwn(map, value) ? map[value]! : [])),
  );
  return {
    principal: {
      id,
      how: "oidc",
      ...(typeof team === "string" && NAME.test(team) && { team }),
      ...(roles.length > 0 && { roles: [...new Set(roles)].toSorted() }),
    },
    until: (payload.exp! + SKEW_S) * 1000,
  };
}

/** The values of a claim: a list, or a text, which in a scope holds several. */
function words(payload: Jose.JWTPayload, claim: string): string[] {
  const value = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  if (Array.isArray(value)) return value.filter((each) => typeof each === "string");
  if (typeof value !== "string") return [];
  return claim === "scope" || claim === "scp" ? value.split(" ").filter(Boolean) : [value];
}

function invalid(why: string): BadToken {
  return { error: "invalid_token", why };
}

function badToken({ errors }: typeof Jose, error: unknown): BadToken {
  if (error instanceof errors.JWTExpired) return invalid("it has expired");
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalid(`its claim ${error.claim} does not fit`);
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid("its algorithm is not accepted");
  if (error instanceof errors.JWKSNoMatchingKey) return invalid("no key of the issuer fits it");
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalid("its signature is wrong");
  const ours = [
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JOSENotSupported,
    errors.JWKSMultipleMatchingKeys,
  ];
  if (ours.some((kind) => error instanceof kind)) return invalid("it is not a signed JWT");
  return { error: "unavailable", why: "the keys of the issuer cannot be fetched" };
}

/**
 * After a failed fetch none is tried for a while. After a successful one the key set itself waits; without this, a flood
 * of tokens would become a flood of requests just when the issuer is down.
 */
function notTooOften(fetch: Fetch): Fetch {
  let notBefore = 0;
  return async (url, init) => {
    if (Date.now() < notBefore) throw new Error("tried a moment ago");
    notBefore = Date.now() + JWKS_COOLDOWN_MS;
    const response = await fetch(url, init);
    if (response.ok) notBefore = 0;
    return response;
  };
}
