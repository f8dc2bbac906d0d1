/** A person logs in to a downstream server: they open an address in their browser, which comes back to us. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { AuthorizationCode } from "../../config/auth-types.js";
import { isSecureAddress } from "../../config/auth.js";
import { SallyportError } from "../../model/errors.js";
import { LOGIN_MS } from "../limits.js";
import { challengeOf, scopeIn, scopesOf } from "./challenge.js";
import { keptProvider } from "./grants.js";
import { readKept, writeKept, type Kept } from "./kept.js";
import { authorize, unavailable } from "./sdk.js";

interface Came {
  readonly code: string;
  readonly iss?: string;
}

const PATH = "/callback";

/**
 * Resolves when the tokens are kept. `show` is given the address to open. What was kept before stays until then. Rejects
 * with `downstream_unavailable`, also when nobody comes back in time.
 */
export async function login(
  auth: AuthorizationCode,
  server: string,
  show: (url: string) => void,
): Promise<void> {
  const state = randomBytes(32).toString("base64url");
  const callback = await awaitCallback(auth.redirectPort ?? 0, state);
  // Not from what is kept: a client registered for another port would be sent back there.
  let kept: Kept = { server };
  const store = {
    read: () => kept,
    write: (next: Kept) => {
      kept = next;
    },
  };
  try {
    const provider = keptProvider(auth, store, {
      redirectUrl: `http://127.0.0.1:${callback.port}${PATH}`,
      state,
      saved: () => {},
      browse: (url) => {
        // The server chose it. A person may paste it anywhere.
        if (!isSecureAddress(url.href)) throw unavailable("the login page is not an https address");
        show(url.href);
      },
    });
    const challenge = await challengeOf(server);
    // What the configuration names, else what the server names; and what it has asked for since.
    const wanted = readKept(auth, server)?.wanted;
    const scope = scopesOf(auth.scope ?? scopeIn(challenge), wanted);
    const run = {
      server,
      ...(scope !== undefined && { scope }),
      ...(challenge !== undefined && { challenge }),
      ...(auth.issuer !== undefined && { issuer: auth.issuer }),
    };
    await authorize(provider, { ...run, fresh: true });
    const { code, iss } = await callback.came;
    await authorize(provider, { ...run, code, ...(iss !== undefined && { iss }) });
    writeKept(auth, kept);
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    const why = error instanceof Error ? error.message.slice(0, 300) : String(error);
    throw new SallyportError("downstream_unavailable", `the login failed: ${why}`, {}, { cause: error });
  } finally {
    callback.close();
  }
}

/** Listens on loopback for the one request that carries our `state`; all others are told nothing and change nothing. */
async function awaitCallback(
  port: number,
  state: string,
): Promise<{ readonly port: number; readonly came: Promise<Came>; close(): void }> {
  let settle: { resolve(came: Came): void; reject(error: Error): void };
  const came = new Promise<Came>((resolve, reject) => (settle = { resolve, reject }));
  came.catch(() => {}); // it is awaited later, if at all
  const server = http.createServer({ maxHeaderSize: 16_384, headersTimeout: 10_000 }, (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://127.0.0.1");
    const say = (status: number, text: string): void => {
      response
        .writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" })
        .end(text);
    };
    if (request.method !== "GET" || pathname !== PATH || !same(query.get("state"), state))
      return say(404, "Nothing here.\n");
    const [code, error, iss] = ["code", "error", "iss"].map((name) => query.get(name));
    if (code === null || code === undefined) {
      const word = /^[a-z_]{1,40}$/.test(error ?? "") ? error : "no code";
      say(400, "The login was refused. You can close this window.\n");
      settle.reject(unavailable(`the login was refused: ${word}`));
      return;
    }
    say(200, "Sallyport is logged in. You can close this window.\n");
    settle.resolve({ code, ...(typeof iss === "string" && { iss }) });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new SallyportError("downstream_unavailable", `port ${port} cannot be listened on`, {}, { cause }),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  const timer = setTimeout(
    () => settle.reject(unavailable("nobody came back from the browser in time")),
    LOGIN_MS,
  );
  return {
    port: (server.address() as AddressInfo).port,
    came,
    close: () => {
      clearTimeout(timer);
      server.close();
      server.closeIdleConnections();
    },
  };
}

function same(given: string | null, wanted: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
