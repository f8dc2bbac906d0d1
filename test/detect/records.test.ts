/** What the name beside a value says: key paths, columns, labels. */
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/model/json.js";
import { fillTemplate } from "../../src/detect/template.js";
import { engine } from "./load.js";

const RECORD_TYPES = ["person_name", "street_address", "postcode", "date_of_birth", "us_ssn"];

/** Pointers of what is found about people, once each, in order. */
function places(document: Json): string[] {
  const found = engine.scanJson(document, { phase: "output", text: JSON.stringify(document) });
  return [...new Set(found.filter((f) => RECORD_TYPES.includes(f.type)).map((f) => f.pointer))].toSorted();
}
/** Values found in a plain text. */
function values(text: string): string[] {
  const found = engine.scanText(text, { role: "text", phase: "output" });
  return [
    ...new Set(found.filter((f) => RECORD_TYPES.includes(f.type)).map((f) => text.slice(...f.span))),
  ].toSorted();
}

describe("a key path gives a value its meaning", () => {
  it("in flat and in nested records, however keys are written", () => {
    expect(
      places({ first_name: "ann", LastName: "Lee", homeAddress: "5 Oak Lane", Birthdate: "1980-02-01" }),
    ).toEqual(["/Birthdate", "/LastName", "/first_name", "/homeAddress"]);
    expect(
      places({ customer: { name: "Ann Lee", address: { line1: "12 Main St", postal_code: "LS1" } } }),
    ).toEqual(["/customer/address/line1", "/customer/address/postal_code", "/customer/name"]);
    expect(places({ person: { name: { first: "Ann" }, birth: { date: "1980-02-01" } } })).toEqual([
      "/person/birth/date",
      "/person/name/first",
    ]);
  });
  it("in other languages", () => {
    expect(
      places({ vorname: "Jürgen", straße: "Hauptstr. 5", plz: "10115", geburtsdatum: "01.02.1980" }),
    ).toEqual(["/geburtsdatum", "/plz", "/straße", "/vorname"]);
    expect(places({ 姓名: "王小明", 出生日期: "1980年2月1日" })).toEqual(["/出生日期", "/姓名"]);
  });
  it("and the keys beside it say whose name a name is", () => {
    expect(places({ name: "Ann Lee", email: "ann@example.com" })).toEqual(["/name"]);
    expect(places({ name: "Ann Lee", price: 3 })).toEqual([]);
    expect(places({ users: [{ id: 1, name: "Ann Lee" }] })).toEqual(["/users/0/name"]);
  });
  it("also where a key only carries the value of the one above, and not where it has a meaning of its own", () => {
    expect(places({ ssn: { value: "536904399" }, last_name: { text: "Lee" } })).toEqual([
      "/last_name/text",
      "/ssn/value",
    ]);
    expect(places({ first_name: { id: "Ann", created: "1980-02-01" } })).toEqual([]);
  });
  it("also for numbers", () => {
    expect(places({ dob: 19800201, ssn: 536904399 })).toEqual(["/dob", "/ssn"]);
  });
});

it("a name of a thing is no person's, an address of a machine nobody's home", () => {
  for (const document of [
    { product: { name: "Blue Widget" }, warehouse: { address: "rack 5" } },
    { name: "Prod DB", address: "10.0.0.5", port: 5432 },
    { company: { name: "Acme Inc", domain: "acme.example", phone: "+1 415 555 0132" } },
    { function_name: "Ann", class_name: "Ann", host_name: "web1", file_name: "Ann" },
    { columns: ["id", "name", "price"], rows: [[1, "Blue Widget", 2.5]] },
    { contract: { address: "0x52908400098527886E0F7030069857D2E4169EE7" } },
    { zip: "archive.zip", born: true, address: null },
  ])
    expect(places(document), JSON.stringify(document)).toEqual([]);
});

describe("a column's name is the key of what stands below it", () => {
  it("where rows are arrays", () => {
    const rows = [[1, "Ann Lee", 536904399]];
    expect(places({ columns: ["id", "full_name", "ssn"], rows })).toEqual(["/rows/0/1", "/rows/0/2"]);
    expect(places({ fields: [{ name: "id" }, { name: "full_name" }, { name: "ssn" }], rows })).toEqual([
      "/rows/0/1",
      "/rows/0/2",
    ]);
    expect(
      places([
        ["Name", "Email"],
        ["Ann Lee", "ann@example.com"],
      ]),
    ).toEqual(["/1/0"]);
  });
  it("where numbers are too large for JavaScript, too", () => {
    const text = '{"columns":["big","ssn"],"rows":[[9007199254740993,536904399]]}';
    const found = engine.scanJson(JSON.parse(text) as Json, { phase: "output", text });
    expect(found.map((f) => [f.type, f.pointer])).toEqual([["us_ssn", "/rows/0/1"]]);
  });
  it("in CSV, with quotes, and in Markdown", () => {
    expect(values('id,full_name,ssn\n1,Ann Lee,536904399\n2,"Li, Bo",536904398\n')).toEqual([
      "536904398",
      "536904399",
      "Ann Lee",
      "Li, Bo",
    ]);
    expect(values("| Name | DOB |\n|---|---|\n| Ann Lee | 1980-02-01 |\n")).toEqual([
      "1980-02-01",
      "Ann Lee",
    ]);
  });
});

describe("a label in a text is a key", () => {
  it("on a line of its own, in a snippet, and in lines of JSON", () => {
    expect(values("First name: Ann\nAddress: 12 Main St, Leeds\n")).toEqual(["12 Main St, Leeds", "Ann"]);
    expect(values("{'first_name': 'Ann', 'zip': '94105'}")).toEqual(["94105", "Ann"]);
    expect(values('{"last_name":"Lee","ssn":536904399}\n{"last_name":"Li","ssn":536904398}')).toEqual([
      "536904398",
      "536904399",
      "Lee",
      "Li",
    ]);
  });
  it("but a workflow's steps and a report's title are not people", () => {
    expect(values("name: deploy\nsteps:\n  - name: Checkout Code\n")).toEqual([]);
    expect(values("Title: My report\nDate: 2024-01-02\n")).toEqual([]);
  });
});

describe("a secret in pieces over siblings", () => {
  const token = fillTemplate("ghp_{alnum:36}");
  const pieces = [token.slice(0, 18), token.slice(18)];
  const secrets = (document: Json): string[][] =>
    engine
      .scanJson(document, { phase: "output" })
      .filter((f) => f.category === "sensitive_data")
      .map((f) => [f.type, f.severity, f.pointer]);

  it("is told of, piece by piece, as an advice", () => {
    expect(secrets({ a: pieces[0] as string, b: pieces[1] as string, c: "end" })).toEqual([
      ["github_token", "medium", "/a"],
      ["github_token", "medium", "/b"],
    ]);
    expect(secrets(["x", ...pieces])).toEqual([
      ["github_token", "medium", "/1"],
      ["github_token", "medium", "/2"],
    ]);
  });
  it("also in JSON inside a text, at its place there", () => {
    const inner = JSON.stringify({ a: pieces[0], b: pieces[1] });
    const found = engine.scanJson({ text: inner }, { phase: "output" });
    const places = found.map((f) => [f.pointer, f.inner, inner.slice(...f.span)]);
    expect(places).toEqual([
      ["/text", "/a", pieces[0]],
      ["/text", "/b", pieces[1]],
    ]);
  });
  it("is not made up from a whole one and its neighbour", () => {
    expect(secrets({ token, next: "abc" })).toEqual([["github_token", "critical", "/token"]]);
    expect(secrets({ a: pieces[0] as string, b: "two words", c: pieces[1] as string })).toEqual([]);
  });
});

describe("numbers of things are no people's", () => {
  const severe = (document: Json): string[] =>
    engine
      .scanJson(document, { phase: "output" })
      .filter((f) => f.severity === "high" || f.severity === "critical")
      .map((f) => `${f.type} ${f.pointer}`);

  it("a bar code is no card, a batch no birth number, a UUID no account", () => {
    expect(severe({ ean: "4615459938933", gtin: 4_222_222_222_222 })).toEqual([]);
    expect(severe({ batch: "330805-5924" })).toEqual([]);
    expect(severe({ request_id: "be576855-b0f7-4448-a1a6-0123456789ab" })).toEqual([]);
    expect(severe({ account: "810145573902", nextPageToken: "CAUQAA1b2C3d4E5f6G7h8I9j0K" })).toEqual([]);
  });
  it("but a card is one under any other name", () => {
    expect(severe({ order: "4111 1111 1111 1111" })).toEqual(["credit_card /order"]);
    expect(severe({ card: "4222222222222" })).toEqual(["credit_card /card"]);
  });
});
