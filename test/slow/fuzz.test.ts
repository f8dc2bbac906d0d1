/**
 * Bent messages from both sides. Nothing crashes or hangs, nothing reaches a server without a decision on record, and no
 * secret passes in an answer, however it is wrapped. FUZZ_CASES and FUZZ_SEED: see `npm run fuzz`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { clientLine, lie } from "../fuzz/arbitraries.js";
import { Home, Proxy, textOf } from "../helpers/proxy.js";

const CASES = Number(process.env["FUZZ_CASES"] ?? 600);
const SEED = Number(process.env["FUZZ_SEED"] ?? 1);
const SSN = "536-90-4399";

let home: Home;
let proxy: Proxy;
beforeEach(async () => {
  home = new Home();
  proxy = new Proxy(home, undefined, { PII_ACTION: "redact", SALLYPORT_LOG_LEVEL: "fatal" });
  await proxy.initialize();
});
afterEach(async () => {
  proxy.child.kill("SIGKILL");
  await proxy.exited;
  home.remove();
});

it(
  `a client's bent messages: what the server saw is what was decided (seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    const lines = fc.sample(clientLine("echo-fuzz"), { numRuns: CASES, seed: SEED });
    for (const [at, line] of lines.entries()) {
      proxy.write(Buffer.concat([line, Buffer.from("\n")]));
      // Alive, and not too far behind.
      if (at % 100 === 99) expect(textOf(await proxy.call("echo", { text: `${at}` }))).toBe(`${at}`);
    }
    expect(textOf(await proxy.call("echo", { text: "the last" }))).toBe("the last");
    proxy.child.stdin!.end();
    await proxy.exited;
    const seen = home.received().filter(({ method }) => method === "tools/call");
    const decided = home.records().filter(({ outcome }) => outcome !== "refused");
    const names = (all: readonly (string | undefined)[]): string[] =>
      all.map(String).toSorted((a, b) => (a < b ? -1 : 1));
    expect(names(seen.map(({ params }) => params?.name))).toEqual(names(decided.map(({ tool }) => tool)));
    // Some were whole, or this would show nothing.
    expect(seen.length).toBeGreaterThan(CASES / 100 + 1);
  },
);

it(
  `a lying server's answers: none carries what must be masked, and each call gets one (seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    const lies = fc.sample(lie(SSN), { numRuns: Math.ceil(CASES / 2), seed: SEED });
    const said = join(home.dir, "said");
    const honest = '{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"honest"}]}}';
    for (const each of lies) {
      writeFileSync(said, `${each}\n${honest}`);
      const reply = await proxy.call("file", { file: said });
      expect(proxy.messages.filter(({ id, method }) => id === reply.id && method === undefined)).toHaveLength(
        1,
      );
    }
    expect(textOf(await proxy.call("echo", { text: "still here" }))).toBe("still here");
    expect(proxy.messages.filter(({ line }) => line.includes(SSN)).map(({ line }) => line)).toEqual([]);
  },
);
