import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// Ordinary values of about `size` bytes of JSON, made by rule: no set of anybody's is needed, and none is tuned for.
const NOTES = [
  "The order was shipped on time and without problems",
  "Customer asked to move the delivery by one day, agreed by phone",
  "Refund approved after a second look at the photographs",
  "Waiting for the supplier; nothing to do on our side until then",
];
const WORDS =
  "the build ran again after a change in the configuration of the second stage and every check passed before lunch so the team went on with the next part of their plan without any delay".split(
    " ",
  );
const hex = (n, length) =>
  (BigInt(n + 1) * 0x9e3779b97f4a7c15n).toString(16).padStart(length, "3").slice(-length);
const word = (n) => WORDS[(n * 7 + 3) % WORDS.length];
const two = (n) => String(n).padStart(2, "0");
const day = (n) => `2026-${two(1 + (n % 12))}-${two(1 + (n % 28))}`;

const row = (n) => ({
  id: n,
  sku: `SKU-${1000 + n}`,
  name: `${word(n)} ${word(n + 1)} ${n}`,
  status: ["open", "closed", "in transit"][n % 3],
  amount: (n * 7.13).toFixed(2),
  quantity: n % 17,
  created: day(n),
  note: `${NOTES[n % NOTES.length]} (${hex(n, 6)})`,
});

/** What an issue tracker or a code host answers: nested, with addresses, digests and times. */
const issue = (n) => ({
  id: 4_000_000 + n,
  node_id: `N_${hex(n, 16)}`,
  url: `https://code.example.com/acme/widgets/issues/${n}`,
  title: `${word(n)} ${word(n + 2)} ${word(n + 5)}`,
  user: { login: `user-${n % 40}`, type: "User", site_admin: false },
  labels: [
    { name: "bug", color: "d73a4a" },
    { name: word(n), color: "0e8a16" },
  ],
  head: { ref: `feature/${word(n)}-${n}`, sha: hex(n, 40) },
  comments: n % 9,
  created_at: `${day(n)}T0${n % 10}:1${n % 6}:22Z`,
  body: Array.from({ length: 30 }, (_, i) => word(n + i)).join(" "),
});

const card = (n) => {
  const body = `400000${String(n).padStart(9, "0")}`;
  const sum = [...body].reduce((s, d, i) => {
    const v = Number(d) * (i % 2 === 0 ? 2 : 1);
    return s + (v > 9 ? v - 9 : v);
  }, 0);
  return body + ((10 - (sum % 10)) % 10);
};
const person = (n) => ({
  id: n,
  full_name: `Ann Sample${word(n)}`,
  email: `ann.${word(n)}${n}@mail.example.org`,
  phone: `+1 415 555 ${String(n % 10_000).padStart(4, "0")}`,
  ssn: `${200 + (n % 400)}-${10 + (n % 80)}-${1000 + (n % 9000)}`,
  card: card(n),
  ip: `10.${n % 250}.${(n * 7) % 250}.${(n * 3) % 250}`,
  address: `${1 + (n % 90)} Main Street`,
});

const line = (n) =>
  `${day(n)}T10:${two(n % 60)}:${two((n * 7) % 60)}.${String(n % 1000).padStart(3, "0")}Z INFO worker-${n % 8} request=${hex(n, 12)} path=/v1/orders/${n} status=200 took=${n % 90}ms`;
const code = (n) =>
  `export function ${word(n)}${n}(input: readonly string[], limit = ${n}): Map<string, number> {\n  const seen = new Map<string, number>();\n  for (const item of input) if (item.length < limit) seen.set(item, (seen.get(item) ?? 0) + 1);\n  return seen;\n}\n`;

const listOf = (make) => (size) => {
  const list = [];
  for (let n = 0, length = 2; length < size; n++) {
    const item = make(n);
    list.push(item);
    length += JSON.stringify(item).length + 1;
  }
  return list;
};
const textOf = (make, between) => (size) => {
  let text = "";
  for (let n = 0; text.length < size; n++) text += make(n) + between;
  return { text };
};

/** What people have read: files of this repository, one after the other, again from the first where they end. */
const filesOf = (folder, ending) => (size) => {
  const root = join(import.meta.dirname, "../..", folder);
  const files = readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .toSorted((a, b) => (a < b ? -1 : 1));
  let text = "";
  for (let n = 0; text.length < size; n++) text += readFileSync(join(root, files[n % files.length]), "utf8");
  return { text: text.slice(0, size) };
};

export const ORDINARY = {
  "rows of orders": listOf(row),
  "nested answers of an API": listOf(issue),
  "rows full of personal data": listOf(person),
  prose: textOf((n) => NOTES[n % NOTES.length], ". "),
  "log lines": textOf(line, "\n"),
  "source code, made": textOf(code, "\n"),
  "this repository's source": filesOf("src", ".ts"),
  "this repository's guides": filesOf("docs", ".md"),
};
