import { describe, expect, it } from "vitest";
import { badParamHeader, paramHeadersFor, wrongParamHeader } from "../../src/mcp/param-headers.js";
import { headerMeaning, headerValue } from "../../src/mcp/header-value.js";

const SCHEMA = {
  type: "object",
  properties: {
    region: { type: "string", "x-mcp-header": "Region" },
    limit: { type: "integer", "x-mcp-header": "Limit" },
    where: { type: "object", properties: { tenant: { type: "string", "x-mcp-header": "Tenant" } } },
    sql: { type: "string" },
  },
};

describe("Mcp-Param headers", () => {
  it("are fine when they say what the arguments say, also nested, numeric or encoded", () => {
    const args = { region: "Zürich", limit: 42, where: { tenant: "acme" }, sql: "SELECT 1" };
    const headers = {
      "mcp-param-region": headerValue("Zürich"),
      "mcp-param-limit": "42.0",
      "mcp-param-tenant": "acme",
    };
    expect(wrongParamHeader(SCHEMA, args, headers)).toBeUndefined();
  });

  it("are wrong when one is missing or says something else: two hops would judge two values", () => {
    const args = { region: "eu" };
    expect(wrongParamHeader(SCHEMA, args, {})).toMatchObject({ header: "(missing)" });
    expect(wrongParamHeader(SCHEMA, args, { "mcp-param-region": "us" })).toMatchObject({ header: "us" });
    expect(wrongParamHeader(SCHEMA, args, { "mcp-param-region": "=?base64?ZXU?=" })).toBeDefined();
    expect(wrongParamHeader(SCHEMA, { where: { tenant: "acme" } }, {})).toBeDefined();
  });

  it("make a tool unusable where the schema leaves open what they would say", () => {
    const schema = (...properties: object[]) => ({ type: "object", properties: { ...properties } }) as never;
    const text = (header: unknown) => ({ type: "string", "x-mcp-header": header });
    expect(badParamHeader(SCHEMA as never)).toBeUndefined();
    for (const name of ["", "My Region", "Region:Primary", "Région", "Region\t1", 7])
      expect(badParamHeader(schema(text(name)))).toMatch(/no header name/);
    for (const type of ["object", "array", "null", "number", ["string", "null"], undefined])
      expect(badParamHeader(schema({ type, "x-mcp-header": "A" }))).toMatch(/only strings, integers/);
    expect(badParamHeader(schema(text("Region"), text("region")))).toMatch(/another parameter/);
    const nested = schema(text("a"), { type: "object", properties: { b: text("A") } });
    expect(badParamHeader(nested)).toMatch(/another parameter/);
  });

  it("are not expected for absent and null arguments", () => {
    expect(wrongParamHeader(SCHEMA, { region: null, sql: "SELECT 1" }, {})).toBeUndefined();
    expect(paramHeadersFor(SCHEMA, { region: null }, { "mcp-param-region": "eu" })).toEqual({});
  });

  it("go out as they came, or are written from the arguments where these were masked", () => {
    const given = { "mcp-param-region": "=?base64?ZXU=?=", "mcp-param-other": "not of this tool" };
    expect(paramHeadersFor(SCHEMA, { region: "eu" }, given)).toEqual({
      "mcp-param-region": "=?base64?ZXU=?=",
    });
    expect(paramHeadersFor(SCHEMA, { region: "[REDACTED:ssn]", limit: 3 }, {})).toEqual({
      "mcp-param-region": "[REDACTED:ssn]",
      "mcp-param-limit": "3",
    });
  });

  it("do not lead us down a schema without end", () => {
    const schema: Record<string, unknown> = { properties: {} };
    (schema["properties"] as Record<string, unknown>)["again"] = schema;
    const args: Record<string, unknown> = {};
    args["again"] = args;
    expect(paramHeadersFor(schema as never, args as never, {})).toEqual({});
  });
});

describe("a header value", () => {
  it.each(["plain", "Zürich", " padded ", "=?base64?x?=", "line\nbreak"])(
    "%j survives the way there and back",
    (value) => {
      expect(headerMeaning(headerValue(value))).toBe(value);
    },
  );

  it("is broken when its sentinel holds anything but canonical base64 of UTF-8", () => {
    for (const broken of ["SGVsbG8", "SGVs!!!bG8=", "SGVsbG9=", "/w=="])
      expect(headerMeaning(`=?base64?${broken}?=`), broken).toBeUndefined();
  });

  it("stands for itself when only one end of a sentinel is there", () => {
    expect(headerMeaning("=?base64?SGVsbG8=")).toBe("=?base64?SGVsbG8=");
    expect(headerMeaning("SGVsbG8=?=")).toBe("SGVsbG8=?=");
  });
});
