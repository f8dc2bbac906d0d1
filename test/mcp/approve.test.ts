/** A client that declares elicitation and never answers: its held call ends all the same. */
import { afterEach, describe, expect, it } from "vitest";
import { startDownstream, type Downstream } from "./auth/downstream.js";
import { CALL, INITIALIZE, startFront, type Front } from "./auth/front.js";

let front: Front;
let down: Downstream;
afterEach(async () => {
  await front.close();
  down.close();
});

describe("a client that never answers", () => {
  it("is told after a while that the call waits, and that nobody waits for the answer any more", async () => {
    down = await startDownstream();
    const policy =
      "policy: p\nowner: o\nrules: [{ id: all, decision: require_approval, reason: Reviewed }]\n";
    front = await startFront(
      { mcpServers: { down: { url: down.url } }, policies: ["p.yaml"] },
      {},
      { askUserMs: 50, files: { "p.yaml": policy } },
    );
    const capable = { ...INITIALIZE, params: { ...INITIALIZE.params, capabilities: { elicitation: {} } } };
    const hello = await front.post(capable);
    const session = { "mcp-session-id": hello.headers.get("mcp-session-id")! };
    const answer = await front.post(CALL, session);
    const events = String(answer.body)
      .split("\n")
      .filter((line) => line.startsWith("data: {"))
      .map(
        (line) =>
          JSON.parse(line.slice(6)) as {
            id?: number;
            method?: string;
            params?: { requestId?: number };
            result?: any;
          },
      );
    const [asked, cancelled, result] = events;
    expect(asked).toMatchObject({ method: "elicitation/create" });
    expect(cancelled).toMatchObject({ method: "notifications/cancelled", params: { requestId: asked!.id } });
    expect(result!.result.content[0].text).toContain("waits for approval and did not run");
    expect(down.seen.filter(({ method }) => method === "tools/call")).toEqual([]);
  });
});
