/** The SDK's client helpers for OAuth, loaded when a server needs them: they would cost every start. */
import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { SallyportError } from "../../model/errors.js";
import { createSafeFetch, isLoopbackUrl } from "./safe-fetch.js";

export type Provider = OAuthClientProvider;
export type Discovery = OAuthDiscoveryState;
export type StoredClient = StoredOAuthClientInformation;
export type StoredTokens = StoredOAuthTokens;

export interface Run {
  readonly server: string;
  readonly scope?: string;
  /** What the browser came back with. */
  readonly code?: string;
  readonly iss?: string;
  /** Ask the person, whatever is kept. */
  readonly fresh?: true;
  /** The server's WWW-Authenticate, which may say where its metadata is. */
  readonly challenge?: string;
  /** The authorization server that the configuration names. */
  readonly issuer?: string;
}

/** One run of the SDK's flow: a token is saved with the provider, or it is asked to send a person to a browser. */
export async function authorize(provider: Provider, run: Run): Promise<void> {
  const { auth, extractWWWAuthenticateParams } = await import("@modelcontextprotocol/client");
  const { server, scope, code, iss, fresh, challenge, issuer } = run;
  const loopback = isLoopbackUrl(server) || (issuer !== undefined && isLoopbackUrl(issuer));
  const said =
    challenge === undefined
      ? {}
      : extractWWWAuthenticateParams(new Response(null, { headers: { "www-authenticate": challenge } }));
  await auth(provider, {
    serverUrl: server,
    fetchFn: createSafeFetch({ loopback, own: [server, ...(issuer === undefined ? [] : [issuer])] }),
    ...(scope !== undefined && { scope }),
    ...(code !== undefined && { authorizationCode: code }),
    ...(iss !== undefined && { iss }),
    ...(fresh !== undefined && { forceReauthorization: true }),
    ...(said.resourceMetadataUrl !== undefined && { resourceMetadataUrl: said.resourceMetadataUrl }),
  });
}

export function unavailable(message: string, fix?: string): SallyportError {
  return new SallyportError("downstream_unavailable", message, fix === undefined ? {} : { fix });
}
