// Makes demo/data/shop.db: 300 fictional customers and 1 500 orders. Deterministic; run it only to change the data.
// Every person, number and address is made up: example.com mail, card numbers from the networks' test ranges.
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";

const file = fileURLToPath(new URL("data/shop.db", import.meta.url));
rmSync(file, { force: true });
const db = new Database(file);
db.pragma("page_size = 1024");
db.exec(`
  CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, ssn TEXT, city TEXT, since TEXT);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, item TEXT, amount REAL, card TEXT, placed TEXT);
`);

let seed = 7;
const next = (n) => (seed = (seed * 48_271) % 2_147_483_647) % n;
const pick = (list) => list[next(list.length)];
const digits = (n) => Array.from({ length: n }, () => next(10)).join("");
const FIRST =
  "Ada Bruno Chidi Dana Emeka Freya Goran Hana Ines Jonas Kavya Lena Mateo Nora Omar Petra Quinn Rosa Sami Tess".split(
    " ",
  );
const LAST =
  "Abara Berg Castillo Dietrich Egede Fontaine Grau Haddad Ito Jansen Keller Lindqvist Moreau Novak Okafor".split(
    " ",
  );
const CITIES = ["Lisbon", "Oslo", "Leeds", "Austin", "Pune", "Osaka", "Bremen"];
const ITEMS = ["tea kettle", "desk lamp", "wool blanket", "hand plane", "field notebook", "cast-iron pan"];
const date = () => `20${20 + next(6)}-0${1 + next(9)}-${10 + next(18)}`;

/** A number of the given prefix and length whose last digit makes it pass Luhn. */
function card(prefix, length) {
  const body = prefix + digits(length - prefix.length - 1);
  const sum = [...body].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return body + ((10 - (sum % 10)) % 10);
}

const addCustomer = db.prepare("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)");
const addOrder = db.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)");
db.transaction(() => {
  for (let id = 1; id <= 300; id++) {
    const name = `${pick(FIRST)} ${pick(LAST)}`;
    const mail = `${name.toLowerCase().replace(" ", ".")}${id}@example.com`;
    const ssn = `${100 + next(500)}-${10 + next(89)}-${1000 + next(8999)}`;
    addCustomer.run(id, name, mail, ssn, pick(CITIES), date());
  }
  for (let id = 1; id <= 1500; id++)
    addOrder.run(id, 1 + next(300), pick(ITEMS), (500 + next(20_000)) / 100, card("411111", 16), date());
})();
db.exec("VACUUM");
db.close();
