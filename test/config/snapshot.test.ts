import * as fc from "fast-check";
import { DEFAULT_LOOPS } from "../../src/config/loops.js";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { snapshotText } from "../../src/config/snapshot.js";
import { canonicalJson } from "../../src/model/canonical.js";
import { parseDuration, parseSize } from "../../src/config/units.js";

const config = (env: Record<string, string> = {}) => {
  const command = ["npx", "-y", "@modelcontextprotocol/server-postgres", "postgresql://u:pw@db/crm"];
  const loaded = loadConfig({ command, cwd: "/srv", env: { HOME: "/h", ...env } }).config;
  if (loaded === undefined) throw new Error("no config");
  return loaded;
};
const text = (env: Record<string, string> = {}, rules: readonly unknown[] = []) =>
  snapshotText({ ...config(env), detectors: canonicalJson(rules) });

describe("a snapshot", () => {
  it("is canonical, though its parts are put together", () => {
    expect(text({}, [{ id: "pii.us_ssn" }])).toBe(
      canonicalJson(JSON.parse(text({}, [{ id: "pii.us_ssn" }]))),
    );
  });
  it("is the same for the same posture, and another for another", () => {
    expect(text()).toBe(text());
    expect(text({ PII_ACTION: "block" })).not.toBe(text());
    expect(text({}, [{ id: "pii.us_ssn", severity: "high" }])).not.toBe(text());
  });
  it("sees limits and the order of a connector's operations", () => {
    const { posture, servers } = config();
    const [server] = servers;
    if (server?.connector === undefined) throw new Error("no connector");
    const of = (changed: typeof server) =>
      snapshotText({
        posture,
        servers: [changed],
        detectors: "[]",
        exceptions: [],
        loops: DEFAULT_LOOPS,
        policies: [],
      });
    expect(of({ ...server, limits: { max_rows: 1 } })).not.toBe(of(server));
    const operations = Object.fromEntries(Object.entries(server.connector.operations).toReversed());
    expect(of({ ...server, connector: { ...server.connector, operations } })).not.toBe(of(server));
  });
  it("holds no command, argument or variable", () => {
    expect(text({ SECRET_TOKEN: "hidden-value" })).not.toMatch(/u:pw|hidden-value|npx/);
  });
});

it("canonical JSON does not depend on the order of keys, and reads back as the same value", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), (value) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonicalJson(turned)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 60 },
  );
  expect(canonicalJson({ b: undefined, a: [undefined] })).toBe('{"a":[null]}');
});

it("sizes and durations are read in one way", () => {
  expect(["1MiB", "64KiB", "2MB", "512B", 7].map(parseSize)).toEqual([1048576, 65536, 2000000, 512, 7]);
  expect(["1mb", "1.5MB", "-1", "", "MB", 0, -5, 1.5, 2 ** 53, true, null].map(parseSize)).toEqual(
    Array(11).fill(undefined),
  );
  expect(["30s", "500ms", "5m", "1h", 250].map(parseDuration)).toEqual([30000, 500, 300000, 3600000, 250]);
  expect(["30", "1d", "s", 0].map(parseDuration)).toEqual(Array(4).fill(undefined));
});
