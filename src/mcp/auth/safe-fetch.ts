/**
 * A fetch for keys, metadata and tokens. Whoever can make us fetch an address (a server that names its authorization
 * server, a name that resolves elsewhere tomorrow) must not reach what only we can reach.
 */
import { lookup as resolve } from "node:dns";
import http from "node:http";
import https from "node:https";
import { BlockList, isIPv6, type LookupFunction } from "node:net";
import { hostAddress } from "../../detect/address.js";
import { SallyportError } from "../../model/errors.js";
import { AUTH_FETCH_MS, MAX_AUTH_RESPONSE } from "../limits.js";

export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Neither public nor private: test networks, multicast, reserved. Nobody serves tokens there. */
const STRANGE = new BlockList();
STRANGE.addSubnet("192.0.0.0", 24, "ipv4");
STRANGE.addSubnet("198.18.0.0", 15, "ipv4");
STRANGE.addSubnet("224.0.0.0", 3, "ipv4");
STRANGE.addSubnet("fec0::", 10, "ipv6");
STRANGE.addSubnet("ff00::", 8, "ipv6");

/** Whether the address was written in the configuration as one on this machine: then others may be, too. */
export function isLoopbackUrl(url: string): boolean {
  return LOOPBACK_NAME.test(new URL(url).hostname);
}

function refuse(why: string): SallyportError {
  return new SallyportError("downstream_unavailable", why);
}

/** The kind of place an address must be: this machine for a loopback name, the public internet for any other. */
function mayReach(address: string, loopback: boolean): boolean {
  const known = hostAddress(address);
  if (known === undefined || STRANGE.check(address, isIPv6(address) ? "ipv6" : "ipv4")) return false;
  return known.kind === (loopback ? "loopback" : "public");
}

/** Resolves a name and connects to just what was checked: there is no second resolution that could differ. */
export function guardedLookup(loopback: boolean): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const bad = error === null && !addresses.every(({ address }) => mayReach(address, loopback));
      const [first] = addresses ?? [];
      if (error !== null) done(error, []);
      else if (bad || first === undefined)
        done(refuse(`${hostname} resolves to an address that is not allowed`), []);
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

/**
 * `loopback`: plain http and this machine's own addresses are allowed (development, tests). Otherwise https to public
 * addresses only. `own`: addresses that the configuration names, of a server or of its issuer: their origins may be
 * anywhere, also in a private network, over https. Never follows a redirect; bounded
 * in time and size. Rejects with `downstream_unavailable`.
 */
export function createSafeFetch({
  loopback,
  own,
}: {
  readonly loopback: boolean;
  readonly own?: readonly string[];
}): Fetch {
  const named = new Set(own?.map((each) => new URL(each).origin));
  return async (input, init = {}) => {
    const url = new URL(input);
    const local = LOOPBACK_NAME.test(url.hostname);
    const literal = url.hostname.replace(/^\[|\]$/g, "");
    const free = named.has(url.origin);
    if (local ? !loopback : url.protocol !== "https:")
      throw refuse(`${url.origin} is not an https address outside of this machine`);
    if (url.protocol !== "https:" && url.protocol !== "http:")
      throw refuse(`${url.protocol} is no way to fetch`);
    // A literal address is not looked up, so it is checked here.
    if (!free && hostAddress(literal) !== undefined && !mayReach(literal, local))
      throw refuse(`${url.host} is an address that is not allowed`);
    try {
      return await read(url, await send(url, init, free ? undefined : guardedLookup(local)));
    } catch (cause) {
      if (cause instanceof SallyportError) throw cause;
      throw new SallyportError("downstream_unavailable", `cannot reach ${url.origin}`, {}, { cause });
    }
  };
}

function send(
  url: URL,
  init: RequestInit,
  lookup: LookupFunction | undefined,
): Promise<http.IncomingMessage> {
  const body = bodyText(init.body);
  const headers = new Headers(init.headers);
  if (init.body instanceof URLSearchParams && !headers.has("content-type"))
    headers.set("content-type", "application/x-www-form-urlencoded");
  if (body !== undefined) headers.set("content-length", String(Buffer.byteLength(body)));
  const deadline = AbortSignal.timeout(AUTH_FETCH_MS);
  const options = {
    method: init.method ?? "GET",
    headers: Object.fromEntries(headers),
    agent: false,
    signal: init.signal ? AbortSignal.any([init.signal, deadline]) : deadline,
    ...(lookup !== undefined && { lookup }),
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(url, options);
    request.once("error", reject).once("response", resolve).end(body);
  });
}

function bodyText(body: RequestInit["body"]): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string" || body instanceof URLSearchParams) return String(body);
  throw refuse("only texts and forms are sent");
}

async function read(url: URL, response: http.IncomingMessage): Promise<Response> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) throw refuse(`${url.origin} redirects, which is not followed`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_AUTH_RESPONSE)
      throw refuse(`${url.origin} answered with more than ${MAX_AUTH_RESPONSE} bytes`);
    chunks.push(chunk);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  return new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers });
}
