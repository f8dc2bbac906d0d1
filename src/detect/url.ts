import { hostAddress } from "./address.js";

export const URL_FACTS = [
  "metadata_endpoint", // cloud credentials by HTTP, in any spelling of the address
  "loopback",
  "link_local",
  "private_address",
  "disguised_address", // an address written to escape a filter: decimal, octal, hex, userinfo, rebinding name
  "unusual_scheme", // gopher:, dict:, file:, …
  "credentials_in_url",
  "paste_or_tunnel", // request bins, paste sites, tunnels: where exfiltrated data goes
] as const;
export type UrlFactName = (typeof URL_FACTS)[number];

export interface UrlFact {
  readonly analyzer: "url";
  readonly fact: UrlFactName;
  readonly start: number;
  readonly end: number;
}

const METADATA_HOSTS =
  /^(?:metadata(?:\.google(?:\.internal)?|\.goog|\.packet\.net|\.platformequinix\.com|\.azure\.internal|\.tencentyun\.com)?|instance-data(?:\.ec2\.internal)?|rancher-metadata|169\.254\.169\.254\..{1,64}|\$\{?AWS_LAMBDA_RUNTIME_API\}?)$/i;
const METADATA_PATH =
  /\/latest\/(?:meta-data|user-data|dynamic\/instance-identity)|\/computeMetadata\/v1|\/metadata\/(?:instance|identity)|\/opc\/v[12]\/instance|setCommonInstanceMetadata|\/2018-06-01\/runtime\/invocation|\/v2\/credentials\//i;
const METADATA_ADDRESSES = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "100.100.100.200",
  "192.0.0.192",
  "168.63.129.16",
  "fd00:ec2::254",
  "fd20:ce::254",
  "169.254.0.23",
]);
/** Public names that answer with the address written inside them. */
const REBINDING =
  /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|1u\.ms|rbndr\.us|spoofed\.burpcollaborator\.net)$/i;
const PASTE =
  /(?:^|\.)(?:webhook\.site|requestbin\.(?:com|net)|pipedream\.net|requestcatcher\.com|beeceptor\.com|hookbin\.com|ptsv[23]\.com|pastebin\.com|paste\.ee|hastebin\.com|dpaste\.(?:com|org)|ghostbin\.com|rentry\.co|transfer\.sh|file\.io|0x0\.st|gofile\.io|anonfiles\.com|bashupload\.com|temp\.sh|catbox\.moe|ngrok\.io|ngrok-free\.app|ngrok\.app|trycloudflare\.com|localtunnel\.me|loca\.lt|serveo\.net|localhost\.run|burpcollaborator\.net|oastify\.com|interact\.sh|oast\.(?:fun|live|me|online|pro|site)|dnslog\.cn|canarytokens\.com|termbin\.com|ix\.io|sprunge\.us)$/i;
const SCHEMES =
  /^(?:gopher|dict|file|ldap|ldaps|tftp|jar|netdoc|phar|expect|php|data|javascript|vbscript|view-source):/i;

/** Schemes that a fetcher resolves by name or address. In `doc://1` or `demo://resource/1` nothing is a host. */
const NETWORK =
  /^(?:https?|wss?|ftps?|sftp|ssh|gopher|dict|ldaps?|tftp|smb|rtsp|git|redis|rediss|amqps?|mongodb|postgres(?:ql)?|mysql|jar|netdoc|view-source|url)$/i;

/** Facts of a whole value that is a URL; a bare host counts. */
export function urlFacts(text: string): UrlFact[] {
  const url = text.trim();
  return /\s/.test(url) ? urlFactsIn(text) : factsOf(url, 0, text.length);
}

const IN_TEXT = /\b(?:https?|ftp|gopher|dict|file|wss?):\/\/[^\s"'`\\)]{1,2048}/gi;

/** Facts of every URL inside a text. */
export function urlFactsIn(text: string): UrlFact[] {
  const facts: UrlFact[] = [];
  for (const m of text.matchAll(IN_TEXT)) facts.push(...factsOf(m[0], m.index, m.index + m[0].length));
  return facts;
}

function factsOf(url: string, start: number, end: number): UrlFact[] {
  if (url === "") return [];
  const names = new Set<UrlFactName>();
  // Where it goes stands at its start. What hides that behind a kilobyte of user name is up to something.
  if (/^[^/]{0,32}\/\/[^/?#]{1024}/.test(url)) names.add("disguised_address");
  if (SCHEMES.test(url)) names.add("unusual_scheme");
  const m = /^(?:([a-z][a-z0-9+.-]{0,30}):)?[\\/]{2,4}([^/?#\\\s]{0,1024})/i.exec(url);
  if (m?.[1] !== undefined && !NETWORK.test(m[1])) return reported(names, start, end);
  const authority = decode(m?.[2] ?? /^[^\s/?#]{1,255}/.exec(url)?.[0] ?? "").normalize("NFKC");
  const at = authority.lastIndexOf("@");
  const userinfo = at === -1 ? "" : authority.slice(0, at);
  const host = hostOf(authority.slice(at + 1));
  if (
    m !== null &&
    /^[^:]{1,256}:[^@]{1,256}$/.test(userinfo) &&
    !/^(?:user|username|\*|<|\$|\{)/i.test(userinfo)
  ) {
    names.add("credentials_in_url");
  }
  // "http://expected.example@169.254.169.254": what reads like the host is a user name.
  if (userinfo.includes(".") && !userinfo.includes(":")) names.add("disguised_address");
  // "10" and "2024" are numbers; "http://2852039166" is an address.
  const address = m === null && !/[.:]/.test(host) ? undefined : hostAddress(host);
  const written = address?.text ?? host.toLowerCase();
  if (METADATA_ADDRESSES.has(written) || METADATA_HOSTS.test(host) || METADATA_PATH.test(decode(url)))
    names.add("metadata_endpoint");
  else if (address?.kind === "link_local") names.add("link_local");
  else if (
    address?.kind === "loopback" ||
    /^(?:localhost|localhost\.localdomain|ip6-localhost)\.?$|\.localhost\.?$/i.test(host)
  )
    names.add("loopback");
  else if (address?.kind === "private" || /\.(?:internal|local|corp|lan|intranet)\.?$/i.test(host))
    names.add("private_address");
  if (address?.disguised === true || REBINDING.test(host)) names.add("disguised_address");
  if (PASTE.test(host)) names.add("paste_or_tunnel");
  return reported(names, start, end);
}

function reported(names: ReadonlySet<UrlFactName>, start: number, end: number): UrlFact[] {
  return [...names].map((fact) => ({ analyzer: "url", fact, start, end }));
}

function hostOf(hostPort: string): string {
  const bracket = /^\[([^\]]{1,64})\]/.exec(hostPort);
  return bracket?.[1] ?? hostPort.replace(/:\d{0,6}$/, "").replace(/\.$/, "");
}

function decode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
