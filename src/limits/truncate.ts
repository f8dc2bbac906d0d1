import { parseJsonText } from "../model/json-text.js";
import { cutBlobs } from "./cut-blobs.js";
import { cutTexts } from "./cut-texts.js";
import { appendNotice, notice, noticeResult } from "./notice.js";
import type { RowPlan } from "./rows/plan.js";
import { planRows } from "./rows/plan.js";

export interface TruncateOptions {
  readonly maxRows?: number;
  /** UTF-8 bytes of the whole result text. */
  readonly maxBytes?: number;
  /** The connector's `rows.from`. */
  readonly from: readonly string[];
  /** Who set the limit, for the notice: "connector postgres". */
  readonly source: string;
  /** How to ask for less, as a sentence; there is a general one. */
  readonly hint?: string;
}

export interface Truncated {
  readonly text: string;
  readonly changed: boolean;
  readonly rows: { readonly rule: string; readonly received: number; readonly released: number };
  readonly bytes: { readonly received: number; readonly released: number };
  /**
   * Set when nothing could be cut to fit: `text` is then an error result with the notice alone; the caller
   * refuses.
   */
  readonly withheld?: "bytes";
}

/** What one attempt to fit left of the result. */
interface Cut {
  readonly text: string;
  readonly rows: number;
  readonly blobs: number;
  /** True when strings were shortened. */
  readonly texts: boolean;
}

const HINT = "Ask for fewer: add a LIMIT or a filter, or page through the result.";
/** The shortest a text is cut to before the result is given up. */
const MIN_UNITS = 256;

/**
 * Cuts a result (its JSON text) to `maxRows` whole rows and `maxBytes` bytes, from the end, and appends one
 * notice that says what is missing; every container stays valid and what is kept keeps its characters. Over
 * the bytes: fewer rows first, then no base64 parts, then shorter texts. Counts that the server states beside
 * the rows are left as they are. Throws SallyportError `json_invalid` when `text`, or JSON in it, cannot be
 * edited: refuse the result then.
 */
export function truncateResult(text: string, options: TruncateOptions): Truncated {
  const received = Buffer.byteLength(text);
  const plan = planRows(text, options.from);
  const { maxRows = Infinity, maxBytes = Infinity } = options;
  const done = (cut: string, rows: number, withheld?: "bytes"): Truncated => ({
    text: cut,
    changed: cut !== text,
    rows: { rule: plan.rule, received: plan.rows, released: rows },
    bytes: { received, released: cut === text ? received : Buffer.byteLength(cut) },
    ...(withheld !== undefined && { withheld }),
  });
  if (plan.rows <= maxRows && received <= maxBytes) return done(text, plan.rows);

  const finish = (cut: Cut): string => appendNotice(cut.text, describe(cut, plan.rows, received, options));
  const fits = (cut: Cut): boolean => {
    // The block around the notice, its commas, and `"content":[]` where there is none.
    const notice = Buffer.byteLength(JSON.stringify(describe(cut, plan.rows, received, options))) + 48;
    return Buffer.byteLength(cut.text) + notice <= maxBytes;
  };
  const keep = Math.min(plan.rows, maxRows);
  const byRows: Cut = { text: plan.rows > keep ? plan.cut(keep) : text, rows: keep, blobs: 0, texts: false };
  for (const attempt of attempts(byRows, plan, options.from, maxBytes, fits)) {
    if (fits(attempt)) return done(finish(attempt), attempt.rows);
  }
  const sentence = `The result of ${received} bytes is withheld (max_bytes ${maxBytes}, ${options.source}).`;
  return done(noticeResult(notice(`${sentence} ${options.hint ?? HINT}`)), 0, "bytes");
}

/** Ever smaller results, made only when the one before does not fit. */
function* attempts(
  byRows: Cut,
  plan: RowPlan,
  from: readonly string[],
  maxBytes: number,
  fits: (cut: Cut) => boolean,
): Generator<Cut> {
  yield byRows;
  if (byRows.rows > 0) yield fewerRows(byRows, plan, fits);
  const { text, removed } = cutBlobs(byRows.text, Buffer.byteLength(byRows.text) - maxBytes);
  const bare: Cut = { ...byRows, text, blobs: removed };
  const barePlan = removed > 0 ? planRows(text, from) : plan;
  if (removed > 0) {
    yield bare;
    if (bare.rows > 0) yield fewerRows(bare, barePlan, fits);
  }
  yield shorterTexts(bare, fits, false);
  const oneRow = bare.rows > 1 ? { ...bare, text: barePlan.cut(1), rows: 1 } : bare;
  if (oneRow !== bare) yield shorterTexts(oneRow, fits, false);
  if (bare.rows > 0) yield { ...bare, text: barePlan.cut(0), rows: 0 };
  yield shorterTexts({ ...bare, text: bare.rows > 0 ? barePlan.cut(0) : bare.text, rows: 0 }, fits, true);
}

/** As many rows as fit, at least one. */
function fewerRows(cut: Cut, plan: RowPlan, fits: (cut: Cut) => boolean): Cut {
  const first = (rows: number): Cut => ({ ...cut, text: plan.cut(rows), rows });
  let best = first(1);
  for (let low = 2, high = cut.rows - 1; low <= high && fits(best);) {
    const middle = (low + high) >>> 1;
    const tried = first(middle);
    if (fits(tried)) {
      best = tried;
      low = middle + 1;
    } else high = middle - 1;
  }
  return best;
}

/** Its strings as long as fits, to about one part in a hundred. */
function shorterTexts(cut: Cut, fits: (cut: Cut) => boolean, wholeJson: boolean): Cut {
  const root = parseJsonText(cut.text);
  const to = (units: number): Cut => ({
    ...cut,
    texts: true,
    text: cutTexts(cut.text, root, units, wholeJson),
  });
  let best = to(MIN_UNITS);
  for (let low = MIN_UNITS, high = cut.text.length; high - low > low / 100 && fits(best);) {
    const middle = (low + high) >>> 1;
    const tried = to(middle);
    if (fits(tried)) {
      best = tried;
      low = middle;
    } else high = middle;
  }
  return best;
}

function describe(cut: Cut, rows: number, bytes: number, options: TruncateOptions): string {
  const { maxRows, maxBytes, source, hint = HINT } = options;
  const limits = [
    ...(maxRows !== undefined && rows > maxRows ? [`max_rows ${maxRows}`] : []),
    ...(maxBytes !== undefined && (cut.rows < Math.min(rows, maxRows ?? rows) || cut.blobs > 0 || cut.texts)
      ? [`max_bytes ${maxBytes}`]
      : []),
  ];
  const said = [
    ...(cut.rows < rows ? [`Showing ${cut.rows} of ${rows} rows; ${rows - cut.rows} rows withheld`] : []),
    ...(cut.blobs > 0 ? [`${cut.blobs} binary ${cut.blobs === 1 ? "part" : "parts"} withheld`] : []),
    ...(cut.texts ? [`long texts cut (the result had ${bytes} bytes)`] : []),
  ].join("; ");
  return notice(
    `${said[0]?.toUpperCase() ?? ""}${said.slice(1)} (${[...limits, source].join(", ")}). ${hint}`,
  );
}
