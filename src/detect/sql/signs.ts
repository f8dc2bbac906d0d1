/** Signs that speak for themselves wherever they stand in a value: a second query, a second statement, a probe. */
import type { SqlToken } from "./tokens.js";
import { isWord, PROBES, SYSTEM, VERBS } from "./words.js";

export function unionSelect(code: readonly SqlToken[]): boolean {
  return code.some((t, i) => {
    if (t.kind !== "word" || !/^(?:UNION|INTERSECT|EXCEPT|MINUS)$/.test(t.text)) return false;
    let j = i + 1;
    while (/^(?:ALL|DISTINCT|DISTINCTROW|\()$/.test(code[j]?.text ?? "")) j++;
    const verb = code[j]?.text;
    if (verb === "VALUES" && code[j + 1]?.text === "(") return true;
    if (verb !== "SELECT") return false;
    const next = code[j + 1];
    // "the union select committee" is prose: a column list follows, or the end.
    return (
      next === undefined ||
      next.kind !== "word" ||
      code.slice(j).some((k) => k.kind === "op" || k.text === "FROM" || k.text === "NULL")
    );
  });
}

const ACTS = /^(?:SELECT|WAITFOR|DELAY|EXEC|DROP|DELETE|INSERT|UPDATE)$/;

export function stackedVerb(code: readonly SqlToken[], quoted: boolean): boolean {
  const lastAct = code.findLastIndex((t) => t.kind === "word" && ACTS.test(t.text));
  return code.some((t, i) => {
    if (t.text !== ";" || t.kind !== "op") return false;
    const verb = code[i + 1];
    const next = code[i + 2];
    if (verb?.text === "IF" && lastAct <= i) return false;
    if (!isWord(verb, VERBS) || (i === 0 && !quoted && next === undefined)) return false;
    // "; use `name`", "; call `f()`": prose that speaks of code.
    if (/^(?:USE|CALL|SET|SHOW|IF|BEGIN|LOAD)$/.test(verb?.text ?? "") && next?.kind === "quoted")
      return false;
    if (next === undefined) return quoted || verb?.text === "SHUTDOWN";
    if (next.kind !== "word" || next.text.startsWith("@") || code[i + 3]?.text === "(") return true;
    return (
      /^(?:TABLE|DATABASE|FROM|INTO|DELAY|TIME|XP_\w{1,40}|MASTER|SP_\w{1,40}|USER|SET|VIEW|SCHEMA|PROCEDURE|WHERE)$/.test(
        next.text,
      ) || code.slice(i + 2).some((k) => /^(?:FROM|SET|INTO|VALUES|WHERE)$/.test(k.text))
    );
  });
}

export function probe(code: readonly SqlToken[]): boolean {
  const reads = code.some((t) => t.text === "FROM" || t.text === "SELECT");
  return code.some((t, i) => {
    if (t.kind !== "word") return false;
    const next = code[i + 1]?.text;
    if (PROBES.has(t.text) && (next === "(" || next === ".")) {
      return (
        !/^(?:EXP|ELT|POLYGON|SLEEP|BENCHMARK|LINESTRING|MULTIPOINT)$/.test(t.text) ||
        code[i + 2]?.kind === "number" ||
        code[i + 2]?.text === "(" ||
        code[i + 2]?.text === "~"
      );
    }
    if (/^(?:XP_CMDSHELL|XP_DIRTREE|SP_PASSWORD)$/.test(t.text)) return true;
    if (t.text === "WAITFOR" && /^(?:DELAY|TIME)$/.test(next ?? "")) return true;
    if (SYSTEM.has(t.text) && reads) return true;
    if (
      /^@@(?:VERSION|DATADIR|HOSTNAME|SERVERNAME|BASEDIR|IDENTITY|LANGUAGE|SPID|PACK_RECEIVED|MICROSOFTVERSION)\b/.test(
        t.text,
      )
    )
      return true;
    return t.text === "INTO" && /^(?:OUTFILE|DUMPFILE)$/.test(next ?? "");
  });
}
