/** What a server wants of a token: read from the challenge with which it refuses one, or the lack of one. */
import { META_CAPABILITIES, META_CLIENT, META_VERSION, STATELESS_VERSION } from "../eras.js";
import { createSafeFetch, isLoopbackUrl } from "./safe-fetch.js";

const SCOPE = /\bscope="([\x20\x21\x23-\x5b\x5d-\x7e]{1,1024})"/;

/** True when the token is good, but not for this: another one of the same kind would be refused as well. */
export function wantsMore(status: number | undefined, challenge: string | undefined): boolean {
  return status === 403 && challenge !== undefined && /\berror="?insufficient_scope\b/.test(challenge);
}

/** All the scopes together, each once: who asks for the new one only would lose what was granted before. */
export function scopesOf(...texts: readonly (string | undefined)[]): string | undefined {
  const words = texts.flatMap((text) => text?.split(" ") ?? []).filter(Boolean);
  return words.length === 0 ? undefined : [...new Set(words)].join(" ");
}

/** The scopes that a challenge asks for. */
export function scopeIn(challenge: string | undefined): string | undefined {
  return challenge === undefined ? undefined : SCOPE.exec(challenge)?.[1];
}

/**
 * Asks the server for something harmless without a token, for the challenge in its refusal: it can say where the metadata
 * is and which scopes to begin with. Undefined when it does not refuse, or cannot be reached: then defaults hold.
 */
export async function challengeOf(server: string): Promise<string | undefined> {
  const fetch = createSafeFetch({ loopback: isLoopbackUrl(server), own: [server] });
  const info = { name: "sallyport", version: "0" };
  const meta = { [META_VERSION]: STATELESS_VERSION, [META_CLIENT]: info, [META_CAPABILITIES]: {} };
  try {
    const response = await fetch(server, {
      method: "POST",
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": STATELESS_VERSION,
        "mcp-method": "tools/list",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: meta } }),
    });
    return response.status === 401 ? (response.headers.get("www-authenticate") ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}
