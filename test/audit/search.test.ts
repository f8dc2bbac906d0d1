import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAudit, type AuditLog } from "../../src/audit/log.js";
import { finishedSince, search, type SearchFilter } from "../../src/audit/search.js";
import { show } from "../../src/audit/show.js";
import { openStore } from "../../src/store/sqlite.js";
import type { Store } from "../../src/store/store.js";
import { aDecision, aFinding, decide, denied, finish, freshFolder } from "./sample.js";

let path: string;
let log: AuditLog;
let store: Store;
beforeEach(async () => {
  path = join(freshFolder(), "audit.db");
  log = await openAudit({ path, version: "1.0.0" });
  store = openStore(path, { readonly: true });
});
afterEach(async () => {
  await store.close();
  await log.close();
});

const found = (filter: SearchFilter, limit = 20): string[] =>
  search(store, filter, limit).map((call) => call.id);

const redacted = aDecision({
  phase: "output",
  decision: "remediate",
  reason: "2 values were masked.",
  rules: [{ rule: "pii", category: "pii", action: "redact", source: "profile default" }],
  findings: [
    aFinding(),
    aFinding({ detector: "pii.email", type: "email", severity: "medium", action: "warn" }),
  ],
});

describe("a line", () => {
  it("names a rule with what that rule has found, not with another's", async () => {
    const id = await decide(log, {
      rules: [{ rule: "pii.email", category: "pii", action: "warn", source: "profile default" }],
      findings: [
        aFinding({ detector: "pii.person_name", type: "person_name", severity: "medium", action: "warn" }),
        aFinding({ detector: "pii.email", type: "email", severity: "medium", action: "warn" }),
      ],
    });
    await finish(log, id);
    expect(search(store, {}, 1)[0]).toMatchObject({ type: "email", rule: "pii.email" });
  });
});

describe("search", () => {
  it("joins decision and outcome into one record, with the stricter gate's decision", async () => {
    const id = await decide(log);
    await finish(log, id, {
      outcome: "redacted",
      decision: redacted,
      rows: { rule: "$.rows", received: 5, released: 5 },
      bytes: { received: 900, released: 880 },
      isError: false,
      durationMs: 12.5,
      resultText: '{"rows":[]}',
    });
    expect(search(store, {}, 20)).toEqual([
      {
        id,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        principal: "maya",
        client: "claude-desktop 1.4.2",
        server: "crm",
        tool: "query",
        connector: "postgres",
        operation: "query",
        decision: "remediate",
        outcome: "redacted",
        category: "pii",
        type: "us_ssn",
        rule: "pii",
        reason: "2 values were masked.",
        findings: [
          {
            phase: "output",
            detector: "pii.us_ssn",
            type: "us_ssn",
            category: "pii",
            severity: "high",
            action: "redact",
            count: 1,
          },
          {
            phase: "output",
            detector: "pii.email",
            type: "email",
            category: "pii",
            severity: "medium",
            action: "warn",
            count: 1,
          },
        ],
        rows: { rule: "$.rows", received: 5, released: 5 },
        bytes: { received: 900, released: 880 },
        is_error: false,
        duration_ms: 12.5,
        fail_closed: false,
        snapshot: "5f".repeat(32),
        seq: 3,
      },
    ]);
  });

  it("says refused for a call that was not forwarded, and open for one without an outcome yet", async () => {
    await decide(log, denied);
    await decide(log);
    expect(search(store, {}, 20).map((call) => [call.decision, call.outcome])).toEqual([
      ["allow", "open"],
      ["deny", "refused"],
    ]);
  });

  it("gives the newest first, up to the limit", async () => {
    const ids = [await decide(log), await decide(log), await decide(log)];
    expect(found({})).toEqual(ids.toReversed());
    expect(found({}, 2)).toEqual([ids[2], ids[1]]);
  });

  it("finds by each of who, tool, server, decision, outcome, category and rule", async () => {
    const plain = await decide(log);
    await finish(log, plain);
    const refused = await decide(log, denied, {
      principal: { id: "jo", how: "os_user" },
      server: "warehouse",
      tool: 'say "hi"\n',
    });
    const masked = await decide(log);
    await finish(log, masked, { outcome: "redacted", decision: redacted });
    expect(found({ who: "jo" })).toEqual([refused]);
    expect(found({ who: "maya" })).toEqual([masked, plain]);
    expect(found({ tool: 'say "hi"\n' })).toEqual([refused]);
    expect(found({ server: "warehouse" })).toEqual([refused]);
    expect(found({ decision: "remediate" })).toEqual([masked]);
    expect(found({ outcome: "refused" })).toEqual([refused]);
    expect(found({ outcome: "released" })).toEqual([plain]);
    expect(found({ category: "pii" })).toEqual([masked]);
    expect(found({ category: "dangerous_queries" })).toEqual([refused]);
    expect(found({ rule: "dangerous_queries.drop_table" })).toEqual([refused]);
    expect(found({ rule: "pii.email" })).toEqual([masked]);
    expect(found({ who: "maya", outcome: "refused" })).toEqual([]);
  });

  it("does not take a name for a principal's because it stands elsewhere in the record", async () => {
    await decide(log, {}, { tool: "jo", client: '"id":"jo"' });
    expect(found({ who: "jo" })).toEqual([]);
  });

  it("finds by time", async () => {
    await decide(log);
    const now = Date.now();
    expect(found({ since: now - 60_000, until: now + 60_000 })).toHaveLength(1);
    expect(found({ since: now + 60_000 })).toEqual([]);
    expect(found({ until: now - 60_000 })).toEqual([]);
  });

  it("names a record that cannot be read instead of leaving it out", async () => {
    await decide(log);
    const db = new Database(path);
    db.exec("UPDATE records SET body = 'null' WHERE seq = 3");
    db.close();
    expect(() => search(store, {}, 20)).toThrow(/record 3 cannot be read/);
  });
});

it("following gives each call once it has ended", async () => {
  const start = finishedSince(store, 0);
  expect(start).toEqual({ calls: [], last: 2 });
  const [open, done, refused] = [await decide(log), await decide(log), await decide(log, denied)];
  await finish(log, done);
  const first = finishedSince(store, start.last);
  expect(first.calls.map((call) => call.id)).toEqual([refused, done]);
  expect(finishedSince(store, first.last).calls).toEqual([]);
  await finish(log, open);
  expect(finishedSince(store, first.last).calls.map((call) => call.id)).toEqual([open]);
});

describe("show", () => {
  it("tells all about one call, by the id of its decision or of its outcome", async () => {
    await log.appendPosture({ snapshot: "aa".repeat(32), bundle: () => ({ posture: { profile: "dev" } }) });
    const posture = await log.appendPosture({
      snapshot: "5f".repeat(32),
      bundle: () => ({ posture: { profile: "strict" } }),
    });
    await log.appendPosture({
      snapshot: "bb".repeat(32),
      bundle: () => ({ posture: { profile: "compliance" } }),
    });
    const id = await decide(log);
    await finish(log, id, { outcome: "redacted", decision: redacted });
    const story = show(store, id);
    expect(story).toMatchObject({
      decision: { id, decision: "allow" },
      outcome: { decision_id: id, outcome: "redacted" },
      posture: { id: posture.id, profile: "strict" },
      proof: { decision: { seq: 6, hash: expect.stringMatching(/^[0-9a-f]{64}$/) }, outcome: { seq: 7 } },
    });
    expect(show(store, story?.outcome?.id ?? "")).toEqual(story);
  });

  it("has no outcome for a refused call, and no story for what is no call", async () => {
    const id = await decide(log, denied);
    expect(show(store, id)).toMatchObject({ outcome: null, posture: null, proof: { outcome: null } });
    const posture = await log.appendPosture({ snapshot: "5f", bundle: () => ({}) });
    for (const other of ["d_never", "", posture.id]) expect(show(store, other)).toBeUndefined();
  });
});
