/** A thousand calls at once, some cancelled, some killed under: every answer goes to the call it belongs to. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { FAKE, Home, Proxy, textOf } from "../helpers/proxy.js";

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

it("answers keep to their calls under load, cancellations and dying servers", async () => {
  const server = { command: process.execPath, args: [FAKE], timeout: "10s" };
  const proxy = new Proxy(home, [
    "--config",
    home.config({ mcpServers: { a: server, b: server, c: server } }),
  ]);
  await proxy.initialize();
  const cancelled = new Set<string>();
  const asked = new Map<string, string>();
  for (let i = 0; i < 1000; i++) {
    const id = `call-${i}`;
    const name = `${"abc"[i % 3]}__${i % 5 === 0 ? "slow" : i % 211 === 210 ? "die" : "echo"}`;
    asked.set(id, name);
    const args = { text: id, ms: 20 + (i % 60) };
    proxy.write(
      `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } })}\n`,
    );
    if (i % 7 === 3) {
      cancelled.add(`call-${i - 3}`);
      const params = { requestId: `call-${i - 3}` };
      proxy.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params })}\n`);
    }
  }
  const answered = (id: string): boolean => proxy.messages.some((message) => message.id === id);
  const waitedFor = [...asked.keys()].filter((id) => !cancelled.has(id));
  while (!waitedFor.every(answered)) await new Promise((resolve) => setTimeout(resolve, 50));

  for (const message of proxy.messages) {
    if (typeof message.id !== "string") continue;
    const text = textOf(message);
    const name = asked.get(message.id)!;
    if (message.result?.isError === true) expect(text).toMatch(/server ended|cancelled|did not answer/);
    else if (name.endsWith("slow")) expect(text).toBe("done");
    else expect(text).toBe(message.id);
  }
  const ids = proxy.messages.flatMap(({ id }) => (typeof id === "string" ? [id] : []));
  expect(new Set(ids).size).toBe(ids.length);
  expect(await proxy.close()).toBe(0);
  const verified = JSON.parse(
    home.audit("verify", "--json", "--config", `${home.dir}/config.json`),
  ) as object;
  expect(verified).toMatchObject({ ok: true, open: 0, decisions: 1000 });
});
