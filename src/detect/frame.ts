/**
 * What stands around a leaf's key. `name` alone says little: beside a birth date, or under `customer`, it is a
 * person's. The keys of an object (or the header of a table) are looked at once, and only where a key asks for it.
 */
import { keyWords, phrasesIn } from "./key.js";
import type { KeyMeaning } from "./key-meaning.js";

export interface Frame {
  /** The nearest key above, where there is one. */
  readonly parent: string | undefined;
  /** The keys beside the leaf's own, itself included. */
  readonly keys: readonly string[];
  /** Worked out when first asked for. */
  company?: Company;
  /** What keys mean in such a frame, kept by the engine. */
  meanings?: Map<string, KeyMeaning>;
}

/** Keys that only a record about a person has beside a name. */
const PERSONAL = new Set(
  [
    "email | e mail | mail | mobile | cell | dob | birthday | birth",
    "birthdate | birth date | born | age | gender | sex | ssn | social security | passport",
    "nationality | first name | last name | firstname | lastname | surname | given name",
    "family name | maiden name | marital status | occupation | job title | salary | employer",
    "national id | aadhaar | nino | mrn | patient | patient id | employee id | insurance",
    "diagnosis | vorname | nachname | prénom | prenom | apellido | cognome | geburtsdatum",
    "naissance | nacimiento | correo | credit card | iban",
    "driver license | driving licence | username | user name | next of kin | blood type",
  ]
    .flatMap((line) => line.split(" | "))
    .flatMap((word) => [word, `${word}s`]),
);

/** A name beside one of these is somebody's, or a shop's. */
const PERHAPS = new Set([
  "zip",
  "zip code",
  "zipcode",
  "postcode",
  "postal code",
  "plz",
  "phone",
  "telephone",
  "tel",
  "telefon",
  "telefono",
  "teléfono",
]);

type Company = "person" | "perhaps" | "none";
const known = new Map<string, Company>();
/** Keys repeat in every row; they come from strangers, so what is kept of them is bounded. */
const MAX_KNOWN = 4096;

function companyOf(key: string): Company {
  let company = known.get(key);
  if (company === undefined) {
    const phrases = phrasesIn(keyWords(key));
    const among = (set: ReadonlySet<string>): boolean => phrases.some((phrase) => set.has(phrase));
    company = among(PERSONAL) ? "person" : among(PERHAPS) ? "perhaps" : "none";
    if (known.size < MAX_KNOWN && key.length < 128) known.set(key, company);
  }
  return company;
}

/** What the keys beside a leaf say its record is about. */
export function companyIn(frame: Frame): Company {
  if (frame.company === undefined) {
    const all = frame.keys.slice(0, MAX_KEYS).map(companyOf);
    frame.company = all.includes("person") ? "person" : all.includes("perhaps") ? "perhaps" : "none";
  }
  return frame.company;
}
/** A record with more keys than this is a dictionary: its first ones will do. */
const MAX_KEYS = 64;

/** The words that a frame puts before a key: `customers` over `name` makes it "customer name". */
export function framedWords(frame: Frame, words: string): string[] {
  const out: string[] = [];
  if (frame.parent !== undefined) {
    const parent = keyWords(frame.parent).trimEnd();
    out.push(`${parent.replace(/([^s])s$/, "$1")}${words}`);
  }
  const company = companyIn(frame);
  if (company !== "none") out.push(` ${company}${words}`);
  return out;
}
