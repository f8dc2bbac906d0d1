/** Whose memory a call belongs to, over HTTP: the connection's, or all that stateless clients of one principal share. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { startDownstream, type Downstream } from "./auth/downstream.js";
import { CALL, INITIALIZE, startFront, statelessCall, type Answer, type Front } from "./auth/front.js";

let down: Downstream;
let front: Front;
beforeEach(async () => {
  down = await startDownstream();
  const settings = { profile: "default", actions: { high_risk: "block" } };
  front = await startFront({ ...settings, mcpServers: { down: { url: down.url } } });
});
afterEach(async () => {
  await front.close();
  down.close();
});

const SSN = ["536", "90", "4399"].join("-");

async function connect(): Promise<() => Promise<Answer>> {
  const { headers } = await front.post(INITIALIZE);
  const session = { "mcp-session-id": headers.get("mcp-session-id")! };
  return () => front.post(CALL, session);
}

async function refused(call: () => Promise<Answer>): Promise<boolean> {
  const { body } = await call();
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return text.includes("session.taint");
}

it("what one connection has seen taints it and no other", async () => {
  const [one, two] = [await connect(), await connect()];
  down.text = `SSN ${SSN}`;
  expect(await refused(one)).toBe(false);
  down.text = "done";
  expect(await refused(one)).toBe(true);
  expect(await refused(two)).toBe(false);
});

it("stateless clients of one principal share what was seen", async () => {
  const ask = (id: number) => () => {
    const { message, headers } = statelessCall(id);
    return front.post(message, headers);
  };
  down.text = `SSN ${SSN}`;
  expect(await refused(ask(1))).toBe(false);
  down.text = "done";
  expect(await refused(ask(2))).toBe(true);
  expect(await refused(await connect())).toBe(false);
});
