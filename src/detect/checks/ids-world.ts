import { digitsOf, isRun, luhn, weighted } from "./digits.js";
import { dated, varied } from "./ids-europe.js";

/** China: resident identity card, ISO 7064 modulo 11-2. */
export function chinaId(value: string): boolean {
  const d = digitsOf(value.slice(0, 17));
  if (!dated(d, 10, 12)) return false;
  const rest = weighted(d, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
  return "10X98765432"[rest] === value.at(-1)?.toUpperCase();
}

/** Hong Kong: identity card, letters and digits modulo 11. */
export function hkid(value: string): boolean {
  const text = value
    .replaceAll(/[()\s]/g, "")
    .toUpperCase()
    .padStart(9, " ");
  const worth = (c: string): number => (c === " " ? 36 : /\d/.test(c) ? Number(c) : c.charCodeAt(0) - 55);
  const sum = [...text].reduce((total, c, i) => total + (c === "A" && i === 8 ? 10 : worth(c)) * (9 - i), 0);
  return text.length === 9 && sum % 11 === 0;
}

/** Taiwan: national identification number and new resident certificate. */
export function taiwanId(value: string): boolean {
  const text = value.toUpperCase();
  const region = "ABCDEFGHJKLMNPQRSTUVXYWZIO".indexOf(text[0] ?? "") + 10;
  const d = digitsOf(text.slice(1));
  const sum = Math.floor(region / 10) + (region % 10) * 9 + weighted(d, [8, 7, 6, 5, 4, 3, 2, 1, 1]);
  return region >= 10 && d.length === 9 && sum % 10 === 0;
}

/** Malaysia: MyKad, a date and a place of birth. */
export function mykad(value: string): boolean {
  const d = digitsOf(value);
  const place = (d[6] ?? 0) * 10 + (d[7] ?? 0);
  return (
    d.length === 12 && dated(d, 2, 4) && place >= 1 && ![17, 18, 19, 20, 69, 70, 73, 80, 81].includes(place)
  );
}

/** India: goods and services tax number, base 36 check character. */
export function gstin(value: string): boolean {
  const worth = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  let sum = 0;
  for (let i = 0; i < 14; i++) {
    const product = worth.indexOf(value[i] ?? "") * (i % 2 === 0 ? 1 : 2);
    sum += Math.floor(product / 36) + (product % 36);
  }
  return worth[(36 - (sum % 36)) % 36] === value[14];
}

/** Mexico: CURP, base 37 check digit. */
export function curp(value: string): boolean {
  const worth = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";
  const text = value.toUpperCase();
  const sum = Array.from(text.slice(0, 17)).reduce((total, c, i) => total + worth.indexOf(c) * (18 - i), 0);
  return (10 - (sum % 10)) % 10 === Number(text[17]);
}

/** Mexico: CLABE, weights 3-7-1. */
export function clabe(value: string): boolean {
  const d = digitsOf(value);
  const sum = d.slice(0, 17).reduce((total, digit, i) => total + ((digit * ([3, 7, 1][i % 3] ?? 0)) % 10), 0);
  return d.length === 18 && varied(d) && (10 - (sum % 10)) % 10 === d[17];
}

/** Chile: RUT, modulo 11 with K. */
export function rut(value: string): boolean {
  const text = value.replaceAll(/[.\s-]/g, "").toUpperCase();
  const d = digitsOf(text.slice(0, -1)).toReversed();
  const sum = d.reduce((total, digit, i) => total + digit * (2 + (i % 6)), 0);
  return varied(d) && "0K987654321"[sum % 11] === text.at(-1);
}

/** Argentina: CUIT and CUIL, modulo 11. */
export function cuit(value: string): boolean {
  const d = digitsOf(value);
  const rest = 11 - (weighted(d, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11);
  return d.length === 11 && (rest === 11 ? 0 : rest === 10 ? 9 : rest) === d[10];
}

/** Brazil: PIS, PASEP and NIS, modulo 11. */
export function pis(value: string): boolean {
  const d = digitsOf(value);
  const rest = 11 - (weighted(d, [3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return d.length === 11 && varied(d) && (rest >= 10 ? 0 : rest) === d[10];
}

/** Colombia: NIT, primes modulo 11. */
export function nit(value: string): boolean {
  const d = digitsOf(value);
  const rest = weighted(d.slice(0, -1).toReversed(), [3, 7, 13, 17, 19, 23, 29, 37, 41, 43]) % 11;
  return varied(d) && (rest < 2 ? rest : 11 - rest) === d.at(-1);
}

/** Ecuador: identity card, Luhn and a province. */
export function cedulaEc(value: string): boolean {
  const d = digitsOf(value);
  const province = (d[0] ?? 0) * 10 + (d[1] ?? 0);
  return (
    d.length === 10 && province >= 1 && (province <= 24 || province === 30) && (d[2] ?? 9) < 6 && luhn(d)
  );
}

/** Israel: identity number, Luhn over nine digits. */
export function israelId(value: string): boolean {
  const d = digitsOf(value.padStart(9, "0"));
  return d.length === 9 && varied(d) && luhn(d);
}

/** Emirates identity card: 784, a year, Luhn. */
export function emiratesId(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 15 && d.slice(0, 3).join("") === "784" && luhn(d);
}

/** New Zealand: tax number, two rounds of weights modulo 11. */
export function ird(value: string): boolean {
  const d = digitsOf(value.replaceAll(/\D/g, "").padStart(9, "0"));
  const round = (weights: readonly number[]): number => (11 - (weighted(d, weights) % 11)) % 11;
  const first = round([3, 2, 7, 6, 5, 4, 3, 2]);
  const check = first === 10 ? round([7, 4, 3, 2, 5, 2, 7, 6]) : first;
  return d.length === 9 && varied(d) && check === d[8];
}

/** Australia: business number, modulo 89 after taking one from the first digit. */
export function abn(value: string): boolean {
  const d = digitsOf(value);
  const less = [(d[0] ?? 0) - 1, ...d.slice(1)];
  return d.length === 11 && varied(d) && weighted(less, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89 === 0;
}

/** Australia: company number, modulo 10. */
export function acn(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 9 && varied(d) && (10 - (weighted(d, [8, 7, 6, 5, 4, 3, 2, 1]) % 10)) % 10 === d[8];
}

/** Australia: Medicare card, the ninth digit checks the first eight. */
export function medicare(value: string): boolean {
  const d = digitsOf(value);
  const first = d[0] ?? 0;
  const sum = weighted(d, [1, 3, 7, 9, 1, 3, 7, 9]) % 10;
  return (d.length === 10 || d.length === 11) && first >= 2 && first <= 6 && !isRun(d) && sum === d[8];
}

/** Singapore: entity number; the year and the kind have to be possible. */
export function uen(value: string): boolean {
  const m = /^(?:\d{8}|((?:19|20)\d{2})\d{5}|[RST]\d{2}[A-Z]{2}\d{4})[A-Z]$/i.exec(value);
  return m !== null && (m[1] === undefined || Number(m[1]) <= 2100);
}

/** US: DEA registration of a prescriber. */
export function dea(value: string): boolean {
  const d = digitsOf(value.slice(2));
  const sum = (d[0] ?? 0) + (d[2] ?? 0) + (d[4] ?? 0) + 2 * ((d[1] ?? 0) + (d[3] ?? 0) + (d[5] ?? 0));
  return d.length === 7 && varied(d) && sum % 10 === d[6];
}

/** Vehicle identification number: transliterated weights modulo 11. */
export function vin(value: string): boolean {
  const worth = (c: string): number =>
    /\d/.test(c)
      ? Number(c)
      : "ABCDEFGH".indexOf(c) + 1 || "JKLMN.P.R".indexOf(c) + 1 || "STUVWXYZ".indexOf(c) + 2;
  const text = value.toUpperCase();
  const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
  const sum = [...text].reduce((total, c, i) => total + worth(c) * (weights[i] ?? 0), 0);
  return /\d/.test(text) && /[A-Z]/.test(text) && "0123456789X"[sum % 11] === text[8];
}
