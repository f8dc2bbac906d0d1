/** What a condition can be known never to meet: values that a fact does not have, time zones that do not exist. */
import { listNames, nearest } from "../problem.js";
import { literalOf, type Expr } from "./expr.js";
import type { FactSpec } from "./facts.js";
import type { LintProblem } from "./lint.js";

/** A call that names a time zone there is none of. */
export function lostInTime(name: string, args: readonly Expr[]): LintProblem[] {
  const zone = literalOf(args[0]);
  if (!ZONED.test(name) || args.length !== 1 || zone === undefined || isZone(zone)) return [];
  return [{ message: `there is no time zone "${zone}"`, fix: 'write it as in "Europe/Berlin"' }];
}

const ZONED = /^get(?:FullYear|Month|Date|DayOfMonth|DayOfWeek|DayOfYear|Hours|Minutes|Seconds)$/;

function isZone(name: string): boolean {
  // An offset, which CEL takes as well.
  if (/^[+-]?\d\d:\d\d$/.test(name)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}

/** A comparison with what a fact can never be is always false: the rule would look like protection. */
export function neverTrue(name: string, kinds: readonly FactSpec[], args: readonly Expr[]): LintProblem[] {
  const problems: LintProblem[] = [];
  const check = (values: readonly string[] | undefined, literal: Expr | undefined): void => {
    const given = literalOf(literal);
    if (values === undefined || given === undefined || values.includes(given)) return;
    const close = nearest(given, values);
    problems.push({
      message: `it is never "${given}"`,
      fix: close === undefined ? `valid: ${listNames(values)}` : `did you mean ${close}?`,
    });
  };
  const of = (at: number, type: FactSpec["type"]): readonly string[] | undefined =>
    kinds[at]?.type === type ? kinds[at].values : undefined;
  if (name === "_==_" || name === "_!=_") {
    check(of(0, "text"), args[1]);
    check(of(1, "text"), args[0]);
  }
  if (name !== "@in") return problems;
  check(of(1, "list"), args[0]);
  const listed = args[1]?.exprKind;
  if (listed?.case === "listExpr") for (const each of listed.value.elements) check(of(0, "text"), each);
  return problems;
}
