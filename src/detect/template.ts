/**
 * Examples of secrets are written as templates, `ghp_{alnum:36}`, so that no secret-shaped string is committed.
 * The fill is deterministic and varied enough for entropy checks.
 */
const ALPHABETS: Readonly<Record<string, string | readonly string[]>> = {
  // Each of them wakes patterns, or asks for another view; none is a secret.
  vendors:
    "ghp_ glpat- xoxb- sk_live_ AKIA AIza eyJ hf_ npm_ pypi- SG. dop_v1_ shpat_ token= key: secret= password: bearer phone übergeh glöm 忘记 forget the system prompt act as send to <system> a@b.c 2024-01-02 12345678901 fe80::1 ab:cd 1.2.3.4 DE89 / \\n %41 &amp; postgres://a"
      .split(" ")
      .map((word) => `${word} `),
  alnum: "aB3dE5fG7hJ9kLmN2pQ4rS6tUvW8xYz1cD0bC",
  lower: "qwzxkvjyhbgfmpdtlcnursiaoe",
  lowernum: "a7k2m9x4q8z1w5v3b6n0c",
  upper: "QWZXKVJYHBGFMPDTLCNURSIAOE",
  uppernum: "K7Q2M9X4J8Z3W5V6B2N",
  commands: ";\nab",
  spaces: " ",
  bech32: "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
  base32l: "k7q2m4xjz3w5v6bnagt",
  hexu: "9F3A7C1E5B8D2046",
  base32: "K7Q2M4XJZ3W5V6BNAGT",
  hex: "9f3a7c1e5b8d2046",
  digits: "7392845106",
  base64: "aB3/dE5fG7hJ+9kLmN2pQ4rS6tUvW8xYz1",
  base64url: "aB3_dE5fG7hJ-9kLmN2pQ4rS6tUvW8xYz1",
};
const FIELD = /\{([a-z0-9]+):(\d{1,7})\}/g;

/** Fills `{name:length}` fields of a text; other braces stay. Names: alnum, lower, upper, hex, digits, base64… */
export function fillTemplate(text: string): string {
  return text.replaceAll(FIELD, (whole, name: string, length: string) => {
    const alphabet = ALPHABETS[name];
    if (alphabet === undefined) return whole;
    let seed = 7;
    return Array.from({ length: Number(length) }, () => {
      seed = (seed * 48271 + 11) % 2147483647;
      return alphabet[(seed >> 8) % alphabet.length] ?? "";
    }).join("");
  });
}
