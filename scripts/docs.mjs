// Writes docs/reference/ from the data, so that it cannot be wrong. `--check` writes nothing and exits 1 on a difference.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { FACTS } = await import(new URL("../dist/policy/rules/facts.js", import.meta.url));
const { readBuiltin } = await import(new URL("../dist/config/builtin.js", import.meta.url));
const root = fileURLToPath(new URL("../", import.meta.url));
const builtin = readBuiltin(root);
const schema = JSON.parse(readFileSync(`${root}schemas/mcp.config.schema.json`, "utf8"));
const note = "<!-- Written by `npm run docs` from the data. Change the data, not this file. -->\n";
const cell = (text) =>
  String(text ?? "")
    .replaceAll("|", "\\|")
    .replaceAll(/\s+/g, " ")
    .trim();
const row = (...cells) => `| ${cells.map(cell).join(" | ")} |`;

function detectors() {
  const parts = ["# Detectors\n", note];
  let count = 0;
  for (const { file, value } of builtin.detectorFiles) {
    count += value.rules.length;
    parts.push(`\n## ${value.category}\n\n${cell(value.describe)}\n\nFrom \`${file}\`.\n`);
    parts.push(
      row("rule", "type", "severity", "roles", "phases", "source"),
      row("---", "---", "---", "---", "---", "---"),
    );
    for (const rule of value.rules)
      parts.push(
        row(
          rule.id,
          rule.type,
          rule.severity,
          rule.roles?.join(", ") ?? "all",
          rule.phases?.join(", ") ?? "both",
          rule.source,
        ),
      );
  }
  parts.splice(2, 0, `\n${count} rules. Severity decides how much of a category's action a finding earns.`);
  return `${parts.join("\n")}\n`;
}

function connectors() {
  const parts = [
    "# Connectors\n",
    note,
    "\nAn argument's role decides which detectors speak to it. Limits are per call unless a window is named.\n",
  ];
  for (const each of builtin.connectors) {
    const { limits, recognise } = each;
    parts.push(`\n## ${each.connector}\n\n${each.describe}\n`);
    for (const [how, names] of Object.entries(recognise))
      if (names.length > 0)
        parts.push(`- recognised by ${how}: ${names.map((name) => `\`${name}\``).join(", ")}`);
    for (const [operation, spec] of Object.entries(each.operations)) {
      const roles = Object.entries(spec.arguments ?? {}).map(([name, role]) => `\`${name}\` is ${role}`);
      parts.push(
        `- ${operation}: ${spec.tools.map((tool) => `\`${tool}\``).join(", ")}${roles.length > 0 ? `; ${roles.join(", ")}` : ""}`,
      );
    }
    parts.push(`- rows counted as: ${each.rows.from.map((rule) => `\`${rule}\``).join(", ")}`);
    parts.push(
      `- limits: ${
        Object.entries(limits)
          .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`)
          .join("; ") || "none"
      }`,
    );
    const egress = {
      true: "all tools",
      execute: "tools that change something",
      arguments: "tools with message or url arguments",
    };
    if (each.egress !== false)
      parts.push(
        `- can carry data out of the house: ${egress[each.egress] ?? each.egress.map((tool) => `\`${tool}\``).join(", ")}`,
      );
  }
  return `${parts.join("\n")}\n`;
}

function config() {
  const parts = [
    "# mcp.config.json\n",
    note,
    "\nUnknown keys are refused, with the nearest valid one.\n",
    row("key", "what it is"),
    row("---", "---"),
  ];
  const resolve = (node) =>
    node.$ref === undefined
      ? node
      : {
          ...node.$ref
            .split("/")
            .slice(1)
            .reduce((at, key) => at[key], schema),
          ...node,
        };
  const walk = (raw, path) => {
    const node = resolve(raw);
    if (path !== "")
      parts.push(
        row(
          `\`${path}\``,
          [
            node.description,
            node.enum && `One of ${node.enum.join(", ")}.`,
            node.default !== undefined && `Default ${JSON.stringify(node.default)}.`,
          ]
            .filter(Boolean)
            .join(" "),
        ),
      );
    for (const [key, child] of Object.entries(node.properties ?? {}))
      if (key !== "servers") walk(child, path === "" ? key : `${path}.${key}`);
    if (typeof node.additionalProperties === "object") walk(node.additionalProperties, `${path}.<name>`);
    for (const each of node.oneOf ?? [])
      if (resolve(each).properties !== undefined) walk({ ...resolve(each), description: "" }, `${path}[]`);
    if (node.items !== undefined && node.items.properties !== undefined) walk(node.items, `${path}[]`);
  };
  walk(schema, "");
  return `${parts.join("\n")}\n`;
}

function facts() {
  const parts = [
    "# Facts that conditions may speak of\n",
    note,
    "\n`when` of a policy rule is a condition in [CEL](https://cel.dev). Unknown names are refused when the policy is loaded.",
    "A member that a call does not have (`args.amount` where there is none) makes the condition an error, and an error never",
    "helps the caller: ask with `has(args.amount)` first. Numbers compare with numbers of any kind; texts match whole",
    "patterns only with `^` and `$`.\n",
    row("fact", "kind", "gate", "what it is"),
    row("---", "---", "---", "---"),
  ];
  const walk = (name, spec, phase) => {
    parts.push(row(`\`${name}\``, spec.type, spec.phase ?? phase, spec.about));
    for (const [field, child] of Object.entries(spec.fields ?? {}))
      walk(spec.type === "list" ? `${name}[…].${field}` : `${name}.${field}`, child, spec.phase ?? phase);
  };
  for (const [name, spec] of Object.entries(FACTS)) walk(name, spec, "both");
  return `${parts.join("\n")}\n`;
}

let different = 0;
for (const [name, text] of Object.entries({
  detectors: detectors(),
  connectors: connectors(),
  config: config(),
  "policy-facts": facts(),
})) {
  const file = `${root}docs/reference/${name}.md`;
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  if (process.argv.includes("--check")) {
    different++;
    process.stderr.write(`docs/reference/${name}.md differs from the data: npm run docs\n`);
  } else writeFileSync(file, text);
}
process.exit(different === 0 ? 0 : 1);
