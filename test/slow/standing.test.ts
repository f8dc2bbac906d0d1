/** Stops, rates and memory as whole processes keep them: two proxies on one store, killed and started again. */
import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FAKE, Home, Proxy, SALLYPORT, textOf } from "../helpers/proxy.js";

let home: Home;
let file: string;
const open: Proxy[] = [];
beforeEach(() => {
  home = new Home();
});
afterEach(async () => {
  for (const proxy of open.splice(0)) await proxy.close();
  home.remove();
});

function config(limits: object, more: object = {}): void {
  const server = { command: process.execPath, args: [FAKE], env: { FAKE_LOG: home.log }, limits };
  file = home.config({ mcpServers: { it: server }, ...more });
}

async function proxy(): Promise<Proxy> {
  const started = new Proxy(home, ["--config", file]);
  open.push(started);
  await started.initialize();
  return started;
}

function sallyport(...args: string[]): string {
  return execFileSync(process.execPath, [SALLYPORT, ...args, "--config", file], { encoding: "utf8" });
}

const echoed = (): number => home.received().filter(({ method }) => method === "tools/call").length;

it("a stop holds in every process from its next call on, until it is resumed", async () => {
  config({});
  const [one, two] = [await proxy(), await proxy()];
  expect(textOf(await one.call("echo", { text: "a" }))).toBe("a");
  const id = /b_\w+/.exec(sallyport("stop", "--tool", "echo", "--reason", "incident 42"))![0];
  for (const each of [one, two]) {
    const refused = await each.call("echo", { text: "b" });
    expect(refused.result?.isError).toBe(true);
    expect(textOf(refused)).toContain("incident 42");
    expect(textOf(await each.call("slow", { ms: 1 }))).toBe("done");
  }
  expect(sallyport("stops")).toContain(id);
  sallyport("resume", id);
  expect(textOf(await two.call("echo", { text: "c" }))).toBe("c");
  expect(echoed()).toBe(4);
});

it("a budget and a rate hold across processes that are killed and started again", async () => {
  config({
    rate: { per_minute: 1, burst: 9 },
    window: { per: "day", max_calls: 5 },
    on_exceed: "block",
  });
  const [one, two] = [await proxy(), await proxy()];
  const calls = (of: Proxy) => Array.from({ length: 6 }, (_, n) => of.call("echo", { text: `${n}` }));
  const all = await Promise.all([...calls(one), ...calls(two)]);
  expect(all.filter(({ result }) => result?.isError !== true)).toHaveLength(5);
  one.child.kill("SIGKILL");
  await one.exited;
  const later = await proxy();
  expect((await later.call("echo", { text: "more" })).result?.isError).toBe(true);
  expect(echoed()).toBe(5);
  expect(sallyport("limits")).toMatch(/generic +calls\/day +5 +5 +0/);
});

it("what a session has seen is that session's own", async () => {
  config({}, { actions: { high_risk: "block" } });
  const [one, two] = [await proxy(), await proxy()];
  const secret = JSON.stringify({
    content: [{ type: "text", text: `SSN ${["536", "90", "4399"].join("-")}` }],
  });
  await one.call("raw", { raw: secret });
  const refused = await one.call("echo", { text: "hello" });
  expect(refused.result?.isError).toBe(true);
  expect(textOf(refused)).toContain("This session has seen us_ssn (pii)");
  expect(textOf(await two.call("echo", { text: "hello" }))).toBe("hello");
  const sessions = new Set(home.records().map(({ session }) => session));
  expect(sessions.size).toBe(2);
});

it("a call that waits because its session is in a loop can be cancelled", async () => {
  config({}, { loops: { repeated_reads: { slow_after: 1, stop_after: 99 }, action: "block" } });
  const one = await proxy();
  for (let n = 0; n < 4; n++) await one.call("echo", { text: "same" });
  // The fifth waits for four seconds.
  one.write(
    '{"jsonrpc":"2.0","id":"late","method":"tools/call","params":{"name":"echo","arguments":{"text":"same"}}}\n',
  );
  one.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"late"}}\n');
  // What comes after it on the same line is answered, and then everything of before is over.
  expect(textOf(await one.call("echo", { text: "other" }))).toBe("other");
  expect(await one.close()).toBe(0);
  open.length = 0;
  expect(echoed()).toBe(5);
  expect(
    home
      .records()
      .map(({ outcome }) => outcome)
      .toSorted(),
  ).toEqual(["cancelled", ...Array<string>(5).fill("released")]);
});
