import { digitsOf, isRun, luhn, weighted } from "./digits.js";

/** Month 1-12 and day 1-31 at the given places of the digits. */
export function dated(d: readonly number[], month: number, day: number): boolean {
  const two = (at: number): number => (d[at] ?? 0) * 10 + (d[at + 1] ?? 0);
  return two(month) >= 1 && two(month) <= 12 && two(day) >= 1 && two(day) <= 31;
}

/** Not one digit repeated or counting: what forms are filled with. */
export const varied = (d: readonly number[]): boolean => !isRun(d) && new Set(d).size > 2;

/** Belgium: national register number, 97 minus the rest, with a 2 before it for those born since 2000. */
export function rijksregister(value: string): boolean {
  const text = digitsOf(value).join("");
  if (text.length !== 11) return false;
  const check = Number(text.slice(9));
  const rest = (digits: string): number => 97 - (Number(digits) % 97);
  return rest(text.slice(0, 9)) === check || rest(`2${text.slice(0, 9)}`) === check;
}

/** Austria: social insurance number; the fourth digit checks the others. */
export function svnr(value: string): boolean {
  const d = digitsOf(value);
  if (d.length !== 10 || d[0] === 0 || !dated(d, 6, 4)) return false;
  return weighted(d, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === d[3];
}

/** Switzerland: AHV number, an EAN-13 that starts with 756. */
export function ahv(value: string): boolean {
  const d = digitsOf(value);
  const sum = weighted(d, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
  return d.length === 13 && d.slice(0, 3).join("") === "756" && (10 - (sum % 10)) % 10 === d[12];
}

/** Ireland: personal public service number, letter modulo 23. */
export function pps(value: string): boolean {
  const m = /^(\d{7})([A-W])([A-IW])?$/i.exec(value.replaceAll(/\s/g, ""));
  if (m === null) return false;
  const second = (m[3] ?? "W").toUpperCase();
  const extra = second === "W" ? 0 : (second.charCodeAt(0) - 64) * 9;
  const sum = (weighted(digitsOf(m[1] ?? ""), [8, 7, 6, 5, 4, 3, 2]) + extra) % 23;
  return "WABCDEFGHIJKLMNOPQRSTUV"[sum] === (m[2] ?? "").toUpperCase();
}

/** Czechia and Slovakia: birth number, a date and modulo 11. */
export function rodneCislo(value: string): boolean {
  const d = digitsOf(value);
  const month = (((d[2] ?? 0) * 10 + (d[3] ?? 0)) % 50) % 20;
  const day = (d[4] ?? 0) * 10 + (d[5] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  const rest = Number(d.slice(0, 9).join("")) % 11;
  return d.length === 9 || (d.length === 10 && rest % 10 === d[9]);
}

/** Romania: personal numeric code, a date and modulo 11. */
export function cnp(value: string): boolean {
  const d = digitsOf(value);
  const rest = weighted(d, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return d.length === 13 && d[0] !== 0 && dated(d, 3, 5) && (rest === 10 ? 1 : rest) === d[12];
}

/** Greece: tax number, powers of two modulo 11. */
export function afm(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 9 && varied(d) && (weighted(d, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === d[8];
}

/** Greece: social security number, a date and Luhn. */
export function amka(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 11 && dated(d, 2, 0) && luhn(d);
}

/** Bulgaria: unified civil number. */
export function egn(value: string): boolean {
  const d = digitsOf(value);
  const month = ((d[2] ?? 0) * 10 + (d[3] ?? 0)) % 20;
  if (d.length !== 10 || month < 1 || month > 12) return false;
  return (weighted(d, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === d[9];
}

/** ISO 7064 modulo 11,10: Croatia's OIB, and the German tax number's rule. */
export function mod1110(value: string): boolean {
  const d = digitsOf(value);
  let rest = 10;
  for (const digit of d.slice(0, -1)) {
    const sum = (rest + digit) % 10 || 10;
    rest = (sum * 2) % 11;
  }
  return d.length === 11 && varied(d) && (11 - rest) % 10 === d[10];
}

/** Slovenia, Serbia and neighbours: unique master citizen number. */
export function jmbg(value: string): boolean {
  const d = digitsOf(value);
  const rest = weighted(d, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return d.length === 13 && dated(d, 2, 0) && (rest === 0 ? 0 : 11 - rest) === d[12];
}

/** Estonia and Lithuania: personal code, two rounds of weights. */
export function isikukood(value: string): boolean {
  const d = digitsOf(value);
  if (d.length !== 11 || !dated(d, 3, 5) || (d[0] ?? 9) > 8) return false;
  const first = weighted(d, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  const second = weighted(d, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
  return (first < 10 ? first : second % 10) === d[10];
}

/** Portugal: tax number, modulo 11. */
export function nif(value: string): boolean {
  const d = digitsOf(value);
  const rest = weighted(d, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
  return d.length === 9 && varied(d) && d[0] !== 0 && (rest < 2 ? 0 : 11 - rest) === d[8];
}

/** Denmark: civil registration number. Its check digit was given up in 2007; the date has to do. */
export function cpr(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 10 && dated(d, 2, 0);
}

/** Norway: birth number, two check digits; day plus 40 for those without residence. */
export function fodselsnummer(value: string): boolean {
  const d = digitsOf(value);
  const shifted = [(d[0] ?? 0) % 4, ...d.slice(1)];
  if (d.length !== 11 || !dated(shifted, 2, 0)) return false;
  return (
    weighted(d, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
    weighted(d, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0
  );
}

/** Iceland: kennitala. */
export function kennitala(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 10 && dated(d, 2, 0) && weighted(d, [3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0;
}

/** Poland: tax number. */
export function nip(value: string): boolean {
  const d = digitsOf(value);
  return d.length === 10 && varied(d) && weighted(d, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === d[9];
}

/** Luhn over the digits: Italy's partita IVA, France's SIREN and SIRET, Sweden's organisations, device numbers. */
export function luhnDigits(value: string): boolean {
  const d = digitsOf(value);
  return varied(d) && luhn(d);
}

/** Russia: SNILS, weights modulo 101. */
export function snils(value: string): boolean {
  const d = digitsOf(value);
  const sum = weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101;
  return d.length === 11 && varied(d) && (sum === 100 ? 0 : sum) === (d[9] ?? 0) * 10 + (d[10] ?? 0);
}

/** Russia: a person's tax number, two check digits. */
export function inn(value: string): boolean {
  const d = digitsOf(value);
  return (
    d.length === 12 &&
    (weighted(d, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === d[10] &&
    (weighted(d, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === d[11]
  );
}

/** Germany: pension insurance number, with the birth date and a letter, digits' sums modulo 10. */
export function rentenversicherung(value: string): boolean {
  const text = value.replaceAll(/\s/g, "").toUpperCase();
  const letter = String(text.charCodeAt(8) - 64).padStart(2, "0");
  const d = digitsOf(text.slice(0, 8) + letter + text.slice(9, 11));
  const sum = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1].reduce((total, w, i) => {
    const product = w * (d[i] ?? 0);
    return total + Math.floor(product / 10) + (product % 10);
  }, 0);
  return sum % 10 === Number(text[11]);
}

/** Spain: social security number, modulo 97. */
export function nuss(value: string): boolean {
  const text = digitsOf(value).join("");
  return text.length === 12 && Number(text.slice(0, 10)) % 97 === Number(text.slice(10));
}
