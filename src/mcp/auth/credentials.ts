/** The token for one downstream server: got when needed, renewed when it ends or is refused, shared by all sessions. */
import type { ServerAuth, ServerConfig } from "../../config/load.js";
import { SallyportError } from "../../model/errors.js";
import { TOKEN_EARLY_MS, TOKEN_RENEW_MS } from "../limits.js";
import { withClientCredentials, withKeptTokens, type Grant } from "./grants.js";

export interface Credentials {
  /** The token at hand, while it is good. */
  readonly current: string | undefined;
  /** Sees to it that there is one. Rejects with `downstream_unavailable`. */
  obtain(): Promise<void>;
  /** The same after the server has refused `token` with `status`; `challenge` is its WWW-Authenticate. */
  renew(token: string, challenge: string | undefined, status?: number): Promise<void>;
}

export function createCredentials(name: string, grant: Grant, now: () => number = Date.now): Credentials {
  let token: string | undefined;
  let until = 0;
  let renewedAt = -Infinity;
  // Why the last renewal failed: a call that comes soon after is told the same, not that we have only just tried.
  let failure: unknown;
  // One for all who wait: two requests that spend the same refresh token look like a theft to the issuer.
  let pending: Promise<void> | undefined;

  const get = (refused?: string, challenge?: string, status?: number): Promise<void> => {
    pending ??= grant(refused, challenge, status)
      .then(
        (got) => {
          token = got.accessToken;
          until = got.expiresInMs === undefined ? Infinity : now() + got.expiresInMs - TOKEN_EARLY_MS;
          // A token shorter than our margin is used all the same, once.
          if (until <= now()) until = now() + 1_000;
        },
        (cause: unknown) => {
          token = undefined;
          throw unavailable(name, cause);
        },
      )
      .finally(() => (pending = undefined));
    return pending;
  };

  return {
    get current() {
      return now() < until ? token : undefined;
    },
    obtain: () => (token !== undefined && now() < until ? Promise.resolve() : get()),
    renew: (refused, challenge, status) => {
      if (token !== undefined && token !== refused) return Promise.resolve();
      if (pending !== undefined) return pending;
      if (now() - renewedAt < TOKEN_RENEW_MS)
        return Promise.reject(
          failure instanceof SallyportError
            ? failure
            : new SallyportError(
                "downstream_unavailable",
                `server "${name}" refuses our tokens, even new ones`,
              ),
        );
      renewedAt = now();
      token = undefined;
      failure = undefined;
      return get(refused, challenge, status).catch((error: unknown) => {
        failure = error;
        throw error;
      });
    },
  };
}

/** What others say of the failure is for the log: their words go to no client. */
function unavailable(name: string, cause: unknown): SallyportError {
  if (cause instanceof SallyportError) return cause;
  const { code } = cause as { code?: unknown };
  const why = typeof code === "string" && /^[a-z_]{1,40}$/.test(code) ? ` (${code})` : "";
  return new SallyportError("downstream_unavailable", `no token for server "${name}"${why}`, {}, { cause });
}

const known = new WeakMap<ServerAuth, Credentials>();

/** The one source of tokens for a server, if its entry says how to get them. */
export function credentialsFor({ name, transport }: ServerConfig): Credentials | undefined {
  if (transport.kind !== "http" || transport.auth === undefined) return undefined;
  const { auth, url } = transport;
  const made =
    known.get(auth) ??
    createCredentials(
      name,
      auth.type === "client_credentials" ? withClientCredentials(auth, url) : withKeptTokens(auth, name, url),
    );
  known.set(auth, made);
  return made;
}
