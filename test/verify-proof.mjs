// node verify-proof.mjs FILE KEY: checks the proof of one Sallyport record with nothing but this file and Node.
// FILE is a C2SP tlog-proof, KEY a verifier key `name+id+base64`. Shares no code with Sallyport, on purpose.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

const [file, key] = process.argv.slice(2);
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const must = (holds, what) => holds || (process.stderr.write(`NOT PROVED: ${what}\n`), process.exit(1));
const [head, text, signatures] = readFileSync(file, "utf8").split("\n\n");
const [format, extra, index, ...path] = head.split("\n");
must(format === "c2sp.org/tlog-proof@v1", "not a proof");
const [origin, size, root] = text.split("\n");
const [name, id, typed] = key.split("+", 2).concat(key.split("+").slice(2).join("+"));
must(name === origin, "the key is for another log");
const der = Buffer.concat([
  Buffer.from("302a300506032b6570032100", "hex"),
  Buffer.from(typed, "base64").subarray(1),
]);
const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
const mine = signatures.split("\n").find((line) => line.startsWith(`\u2014 ${name} `));
const signature = Buffer.from(mine?.split(" ")[2] ?? "", "base64");
must(signature.toString("hex", 0, 4) === id, "no signature of this key");
must(verify(null, Buffer.from(`${text}\n`), publicKey, signature.subarray(4)), "the signature is wrong");
const record = inflateRawSync(Buffer.from(extra.slice("extra ".length), "base64"));
let [node, at, last] = [sha256(Buffer.of(0), record), Number(index.slice("index ".length)), Number(size) - 1];
must(at <= last, "the record is beyond the end");
for (const sibling of path.map((line) => Buffer.from(line, "base64"))) {
  for (; at % 2 === 0 && at === last && last > 0; at /= 2) last /= 2; // no sibling on this level
  node = at % 2 === 1 ? sha256(Buffer.of(1), sibling, node) : sha256(Buffer.of(1), node, sibling);
  [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
}
must(last === 0 && node.toString("base64") === root, "the record is not in the signed tree");
process.stdout.write(`${record.toString()}\n`);
