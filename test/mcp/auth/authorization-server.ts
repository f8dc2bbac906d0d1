/** A real authorization server, small: keys, metadata, registration, and the three grants, with refresh token rotation. */
import { createHash, randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT, exportJWK, generateKeyPair, type JWTPayload } from "jose";

export interface AuthorizationServer {
  readonly issuer: string;
  readonly jwks: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  /** Bodies that the token endpoint got. */
  readonly grants: URLSearchParams[];
  /** Access tokens that are good. */
  readonly good: Set<string>;
  /** Settings a test may change. */
  readonly settings: { expiresIn: number; broken: boolean; redirect: boolean };
  mint(claims?: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  readonly publicKeyPem: string;
  close(): void;
}

export const AUDIENCE = "https://sallyport.example/mcp";

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  const asked: string[] = [];
  const grants: URLSearchParams[] = [];
  const good = new Set<string>();
  const refresh = new Set<string>();
  const codes = new Map<string, { challenge: string; redirect: string }>();
  const settings = { expiresIn: 3600, broken: false, redirect: false };

  const token = (response: http.ServerResponse, form: URLSearchParams, withRefresh: boolean): void => {
    grants.push(form);
    const access_token = `at-${randomUUID()}`;
    good.add(access_token);
    const refresh_token = `rt-${randomUUID()}`;
    if (withRefresh) refresh.add(refresh_token);
    const tokens = { access_token, token_type: "Bearer", expires_in: settings.expiresIn };
    json(response, 200, withRefresh ? { ...tokens, refresh_token } : tokens);
  };
  const grant = (
    response: http.ServerResponse,
    form: URLSearchParams,
    request: http.IncomingMessage,
  ): void => {
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    const [id, secret] =
      basic === undefined
        ? [form.get("client_id"), form.get("client_secret")]
        : Buffer.from(basic, "base64").toString().split(":").map(decodeURIComponent);
    switch (form.get("grant_type")) {
      case "client_credentials":
        if (id === "app" && secret === "s3cret") return token(response, form, false);
        return json(response, 401, { error: "invalid_client" });
      case "authorization_code": {
        const code = codes.get(form.get("code") ?? "");
        codes.delete(form.get("code") ?? "");
        const proof = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        if (code?.challenge === proof && code.redirect === form.get("redirect_uri"))
          return token(response, form, true);
        return json(response, 400, { error: "invalid_grant" });
      }
      case "refresh_token":
        if (refresh.delete(form.get("refresh_token") ?? "")) return token(response, form, true);
        return json(response, 400, { error: "invalid_grant" });
    }
    json(response, 400, { error: "unsupported_grant_type" });
  };

  const server = http.createServer((request, response) => {
    const { pathname, searchParams: query } = new URL(request.url!, issuer);
    asked.push(pathname);
    if (settings.broken) return response.writeHead(500).end();
    if (settings.redirect) return response.writeHead(302, { location: `${issuer}/elsewhere` }).end();
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      switch (pathname) {
        case "/jwks":
          return json(response, 200, { keys: [jwk] });
        case "/.well-known/oauth-authorization-server":
          return json(response, 200, {
            issuer,
            authorization_endpoint: `${issuer}/authorize`,
            token_endpoint: `${issuer}/token`,
            registration_endpoint: `${issuer}/register`,
            response_types_supported: ["code"],
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
          });
        case "/register":
          return json(response, 201, { ...(JSON.parse(body) as object), client_id: `c-${randomUUID()}` });
        case "/authorize": {
          const code = randomUUID();
          const redirect = query.get("redirect_uri")!;
          codes.set(code, { challenge: query.get("code_challenge")!, redirect });
          const back = new URL(redirect);
          back.search = new URLSearchParams({ code, state: query.get("state")!, iss: issuer }).toString();
          return response.writeHead(302, { location: back.href }).end();
        }
        case "/token":
          return grant(response, new URLSearchParams(body), request);
      }
      response.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const seconds = (): number => Math.floor(Date.now() / 1000);
  return {
    issuer,
    jwks: `${issuer}/jwks`,
    asked,
    grants,
    good,
    settings,
    publicKeyPem: JSON.stringify(jwk),
    mint: (claims = {}, header = {}) =>
      new SignJWT({
        iss: issuer,
        aud: AUDIENCE,
        sub: "alice",
        exp: seconds() + 300,
        scope: "sallyport:call",
        ...claims,
      })
        .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "at+jwt", ...header })
        .sign(privateKey),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function json(response: http.ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
