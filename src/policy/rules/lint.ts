/** What can be known to be wrong with a condition before a call comes: unknown names, and patterns made at run time. */
import { CATEGORIES, type Phase } from "../../model/nouns.js";
import { listNames, nearest } from "../problem.js";
import { literalOf, type Expr } from "./expr.js";
import { FACTS, type FactSpec } from "./facts.js";
import { lostInTime, neverTrue } from "./lint-values.js";

export interface LintProblem {
  readonly message: string;
  readonly fix?: string;
}

/** Deeper than any rule that a person can read; the evaluator is recursive. */
const MAX_DEPTH = 40;

const FUNCTIONS = [
  "size",
  "contains",
  "startsWith",
  "endsWith",
  "matches",
  "int",
  "uint",
  "double",
  "string",
  "bool",
  "type",
  "dyn",
  "timestamp",
  "duration",
  "getFullYear",
  "getMonth",
  "getDate",
  "getDayOfMonth",
  "getDayOfWeek",
  "getDayOfYear",
  "getHours",
  "getMinutes",
  "getSeconds",
  "charAt",
  "indexOf",
  "lastIndexOf",
  "join",
  "lowerAscii",
  "upperAscii",
  "replace",
  "split",
  "substring",
  "trim",
  "seen",
];

/** What `type(…)` is compared with. */
const TYPES = new Set(["string", "int", "double", "bool", "list", "map", "null_type"]);

const ANY: FactSpec = { type: "any", about: "" };

interface Scope {
  readonly phase: Phase;
  readonly variables: ReadonlyMap<string, FactSpec>;
  readonly problems: LintProblem[];
  readonly uses: Set<string>;
  readonly patterns: string[];
}

export interface Linted {
  readonly problems: readonly LintProblem[];
  /** Facts that it speaks of. */
  readonly uses: ReadonlySet<string>;
  /** Literals that are used as patterns. */
  readonly patterns: readonly string[];
}

export function lintCondition(root: Expr, phase: Phase): Linted {
  const scope: Scope = { phase, variables: new Map(), problems: [], uses: new Set(), patterns: [] };
  kindOf(root, scope, 0);
  const { problems, uses, patterns } = scope;
  return { problems, uses, patterns };
}

/** What an expression is, as far as its names tell; problems go to the scope. */
function kindOf(expr: Expr | undefined, scope: Scope, depth: number): FactSpec {
  if (expr === undefined) return ANY;
  if (depth > MAX_DEPTH) {
    if (!scope.problems.some(({ message }) => message === TOO_DEEP))
      scope.problems.push({ message: TOO_DEEP });
    return ANY;
  }
  const { exprKind: node } = expr;
  const next = (each: Expr | undefined, inside = scope): FactSpec => kindOf(each, inside, depth + 1);
  switch (node.case) {
    case "identExpr":
      return named(node.value.name, scope);
    case "selectExpr":
      return member(next(node.value.operand), node.value.field, scope);
    case "callExpr":
      return call(node.value, scope, next);
    case "listExpr":
      for (const each of node.value.elements) next(each);
      return ANY;
    case "structExpr":
      for (const { keyKind, value } of node.value.entries) {
        if (keyKind.case === "mapKey") next(keyKind.value as Expr);
        next(value);
      }
      return ANY;
    case "comprehensionExpr": {
      const { iterVar, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = node.value;
      const range = next(iterRange);
      next(accuInit);
      const item: FactSpec =
        range.type === "list" && range.fields !== undefined ? { ...range, type: "map" } : ANY;
      const variables = new Map([...scope.variables, [accuVar, ANY], [iterVar, item]]);
      const inside = { ...scope, variables };
      for (const each of [loopCondition, loopStep, result]) next(each, inside);
      return ANY;
    }
    default:
      return ANY;
  }
}

const TOO_DEEP = "a condition nested too deeply";

function named(name: string, scope: Scope): FactSpec {
  const local = scope.variables.get(name);
  if (local !== undefined) return local;
  const fact = Object.hasOwn(FACTS, name) ? FACTS[name] : undefined;
  if (fact === undefined && TYPES.has(name)) return ANY;
  if (fact === undefined) {
    const names = Object.keys(FACTS);
    const close = nearest(name, names);
    scope.problems.push({
      message: `there is no "${name}"`,
      fix: close === undefined ? `a condition may speak of ${listNames(names)}` : `did you mean ${close}?`,
    });
    return ANY;
  }
  scope.uses.add(name);
  if (fact.phase !== undefined && fact.phase !== scope.phase)
    scope.problems.push({
      message: `"${name}" is not known at the ${scope.phase} gate`,
      fix: `add phase: ${fact.phase} to the rule's match`,
    });
  return fact;
}

function member(of: FactSpec, field: string, scope: Scope): FactSpec {
  if (of.type === "any" || of.fields === undefined) {
    if (of.type === "map" || of.type === "any") return ANY;
    scope.problems.push({ message: `a ${of.type} has no "${field}"` });
    return ANY;
  }
  if (of.type === "list") {
    scope.problems.push({
      message: `a list has no "${field}"`,
      fix: `ask for one of its items: exists(x, x.${field} …)`,
    });
    return ANY;
  }
  const known = Object.hasOwn(of.fields, field) ? of.fields[field] : undefined;
  if (known !== undefined) return known;
  const names = Object.keys(of.fields);
  const close = nearest(field, names);
  scope.problems.push({
    message: `there is no "${field}" here`,
    fix: close === undefined ? `valid: ${listNames(names)}` : `did you mean ${close}?`,
  });
  return ANY;
}

function call(
  {
    function: name,
    target,
    args,
  }: { readonly function: string; readonly target?: Expr; readonly args: readonly Expr[] },
  scope: Scope,
  next: (each: Expr | undefined) => FactSpec,
): FactSpec {
  if (target !== undefined) next(target);
  const kinds = args.map((each) => next(each));
  // Operators are functions with names of their own.
  if (/^[a-z]/i.test(name) && !FUNCTIONS.includes(name)) {
    const close = nearest(name, FUNCTIONS);
    scope.problems.push({
      message: `there is no function "${name}"`,
      fix: close === undefined ? `valid: ${listNames(FUNCTIONS)}` : `did you mean ${close}?`,
    });
  }
  const literal = literalOf(args.at(-1));
  if (name === "matches" && literal === undefined)
    // A pattern out of the call's own words would be the caller's to choose.
    scope.problems.push({ message: "a pattern that is not a literal", fix: "write the pattern in quotes" });
  if (name === "matches" && literal !== undefined) scope.patterns.push(literal);
  if (name === "seen" && literal !== undefined && !(CATEGORIES as readonly string[]).includes(literal)) {
    // It would never be true, and the rule would look like protection.
    const close = nearest(literal, CATEGORIES);
    scope.problems.push({
      message: `there is no category "${literal}"`,
      fix: close === undefined ? `valid: ${listNames(CATEGORIES)}` : `did you mean ${close}?`,
    });
  }
  if (name === "_[_]") return indexed(kinds[0] ?? ANY, args[1], scope);
  scope.problems.push(...neverTrue(name, kinds, args), ...lostInTime(name, args));
  return ANY;
}

/** `findings[0]`, `principal["team"]`; a member that is chosen at run time could be any. */
function indexed(base: FactSpec, index: Expr | undefined, scope: Scope): FactSpec {
  if (base.type === "list") return base.fields === undefined ? ANY : { ...base, type: "map" };
  if (base.type !== "map" || base.fields === undefined) return ANY;
  const field = literalOf(index);
  if (field !== undefined) return member(base, field, scope);
  scope.problems.push({ message: "a member that is named at run time", fix: "name it: principal.team" });
  return ANY;
}
