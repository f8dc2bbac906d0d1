/** The digits of a text, as numbers. */
export function digitsOf(text: string): number[] {
  const out: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const d = text.charCodeAt(i) - 48;
    if (d >= 0 && d <= 9) out.push(d);
  }
  return out;
}

/** The digits of a text, as text. */
export function digitsIn(text: string): string {
  return /^\d*$/.test(text) ? text : text.replace(/\D+/g, "");
}

/** Sum of digit × weight. */
export function weighted(digits: readonly number[], weights: readonly number[]): number {
  return weights.reduce((sum, w, i) => sum + w * (digits[i] ?? 0), 0);
}

/** ISO/IEC 7812 Luhn. */
export function luhn(digits: readonly number[]): boolean {
  let sum = 0;
  for (let i = digits.length - 1, twice = false; i >= 0; i--, twice = !twice) {
    const d = (digits[i] ?? 0) * (twice ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  return digits.length > 1 && sum % 10 === 0;
}

/** All digits alike, or counting up or down: what forms and documents are filled with. */
export function isRun(digits: readonly number[]): boolean {
  const step = (digits[1] ?? 0) - (digits[0] ?? 0);
  return Math.abs(step) <= 1 && digits.every((d, i) => i === 0 || d - (digits[i - 1] ?? 0) === step);
}

const D = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
  [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
  [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
  [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
  [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
  [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
  [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
  [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
const P = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
  [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
  [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
  [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
  [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
  [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
  [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/** Verhoeff's check, over a dihedral group: Aadhaar. */
export function verhoeff(digits: readonly number[]): boolean {
  const c = digits.toReversed().reduce((acc, d, i) => D[acc]?.[P[i % 8]?.[d] ?? 0] ?? 0, 0);
  return c === 0;
}
