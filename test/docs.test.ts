import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CATEGORIES } from "../src/model/nouns.js";
import { loadBuiltin, readBuiltin } from "../src/config/builtin.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");

test("the reference pages say what the data says", () => {
  expect(() =>
    execFileSync(process.execPath, ["scripts/docs.mjs", "--check"], { cwd: root, stdio: "pipe" }),
  ).not.toThrow();
});

test("the README's matrix is the profiles'", () => {
  const { profiles } = loadBuiltin();
  for (const category of CATEGORIES) {
    const row = readme.split("\n").find((line) => line.startsWith(`| ${category}`));
    const cells = row
      ?.split("|")
      .slice(2, 6)
      .map((cell) => cell.trim());
    const order = ["dev", "default", "strict", "compliance"];
    expect(cells).toEqual(
      order.map((name) => profiles.find((each) => each.profile === name)?.actions[category]),
    );
  }
});

test("the changelog's numbers of detectors and connectors are counted", () => {
  const { detectorFiles, connectors } = readBuiltin(root);
  const rules = detectorFiles.reduce(
    (sum, { value }) => sum + (value as { rules: unknown[] }).rules.length,
    0,
  );
  const changes = readFileSync(`${root}CHANGELOG.md`, "utf8");
  // In round numbers, so that a new rule touches one file.
  expect(changes).toContain(`over ${Math.floor(rules / 100) * 100} detectors`);
  expect(changes).toContain(`${connectors.length} connectors`);
});
