/** Who may talk to the listener. Loopback is no protection by itself: any web page can make a browser post to it. */
import type { IncomingMessage } from "node:http";

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

export interface Rejection {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Undefined when the request comes to us by a name of ours, and from no web page: that stops DNS rebinding. `hosts`:
 * names besides loopback. Who it comes from is another question, see auth/access.ts.
 */
export function guard(request: IncomingMessage, hosts: ReadonlySet<string>): Rejection | undefined {
  const host = hostname(`http://${request.headers.host ?? ""}`);
  if (!LOCAL.has(host) && !hosts.has(host))
    return { status: 403, message: "Forbidden: the Host header does not name this machine's loopback" };
  const { origin } = request.headers;
  if (origin !== undefined && origin !== "" && !LOCAL.has(hostname(origin)))
    return { status: 403, message: "Forbidden: this Origin may not call" };
  return undefined;
}

function hostname(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return "";
  }
}
