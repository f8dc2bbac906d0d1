/** The straight line: what happens when a stage fails, when an attack comes twice, when a budget runs out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Gate, Governed } from "../src/gate.js";
import type { Call, Finding } from "../src/model/call.js";
import { SallyportError } from "../src/model/errors.js";
import { DECISIONS } from "../src/model/nouns.js";
import { answer, saying, testGate, type TestGate } from "./helpers/gate.js";

const SSN = "536-90-4399";
const opened: TestGate[] = [];
afterEach(async () => {
  for (const kit of opened.splice(0)) await kit.close();
});

async function kitOf(...args: Parameters<typeof testGate>): Promise<TestGate> {
  const kit = await testGate(...args);
  opened.push(kit);
  return kit;
}

/** Governs a call whose downstream answers `result`; tells whether it was asked at all. */
async function run(
  gate: Gate,
  call: Call,
  result = saying("ok"),
): Promise<{ governed: Governed; asked: number }> {
  let asked = 0;
  const governed = await gate.govern(call, async () => {
    asked++;
    return answer(result);
  });
  return { governed, asked };
}

interface Refusal {
  isError?: boolean;
  content: { text: string }[];
  structuredContent?: object;
  _meta: Record<string, Record<string, unknown>>;
}

function refusalOf(governed: Governed): Refusal {
  if (governed.kind !== "changed") throw new Error(`not changed: ${governed.kind}`);
  return JSON.parse(governed.text) as Refusal;
}

describe("a tool that changes while a call of it is judged", () => {
  const changed: Finding = {
    detector: "tool_integrity.tool_changed",
    category: "tool_integrity",
    type: "tool_changed",
    severity: "high",
    pointer: "/tool",
    span: [0, 0],
    role: "text",
  };
  const now = [changed];
  const never: readonly Finding[] = [];

  it("is judged as it stands when the decision is written", async () => {
    let reads = 0;
    const pins = { findings: () => (reads++ < 2 ? never : now) };
    const kit = await kitOf({ it: { connector: "generic" } }, { profile: "strict" }, { pins });
    const { governed, asked } = await run(kit.gate, kit.call("it", "look", "{}"));
    expect(asked).toBe(0);
    expect(refusalOf(governed).content[0]!.text).toContain("tool_changed");
    expect(kit.last().decision).toBe("deny");
  });

  it("and is approved in that moment, is called", async () => {
    let reads = 0;
    const pins = { findings: () => (reads++ < 2 ? now : never) };
    const kit = await kitOf({ it: { connector: "generic" } }, { profile: "strict" }, { pins });
    expect((await run(kit.gate, kit.call("it", "look", "{}"))).asked).toBe(1);
  });
});

describe("a stage that fails denies", () => {
  it("when the decision cannot be recorded, nothing is forwarded", async () => {
    const kit = await kitOf({ it: { connector: "generic" } });
    await kit.breakStore();
    const { governed, asked } = await run(kit.gate, kit.call("it", "echo", "{}"));
    expect(asked).toBe(0);
    expect(refusalOf(governed)._meta["sallyport/decision"]).toMatchObject({
      decision: "deny",
      retry: "later",
    });
  });

  it("when the outcome cannot be recorded, the result is withheld", async () => {
    const kit = await kitOf({ it: { connector: "generic" } });
    const governed = await kit.gate.govern(kit.call("it", "echo", "{}"), async () => {
      await kit.breakStore();
      return answer(saying("the result"));
    });
    expect(refusalOf(governed).isError).toBe(true);
    expect(JSON.stringify(governed)).not.toContain("the result");
  });

  it("when a detector throws, the call is refused as fail_closed and not forwarded", async () => {
    const broken = () => {
      throw new Error("detector broke");
    };
    const engine = { rules: [], scanText: broken, scanJson: broken, scanTree: broken };
    const kit = await kitOf({ it: { connector: "generic" } }, {}, { engine });
    const { governed, asked } = await run(kit.gate, kit.call("it", "echo", "{}"));
    expect(asked).toBe(0);
    expect(refusalOf(governed).isError).toBe(true);
    expect(kit.last()).toMatchObject({ decision: "deny", fail_closed: true });
  });

  it("when the answer is nested beyond judging, it is withheld", async () => {
    const kit = await kitOf({ it: { connector: "generic" } });
    const deep = `{"content":[],"structuredContent":${"[".repeat(2000)}${"]".repeat(2000)}}`;
    const { governed } = await run(kit.gate, kit.call("it", "echo", "{}"), deep);
    expect(refusalOf(governed).isError).toBe(true);
    expect(kit.last().outcome).toBe("withheld");
  });

  it("when the server fails, the caller reads what happened and the outcome is on record", async () => {
    const kit = await kitOf({ it: { connector: "generic" } });
    const governed = await kit.gate.govern(kit.call("it", "echo", "{}"), () =>
      Promise.reject(new SallyportError("downstream_timeout", "no answer within 5 ms")),
    );
    expect(refusalOf(governed).content[0]!.text).toMatch(
      /did not answer in time; the call may still have run/,
    );
    expect(kit.last().outcome).toBe("timed_out");
  });
});

describe("refusals", () => {
  it("a second and a third attack are refused like the first (no state is kept between scans)", async () => {
    const kit = await kitOf({ db: { connector: "sqlite" } });
    for (let i = 0; i < 3; i++) {
      const { asked } = await run(kit.gate, kit.call("db", "write_query", '{"query":"DROP TABLE users"}'));
      expect(asked).toBe(0);
    }
  });

  it("never repeat the value, and never say that the tool does not exist", async () => {
    const kit = await kitOf({ it: { connector: "generic" } }, { profile: "strict" });
    const { governed, asked } = await run(
      kit.gate,
      kit.call("it", "remember", JSON.stringify({ fact: `SSN ${SSN}` })),
    );
    expect(asked).toBe(0);
    const text = JSON.stringify(governed);
    expect(text).not.toContain(SSN);
    expect(text).not.toMatch(/not found|unknown tool|no such tool/i);
    expect(JSON.stringify(kit.last())).not.toContain(SSN);
  });

  it("leave no raw value in the record, also when it is the name of an argument", async () => {
    const kit = await kitOf({ it: { connector: "generic" } });
    const args = { "ada@example.com": "x", [`ssn ${SSN}`]: { note: `card 4111 1111 1111 1111` } };
    await run(kit.gate, kit.call("it", "remember", JSON.stringify(args)), saying(`SSN ${SSN}`));
    const file = kit.recordText();
    for (const raw of ["ada@example.com", SSN, "4111 1111 1111 1111"]) expect(file).not.toContain(raw);
    expect(file).toContain("us_ssn");
  });

  it("carry everything a program needs", async () => {
    const kit = await kitOf({ db: { connector: "sqlite" } });
    const call = kit.call("db", "write_query", '{"query":"DROP TABLE users"}');
    const { governed } = await run(kit.gate, call);
    expect(refusalOf(governed)._meta["sallyport/decision"]).toMatchObject({
      decision_id: call.id,
      decision: "deny",
      category: "dangerous_queries",
      type: "drop_object",
      rule: "dangerous_queries.drop_object",
      source: "profile default",
      pointer: "/arguments/query",
      retry: "changed",
    });
  });

  it("invent no structured content for a tool that promises a shape of its own", async () => {
    const kit = await kitOf({ db: { connector: "sqlite" } });
    const call = kit.call("db", "write_query", '{"query":"DROP TABLE users"}', { hasOutputSchema: true });
    const { governed } = await run(kit.gate, call);
    expect(refusalOf(governed).structuredContent).toBeUndefined();
  });

  it("of what is not a tool are errors, since only tools know isError", async () => {
    const kit = await kitOf({ it: { connector: "generic" } }, { profile: "strict" });
    const call = kit.call("it", "resources/read", '{"uri":"doc://1"}', { method: "resources/read" });
    const { governed } = await run(
      kit.gate,
      call,
      JSON.stringify({ contents: [{ uri: "doc://1", text: `SSN ${SSN}` }] }),
    );
    expect(governed).toMatchObject({ kind: "changed", body: "error" });
  });
});

describe("what is read", () => {
  it("arguments hidden behind unicode escapes are seen", async () => {
    const kit = await kitOf({ db: { connector: "sqlite" } });
    const { asked } = await run(
      kit.gate,
      kit.call("db", "write_query", '{"query":"\\u0044ROP TABLE users"}'),
    );
    expect(asked).toBe(0);
  });

  it("a value under a key that a later equal key hides is masked too", async () => {
    const kit = await kitOf({ it: { connector: "generic" } }, { actions: { pii: "redact" } });
    const twice = `{"content":[{"type":"text","text":"SSN ${SSN}","text":"clean"}]}`;
    const { governed } = await run(kit.gate, kit.call("it", "echo", "{}"), twice);
    expect(JSON.stringify(governed)).not.toContain(SSN);
    const hidden = twice.replace('"text":"SSN', `"text"${" ".repeat(70)}:"SSN`);
    const far = await run(kit.gate, kit.call("it", "echo", "{}"), hidden);
    expect(JSON.stringify(far.governed)).not.toContain(SSN);
  });

  it("a JSON-RPC error is judged like a result", async () => {
    const kit = await kitOf({ it: { connector: "generic" } }, { actions: { pii: "redact" } });
    const governed = await kit.gate.govern(kit.call("it", "echo", "{}"), async () => ({
      ...answer(JSON.stringify({ code: -32000, message: `duplicate ssn ${SSN}` })),
      body: "error",
    }));
    expect(governed).toMatchObject({ kind: "changed", body: "error" });
    expect(JSON.stringify(governed)).toContain("[REDACTED:us_ssn]");
  });

  it("more than a hundred values are masked, to the last", async () => {
    const kit = await kitOf({ it: { connector: "generic" } }, { actions: { pii: "redact" } });
    const people = Array.from({ length: 1500 }, (_, i) => ({
      id: i,
      ssn: `5${String(i % 100).padStart(2, "0")}-90-4399`,
    }));
    const { governed } = await run(kit.gate, kit.call("it", "echo", "{}"), saying(JSON.stringify(people)));
    expect(JSON.stringify(governed)).not.toMatch(/-90-4399/);
  });

  it("what a server says outside of any call is masked", async () => {
    const kit = await kitOf({ it: { connector: "generic" } }, { profile: "strict" });
    const { text, masked } = kit.gate.screen(JSON.stringify({ level: "info", data: `SSN ${SSN}` }));
    expect(masked).toHaveLength(1);
    expect(text).not.toContain(SSN);
    expect(kit.gate.screen('{"level": "info"}').text).toBe('{"level": "info"}');
  });

  it("a server that asks its user for a password is refused in a strict profile", async () => {
    const kit = await kitOf({ it: { connector: "generic" } }, { profile: "strict" });
    const params = {
      message: "Please log in",
      requestedSchema: { properties: { password: { type: "string" } } },
    };
    const call = kit.call("it", "elicitation/create", JSON.stringify(params), {
      method: "elicitation/create",
      upward: true,
    });
    const { asked } = await run(kit.gate, call);
    expect(asked).toBe(0);
    expect(kit.last()).toMatchObject({ category: "tool_integrity", type: "credential_request" });
  });
});

describe("cumulative windows", () => {
  const rows = (n: number): string => saying(JSON.stringify(Array.from({ length: n }, (_, id) => ({ id }))));
  const limited = { db: { connector: "sqlite", limits: { window: { per: "hour", max_rows: 25 } } } };

  it("parallel calls of two processes on one store never release more than the window holds, also after a restart", async () => {
    const dir = mkdtempSync(join(tmpdir(), "sallyport-window-"));
    try {
      const [one, two] = [await testGate(limited, {}, { dir }), await testGate(limited, {}, { dir })];
      const call = (kit: TestGate) =>
        run(kit.gate, kit.call("db", "read_query", '{"query":"SELECT id FROM t"}'), rows(10));
      const first = await Promise.all([call(one), call(two), call(one), call(two), call(one)]);
      await one.close();
      await two.close();
      const later = await testGate(limited, {}, { dir });
      const last = await call(later);
      await later.close();

      const released = [...first, last].map(({ governed }) => {
        if (governed.kind === "unchanged") return 10;
        const { content, isError } = JSON.parse(
          governed.kind === "changed" ? governed.text : "{}",
        ) as Refusal;
        return isError === true ? 0 : (JSON.parse(content[0]!.text) as unknown[]).length;
      });
      expect(released.reduce((sum, each) => sum + each, 0)).toBe(25);
      expect(last.asked).toBe(0);
      const told = refusalOf(last.governed)._meta["sallyport/decision"]!;
      expect(told).toMatchObject({ decision: "deny", retry: "later" });
      expect(told["retry_after_ms"]).toBeGreaterThan(0);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it("another principal has a window of its own", async () => {
    const kit = await kitOf({
      db: { connector: "sqlite", limits: { ...limited.db.limits, show_left: "never" } },
    });
    const ask = (id: string) =>
      run(
        kit.gate,
        kit.call("db", "read_query", '{"query":"SELECT 1"}', { principal: { id, how: "api_key" } }),
        rows(25),
      );
    expect((await ask("a")).governed.kind).toBe("unchanged");
    expect((await ask("a")).asked).toBe(0);
    expect((await ask("b")).governed.kind).toBe("unchanged");
  });
});

it("records use the five words for a decision and no other", async () => {
  const kit = await kitOf(
    { db: { connector: "sqlite", limits: { max_rows: 1, on_exceed: "truncate" } } },
    { actions: { pii: "redact" } },
  );
  const seen = new Set<string>();
  for (const [args, result] of [
    ['{"query":"SELECT 1"}', saying("ok")],
    ['{"query":"SELECT 1"}', saying(`SSN ${SSN}`)],
    ['{"query":"SELECT 1"}', saying('[{"id":1},{"id":2}]')],
    ['{"query":"DROP TABLE t"}', saying("ok")],
  ] as const) {
    await run(kit.gate, kit.call("db", "read_query", args), result);
    seen.add(kit.last().decision);
  }
  expect([...seen].toSorted()).toEqual(["allow", "allow_with_constraints", "deny", "remediate"]);
  expect([...seen].every((word) => (DECISIONS as readonly string[]).includes(word))).toBe(true);
});

describe("an exception", () => {
  const exceptions = [
    {
      detector: "pii.us_ssn*",
      match: { server: "hr", tool: "find", pointer: "/id" },
      reason: "Payroll numbers look like these",
      owner: "maya",
      expires: "2099-12-31",
    },
  ];
  const args = `{"id":"${SSN}"}`;

  it("lets the call it names pass, and the record says which one did", async () => {
    const kit = await kitOf({ hr: {} }, { profile: "strict", exceptions });
    const { governed, asked } = await run(kit.gate, kit.call("hr", "find", args));
    expect(asked).toBe(1);
    expect(governed.kind).toBe("unchanged");
    expect(kit.last().findings).toEqual([
      expect.objectContaining({
        detector: "pii.us_ssn",
        action: "log",
        exception: "config.json exceptions[0]",
      }),
    ]);
  });
  it("stops no other call", async () => {
    const kit = await kitOf({ hr: {} }, { profile: "strict", exceptions });
    for (const other of [
      kit.call("hr", "search", args),
      kit.call("hr", "find", `{"id":"x","note":"${SSN}"}`),
    ])
      expect((await run(kit.gate, other)).asked).toBe(0);
  });
  it("is void after its last day", async () => {
    const expired = [{ ...exceptions[0], expires: "2020-01-31" }];
    const kit = await kitOf({ hr: {} }, { profile: "strict", exceptions: expired });
    expect((await run(kit.gate, kit.call("hr", "find", args))).asked).toBe(0);
  });
});
