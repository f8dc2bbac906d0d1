/** Who may talk to the listener. Loopback is no protection by itself: any web page can make a browser post to it. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

export interface Rejection {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Undefined when the request may proceed. Host and Origin stop DNS rebinding, the token everybody else. */
export function guard(request: IncomingMessage, token: string): Rejection | undefined {
  if (!LOCAL.has(hostname(`http://${request.headers.host ?? ""}`)))
    return { status: 403, message: "Forbidden: the Host header does not name this machine's loopback" };
  const { origin } = request.headers;
  if (origin !== undefined && origin !== "" && !LOCAL.has(hostname(origin)))
    return { status: 403, message: "Forbidden: this Origin may not call" };
  const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (given === undefined || !sameSecret(given, token))
    return {
      status: 401,
      message: "Unauthorized: send the token of this Sallyport as `Authorization: Bearer …`",
      headers: { "www-authenticate": 'Bearer realm="sallyport"' },
    };
  return undefined;
}

function hostname(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return "";
  }
}

/** Compared as digests, so that neither content nor length shows in the time it takes. */
function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
