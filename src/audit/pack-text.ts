import type { SearchFilter } from "./search.js";
import type { Scorecard } from "./stats.js";
import type { Verification } from "./verify.js";

interface SummaryInput {
  readonly card: Scorecard;
  readonly checked: Verification & { readonly ok: true };
  readonly filter: SearchFilter;
  readonly version: string;
  readonly now: number;
  readonly origin: string;
  /** Records that no checkpoint covers. */
  readonly unsigned: number;
}

/** The pack on one page, for people. */
export function packSummary({ card, checked, filter, version, now, origin, unsigned }: SummaryInput): string {
  const terms = Object.entries(filter).map(([name, value]) =>
    name === "since" || name === "until"
      ? `${name} ${new Date(Number(value)).toISOString()}`
      : `${name} ${value}`,
  );
  const percent = (rate: number): string => `${(rate * 100).toFixed(1)} %`;
  const counts = (all: Readonly<Record<string, number>>): string =>
    Object.entries(all)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `- ${name}: ${count}\n`)
      .join("");
  const { completeness: whole } = card;
  return `# Evidence of ${card.calls} governed calls

Made ${new Date(now).toISOString()} by Sallyport ${version}, from the log \`${origin}\`.

- calls: ${terms.length === 0 ? "all" : terms.join(", ")}
- from ${card.first ?? "-"} to ${card.last ?? "-"}, ${card.principals} principals, ${card.tools} tools
- denied ${percent(card.denial_rate)}, remediated ${percent(card.remediation_rate)}, cut or constrained ${percent(card.constraint_rate)}
- held for approval: ${card.held_for_approval}; refused because a check failed: ${card.fail_closed}

## Decisions

${counts(card.decisions)}
## What became of them

${counts(card.outcomes)}
## How complete it is

The store this comes from was read whole and verified: ${checked.records} records, chained, ${checked.checkpoints} signed
checkpoints over the first ${checked.covered}; ${checked.erased} old bodies erased, as records of erasure say.

- of ${whole.forwarded} forwarded calls, ${whole.with_outcome} have an outcome, ${whole.in_doubt} are in doubt (the process died in between), ${whole.open} were under way
- ${whole.not_scanned} results had parts that no detector read
- ${unsigned} records of this pack are newer than the last checkpoint and have no proof

No argument and no result is in it: sizes, names, places, keyed digests, and previews with every finding masked where the
configuration asks for them.

## What is here

| file | what it is |
|---|---|
| records.jsonl | the records as they were written; \`body\` is the text that the hash is of |
| snapshots.jsonl | what was in force, by the snapshot that each decision names |
| approvals.jsonl | what people approved or denied |
| calls.csv | one line a call |
| checkpoints.txt, keys.txt | signed tree heads, and the public keys that signed them, oldest first |
| consistency.jsonl | from each checkpoint to the newest: nothing before it was changed |
| proofs/ | one proof a record (C2SP tlog-proof) |
| scorecard.json | the figures above, and more |
| manifest.json | SHA-256 of each file |
| VERIFY.md, verify-proof.mjs | how to check all this without Sallyport |
`;
}

/** How a stranger checks a pack. */
export const VERIFY_TEXT = `# How to check this pack

Nothing here asks you to trust the tool that made it. You need Node 20, and the public key by another way than this pack:
ask whoever runs the log for the output of \`sallyport audit key\`, and compare it with the last line of keys.txt.

1. The files are what the manifest says:

       node -e 'const c=require("crypto"),f=require("fs");for(const{name,sha256}of JSON.parse(f.readFileSync("manifest.json")).files)if(c.createHash("sha256").update(f.readFileSync(name)).digest("hex")!==sha256)throw name'

2. A record is in the signed tree: read the thirty lines of verify-proof.mjs, then

       node verify-proof.mjs proofs/ID.tlog-proof "$(tail -1 keys.txt)"

   It prints the record, exactly as it was written, or says NOT PROVED. Any other verifier of C2SP tlog-proofs does as
   well: the record's hash is SHA-256 of a zero byte and its text, the tree is RFC 6962's, the checkpoint a signed note.

3. The log was not written anew: if a checkpoint of this log was ever published elsewhere (an anchor), it must be among
   those of checkpoints.txt, or be consistent with the newest by consistency.jsonl. A log that whoever holds the key has
   written anew from its first record has another name in the first line of every checkpoint.

What a proof does not say: that the record is true. It says that the record was written before the checkpoint was
signed, and has not been changed since. Times are those of the clock of the machine that wrote it.
`;
