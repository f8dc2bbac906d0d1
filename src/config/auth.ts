import type { Json } from "../model/json.js";
import type { Env } from "../policy/variables.js";
import type { ListenerAuth, ServerAuth } from "./auth-types.js";
import { expand } from "./expand.js";
import { join, type Reader } from "./reader.js";

export const AUTH_KEYS = ["issuer", "audience", "jwks", "scopes", "roles", "principal", "team"] as const;
export const SERVER_AUTH_KEYS = [
  "type",
  "client_id",
  "client_secret",
  "scope",
  "issuer",
  "token_url",
  "redirect_port",
] as const;
export const SERVER_AUTH_TYPES = ["client_credentials", "authorization_code"] as const;

const ADDRESS_FORM = "an https address (http on this machine's loopback)";
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
/** RFC 6749: visible ASCII without quotes and backslashes. It goes into a header of ours. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** An address that tokens and keys may travel to and from: nobody on the way can read or change them. */
export function isSecureAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== "" || password !== "" || hash !== "") return false;
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname));
}

function readAddress(
  reader: Reader,
  value: Json | undefined,
  path: string,
  fill: (text: string, path: string) => string,
): string | undefined {
  const text = reader.string(value, path);
  if (text === undefined) return undefined;
  const secure = (v: Json): string | undefined =>
    typeof v === "string" && isSecureAddress(v) ? v : undefined;
  return reader.formed(fill(text, path), path, secure, ADDRESS_FORM);
}

/** The top-level key `auth`. Problems go to the reader; undefined when there are any, or no such key. */
export function readListenerAuth(
  reader: Reader,
  value: Json | undefined,
  env: Env,
): ListenerAuth | undefined {
  const auth = reader.object(value, "auth");
  if (auth === undefined) return undefined;
  const before = reader.problems.length;
  const fill = (text: string, path: string): string =>
    expand(text, env, (message, fix) => reader.problem(path, message, fix));
  reader.keys(auth, "auth", AUTH_KEYS);
  const issuer = readAddress(reader, auth["issuer"], "auth.issuer", fill);
  const jwks = readAddress(reader, auth["jwks"], "auth.jwks", fill);
  const given = reader.string(auth["audience"], "auth.audience");
  const audience = given === undefined ? undefined : fill(given, "auth.audience");
  // A verifier that is given an empty audience checks none.
  if (audience === "")
    reader.problem("auth.audience", "an empty audience", "check the variable it comes from");
  for (const [key, found] of Object.entries({ issuer, jwks, audience }))
    if (found === undefined && auth[key] === undefined)
      reader.problem(`auth.${key}`, `no ${key}`, "issuer, audience and jwks are all needed to trust a token");
  const scopes = reader.strings(auth["scopes"], "auth.scopes") ?? [];
  for (const [at, scope] of scopes.entries())
    if (!SCOPE.test(scope)) reader.problem(`auth.scopes[${at}]`, "not a scope", "one word in each text");
  const roles = readRoles(reader, auth["roles"]);
  const principal = reader.string(auth["principal"], "auth.principal") ?? "sub";
  const team = reader.string(auth["team"], "auth.team");
  if (issuer === undefined || jwks === undefined || audience === undefined) return undefined;
  if (reader.problems.length > before) return undefined;
  return { issuer, audience, jwks, scopes, roles, principal, ...(team !== undefined && { team }) };
}

/** Claim → value → roles: the claim is named, so that a scope called like a group gives nobody the group's roles. */
function readRoles(reader: Reader, value: Json | undefined): ListenerAuth["roles"] {
  const claims = Object.entries(reader.object(value, "auth.roles") ?? {});
  return Object.fromEntries(
    claims.map(([claim, given]) => {
      const at = join("auth.roles", claim);
      const values = Object.entries(reader.object(given, at) ?? {});
      return [
        claim,
        Object.fromEntries(
          values.map(([each, roles]) => [each, reader.strings(roles, join(at, each)) ?? []]),
        ),
      ];
    }),
  );
}

/**
 * A server's key `auth`. `fill` puts in variables and files. Problems go to the reader; undefined when there are any, or
 * no such key.
 */
export function readServerAuth(
  reader: Reader,
  value: Json | undefined,
  path: string,
  fill: (text: string, path: string) => string,
  tokenFile: string,
): ServerAuth | undefined {
  const auth = reader.object(value, path);
  if (auth === undefined) return undefined;
  const before = reader.problems.length;
  reader.keys(auth, path, SERVER_AUTH_KEYS);
  const type = reader.oneOf(auth["type"], `${path}.type`, SERVER_AUTH_TYPES);
  if (auth["type"] === undefined)
    reader.problem(`${path}.type`, "no type", `valid: ${SERVER_AUTH_TYPES.join(", ")}`);
  const text = (key: string): string | undefined => {
    const given = reader.string(auth[key], `${path}.${key}`);
    return given === undefined ? undefined : fill(given, `${path}.${key}`);
  };
  const [clientId, clientSecret, scope] = [text("client_id"), text("client_secret"), text("scope")];
  const issuer = readAddress(reader, auth["issuer"], `${path}.issuer`, fill);
  const tokenUrl = readAddress(reader, auth["token_url"], `${path}.token_url`, fill);
  const redirectPort = reader.formed(auth["redirect_port"], `${path}.redirect_port`, parsePort, "1 to 65535");
  const foreign = type === "client_credentials" ? "redirect_port" : "token_url";
  if (type !== undefined && auth[foreign] !== undefined)
    reader.problem(`${path}.${foreign}`, `${foreign} with ${type} has no effect`, "remove it");
  if (type === "client_credentials") {
    for (const key of ["client_id", "client_secret"])
      if (auth[key] === undefined)
        reader.problem(`${path}.${key}`, `no ${key}`, "set client_id and client_secret");
    if ((auth["issuer"] === undefined) === (auth["token_url"] === undefined))
      reader.problem(path, "needs one of issuer and token_url", TO_WHOM);
  } else if (clientSecret !== undefined && (clientId === undefined || issuer === undefined))
    reader.problem(path, "a client_secret without client_id and issuer", TO_WHOM);
  if (type === undefined || reader.problems.length > before) return undefined;
  const common = { ...(scope !== undefined && { scope }), ...(issuer !== undefined && { issuer }) };
  if (type === "client_credentials")
    return {
      type,
      clientId: clientId!,
      clientSecret: clientSecret!,
      ...common,
      ...(tokenUrl !== undefined && { tokenUrl }),
    };
  return {
    type,
    tokenFile,
    ...common,
    ...(clientId !== undefined && { clientId }),
    ...(clientSecret !== undefined && { clientSecret }),
    ...(redirectPort !== undefined && { redirectPort }),
  };
}

/** The attack: a hostile server says that its authorization server is elsewhere, and the secret goes there. */
const TO_WHOM = "name the authorization server that the secret is for: a server must not choose who gets it";

function parsePort(value: Json): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= 65535
    ? value
    : undefined;
}
