import { digitsIn, digitsOf, isRun, luhn, weighted } from "./digits.js";

/** Issuer ranges and lengths of payment cards (ISO/IEC 7812; issuers' published ranges). */
const ISSUERS: readonly RegExp[] = [
  /^4(?:\d{12}|\d{15}|\d{18})$/, // Visa
  /^5[1-5]\d{14}$/, // Mastercard
  /^2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}$/,
  /^3[47]\d{13}$/, // American Express
  /^3(?:0[0-5]|[689]\d)\d{11}$/, // Diners Club
  /^3[689]\d{14,17}$/,
  /^6(?:011|5\d\d|4[4-9]\d)\d{12,15}$/, // Discover
  /^62\d{14,17}$/, // UnionPay
  /^35(?:2[89]|[3-8]\d)\d{12,15}$/, // JCB
  /^(?:5018|5020|5038|5612|5893|6304|6759|676[1-3]|0604|6390|56\d\d|57\d\d|58\d\d|50\d\d)\d{8,15}$/, // Maestro
  /^(?:2131|1800)\d{11}$/,
  /^220[0-4]\d{12}$/, // Mir
  /^60\d{14}$|^65\d{14}$|^81\d{14}$|^82\d{14}$|^508\d{13}$/, // RuPay
];

/** A payment card number: issuer prefix, length, Luhn. */
export function card(value: string): boolean {
  const digits = digitsOf(value);
  if (!luhn(digits) || isRun(digits)) return false;
  const text = digitsIn(value);
  return !/^(\d)\1{12}/.test(text) && ISSUERS.some((i) => i.test(text));
}

/** Length of an IBAN by country (ISO 13616 registry). */
const IBAN_LENGTHS: Readonly<Record<string, number>> = {
  AD: 24,
  AE: 23,
  AL: 28,
  AT: 20,
  AZ: 28,
  BA: 20,
  BE: 16,
  BG: 22,
  BH: 22,
  BI: 27,
  BR: 29,
  BY: 28,
  CH: 21,
  CR: 22,
  CY: 28,
  CZ: 24,
  DE: 22,
  DJ: 27,
  DK: 18,
  DO: 28,
  EE: 20,
  EG: 29,
  ES: 24,
  FI: 18,
  FK: 18,
  FO: 18,
  FR: 27,
  GB: 22,
  GE: 22,
  GI: 23,
  GL: 18,
  GR: 27,
  GT: 28,
  HN: 28,
  HR: 21,
  HU: 28,
  IE: 22,
  IL: 23,
  IQ: 23,
  IS: 26,
  IT: 27,
  JO: 30,
  KW: 30,
  KZ: 20,
  LB: 28,
  LC: 32,
  LI: 21,
  LT: 20,
  LU: 20,
  LV: 21,
  LY: 25,
  MC: 27,
  MD: 24,
  ME: 22,
  MK: 19,
  MN: 20,
  MR: 27,
  MT: 31,
  MU: 30,
  NI: 28,
  NL: 18,
  NO: 15,
  OM: 23,
  PK: 24,
  PL: 28,
  PS: 29,
  PT: 25,
  QA: 29,
  RO: 24,
  RS: 22,
  RU: 33,
  SA: 24,
  SC: 31,
  SD: 18,
  SE: 24,
  SI: 19,
  SK: 24,
  SM: 27,
  SO: 23,
  ST: 25,
  SV: 28,
  TL: 23,
  TN: 24,
  TR: 26,
  UA: 29,
  VA: 22,
  VG: 24,
  XK: 20,
  YE: 30,
};

/**
 * ISO 13616: the country's length, and 1 modulo 97. Words may follow in the match, so the answer is how long the
 * IBAN at its start is, 0 when there is none.
 */
export function iban(value: string): number {
  // One in a hundred UUIDs that begin as an account does would pass the rest.
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-/.test(value)) return 0;
  const length = IBAN_LENGTHS[value.slice(0, 2).toUpperCase()] ?? 0;
  let end = 0;
  let text = "";
  for (; end < value.length && text.length < length; end++)
    if (/[A-Za-z0-9]/.test(value[end] ?? "")) text += value[end];
  if (length === 0 || text.length !== length || /[A-Za-z0-9]/.test(value[end] ?? "")) return 0;
  let rest = 0;
  for (const c of text.slice(4) + text.slice(0, 4)) {
    const n = parseInt(c, 36);
    rest = (rest * (n > 9 ? 100 : 10) + n) % 97;
  }
  return rest === 1 ? end : 0;
}

/** ABA routing number: the first two digits name a district, the sum of 3-7-1 weights is a multiple of ten. */
export function aba(value: string): boolean {
  const d = digitsOf(value);
  const district = (d[0] ?? 0) * 10 + (d[1] ?? 0);
  const known =
    district <= 12 ||
    (district >= 21 && district <= 32) ||
    (district >= 61 && district <= 72) ||
    district === 80;
  return d.length === 9 && known && !isRun(d) && weighted(d, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0;
}
