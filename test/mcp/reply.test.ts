import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDownstream, withBody, withId, type Reply } from "../../src/mcp/reply.js";

const read = (text: string): Reply => {
  const reply = readDownstream(Buffer.from(text));
  if (reply.kind !== "response") throw new Error("not a response");
  return reply;
};
const sent = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString("utf8");

describe("an answer is found in whatever shape it comes", () => {
  const body =
    '{ "content":[{"type":"text","text":"caf\\u00e9 😀"}],"big":9007199254740993,"p":1.10,"m":-0 }';
  const shapes: Record<string, string> = {
    "as most servers write it": `{"jsonrpc":"2.0","id":7,"result":${body}}`,
    "as the TypeScript SDK writes it": `{"result":${body},"jsonrpc":"2.0","id":7}`,
    "pretty-printed": `{\n  "id" : 7,\n  "jsonrpc": "2.0",\n  "result": ${body}\n}`,
    "with members nobody knows": `{"jsonrpc":"2.0","id":7,"result":${body},"x-trace":{"id":9}}`,
    "with error: null beside it": `{"jsonrpc":"2.0","id":7,"result":${body},"error":null}`,
    "with a key spelt in escapes": `{"jsonrpc":"2.0","i\\u0064":7,"result":${body}}`,
    "with a carriage return": `{"jsonrpc":"2.0","id":7,"result":${body}}\r`,
  };
  for (const [name, text] of Object.entries(shapes)) {
    it(`${name}: only the id is changed`, () => {
      const reply = read(text);
      expect(reply.idKey).toBe("n7");
      expect(reply.bodyText).toBe(body);
      const out = sent(withId(reply, '"client-é"'));
      expect(JSON.parse(out)).toMatchObject({ id: "client-é" });
      expect(out.replace('"client-é"', "7")).toBe(text);
    });

    it(`${name}: with another body, what stands around it is kept`, () => {
      const out = sent(withBody(read(text), "8", '{"content":[]}'));
      expect(out).toBe(text.replace(body, '{"content":[]}').replace(/(i(?:d|\\u0064)" ?: ?)7/, "$18"));
    });
  }

  it("an id inside the result is not taken for the answer's", () => {
    const reply = read('{"jsonrpc":"2.0","id":1,"result":{"id":2,"x":{"jsonrpc":"2.0","id":3}}}');
    expect(reply.idKey).toBe("n1");
    expect(read('{"result":{"jsonrpc":"2.0","id":3},"jsonrpc":"2.0","id":1}').idKey).toBe("n1");
  });

  it("an error is an error, and null ids belong to nobody", () => {
    expect(read('{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"x"}}').body).toBe("error");
    expect(read('{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"x"}}').idKey).toBe("");
  });

  it("any result crosses unchanged", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.oneof(fc.integer(), fc.string()), (result, id) => {
        const idText = JSON.stringify(id);
        const text = `{"jsonrpc":"2.0","id":5,"result":${result}}`;
        const reply = read(text);
        expect(reply.bodyText).toBe(result);
        expect(sent(withId(reply, idText))).toBe(`{"jsonrpc":"2.0","id":${idText},"result":${result}}`);
      }),
    );
  });
});

describe("what is not one message is refused", () => {
  for (const text of [
    "nonsense",
    "[]",
    '[{"jsonrpc":"2.0","id":1,"result":{}}]',
    '{"jsonrpc":"2.0","id":1,"result":{}',
    '{"jsonrpc":"2.0","id":1,"result":{}} trailing',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}',
    '{"jsonrpc":"2.0","id":1,"result":{"a":1}}}',
    // The client may read the one that was not judged.
    '{"jsonrpc":"2.0","id":1,"result":{"a":1},"result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"Result":{"a":1}}',
    '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":1},"params":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"x/y","result":{"a":1}}',
    '{"jsonrpc":"2.0","method":"x/y","error":{"code":1,"message":"x"}}',
    '{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{},"Param\u017f":{"message":"x"}}',
  ])
    it(text, () => expect(() => readDownstream(Buffer.from(text))).toThrow(/server sent/));

  it("invalid UTF-8", () => {
    expect(() => readDownstream(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow(/UTF-8/);
  });
});
