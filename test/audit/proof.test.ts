import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { parseVerifier, type Verifier } from "../../src/audit/note.js";
import { checkProof, prover } from "../../src/audit/proof.js";
import { verify } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";
import { decide, denied, finish, freshFolder } from "./sample.js";

const SCRIPT = fileURLToPath(new URL("../verify-proof.mjs", import.meta.url));

let folder: string;
let path: string;
beforeEach(() => {
  folder = freshFolder();
  path = join(folder, "audit.db");
});

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly body: string;
}

/** A store of `calls` calls, its records, its key, and a proof of each record. */
async function proofs(
  calls: number,
): Promise<{ rows: Row[]; key: Verifier; prove: (seq: number) => string }> {
  const log = await openAudit({ path, version: "1.0.0" });
  for (let n = 0; n < calls; n++) await finish(log, await decide(log));
  await decide(log, denied);
  await log.close();
  const store = openStore(path, { readonly: true });
  const rows = store.read((tx) => tx.all<Row>("SELECT seq, id, body FROM records ORDER BY seq"));
  const result = verify(store);
  const all = prover(store);
  await store.close();
  const key = parseVerifier((result.ok && result.key) || "")!;
  return { rows, key, prove: (seq) => all.prove(seq, rows[seq - 1]!.body) };
}

/** What the independent script says: the record, or why not. */
function stranger(proof: string, key: string): { ok: boolean; said: string } {
  const file = join(folder, "one.tlog-proof");
  writeFileSync(file, proof);
  try {
    return {
      ok: true,
      said: execFileSync(process.execPath, [SCRIPT, file, key], { encoding: "utf8", stdio: "pipe" }),
    };
  } catch (error) {
    return { ok: false, said: String((error as { stderr?: unknown }).stderr) };
  }
}

describe("a proof", () => {
  it("shows each record of a store to whoever has the key, for trees of several shapes", async () => {
    const { rows, key, prove } = await proofs(9);
    for (const { seq, body } of rows) {
      expect(checkProof(prove(seq), [key])).toMatchObject({ ok: true, record: body, seq });
    }
  });

  it("convinces a script that shares no code with us", async () => {
    const { rows, key, prove } = await proofs(3);
    for (const { seq, body } of rows)
      expect(stranger(prove(seq), key.text)).toEqual({ ok: true, said: `${body}\n` });
  });

  it("is under two kilobytes", async () => {
    const { rows, prove } = await proofs(40);
    const largest = Math.max(...rows.map(({ seq }) => Buffer.byteLength(prove(seq))));
    // Each doubling of the store adds one hash of 45 characters: fourteen more to a million records.
    expect(largest + 14 * 45).toBeLessThan(2048);
  });

  it("of anything else convinces nobody", async () => {
    const { rows, key, prove } = await proofs(4);
    const proof = prove(5);
    const lines = proof.split("\n");
    const forgedRecord = deflateRawSync(rows[4]!.body.replace("maya", "mayo")).toString("base64");
    path = join(freshFolder(), "audit.db");
    const other = (await proofs(1)).key;
    const forged: readonly (readonly [string, string, string?])[] = [
      ["another record", proof.replace(/extra .*/, `extra ${forgedRecord}`)],
      ["another place", proof.replace("index 4", "index 5")],
      ["a place beyond the end", proof.replace("index 4", "index 4000")],
      ["a shorter path", lines.toSpliced(3, 1).join("\n")],
      ["a longer path", lines.toSpliced(3, 0, lines[3]!).join("\n")],
      ["siblings that changed places", lines.with(3, lines[4]!).with(4, lines[3]!).join("\n")],
      [
        "another size",
        proof.replace(/\n(\d+)\n(?=[A-Za-z0-9+/]{43}=\n\n)/, (_, size) => `\n${Number(size) + 1}\n`),
      ],
      ["a signature cut short", proof.slice(0, -30) + "\n"],
      ["no checkpoint", proof.slice(0, proof.indexOf("\n\n"))],
      ["nothing", ""],
    ];
    expect(stranger(proof, key.text).ok).toBe(true);
    for (const [what, text] of forged) {
      expect({ what, ok: checkProof(text, [key]).ok }).toEqual({ what, ok: false });
      expect({ what, ok: stranger(text, key.text).ok }).toEqual({ what, ok: false });
    }
    expect(checkProof(proof, [other])).toMatchObject({
      ok: false,
      problem: expect.stringContaining("no key is for that"),
    });
    expect(checkProof(proof, [])).toMatchObject({ ok: false });
    expect(stranger(proof, other.text).ok).toBe(false);
  });

  it("bent anywhere proves nothing else, and never throws", async () => {
    const { rows, key, prove } = await proofs(5);
    const proof = prove(6);
    fc.assert(
      fc.property(
        fc.nat(proof.length - 1),
        fc.nat(proof.length),
        fc.string({ maxLength: 8 }),
        (from, length, put) => {
          const bent = proof.slice(0, from) + put + proof.slice(from + (length % 12));
          const result = checkProof(bent, [key]);
          // The signature's name and unused bits of base64 may differ; the record may not.
          if (result.ok) expect(result).toMatchObject({ record: rows[5]!.body, seq: 6 });
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is not given of what no checkpoint covers, nor from a store that was changed", async () => {
    const { rows } = await proofs(1);
    const log = await openAudit({ path, version: "1.0.0", checkpointMs: 1e9 });
    const receipt = await decide(log, denied);
    const store = openStore(path, { readonly: true });
    const { prove } = prover(store);
    const [row] = store.read((tx) => tx.all<Row>("SELECT seq, body FROM records WHERE id = ?", receipt));
    expect(() => prove(row!.seq, row!.body)).toThrow(/no checkpoint covers record/);
    await store.close();
    await log.close();
    const writer = openStore(path);
    await writer.transact((tx) =>
      tx.run("UPDATE records SET body_hash = zeroblob(32) WHERE seq = ?", rows[0]!.seq),
    );
    expect(() => prover(writer)).toThrow(/not signed for these records/);
    await writer.close();
  });
});
