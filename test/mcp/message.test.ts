import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { idKey, parseClientMessage } from "../../src/mcp/message.js";

const parse = (text: string) => parseClientMessage(Buffer.from(text));

describe("a client's message", () => {
  it("is a request, a notification or a response", () => {
    expect(parse('{"jsonrpc":"2.0","id":1,"method":"ping"}')).toMatchObject({
      kind: "request",
      method: "ping",
      idText: "1",
    });
    expect(parse('{"jsonrpc":"2.0","method":"notifications/x"}').kind).toBe("notification");
    expect(parse('{"jsonrpc":"2.0","id":"a","result":{}}').kind).toBe("response");
    expect(parse('{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"x"}}').kind).toBe("response");
  });

  it("keeps members that nobody knows", () => {
    const text =
      '{"jsonrpc":"2.0","id":1,"method":"x/unknown","params":{"deep":[{"n":9007199254740993}]},"x-future":true}';
    expect(parse(text).text).toBe(text);
  });

  it("has one id, however it is written", () => {
    expect(idKey('"\\u0061"')).toBe(idKey('"a"'));
    expect(idKey("9007199254740993")).not.toBe(idKey("9007199254740992"));
    expect(idKey('"1"')).not.toBe(idKey("1"));
  });

  it("is either refused or read exactly as JSON.parse would read it", () => {
    const text = fc.oneof(
      fc.json({ maxDepth: 3 }).map((params) => `{"jsonrpc":"2.0","id":1,"method":"m","params":${params}}`),
      fc.string(),
      fc.json(),
    );
    fc.assert(
      fc.property(text, (each) => {
        let message;
        try {
          message = parse(each);
        } catch {
          return;
        }
        const value = JSON.parse(each) as { method?: string };
        if (message.kind !== "response") expect(message.method).toBe(value.method);
      }),
      { numRuns: 500 },
    );
  });
});

describe("two readings of one message are never let in", () => {
  const refused: Record<string, string> = {
    "a batch": '[{"jsonrpc":"2.0","id":1,"method":"m"}]',
    "equal keys deep inside": '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":[{"b":1,"b":2}]}}',
    "equal keys in escapes": '{"jsonrpc":"2.0","id":1,"method":"m","\\u006dethod":"n"}',
    "ID for id": '{"jsonrpc":"2.0","ID":1,"method":"m"}',
    "the long s of Unicode": '{"jsonrpc":"2.0","id":1,"method":"m","param\u017f":{}}',
    "_META for _meta": '{"jsonrpc":"2.0","id":1,"method":"m","params":{"_META":{}}}',
    "an object as id": '{"jsonrpc":"2.0","id":{},"method":"m"}',
    "a text as params": '{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}',
    "no method and no answer": '{"jsonrpc":"2.0","id":1}',
    "another version": '{"jsonrpc":"1.0","id":1,"method":"m"}',
    "a raw control character in a string": '{"jsonrpc":"2.0","id":1,"method":"m\u0001"}',
    "a trailing comma": '{"jsonrpc":"2.0","id":1,"method":"m",}',
    // A server that runs what it must not answer would run it unjudged.
    "a call without an id": '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x","arguments":{}}}',
    "a notification with an id": '{"jsonrpc":"2.0","id":1,"method":"notifications/cancelled"}',
    "another spelling of inputResponses":
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"InputResponses":{}}}',
    "two documents": '{"jsonrpc":"2.0","id":1,"method":"m"}{}',
  };
  for (const [name, text] of Object.entries(refused)) it(name, () => expect(() => parse(text)).toThrow());
});
