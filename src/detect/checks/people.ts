import { digitsIn, digitsOf, isRun, luhn, verhoeff, weighted } from "./digits.js";

/** US Social Security number: never area 000, 666 or 9xx, group 00, serial 0000; nor the ones printed in public. */
export function ssn(value: string): boolean {
  const d = digitsIn(value);
  if (!/^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(d)) return false;
  return !/^(?:123456789|987654321|078051120|219099999|457555462)$/.test(d) && !/^(\d)\1{8}$/.test(d);
}

/** US taxpayer number for people without an SSN: 9xx with groups the IRS assigns. */
export function itin(value: string): boolean {
  return /^9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}$/.test(digitsIn(value));
}

/** US national provider identifier: Luhn with the prefix 80840. */
export function npi(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 10 && (d[0] === 1 || d[0] === 2) && luhn([8, 0, 8, 4, 0, ...d]);
}

/** `ext. 12` and the like, at the end of a phone number. */
const EXTENSION = /(?:x|ext).{0,10}$/i;

/** A North American number: area and exchange start at 2, no N11 area; or any other plausible one. */
export function nanp(value: string): boolean {
  const d = digitsIn(value.replace(EXTENSION, "")).replace(/^1(?=\d{10}$)/, "");
  return /^[2-9](?!11)\d{2}[2-9](?!11)\d{2}\d{4}$/.test(d) && !/^(\d)\1{9}$/.test(d);
}

/** An international number after "+": 7 to 15 digits that are not one repeated. */
export function e164(value: string): boolean {
  const d = digitsIn(value);
  return d.length >= 8 && d.length <= 15 && d[0] !== "0" && isVaried(digitSet(d));
}

/** A national number beside a label: 7 to 15 digits that are neither a date nor one or two repeated. */
export function phone(value: string): boolean {
  let count = 0;
  let seen = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    // A letter: an extension.
    if (c > 0x39 && count > 0) break;
    if (c < 0x30 || c > 0x39) continue;
    count++;
    seen |= 1 << (c - 0x30);
  }
  return count >= 7 && count <= 15 && isVaried(seen) && !(count <= 8 && DATED.test(value));
}
/** Three different digits or more, of a set with a bit for each: two taken away, one is left. */
const isVaried = (seen: number): boolean => withoutLowest(withoutLowest(seen)) !== 0;
const withoutLowest = (bits: number): number => bits & (bits - 1);
function digitSet(digits: string): number {
  let seen = 0;
  for (let i = 0; i < digits.length; i++) seen |= 1 << (digits.charCodeAt(i) - 0x30);
  return seen;
}
const DATED =
  /^\s{0,2}(?:(?:19|20)\d\d[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d)\s{0,2}$/;

const THOUSANDS = /^[^\d()-]*\d{1,3}(?:[^\d()-]+\d{3})+[^\d()-]*$/;

/** Digits grouped as a phone number is and nothing else: no thousands, no dates, no IP address, no coordinates. */
export function phoneShape(value: string): boolean {
  if (!phone(value)) return false;
  const number = value.replace(EXTENSION, "");
  return (
    !THOUSANDS.test(number) &&
    !/^\d+\.\d+$/.test(value) &&
    !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(value) &&
    digitsIn(number).length <= 13 &&
    !/^(?:19|20)\d\d[-. ](?:0[1-9]|1[0-2])\b/.test(value)
  );
}

/** India: Aadhaar. Starts at 2, Verhoeff. */
export function aadhaar(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 12 && (d[0] ?? 0) >= 2 && !isRun(d) && verhoeff(d);
}

/** Brazil: CPF, two check digits modulo 11. */
export function cpf(value: string): boolean {
  const d = digitsOf(value);
  if (d.length !== 11 || new Set(d).size === 1) return false;
  const check = (n: number): number => {
    const r =
      (weighted(
        d,
        Array.from({ length: n }, (_, i) => n + 1 - i),
      ) *
        10) %
      11;
    return r === 10 ? 0 : r;
  };
  return check(9) === d[9] && check(10) === d[10];
}

/** Brazil: CNPJ, two check digits modulo 11. */
export function cnpj(value: string): boolean {
  const d = digitsOf(value);
  if (d.length !== 14 || new Set(d).size === 1) return false;
  const weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
  const check = (w: readonly number[]): number => {
    const r = weighted(d, w) % 11;
    return r < 2 ? 0 : 11 - r;
  };
  return check(weights.slice(1)) === d[12] && check(weights) === d[13];
}

/** UK: NHS number, modulo 11. */
export function nhs(value: string): boolean {
  const d = digitsOf(value);
  const r = 11 - (weighted(d, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return d.length === 10 && !isRun(d) && new Set(d).size > 2 && (r === 11 ? 0 : r) === d[9];
}

/** Canada: social insurance number, Luhn. None starts with 8. */
export function sin(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 9 && d[0] !== 8 && !isRun(d) && luhn(d);
}

/** Australia: tax file number, weights modulo 11. */
export function tfn(value: string): boolean {
  const d = digitsOf(value);
  return (
    d.length === 9 && !isRun(d) && new Set(d).size > 2 && weighted(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0
  );
}

/** Singapore: NRIC and FIN, letter by weights modulo 11. */
export function nric(value: string): boolean {
  const text = value.toUpperCase();
  const sum = weighted(digitsOf(text), [2, 7, 6, 5, 4, 3, 2]);
  const [first] = text;
  const letters =
    first === "S" || first === "T" ? "JZIHGFEDCBA" : first === "M" ? "XWUTRQPNJLK" : "XWUTRQPNMLK";
  const offset = first === "T" || first === "G" ? 4 : first === "M" ? 3 : 0;
  const at = (sum + offset) % 11;
  return text.at(-1) === (first === "M" ? letters[10 - at] : letters[at]);
}

/** Spain: DNI and NIE, letter modulo 23. */
export function dni(value: string): boolean {
  const text = value.toUpperCase().replace(/[\s-]/g, "");
  const digits = text.slice(0, -1).replace(/^[XYZ]/, (c) => String("XYZ".indexOf(c)));
  return "TRWAGMYFPDXBNJZSQVHLCKE"[Number(digits) % 23] === text.at(-1);
}

/** Germany: tax identification number, ISO 7064 modulo 11,10. */
export function steuerId(value: string): boolean {
  const d = digitsOf(value);
  if (d.length !== 11 || d[0] === 0 || new Set(d.slice(0, 10)).size < 8 || isRun(d)) return false;
  let product = 10;
  for (const digit of d.slice(0, 10)) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === d[10];
}

/** France: social security number, 97 minus the rest. */
export function nir(value: string): boolean {
  const text = value.replace(/[\s.]/g, "").toUpperCase().replace("2A", "19").replace("2B", "18");
  return /^[12]\d{14}$/.test(text) && 97n - (BigInt(text.slice(0, 13)) % 97n) === BigInt(text.slice(13));
}

/** Italy: codice fiscale, letter by odd and even weights. */
export function codiceFiscale(value: string): boolean {
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  const text = value.toUpperCase();
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const c = text.charCodeAt(i);
    const n = c <= 57 ? c - 48 : c - 65;
    sum += i % 2 === 0 ? (odd[n] ?? 0) : n;
  }
  return String.fromCharCode(65 + (sum % 26)) === text[15];
}

/** Poland: PESEL, a date and weights 1-3-7-9. */
export function pesel(value: string): boolean {
  const d = digitsOf(value);
  const month = ((d[2] ?? 0) * 10 + (d[3] ?? 0)) % 20;
  const day = (d[4] ?? 0) * 10 + (d[5] ?? 0);
  const dated = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  return d.length === 11 && dated && weighted(d, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
}

/** Netherlands: BSN, the eleven test. */
export function bsn(value: string): boolean {
  const d = digitsOf(value);
  return (
    d.length === 9 && !isRun(d) && new Set(d).size > 2 && weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0
  );
}

/** Korea: resident registration number, a date and weights modulo 11. */
export function rrn(value: string): boolean {
  const d = digitsOf(value);
  const month = (d[2] ?? 0) * 10 + (d[3] ?? 0);
  const day = (d[4] ?? 0) * 10 + (d[5] ?? 0);
  if (d.length !== 13 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  return (11 - (weighted(d, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10 === d[12];
}

/** The same by its date alone: numbers given since October 2020 have no check digit. */
export function datedRrn(value: string): boolean {
  const d = digitsOf(value);
  const month = (d[2] ?? 0) * 10 + (d[3] ?? 0);
  const day = (d[4] ?? 0) * 10 + (d[5] ?? 0);
  return d.length === 13 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/** Japan: individual number, modulo 11. */
export function myNumber(value: string): boolean {
  const d = digitsOf(value);
  const rest = weighted(d, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return d.length === 12 && !isRun(d) && (rest <= 1 ? 0 : 11 - rest) === d[11];
}

/** Indonesia: NIK, region and date of birth (women's days plus 40). */
export function nik(value: string): boolean {
  const m = /^(\d{2})\d{4}(\d{2})(\d{2})\d{2}(\d{4})$/.exec(value);
  if (m === null) return false;
  const [region, day, month] = [Number(m[1]), Number(m[2]) % 40, Number(m[3])];
  return (
    region >= 11 && region <= 96 && day >= 1 && day <= 31 && month >= 1 && month <= 12 && m[4] !== "0000"
  );
}

/** Turkey: identity number, two check digits. */
export function tckn(value: string): boolean {
  const d = digitsOf(value);
  if (d.length !== 11 || d[0] === 0) return false;
  const odd = weighted(d, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  const even = weighted(d, [0, 1, 0, 1, 0, 1, 0, 1]);
  const sum = d.slice(0, 10).reduce((a, b) => a + b, 0);
  return (((odd * 7 - even) % 10) + 10) % 10 === d[9] && sum % 10 === d[10];
}

/** Sweden: personnummer, a date and Luhn over ten digits. */
export function personnummer(value: string): boolean {
  const d = digitsOf(value).slice(-10);
  const month = (d[2] ?? 0) * 10 + (d[3] ?? 0);
  const day = ((d[4] ?? 0) * 10 + (d[5] ?? 0)) % 60;
  return d.length === 10 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && luhn(d);
}

/** Finland: henkilötunnus, letter modulo 31. */
export function hetu(value: string): boolean {
  const n = Number(digitsOf(value.slice(0, -1)).join(""));
  return "0123456789ABCDEFHJKLMNPRSTUVWXY"[n % 31] === value.at(-1)?.toUpperCase();
}

/** South Africa: id number, a date and Luhn. */
export function zaId(value: string): boolean {
  const d = digitsOf(value);
  const month = (d[2] ?? 0) * 10 + (d[3] ?? 0);
  const day = (d[4] ?? 0) * 10 + (d[5] ?? 0);
  return (
    d.length === 13 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && (d[10] ?? 9) <= 2 && luhn(d)
  );
}

/** Thailand: national id, modulo 11. */
export function thaiId(value: string): boolean {
  const d = digitsOf(value);
  const rest = weighted(d, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
  return d.length === 13 && d[0] !== 0 && (11 - rest) % 10 === d[12];
}
