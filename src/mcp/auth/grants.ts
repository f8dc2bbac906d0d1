/** How a token is got without a person: by a secret of ours, or by what a login has left. */
import type { AuthorizationCode, ClientCredentials } from "../../config/auth-types.js";
import { scopeIn, scopesOf, wantsMore } from "./challenge.js";
import { alone, readKept, writeKept, type Kept } from "./kept.js";
import { authorize, unavailable, type Discovery, type Provider, type StoredTokens } from "./sdk.js";

export interface Granted {
  readonly accessToken: string;
  readonly expiresInMs?: number;
}

/** `refused`: the token that the server did not take, and what it said with that; 403 when it is to allow more. */
export type Grant = (refused?: string, challenge?: string, status?: number) => Promise<Granted>;

function granted({ access_token, expires_in }: StoredTokens): Granted {
  return {
    accessToken: access_token,
    ...(expires_in !== undefined && { expiresInMs: expires_in * 1000 }),
  };
}

/** Kept in memory only: another one can be had at any time. */
export function withClientCredentials(auth: ClientCredentials, server: string): Grant {
  const { clientId, clientSecret, scope, issuer, tokenUrl } = auth;
  // The authorization server is the configured one, never one that the server names: it gets our secret.
  let discovery: Discovery =
    tokenUrl === undefined
      ? { authorizationServerUrl: issuer! }
      : {
          authorizationServerUrl: tokenUrl,
          authorizationServerMetadata: {
            issuer: tokenUrl,
            authorization_endpoint: tokenUrl,
            token_endpoint: tokenUrl,
            response_types_supported: [],
          },
        };
  let wanted = scope;
  return async (_refused, challenge) => {
    let tokens: StoredTokens | undefined;
    wanted = scopesOf(wanted, scopeIn(challenge));
    const provider: Provider = {
      redirectUrl: undefined,
      clientMetadata: { client_name: "Sallyport", redirect_uris: [], grant_types: ["client_credentials"] },
      clientInformation: () => ({ client_id: clientId, client_secret: clientSecret }),
      tokens: () => undefined,
      saveTokens: (got) => {
        tokens = got;
      },
      prepareTokenRequest: (asked) =>
        new URLSearchParams({ grant_type: "client_credentials", ...(asked && { scope: asked }) }),
      discoveryState: () => discovery,
      saveDiscoveryState: (found) => {
        discovery = found;
      },
      redirectToAuthorization: noBrowser,
      saveCodeVerifier: noBrowser,
      codeVerifier: noBrowser,
    };
    await authorize(provider, {
      server,
      ...(wanted !== undefined && { scope: wanted }),
      ...(challenge !== undefined && { challenge }),
      issuer: tokenUrl ?? issuer!,
    });
    if (tokens === undefined) throw unavailable("the authorization server gave no token");
    return granted(tokens);
  };
}

function noBrowser(): never {
  throw unavailable("the authorization server wants a person");
}

/** What `sallyport login` has kept, renewed by its refresh token and kept again. */
export function withKeptTokens(auth: AuthorizationCode, name: string, server: string): Grant {
  const { scope, issuer } = auth;
  const askPerson = (): never => {
    throw unavailable(`server "${name}" wants a person to log in: run \`sallyport login ${name}\``);
  };
  const atHand = (refused: string | undefined): Granted | undefined => {
    const kept = readKept(auth, server);
    const { tokens, expiresAt, discovery } = kept ?? askPerson();
    if (tokens === undefined || discovery === undefined) return askPerson();
    // The configuration names another authorization server than the tokens are from.
    if (issuer !== undefined && !sameIssuer(tokens.issuer, issuer)) return askPerson();
    const left = expiresAt === undefined ? undefined : expiresAt - Date.now();
    if (tokens.access_token === refused || (left !== undefined && left <= 0)) return undefined;
    return { accessToken: tokens.access_token, ...(left !== undefined && { expiresInMs: left }) };
  };
  /** Scopes are granted by a person: a refreshed token has no more of them. */
  const askForMore = (challenge: string | undefined): never => {
    const kept = readKept(auth, server) ?? { server };
    const wanted = scopesOf(scope, kept.wanted, kept.tokens?.scope, scopeIn(challenge));
    writeKept(auth, { ...kept, ...(wanted !== undefined && { wanted }) });
    throw unavailable(
      `server "${name}" wants rights that the login did not ask for: run \`sallyport login ${name}\` again`,
    );
  };
  return async (refused, challenge, status) =>
    atHand(refused) ??
    (wantsMore(status, challenge) ? askForMore(challenge) : undefined) ??
    alone(auth.tokenFile, async () => {
      // Another process may have renewed it while we waited.
      const meanwhile = atHand(refused);
      if (meanwhile !== undefined) return meanwhile;
      let tokens: StoredTokens | undefined;
      const store = {
        read: () => readKept(auth, server) ?? { server },
        write: (kept: Kept) => writeKept(auth, kept),
      };
      const provider = keptProvider(auth, store, {
        redirectUrl: "http://127.0.0.1/callback",
        saved: (got) => (tokens = got),
        browse: () => {
          throw unavailable(
            `the token for server "${name}" was not renewed; if that lasts: sallyport login ${name}`,
          );
        },
      });
      await authorize(provider, {
        server,
        ...(scope !== undefined && { scope }),
        ...(challenge !== undefined && { challenge }),
        ...(issuer !== undefined && { issuer }),
      });
      return tokens === undefined ? askPerson() : granted(tokens);
    });
}

function sameIssuer(a: string | undefined, b: string): boolean {
  return a?.replace(/\/$/, "") === b.replace(/\/$/, "");
}

/** Where a provider keeps things: the file, or for the time of a login the memory. */
export interface Store {
  read(): Kept;
  write(kept: Kept): void;
}

export interface Browsing {
  readonly redirectUrl: string;
  saved(tokens: StoredTokens): void;
  /** A person is to open this address. */
  browse(url: URL): void;
  readonly state?: string;
}

/** A provider over what is kept. All but the code verifier survives; that belongs to one login. */
export function keptProvider(auth: AuthorizationCode, store: Store, browsing: Browsing): Provider {
  const { clientId, clientSecret, scope, issuer } = auth;
  let verifier: string | undefined;
  return {
    redirectUrl: browsing.redirectUrl,
    clientMetadata: {
      client_name: "Sallyport",
      redirect_uris: [browsing.redirectUrl],
      application_type: "native",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      ...(scope !== undefined && { scope }),
    },
    ...(browsing.state !== undefined && { state: () => browsing.state! }),
    clientInformation: () =>
      clientId === undefined
        ? store.read().client
        : {
            client_id: clientId,
            ...(clientSecret !== undefined && { client_secret: clientSecret }),
            ...(issuer !== undefined && { issuer }),
          },
    ...(clientId === undefined && {
      saveClientInformation: (client) => store.write({ ...store.read(), client }),
    }),
    tokens: () => store.read().tokens,
    saveTokens: (tokens) => {
      const { expires_in: seconds } = tokens;
      const { expiresAt: _, ...rest } = store.read();
      store.write({
        ...rest,
        tokens,
        ...(seconds !== undefined && { expiresAt: Date.now() + seconds * 1000 }),
      });
      browsing.saved(tokens);
    },
    invalidateCredentials: (what) => {
      const { tokens: _, client, ...rest } = store.read();
      if (what === "tokens") store.write({ ...rest, ...(client !== undefined && { client }) });
      else if (what === "client" || what === "all") store.write(rest);
    },
    discoveryState: () =>
      store.read().discovery ?? (issuer === undefined ? undefined : { authorizationServerUrl: issuer }),
    saveDiscoveryState: (discovery) => store.write({ ...store.read(), discovery }),
    redirectToAuthorization: (url) => browsing.browse(url),
    saveCodeVerifier: (given) => {
      verifier = given;
    },
    codeVerifier: () => verifier ?? "",
  };
}
