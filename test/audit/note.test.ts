import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import {
  parseCheckpoint,
  parseVerifier,
  publicBytes,
  signCheckpoint,
  splitNotes,
  verifier,
} from "../../src/audit/note.js";
import { leafHash } from "../../src/audit/tree.js";

const { privateKey } = generateKeyPairSync("ed25519");
const origin = "sallyport-audit/5f";
const checkpoint = { origin, size: 7, root: leafHash("root") };
const note = signCheckpoint(checkpoint, privateKey);
const key = verifier(origin, publicBytes(privateKey));

it("a checkpoint is three lines, an empty one and a signature under the log's name", () => {
  const lines = note.split("\n");
  expect(lines.slice(0, 4)).toEqual([origin, "7", checkpoint.root.toString("base64"), ""]);
  expect(lines[4]).toMatch(/^\u2014 sallyport-audit\/5f [A-Za-z0-9+/]{91}=$/);
  expect(parseCheckpoint(note)).toEqual(checkpoint);
  expect(key.signed(note)).toBe(true);
});

it("key id and signature follow the published construction: a fixed key, a fixed note", () => {
  // The private key of RFC 8032 7.1, test 1.
  const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
  const fixed = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const written = verifier("example.com/log", publicBytes(fixed)).text;
  expect(written).toMatch(/^example\.com\/log\+[0-9a-f]{8}\+AddamAGCsQq31Uv\+08lkBzoO4XLz2qYjJa8CGmj3B1Ea$/);
  expect(parseVerifier(written)?.text).toBe(written);
});

it("another text, another name, another key or a bent signature is not signed", () => {
  const other = generateKeyPairSync("ed25519").privateKey;
  expect(key.signed(note.replace("\n7\n", "\n8\n"))).toBe(false);
  expect(verifier(origin, publicBytes(other)).signed(note)).toBe(false);
  expect(verifier("sallyport-audit/60", publicBytes(privateKey)).signed(note)).toBe(false);
  const at = note.length - 20;
  const bent = note.slice(0, at) + (note[at] === "A" ? "B" : "A") + note.slice(at + 1);
  expect(key.signed(bent)).toBe(false);
  expect(key.signed(note.slice(0, note.indexOf("\n\n") + 2))).toBe(false);
});

it("of several signatures the known one counts", () => {
  const other = generateKeyPairSync("ed25519").privateKey;
  const second = signCheckpoint(checkpoint, other).split("\n")[4];
  expect(key.signed(`${note}${second}\n`)).toBe(true);
});

it.each([
  "",
  "text",
  "a\n07\nAAAA\n\n\u2014 a AAAA\n",
  note.replace("\n7\n", "\n-7\n"),
  note.slice(0, -1),
  `${note}x`,
  note.replace("\u2014", "-"),
])("what is no checkpoint is told as such: %j", (text) => expect(parseCheckpoint(text)).toBeUndefined());

it.each(["", "name", "a+00000000+AAAA", key.text.replace(/\+[0-9a-f]{8}\+/, "+00000000+"), `x${key.text}`])(
  "what is no key is told as such: %j",
  (text) => expect(parseVerifier(text)).toBeUndefined(),
);

it("a text of several checkpoints falls apart into them", () => {
  const second = signCheckpoint({ ...checkpoint, size: 8 }, privateKey);
  const cosigned = `${note}\u2014 witness.example AAAA\n`;
  for (const between of ["", "\n"])
    expect(splitNotes([note, second, cosigned, note].join(between))).toEqual([note, second, cosigned, note]);
  expect(splitNotes("")).toEqual([]);
});
