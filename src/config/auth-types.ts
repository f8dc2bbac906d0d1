/** Who may call the listener: bearer tokens of one authorization server. */
export interface ListenerAuth {
  /** As it stands in `iss`, to the letter. */
  readonly issuer: string;
  /** Must be among a token's `aud`: a token for another service is no token for us. */
  readonly audience: string;
  /** Where the issuer publishes its keys. */
  readonly jwks: string;
  /** What every token must have. */
  readonly scopes: readonly string[];
  /** Claim → value → roles. */
  readonly roles: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** The claim that names the principal. */
  readonly principal: string;
  /** The claim that names the team. */
  readonly team?: string;
}

interface Client {
  readonly scope?: string;
  readonly issuer?: string;
}

export interface ClientCredentials extends Client {
  readonly type: "client_credentials";
  readonly clientId: string;
  readonly clientSecret: string;
  /** Instead of an issuer that publishes it. */
  readonly tokenUrl?: string;
}

export interface AuthorizationCode extends Client {
  readonly type: "authorization_code";
  /** Absent: we register ourselves with the authorization server. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Where the browser comes back to; any free port when absent. */
  readonly redirectPort?: number;
  /** Where the tokens of this server are kept. */
  readonly tokenFile: string;
}

/** How we get a token for a downstream server. */
export type ServerAuth = ClientCredentials | AuthorizationCode;
