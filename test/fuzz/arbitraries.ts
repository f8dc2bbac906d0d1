/** Messages that are almost right: built like honest ones, then bent in the ways that parsers disagree about. */
import fc from "fast-check";

const REQUEST_KEYS = ["jsonrpc", "id", "method", "params"];

/** JSON texts of ids, good and bad. */
const id = fc.oneof(
  fc.integer({ min: 1000, max: 1010 }).map(String),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    "null",
    "1.5",
    "1e400",
    "-0",
    "[1]",
    "{}",
    "true",
    "9007199254740993",
    `"${"x".repeat(5000)}"`,
  ),
);
const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));
const hostileJson = fc.oneof(
  json,
  fc.constantFrom(
    "[".repeat(300) + "]".repeat(300),
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '"\\ud800"',
    '"\\u0000"',
    "1e999",
    "01",
    "NaN",
  ),
);

/** A tools/call of `name` as JSON text, with members added, doubled, respelled or left out. */
function call(name: string): fc.Arbitrary<string> {
  const members = (extra: string) => [
    ['"jsonrpc"', '"2.0"'],
    ['"method"', '"tools/call"'],
    ['"params"', `{"name":"${name}","arguments":{"text":${extra}}}`],
  ];
  const respelt = fc
    .constantFrom(...REQUEST_KEYS)
    .chain((key) =>
      fc.constantFrom(
        key.toUpperCase(),
        ` ${key}`,
        `${key[0]!.toUpperCase()}${key.slice(1)}`,
        `\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}`,
      ),
    );
  return fc
    .tuple(
      id,
      hostileJson,
      fc.array(
        fc.tuple(fc.oneof(fc.constantFrom(...REQUEST_KEYS, "result", "error"), respelt), hostileJson),
        {
          maxLength: 2,
        },
      ),
      fc.constantFrom("plain", "plain", "plain", "batch", "cut", "reversed", "no id", "nested"),
    )
    .map(([given, extra, added, shape]) => {
      const all = [
        ...members(extra),
        ...(shape === "no id" ? [] : [['"id"', given]]),
        ...added.map(([key, value]) => [`"${key}"`, value]),
      ];
      if (shape === "reversed") all.reverse();
      const text = `{${all.map(([key, value]) => `${key}:${value}`).join(",")}}`;
      if (shape === "batch") return `[${text}]`;
      if (shape === "nested") return `{"jsonrpc":"2.0","id":1,"params":${text}}`;
      return shape === "cut" ? text.slice(0, Math.floor(text.length * 0.7)) : text;
    });
}

/** One line of a client, which may call `name`: bytes without a line end. */
export function clientLine(name: string): fc.Arbitrary<Buffer> {
  const clean = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => (byte === 10 ? 32 : byte)));
  const garbled = fc
    .tuple(call(name), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 }))
    .map(([text, at, bytes]) => {
      const message = Buffer.from(text);
      const cut = at % message.length;
      return Buffer.concat([message.subarray(0, cut), bytes, message.subarray(cut)]);
    });
  const other = fc
    .tuple(
      fc.constantFrom("ping", "tools/list", "notifications/x", "x/y", "", "notifications/cancelled"),
      id,
      hostileJson,
    )
    .map(
      ([method, given, params]) => `{"jsonrpc":"2.0","id":${given},"method":"${method}","params":${params}}`,
    );
  return fc
    .oneof(
      { weight: 5, arbitrary: call(name).map((text) => Buffer.from(text)) },
      { weight: 2, arbitrary: garbled },
      { weight: 1, arbitrary: other.map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
    )
    .map(clean);
}

/** What a lying server says to the call $ID: `secret` stands somewhere in it, and $ID is filled in by the server. */
export function lie(secret: string): fc.Arbitrary<string> {
  const body = fc
    .tuple(hostileJson, fc.constantFrom("content", "structuredContent", "x", "_meta", "contents"))
    .map(([value, key]) => `{"${key}":[{"type":"text","text":"${secret}"},${value}],"content":[]}`);
  const error = hostileJson.map(
    (data) => `{"code":-32000,"message":"${secret}","data":[${data},"${secret}"]}`,
  );
  const response = fc
    .tuple(
      fc.constantFrom("$ID", "$ID", "$ID", "null", "0", '"x"', "99999", "[]"),
      fc.oneof(body, hostileJson),
      error,
    )
    .chain(([given, result, wrong]) =>
      fc
        .shuffledSubarray(
          [
            `"error":${wrong}`,
            `"Result":${result}`,
            `"result":${result}`,
            '"error":null',
            `"beside":"${secret}"`,
            `"${secret}":1`,
            `"method":"x/y"`,
          ],
          { maxLength: 2 },
        )
        .map((added) => ['"jsonrpc":"2.0"', `"id":${given}`, `"result":${result}`, ...added])
        .chain((members) => fc.shuffledSubarray(members, { minLength: members.length - 1 }))
        .map((members) => `{${members.join(",")}}`),
    );
  const incoming = fc
    .tuple(
      fc.constantFrom(
        "notifications/message",
        "notifications/progress",
        "sampling/createMessage",
        "roots/list",
        "x/y",
      ),
      body,
      fc.constantFrom("", '"id":7,', '"id":"7",', '"id":null,'),
    )
    .map(
      ([method, params, given]) =>
        `{"beside":"${secret}","jsonrpc":"2.0",${given}"method":"${method}","params":${params}}`,
    );
  return fc
    .oneof(
      response,
      incoming,
      response.map((text) => text.slice(0, -2)),
      response.map((text) => `[${text}]`),
      hostileJson,
    )
    .map((text) => text.replaceAll("\n", " "));
}
