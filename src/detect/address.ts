/** An IP address behind whatever spelling: 2852039166, 0251.254.169.254, 0xA9FEA9FE, ::ffff:a9fe:a9fe, 127.1. */
export interface Address {
  /** Canonical text: dotted IPv4, or compressed lower-case IPv6. An IPv4 inside an IPv6 counts as itself. */
  readonly text: string;
  readonly kind: "loopback" | "link_local" | "private" | "public";
  /** Not written the ordinary way, which only serves to pass a filter. */
  readonly disguised: boolean;
}

/** The address a host stands for, or undefined for a name. */
export function hostAddress(host: string): Address | undefined {
  if (host.includes(":")) return v6(host.toLowerCase().split("%")[0] ?? "");
  const parts = host.split(".");
  if (parts.length > 4 || parts.some((p) => !/^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(p))) return undefined;
  const numbers = parts.map((p) =>
    /^0x/i.test(p) ? BigInt(p) : /^0\d/.test(p) && /^[0-7]+$/.test(p) ? BigInt(`0o${p}`) : BigInt(p),
  );
  const last = numbers.pop() ?? 0n;
  // Overflow wraps around in the resolvers that attackers aim at.
  let value = last & ((1n << BigInt(8 * (4 - numbers.length))) - 1n);
  numbers.forEach((n, i) => (value |= (n & 0xffn) << BigInt(24 - 8 * i)));
  const bytes = [24n, 16n, 8n, 0n].map((s) => Number((value >> s) & 0xffn));
  const text = bytes.join(".");
  const kind = kindOfV4(bytes);
  // An octet over 255 is a typing error, unless it wraps around to an address inside.
  const plain = parts.length === 4 && parts.every((p) => /^(?:0|[1-9]\d{0,9})$/.test(p));
  return { text, kind, disguised: text !== host && !(plain && kind === "public") };
}

function kindOfV4([a = 0, b = 0]: readonly number[]): Address["kind"] {
  if (a === 127 || a === 0) return "loopback";
  if (a === 169 && b === 254) return "link_local";
  if (
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128)
  )
    return "private";
  return "public";
}

function v6(text: string): Address | undefined {
  const groups = expand(text);
  if (groups === undefined) return undefined;
  const low = [(groups[6] ?? 0) >> 8, (groups[6] ?? 0) & 255, (groups[7] ?? 0) >> 8, (groups[7] ?? 0) & 255];
  const zeros = groups.slice(0, 5).every((g) => g === 0);
  const mapped = zeros && (groups[5] === 0xffff || (groups[5] === 0 && (groups[6] ?? 0) !== 0));
  const nat64 = groups[0] === 0x64 && groups[1] === 0xff9b;
  if (mapped || nat64) return { text: low.join("."), kind: kindOfV4(low), disguised: true };
  if (groups[0] === 0x2002) {
    const inner = [
      (groups[1] ?? 0) >> 8,
      (groups[1] ?? 0) & 255,
      (groups[2] ?? 0) >> 8,
      (groups[2] ?? 0) & 255,
    ];
    return { text: inner.join("."), kind: kindOfV4(inner), disguised: true };
  }
  const kind =
    zeros && groups[5] === 0 && groups[6] === 0 && (groups[7] ?? 2) <= 1
      ? "loopback"
      : ((groups[0] ?? 0) & 0xffc0) === 0xfe80
        ? "link_local"
        : ((groups[0] ?? 0) & 0xfe00) === 0xfc00
          ? "private"
          : "public";
  return { text: compress(groups), kind, disguised: false };
}

function expand(text: string): number[] | undefined {
  const dotted = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const hex = (a: string, b: string): string => ((Number(a) << 8) | Number(b)).toString(16);
  const plain =
    dotted === null
      ? text
      : `${dotted[1]}${hex(dotted[2] ?? "", dotted[3] ?? "")}:${hex(dotted[4] ?? "", dotted[5] ?? "")}`;
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((h) => (h === "" ? [] : h.split(":")));
  const missing = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [
    ...(head ?? []),
    ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => "0"),
    ...(tail ?? []),
  ];
  return all.every((g) => /^[0-9a-f]{1,4}$/.test(g)) ? all.map((g) => parseInt(g, 16)) : undefined;
}

function compress(groups: readonly number[]): string {
  const text = groups.map((g) => g.toString(16)).join(":");
  const zeros = [...text.matchAll(/\b0(?::0\b)+/g)].toSorted((a, b) => b[0].length - a[0].length)[0];
  if (zeros === undefined) return text;
  return `${text.slice(0, zeros.index).replace(/:$/, "")}::${text.slice(zeros.index + zeros[0].length).replace(/^:/, "")}`;
}
