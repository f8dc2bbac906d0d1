/** Who a request comes from: by the one token of this Sallyport, or by tokens of an authorization server. */
import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { ListenerAuth } from "../../config/load.js";
import type { Principal } from "../../model/call.js";
import type { Rejection } from "../guard.js";
import { JWKS_COOLDOWN_MS } from "../limits.js";
import { createVerifier, type BadToken, type Identity } from "./verify.js";

export interface Access {
  /** Names besides this machine's loopback under which clients may call. */
  readonly hosts: ReadonlySet<string>;
  admit(request: IncomingMessage): Promise<Identity | Rejection>;
  /** What is answered to anybody who asks for this path, or undefined. */
  open(request: IncomingMessage, path: string): object | undefined;
}

/** Everybody who has the token is the same principal. */
export function tokenAccess(token: string, principal: Principal): Access {
  const identity: Identity = { principal, until: Infinity };
  const wanted = digest(token);
  return {
    hosts: new Set(),
    admit: async (request) => {
      const given = bearer(request);
      if (given !== undefined && timingSafeEqual(digest(given), wanted)) return identity;
      return {
        status: 401,
        message: "Unauthorized: send the token of this Sallyport as `Authorization: Bearer …`",
        headers: { "www-authenticate": 'Bearer realm="sallyport"' },
      };
    },
    open: () => undefined,
  };
}

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** OAuth 2.1 resource server: tokens are verified, never issued and never passed on. */
export async function oauthAccess(auth: ListenerAuth): Promise<Access> {
  const verify = await createVerifier(auth);
  // Behind a proxy that ends TLS, the address clients use is the audience; else it is the one they have just used.
  const named =
    /^https?:/.test(auth.audience) && URL.canParse(auth.audience) ? new URL(auth.audience) : undefined;
  const resource = (request: IncomingMessage): URL =>
    named ?? new URL("/mcp", `http://${request.headers.host ?? "localhost"}`);
  const challenge = (request: IncomingMessage, error?: BadToken): Record<string, string> => {
    const { origin, pathname } = resource(request);
    const parts = [
      'realm="sallyport"',
      ...(error === undefined
        ? []
        : [`error="${error.error}"`, `error_description="${quotable(error.why)}"`]),
      ...(auth.scopes.length === 0 ? [] : [`scope="${auth.scopes.join(" ")}"`]),
      `resource_metadata="${origin}${WELL_KNOWN}${pathname === "/" ? "" : pathname}"`,
    ];
    return { "www-authenticate": `Bearer ${parts.join(", ")}` };
  };
  return {
    hosts: new Set(named === undefined ? [] : [named.hostname]),
    admit: async (request) => {
      const token = bearer(request);
      if (token === undefined)
        return {
          status: 401,
          message: "Unauthorized: a bearer token is needed",
          headers: challenge(request),
        };
      const got = await verify(token);
      if (!("error" in got)) return got;
      if (got.error === "unavailable")
        return {
          status: 503,
          message: `Service Unavailable: ${got.why}`,
          headers: { "retry-after": String(JWKS_COOLDOWN_MS / 1000) },
        };
      const [status, word] = got.error === "insufficient_scope" ? [403, "Forbidden"] : [401, "Unauthorized"];
      return {
        status,
        message: `${word}: the token is refused, ${got.why}`,
        headers: challenge(request, got),
      };
    },
    open: (request, path) => {
      if (request.method !== "GET" || !path.startsWith(WELL_KNOWN)) return undefined;
      const { href, pathname } = resource(request);
      if (!["", "/mcp", pathname].includes(path.slice(WELL_KNOWN.length))) return undefined;
      return {
        resource: named === undefined ? href : auth.audience,
        authorization_servers: [auth.issuer],
        ...(auth.scopes.length > 0 && { scopes_supported: auth.scopes }),
        bearer_methods_supported: ["header"],
        resource_name: "Sallyport",
      };
    },
  };
}

/** Sessions are bound to this: another person, team or set of roles is another owner. */
export function ownerOf({ id, how, team, roles }: Principal): string {
  return JSON.stringify([how, id, team ?? null, roles ?? []]);
}

/** What may stand between the quotes of a challenge (RFC 6750). */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "_");
}

function bearer(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
}

/** Secrets are compared as digests, so that neither content nor length shows in the time it takes. */
function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
