import type { TestRun } from "./policy-try.js";

/** JUnit's XML, as build servers read it. */
export function junit(runs: readonly TestRun[]): string {
  const failed = runs.filter(({ faults }) => faults.length > 0).length;
  const cases = runs.map(({ policy, file, name, faults }) => {
    const head = `    <testcase classname="${xml(policy)}" name="${xml(name)}" file="${xml(file)}"`;
    if (faults.length === 0) return `${head}/>`;
    return `${head}>\n      <failure message="${xml(faults.join("; "))}"/>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${runs.length}" failures="${failed}">`,
    `  <testsuite name="policies" tests="${runs.length}" failures="${failed}">`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function xml(text: string): string {
  return text
    .replaceAll(/[^\t\n\x20-\ud7ff\ue000-\ufffd]/g, "�")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}
