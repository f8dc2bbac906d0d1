import * as sdk from "@modelcontextprotocol/core/internal";
import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exposedName } from "../../src/mcp/desk.js";
import {
  META_CAPABILITIES,
  META_CLIENT,
  META_SERVER,
  META_SUBSCRIPTION,
  META_VERSION,
} from "../../src/mcp/eras.js";
import { relaxSchema, relaxedItem } from "../../src/mcp/schemas.js";
import { headerMeaning, headerValue } from "../../src/mcp/header-value.js";

it("the names of the protocol are the SDK's", () => {
  expect([META_VERSION, META_CLIENT, META_CAPABILITIES, META_SERVER, META_SUBSCRIPTION]).toEqual([
    sdk.PROTOCOL_VERSION_META_KEY,
    sdk.CLIENT_INFO_META_KEY,
    sdk.CLIENT_CAPABILITIES_META_KEY,
    sdk.SERVER_INFO_META_KEY,
    sdk.SUBSCRIPTION_ID_META_KEY,
  ]);
});

describe("an exposed name", () => {
  it("is server__tool where that fits", () =>
    expect(exposedName("crm", "read_query")).toBe("crm__read_query"));

  it("always fits, and differs where the tools differ", () => {
    const name = fc.string({ unit: "binary", minLength: 1, maxLength: 90 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(exposedName("crm", a)).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        if (a !== b) expect(exposedName("crm", a)).not.toBe(exposedName("crm", b));
      }),
    );
  });
});

it("any name survives a header", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      const value = headerValue(name);
      expect(value).toMatch(/^[ -~]*$/);
      expect(headerMeaning(value)).toBe(name);
    }),
  );
});

describe("an output schema that a redacted result can keep", () => {
  const schema = {
    type: "object",
    properties: {
      id: { type: "integer" },
      mail: { type: "string", format: "email", maxLength: 40 },
      state: { enum: ["open", "closed"] },
      rows: {
        type: "array",
        minItems: 2,
        items: {
          type: "object",
          properties: { ssn: { type: "string", pattern: "^\\d" } },
          required: ["ssn"],
        },
      },
      either: { oneOf: [{ type: "number" }, { type: "string", maxLength: 3 }] },
    },
    required: ["id"],
    additionalProperties: false,
  };
  const valid = (each: object) => new Ajv({ strict: false, validateFormats: false }).compile(each);
  const relaxed = valid(relaxSchema(schema, true) as object);
  const honest = {
    id: 1,
    mail: "a@example.com",
    state: "open",
    rows: [{ ssn: "1" }, { ssn: "2" }],
    either: 5,
  };
  const masked = {
    id: "[REDACTED:us_ssn]",
    mail: "[REDACTED:email]",
    state: "[REDACTED:x]",
    rows: [{ ssn: "[REDACTED:us_ssn]" }],
    either: "[REDACTED:card]",
  };

  it("takes what the server's own takes", () => {
    expect(valid(schema)(honest)).toBe(true);
    expect(relaxed(honest)).toBe(true);
  });
  it("takes masks and fewer rows, which the server's own does not", () => {
    expect(valid(schema)(masked)).toBe(false);
    expect(relaxed(masked)).toBe(true);
  });
  it("is given to a tool of a merged list as well, and only where results are redacted", () => {
    const item = JSON.stringify({ name: "t", inputSchema: { type: "object" }, outputSchema: schema });
    expect(relaxedItem(item, { redact: false })).toBe(item);
    const { outputSchema } = JSON.parse(relaxedItem(item, { redact: true })) as { outputSchema: object };
    expect(outputSchema).toEqual(relaxSchema(schema, true));
  });
  it("still refuses what is wrong", () => {
    expect(relaxed({ ...honest, id: "not a number" })).toBe(false);
    expect(relaxed({ ...honest, more: 1 })).toBe(false);
    expect(relaxed({ mail: "a@example.com" })).toBe(false);
  });
});
