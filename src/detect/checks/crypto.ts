import { sha256 } from "./sha256.js";

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** A bech32 or bech32m text: its checksum, and one case throughout (BIP-173, BIP-350). */
export function bech32(value: string): boolean {
  if (value !== value.toLowerCase() && value !== value.toUpperCase()) return false;
  const text = value.toLowerCase();
  const at = text.lastIndexOf("1");
  const prefix = Array.from(text.slice(0, at)).map((c) => c.charCodeAt(0));
  const data = Array.from(text.slice(at + 1)).map((c) => CHARSET.indexOf(c));
  let sum = 1;
  for (const each of [...prefix.map((c) => c >> 5), 0, ...prefix.map((c) => c & 31), ...data]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ each;
    GENERATOR.forEach((g, i) => {
      if (((top >> i) & 1) === 1) sum ^= g;
    });
  }
  return !data.includes(-1) && (sum === 1 || sum === 0x2bc830a3);
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** A base58 text of 25 bytes whose last four are its checksum: Bitcoin's, Litecoin's, Dogecoin's and Tron's addresses. */
export function base58check(value: string): boolean {
  const bytes = new Uint8Array(25);
  for (const c of value) {
    let carry = BASE58.indexOf(c);
    if (carry === -1) return false;
    for (let i = 24; i >= 0; i--) {
      carry += (bytes[i] ?? 0) * 58;
      bytes[i] = carry & 0xff;
      carry >>= 8;
    }
    if (carry !== 0) return false;
  }
  const sum = sha256(sha256(bytes.subarray(0, 21)));
  return sum.subarray(0, 4).every((byte, i) => byte === bytes[21 + i]);
}
