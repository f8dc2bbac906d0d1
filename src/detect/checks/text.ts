import { hostAddress } from "../address.js";

/** Of a longer text its start tells enough; a text of a thousand `key=` would have each read to its end. */
const MAX_JUDGED = 256;
const counts = new Uint16Array(128);

/** Shannon entropy of the start of a text, in bits per character. All that is not ASCII is one character. */
function entropyOf(text: string): number {
  const length = Math.min(text.length, MAX_JUDGED);
  counts.fill(0);
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i);
    const at = c < 128 ? c : 0;
    counts[at] = (counts[at] as number) + 1;
  }
  let bits = 0;
  for (const n of counts) if (n !== 0) bits -= (n / length) * Math.log2(n / length);
  return bits;
}

/** Random enough to be a generated secret: words, paths and counters are not. */
export function entropy(value: string): boolean {
  return entropyOf(value) >= (/^[0-9a-f]+$/i.test(value) ? 2.7 : 3.2);
}

const WORDS = /^[a-z]{2,}(?:[-_. ][a-z]{2,}){0,5}$/i;
const REFERENCE =
  /^(?:\$|\{\{|<|%|process\.env|os\.environ|env\[|getenv|config\.|self\.|this\.|vault:|secretref|ref:|arn:)|[(){}[\]]|^\*+$|^x+$|\.{3}$/i;

/** A value someone typed as a password: not a placeholder, a reference to a variable, or a plain word of prose. */
export function password(value: string): boolean {
  if (value.length < 6 || REFERENCE.test(value)) return false;
  if (
    /^(?:true|false|null|none|undefined|required|optional|string|password|passwd|secret|changeme|example|redacted|hidden)$/i.test(
      value,
    )
  )
    return false;
  return !WORDS.test(value) || (/[a-z][A-Z]|[A-Z]{2}[a-z]/.test(value) && entropyOf(value) > 3.3);
}

const OCTETS = /^0*(?:\d\d?|1\d\d|2[0-4]\d|25[0-5])(?:\.0*(?:\d\d?|1\d\d|2[0-4]\d|25[0-5])){3}$/;

/** Dotted IPv4 in range that is not a version, a mask or a documentation block. */
export function ipv4(value: string): boolean {
  return OCTETS.test(value) && !/^(?:0+|255)\.|^0*\d(?:\.0*\d){3}$/.test(value);
}

/** An IPv6 address of at least three groups, or of two with digits: `add::abc` is a name in a program. */
export function ipv6(value: string): boolean {
  const groups = value.match(/[0-9a-f]+/gi) ?? [];
  return (
    hostAddress(value) !== undefined &&
    (groups.length >= 3 || (/^[0-9a-f]{3,4}::/i.test(value) && /\d/.test(value)))
  );
}

/** A JWT: its header is JSON with an algorithm. */
export function jwt(value: string): boolean {
  try {
    return atob((value.split(".")[0] ?? "").replaceAll("-", "+").replaceAll("_", "/")).includes('"alg"');
  } catch {
    return false;
  }
}

/** An e-mail address whose domain has a plausible top level: not a file name, not a Git remote. */
export function email(value: string): boolean {
  const domain = value.slice(value.lastIndexOf("@") + 1);
  return (
    !/\.(?:png|jpe?g|gif|svg|webp|js|ts|css|json|md|txt|ya?ml|html?|py|sh)$/i.test(domain) &&
    !/^git@(?:github|gitlab|bitbucket)\./i.test(value)
  );
}

/** Characters; 4096 bits in base64 are more, and stand in armour. */
const MAX_KEY = 400;

/** The generic tier: what a program would accept as a secret, and a person would not write as prose. */
export function secretValue(value: string): boolean {
  const bare = value.replace(/[.,;:!?)]+$/, "");
  // Markup is no value; what is longer than any key is a certificate, or a secret that was sealed.
  if (!password(bare) || bare.length < 8 || bare.length > MAX_KEY || /&(?:lt|gt|amp|quot|#)/.test(bare))
    return false;
  const digits = /\d/.test(bare);
  const mixed = /[a-z]/.test(bare) && /[A-Z]/.test(bare);
  const symbol = /[^\w.:/-]/.test(bare);
  if (
    /^(?:https?:|\/|\.\/|~\/)/i.test(bare) ||
    /^[\d.:/ -]+$/.test(bare) ||
    (/^[\w$-]+(?:\.[\w$-]+)+$/.test(bare) && !digits) ||
    bare.includes("*")
  )
    return false;
  return (digits || symbol || mixed) && entropyOf(bare) >= (symbol ? 2.5 : 2.8);
}

/** The password of a URL: not a variable, not the word every example uses. */
export function urlPassword(value: string): boolean {
  const placeholder = /^(?:\$|\{|<|%|\*|\[|\.+$|your|my_?pass|user)/i;
  const habitual =
    /^(?:pass(?:word|wd)?|pwd|secret|guest|postgres|root|admin|test|example|changeme|xyz|x+)$/i;
  return !placeholder.test(value) && !habitual.test(value);
}

/** A password in SQL: not a parameter, nor the word that stands in every manual. */
export function sqlPassword(value: string): boolean {
  return (
    /[A-Za-z]/.test(value) &&
    !/^[:$@?%{<[]|^(?:password|passwd|secret|null|default|expire|random|history|reuse|require|unbounded)$/i.test(
      value,
    )
  );
}

/** What follows the base64 of `-----BEGIN `: says whether it is a private key. */
export function base64PrivateKey(value: string): boolean {
  // The prefix ends in the middle of a group of four: "Ti" continues it.
  try {
    return atob(`LS0tLS1CRUdJTi${value}`.slice(0, 64)).includes("PRIVATE KEY");
  } catch {
    return false;
  }
}

/** An armoured key with something inside: code that only speaks of the armour is none. */
export function pemBody(value: string): boolean {
  const inside = value.replaceAll(/-----[A-Za-z0-9 _-]{1,80}-----/g, " ").slice(0, 1024);
  const runs = inside.match(/[A-Za-z0-9+/]{20,}/g) ?? [];
  return runs.some((run) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /[\d+/]/.test(run));
}

/** Base64 of `name:password`, both printable. */
export function basicPair(value: string): boolean {
  try {
    return /^[!-9;-~]{1,64}:[!-~]{4,256}$/.test(atob(value));
  } catch {
    return false;
  }
}

/** Basic credentials: base64 of `name:password`. */
export function basic(value: string): boolean {
  try {
    return value.length >= 24 || atob(value).includes(":");
  } catch {
    return false;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Generated, not typed: letters and digits mixed at random, no words joined by dashes. */
export function generated(value: string): boolean {
  const bare = value.replace(/[=./]{1,4}$/, "").slice(0, MAX_JUDGED);
  if (bare.length === 36 && UUID.test(bare)) return new Set(bare).size > 7;
  if (
    bare.length < 16 ||
    !/\d\D*\d/.test(bare) ||
    /^\d+$/.test(bare) ||
    /^(?:https?|www|arn)[.:]/i.test(bare)
  )
    return false;
  // A file name, a version, a class path: words around dots.
  if (
    /^[a-z]+(?:[._/-][a-z]+){2,}(?:[._/-]?\d{1,4})?$/i.test(bare) ||
    /\.(?:js|ts|py|java|com|org|io|html|json|ya?ml|md|png)$/i.test(bare)
  )
    return false;
  return entropyOf(bare) >= 3;
}
