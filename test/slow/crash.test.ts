/** SIGKILL at any moment: no call has reached the downstream without a durable decision, and the chain verifies. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { Home, Proxy, textOf } from "../helpers/proxy.js";

const ROUNDS = 25;
const IN_FLIGHT = 16;

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

it(`killed ${ROUNDS} times under ${IN_FLIGHT} calls in flight, nothing was forwarded that is not on record`, async () => {
  let number = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const proxy = new Proxy(home);
    await proxy.initialize();
    // Each call under a tool name of its own, so that what was received can be matched with what was recorded.
    const send = (): void => {
      const name = `${number % 3 === 0 ? "slow" : "echo"}-${++number}`;
      void proxy.call(name, { text: "x", ms: 5 }).then(send);
    };
    for (let i = 0; i < IN_FLIGHT; i++) send();
    const answers = 1 + ((round * 7) % 60);
    await proxy.next(() => proxy.messages.length > answers);
    proxy.child.kill("SIGKILL");
    await proxy.exited;
  }

  const last = new Proxy(home);
  await last.initialize();
  await last.close();
  const decided = new Map(home.records().map((record) => [record.tool, record]));
  const received = home.received().flatMap(({ params }) => (params?.name === undefined ? [] : [params.name]));
  expect(received.length).toBeGreaterThan(ROUNDS);
  expect(received.filter((name) => !decided.has(name))).toEqual([]);

  const outcomes = new Set([...decided.values()].map(({ outcome }) => outcome));
  expect(outcomes).toContain("in_doubt");
  expect([...outcomes].filter((outcome) => outcome !== "released" && outcome !== "in_doubt")).toEqual([]);
  expect(JSON.parse(home.audit("verify", "--json"))).toMatchObject({ ok: true, open: 0 });
});

it("what the client was told is on record as released", async () => {
  const proxy = new Proxy(home);
  await proxy.initialize();
  for (let i = 0; i < 900; i++) void proxy.call(`echo-${i}`, { text: `echo-${i}` });
  await proxy.next(() => proxy.messages.length > 40);
  proxy.child.kill("SIGKILL");
  await proxy.exited;
  const told = proxy.messages.map(textOf).filter((text) => text.startsWith("echo-"));
  expect(told.length).toBeGreaterThan(30);
  const last = new Proxy(home);
  await last.initialize();
  await last.close();
  const released = new Set(
    home.records().flatMap(({ tool, outcome }) => (outcome === "released" ? [tool] : [])),
  );
  expect(told.filter((name) => !released.has(name))).toEqual([]);
});
