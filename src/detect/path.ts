export const PATH_FACTS = [
  "credential_file", // keys, password stores, cloud credentials, .env
  "system_secret", // /etc/shadow, SAM, /proc/*/environ
  "traversal", // ../ that climbs out, in any encoding
  "traversal_sensitive", // … to a file of the system or of credentials
  "null_byte",
  "too_long", // no path is: what it reaches was not read
] as const;
export type PathFactName = (typeof PATH_FACTS)[number];

export interface PathFact {
  readonly analyzer: "path";
  readonly fact: PathFactName;
  readonly start: number;
  readonly end: number;
}

const CREDENTIALS: readonly RegExp[] = [
  /(?:^|\/)\.ssh(?:\/(?!known_hosts|config$|.{0,64}\.pub$)|\/?$)/,
  /(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/,
  /(?:^|\/)\.aws(?:\/(?:credentials|config|sso\/|cli\/cache)|\/?$)/,
  /(?:^|\/)\.(?:azure\/(?:accesstokens|msal_token_cache|azureprofile)|kube\/config|docker\/config\.json|netrc|_netrc|pgpass|my\.cnf|npmrc|pypirc|git-credentials|vault-token|terraformrc|s3cfg|boto|htpasswd)/,
  /(?:^|\/)\.config\/(?:gcloud\/(?:credentials|application_default|access_tokens|legacy_credentials)|gh\/hosts|hub|op\/|rclone\/)/,
  /(?:^|\/)\.terraform\.d\/credentials|(?:^|\/)terraform\.tfstate(?:\.backup)?$/,
  /(?:^|\/)\.(?:gnupg|password-store)(?:\/|$)|(?:^|\/)\.(?:bash|zsh|psql|mysql|python)_history$/,
  /(?:^|\/)\.env(?:\.(?!example|sample|template|dist|schema)[\w.-]{1,40})?$/,
  /\.(?:p12|pfx|jks|keystore|kdbx|ppk)$/,
  // Certificates are public, and have the same ending.
  /(?:^|\/)(?![^/]*(?:cert|chain|bundle|public|crl|root)[^/]*$|ca[-_.\d])[^/]*\.pem$|key[^/]*\.pem$/,
  /(?:^|\/)(?:credentials|secrets?|service[-_]?account)\.(?:json|ya?ml|toml|ini|env)$/,
  /(?:^|\/)(?:login data|logins\.json|key4\.db|cookies\.sqlite|wallet\.dat)$|\/(?:google-chrome|chrome|chromium|brave-browser|microsoft-edge)\/.{0,64}\/cookies$/,
  /(?:^|\/)\.(?:electrum|bitcoin|ethereum\/keystore)\//,
  /(?:^|\/)library\/keychains\//,
];
const SYSTEM_SECRETS: readonly RegExp[] = [
  /^\/(?:private\/)?etc\/(?:shadow|gshadow|sudoers|master\.passwd|security\/|krb5\.keytab|ssl\/private|kubernetes\/(?:admin\.conf|pki))/,
  /^\/(?:private\/)?etc\/ssh\/ssh_host_.{1,32}_key$/,
  /^\/proc\/(?:self|\d{1,8}|\*)\/(?:environ|mem)$/,
  /^\/(?:var\/)?run\/secrets\/|^\/(?:var\/)?run\/docker\.sock$/,
  /(?:^|\/)windows\/(?:system32\/config\/(?:sam|system|security)|ntds\/|repair\/(?:sam|system))/,
  /(?:^|\/)ntuser\.dat$|(?:^|\/)ntds\.dit$/,
];
const SENSITIVE =
  /^\/(?:private\/)?etc\/(?:passwd|group|hosts|fstab|crontab|hostname|issue|resolv\.conf|profile|ssh)|^\/proc\/|(?:^|\/)windows\/(?:win\.ini|system\.ini|system32)|(?:^|\/)boot\.ini$|(?:^|\/)web\.config$|(?:^|\/)wp-config\.php$|(?:^|\/)\.git\/config$/;

/** Twice what systems allow. */
const MAX_PATH = 8192;

/** What a path reaches, once its disguises are undone. */
export function pathFacts(text: string): PathFact[] {
  if (text.length > MAX_PATH) return [{ analyzer: "path", fact: "too_long", start: 0, end: text.length }];
  const span = { analyzer: "path" as const, start: 0, end: text.length };
  const facts: PathFact[] = [];
  const plain = canonicalPath(text);
  if (plain.path.includes("\0")) facts.push({ ...span, fact: "null_byte" });
  const path = plain.path.split("\0")[0] ?? "";
  const lower = path.toLowerCase();
  const rooted = plain.climbed ? `/${lower.replace(/^(?:\.\.\/)+/, "")}` : lower;
  const secret = CREDENTIALS.some((c) => c.test(lower));
  const system = SYSTEM_SECRETS.some((s) => s.test(rooted));
  if (secret) facts.push({ ...span, fact: "credential_file" });
  if (system) facts.push({ ...span, fact: "system_secret" });
  if (plain.climbed) {
    const sensitive = secret || system || SENSITIVE.test(rooted);
    facts.push({ ...span, fact: sensitive ? "traversal_sensitive" : "traversal" });
  } else if (plain.stepped && (SENSITIVE.test(rooted) || system))
    facts.push({ ...span, fact: "traversal_sensitive" });
  return facts;
}

/** A path with encodings, back-slashes, doubled slashes and dots resolved. `climbed`: it leaves where it started. */
function canonicalPath(text: string): { path: string; climbed: boolean; stepped: boolean } {
  let raw = text.trim();
  for (let i = 0; i < 3 && raw.includes("%"); i++) raw = unpercent(raw);
  raw = raw
    .replace(/^file:\/{0,3}(?:localhost\/)?/i, "/")
    .replaceAll("\\", "/")
    .replace(/^\/\/[?.]\//, "");
  raw = raw.replace(/^~\w{0,32}(?=\/|$)|^\$\{?HOME\}?(?=\/|$)/, "/home/user");
  const stepped = /(?:^|\/)\.{1,2}(?:\/|$)/.test(raw) || /\/{2,}/.test(raw.slice(1));
  const rooted = raw.startsWith("/");
  const steps: string[] = [];
  let climbed = false;
  // "....//" is what is left of "../" by a filter that deletes it once.
  for (const step of raw.replaceAll(/\.{3,8}\/{1,2}/g, "../").split(/\/+/)) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    else if (steps.length > 0 && steps.at(-1) !== "..") steps.pop();
    else {
      climbed = true;
      if (!rooted) steps.push(step);
    }
  }
  return { path: (rooted ? "/" : "") + steps.join("/"), climbed, stepped };
}

function unpercent(text: string): string {
  // Overlong UTF-8 for "." and "/" first: decodeURIComponent refuses it, old servers do not.
  const plain = text
    .replace(/%c0%ae/gi, ".")
    .replace(/%c0%af|%c1%9c/gi, "/")
    .replace(/%u2215|%u2216/gi, "/");
  return plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
