/**
 * The house rules that a compiler does not know: which folder may import which, and which door leads to a heavy
 * dependency. A violation prints why the rule is there.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** Imports go down: to the own folder or to a lower floor. */
const FLOORS: Readonly<Record<string, number>> = {
  model: 0,
  detect: 1,
  policy: 1,
  store: 1,
  limits: 2,
  audit: 2,
  pins: 2,
  approvals: 2,
  config: 3,
  gate: 4,
  mcp: 5,
  admin: 6,
  cli: 7,
  index: 8,
};

/** `only`: the folders, or single files, that may. */
const DOORS = [
  {
    what: /^better-sqlite3$|^pg$/,
    only: ["store"],
    why: "one place opens, asserts and migrates the database",
  },
  {
    what: /^(?:node:)?child_process$/,
    only: ["mcp", "cli/anchors.ts"],
    why: "only the wire starts processes, and a checkpoint the operator's own command: no spawn where a request could reach",
  },
  { what: /^@modelcontextprotocol\//, only: ["mcp"], why: "only the wire knows the protocol's SDK" },
  {
    what: /^@bufbuild\//,
    only: ["policy/conditions.ts"],
    why: "one place knows the language of conditions; it is loaded when a policy has one",
  },
  {
    what: /^re2js$/,
    only: ["policy/rules/patterns.ts", "config/linear.ts"],
    why: "patterns that people write run on a linear engine, and nowhere else",
  },
  { what: /^yaml$/, only: ["config"], why: "files are read and parsed in one place, before anything judges" },
  {
    what: /^pino$/,
    only: ["cli"],
    why: "talk is decided where the process starts; everybody else is handed a log",
  },
  {
    what: /^(?:node:)?fs(?:\/|$)/,
    only: [
      "config",
      "store",
      "audit/private-file.ts",
      "audit/writers.ts",
      "cli/version.ts",
      "cli/anchors.ts",
      "cli/audit-files.ts",
      "cli/audit-export.ts",
    ],
    why: "configuration is the only reader of files; the store and its keys own theirs; the command line reads our version, and writes proofs and exports where it is told to",
  },
] as const;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.replaceAll("\\", "/"));
const texts = new Map(files.map((file) => [file, readFileSync(join(SRC, file), "utf8")]));
const imports: Import[] = files.flatMap((file) =>
  [
    ...texts
      .get(file)!
      .matchAll(
        /(?:^|\n)\s*(?:(?:import|export)\b[^;"]*?from|import)\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|createRequire\([^)]*\)\("([^"]+)"/g,
      ),
  ].map((match) => ({ from: file, to: match[1] ?? match[2] ?? match[3]! })),
);

/** The folder of a file; `gate.ts` is the face of its folder. */
function room(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : file.replace(/\.ts$/, "");
}

function target({ from, to }: Import): string | undefined {
  return to.startsWith(".") ? normalize(join(dirname(from), to)).replace(/\.js$/, ".ts") : undefined;
}

test("the checker sees the house", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(imports.length).toBeGreaterThan(300);
  expect([...new Set(files.map(room))].filter((each) => FLOORS[each] === undefined)).toEqual([]);
});

test("imports go down the floors only", () => {
  const wrong = imports.flatMap((each) => {
    const file = target(each);
    if (file === undefined) return [];
    const [own, other] = [room(each.from), room(file)];
    if (own === other || FLOORS[other]! < FLOORS[own]!) return [];
    return [
      `${each.from} imports ${file}: ${own} (floor ${FLOORS[own]}) may not look up at ${other} (${FLOORS[other]})`,
    ];
  });
  expect(wrong).toEqual([]);
});

/** Inflating is a function of its bytes, and the one place that does it bounds what comes out. */
const INFLATES = { from: "detect/views/base64.ts", to: "node:zlib" };

test("the model imports nothing, and what is pure imports no part of Node", () => {
  const outside = (each: Import): boolean => target(each) === undefined;
  const wrong = imports.filter((each) => {
    if (each.from === INFLATES.from && each.to === INFLATES.to) return false;
    const own = room(each.from);
    return (
      outside(each) &&
      (own === "model" || ((own === "detect" || own === "policy") && each.to.startsWith("node:")))
    );
  });
  expect(
    wrong.map(
      ({ from, to }) => `${from} imports ${to}: it must run anywhere, and be testable without a world`,
    ),
  ).toEqual([]);
});

test("each heavy dependency has one door", () => {
  const wrong = imports.flatMap(({ from, to }) =>
    DOORS.filter(
      ({ what, only }) => what.test(to) && !only.some((door) => from === door || room(from) === door),
    ).map(({ why }) => `${from} imports ${to}: ${why}`),
  );
  expect(wrong).toEqual([]);
});

test("the environment is read in config/ only, and nothing writes to the console", () => {
  const wrong = files.filter(
    (file) =>
      (room(file) !== "config" && /\bprocess\.env\b/.test(texts.get(file)!)) ||
      /\bconsole\.\w+\(/.test(texts.get(file)!),
  );
  expect(wrong).toEqual([]);
});

test("files stay small: one idea each", () => {
  const long = files.filter((file) => texts.get(file)!.split("\n").length > 400);
  const sizes = files.map((file) => texts.get(file)!.split("\n").length).toSorted((a, b) => a - b);
  expect(long).toEqual([]);
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThan(110);
});

test("nothing is postponed in the source", () => {
  expect(files.filter((file) => /\b(?:TODO|FIXME|XXX)\b/.test(texts.get(file)!))).toEqual([]);
});

test("every folder of the source has its tests", () => {
  const rooms = [...new Set(files.filter((file) => file.includes("/")).map(room))];
  const tests = fileURLToPath(new URL(".", import.meta.url));
  // A single file may hold a folder's tests: test/gate.test.ts asks src/gate/ by its face, src/gate.ts.
  expect(
    rooms.filter((own) => !existsSync(`${tests}${own}`) && !existsSync(`${tests}${own}.test.ts`)),
  ).toEqual([]);
});
