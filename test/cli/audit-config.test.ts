import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { takeConfig } from "../../src/cli/audit-config.js";
import { freshFolder } from "../audit/sample.js";

function take(argv: readonly string[], config?: object) {
  const cwd = freshFolder();
  if (config !== undefined) writeFileSync(join(cwd, "mcp.config.json"), JSON.stringify(config));
  return { cwd, taken: () => takeConfig(argv, cwd, { HOME: cwd }) };
}

it("the store is the configuration's, else the default; --config may stand anywhere", () => {
  const { cwd, taken } = take(["tail", "--json"], { audit: { path: "a.db" } });
  expect(taken()).toMatchObject({ path: join(cwd, "a.db"), rest: ["tail", "--json"] });
  const none = take(["tail"]);
  expect(none.taken().path).toBe(join(none.cwd, ".sallyport", "audit.db"));
  expect(() => take(["tail", "--config", "gone.json"]).taken()).toThrow(/gone\.json/);
  expect(() => take(["tail", "--config"]).taken()).toThrow(/needs a file/);
});

it("a record can be read while a secret of an anchor is not at hand; comparing and writing cannot", () => {
  const anchors = [{ url: "https://log.example/", headers: { authorization: "Bearer ${NOT_SET}" } }];
  for (const command of ["tail", "search", "show", "stats", "export", "prove"])
    expect(take([command], { audit: { anchors } }).taken().rest).toEqual([command]);
  for (const command of ["verify", "checkpoint", "key", "anchor", "prune", "hold"])
    expect(() => take([command], { audit: { anchors } }).taken()).toThrow(/NOT_SET is not set/);
});

it("a proof is checked whatever the configuration says", () => {
  expect(take(["verify-proof", "x"], { audit: { path: 7 } }).taken().rest).toEqual(["verify-proof", "x"]);
});
