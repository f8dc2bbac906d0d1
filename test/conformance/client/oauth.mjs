// How the client gets a token: directly by the SDK, or by what Sallyport's configuration says.
import { ClientCredentialsProvider } from "@modelcontextprotocol/client";

/** The address of our metadata, where an authorization server takes one for a client's id (SEP-991). */
const CIMD = "https://conformance-test.local/client-metadata.json";
const REDIRECT = "http://localhost:3000/callback";

/** { provider, came }: `came` gives what the browser came back with since it was last asked. */
export function directProvider(scenario, { client_id: id, client_secret: secret }) {
  if (scenario === "auth/client-credentials-basic")
    return {
      provider: new ClientCredentialsProvider({ clientId: id, clientSecret: secret }),
      came: () => {},
    };
  const kept = { client: id === undefined ? undefined : { client_id: id, client_secret: secret } };
  let came;
  const provider = {
    redirectUrl: REDIRECT,
    ...(scenario === "auth/basic-cimd" && { clientMetadataUrl: CIMD }),
    clientMetadata: {
      client_name: "conformance-client",
      redirect_uris: [REDIRECT],
      application_type: "native",
      grant_types: ["authorization_code", "refresh_token"],
    },
    clientInformation: () => kept.client,
    saveClientInformation: (client) => (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => {
      kept.tokens = tokens;
      // It is for the time of one login: the server may name another authorization server at the next.
      delete kept.discovery;
    },
    discoveryState: () => kept.discovery,
    saveDiscoveryState: (discovery) => (kept.discovery = discovery),
    invalidateCredentials: (what) => {
      if (what !== "client") delete kept.tokens;
      if (what === "all" || what === "client") delete kept.client;
      if (what === "all" || what === "discovery") delete kept.discovery;
    },
    saveCodeVerifier: (verifier) => (kept.verifier = verifier),
    codeVerifier: () => kept.verifier,
    redirectToAuthorization: async (address) => {
      const response = await fetch(address, { redirect: "manual" });
      came = new URL(response.headers.get("location")).searchParams;
    },
  };
  return {
    provider,
    came: () => {
      const last = came;
      came = undefined;
      return last;
    },
  };
}

/** The key `auth` of the server in Sallyport's configuration. */
export async function serverAuth(url, scenario, { client_id, client_secret }) {
  if (scenario === "auth/basic-cimd") return { type: "authorization_code", client_id: CIMD };
  if (client_id === undefined) return { type: "authorization_code" };
  const type = scenario === "auth/client-credentials-basic" ? "client_credentials" : "authorization_code";
  // Whoever writes a secret into the configuration knows who gave it to them.
  const metadata = new URL(`/.well-known/oauth-protected-resource${new URL(url).pathname}`, url);
  const { authorization_servers: issuers } = await (await fetch(metadata)).json();
  return { type, client_id, client_secret, issuer: issuers[0] };
}
