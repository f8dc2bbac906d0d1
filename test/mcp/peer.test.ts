/** Whose answer is whose, on one connection to a downstream that may say anything. */
import { describe, expect, it } from "vitest";
import { SallyportError } from "../../src/model/errors.js";
import { connectPeer, type Peer } from "../../src/mcp/peer.js";
import type { Outgoing, WireHandlers } from "../../src/mcp/wire.js";

interface Line {
  readonly peer: Peer;
  readonly sent: Outgoing[];
  readonly junk: string[];
  readonly abandoned: number[];
  say(text: string, related?: number): void;
  readonly handlers: WireHandlers;
}

function line(): Line {
  let handlers!: WireHandlers;
  const sent: Outgoing[] = [];
  const junk: string[] = [];
  const abandoned: number[] = [];
  const peer = connectPeer(
    (given) => {
      handlers = given;
      return {
        send: (message) => sent.push(message),
        abandon: (id) => abandoned.push(id),
        ready: () => {},
        close: async () => {},
      };
    },
    { incoming: () => {}, paused: () => {}, junk: (why) => junk.push(why), closed: () => {} },
  );
  const say = (text: string, related?: number): void => handlers.message(Buffer.from(text), related);
  return { peer, sent, junk, abandoned, say, handlers };
}

const ask = (peer: Peer, timeoutMs = 10_000): Promise<string> =>
  peer.request({ method: "x", timeoutMs, build: (id) => `{"jsonrpc":"2.0","id":${id},"method":"x"}` }).then(
    (reply) => reply.bodyText,
    (error: SallyportError) => error.code,
  );

describe("an answer", () => {
  it("goes to the request with its id, in whatever order answers come", async () => {
    const { peer, say } = line();
    const both = [ask(peer), ask(peer)];
    say('{"jsonrpc":"2.0","id":2,"result":"second"}');
    say('{"jsonrpc":"2.0","id":1,"result":"first"}');
    expect(await Promise.all(both)).toEqual(['"first"', '"second"']);
  });

  it("is ours when its id is our number in another spelling, as some languages write it", async () => {
    const { peer, say } = line();
    const asked = ask(peer);
    say('{"jsonrpc":"2.0","id":1.0,"result":{}}');
    expect(await asked).toBe("{}");
  });

  it("is nobody's under an id that we did not give, as a text, or a second time", async () => {
    const { peer, say, junk } = line();
    const asked = ask(peer);
    say('{"jsonrpc":"2.0","id":"1","result":"as a text"}');
    say('{"jsonrpc":"2.0","id":7,"result":"of another"}');
    say('{"jsonrpc":"2.0","id":null,"result":"of nobody"}');
    say('{"jsonrpc":"2.0","id":1,"result":"ours"}');
    say('{"jsonrpc":"2.0","id":1,"result":"again"}');
    expect(await asked).toBe('"ours"');
    expect(junk).toHaveLength(4);
  });

  it("without an id belongs to the request on whose stream it came", async () => {
    const { peer, say } = line();
    const asked = ask(peer);
    say('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}', 1);
    expect(await asked).toContain("Parse error");
  });

  it("that is no message ends the request on whose stream it came, and no other", async () => {
    const { peer, say } = line();
    const [first, second] = [ask(peer), ask(peer)];
    say("<html>", 1);
    say('{"jsonrpc":"2.0","id":2,"result":{}}');
    expect(await Promise.all([first, second])).toEqual(["downstream_protocol", "{}"]);
  });

  it("that comes too late is nobody's", async () => {
    const { peer, say, junk, abandoned } = line();
    expect(await ask(peer, 1)).toBe("downstream_timeout");
    expect(abandoned).toEqual([1]);
    say('{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(junk).toHaveLength(1);
  });
});

it("a connection that is gone ends every request, and takes no new ones", async () => {
  const { peer, handlers, sent } = line();
  const both = [ask(peer), ask(peer)];
  handlers.closed(new SallyportError("downstream_unavailable", "gone"));
  expect(await Promise.all([...both, ask(peer)])).toEqual(Array(3).fill("downstream_unavailable"));
  expect(sent).toHaveLength(2);
});
