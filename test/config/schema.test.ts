import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { loadBuiltin } from "../../src/config/builtin.js";
import {
  CONNECTOR_KEYS,
  EGRESS_WORDS,
  EXAMPLE_KEYS,
  OPERATION_KEYS,
  RECOGNISE_KEYS,
  ROW_RULES,
} from "../../src/config/connector-file.js";
import { EXCEPTION_KEYS, EXCEPTION_MATCH_KEYS } from "../../src/config/exceptions.js";
import { LIMIT_KEYS, RATE_KEYS, SHOW_LEFT, WINDOW_KEYS, WINDOW_PERIODS } from "../../src/config/limits.js";
import { ANCHOR_KEYS, AUDIT_KEYS } from "../../src/config/audit.js";
import { TOP_KEYS } from "../../src/config/load.js";
import { LOOP_ACTIONS, LOOP_KEYS, THRESHOLD_KEYS } from "../../src/config/loops.js";
import { ADMIN_KEYS, APPROVALS_KEYS, WEBHOOK_KEYS } from "../../src/config/admin.js";
import * as fileKeys from "../../src/config/policy-file.js";
import * as partKeys from "../../src/config/policy-parts.js";
import * as testKeys from "../../src/config/policy-tests.js";

import { SERVER_KEYS, SERVER_TYPES } from "../../src/config/servers.js";
import { ACTIONS, CATEGORIES, DECISIONS, OPERATIONS, PHASES, ROLES } from "../../src/model/nouns.js";
import { MATCH_KEYS, MODES } from "../../src/policy/rules/spec.js";

/** Schemas are read for their keys only, so their type here is as loose as JSON. */
type Schema = any;
const read = (name: string): Schema =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}`, import.meta.url), "utf8"));
const keys = (schema: Schema): string[] => Object.keys(schema.properties);

it("the schema that editors use knows the keys and words that the loader knows", () => {
  const schema = read("mcp.config.schema.json");
  const { category, server, limits, exception } = schema.definitions;
  expect(keys(schema)).toEqual([...TOP_KEYS]);
  expect(keys(schema.properties.audit)).toEqual([...AUDIT_KEYS]);
  expect(keys(schema.properties.audit.properties.anchors.items)).toEqual([...ANCHOR_KEYS]);
  expect(schema.properties.profile.enum.toSorted()).toEqual(
    loadBuiltin()
      .profiles.map((p) => p.profile)
      .toSorted(),
  );
  expect(schema.properties.actions.additionalProperties.enum).toEqual([...ACTIONS]);
  expect(keys(exception)).toEqual([...EXCEPTION_KEYS]);
  expect(keys(exception.properties.match)).toEqual([...EXCEPTION_MATCH_KEYS]);
  expect(exception.properties.match.properties.phase.enum).toEqual([...PHASES]);
  expect(category.enum).toEqual([...CATEGORIES]);
  expect(keys(server)).toEqual([...SERVER_KEYS]);
  expect(server.properties.type.enum).toEqual([...SERVER_TYPES]);
  expect(keys(limits)).toEqual([...LIMIT_KEYS]);
  expect(keys(schema.properties.loops)).toEqual([...LOOP_KEYS]);
  expect(schema.properties.loops.properties.action.enum).toEqual([...LOOP_ACTIONS]);
  expect(keys(schema.properties.admin)).toEqual([...ADMIN_KEYS]);
  expect(keys(schema.properties.approvals)).toEqual([...APPROVALS_KEYS]);
  expect(keys(schema.properties.approvals.properties.webhook)).toEqual([...WEBHOOK_KEYS]);
  const { window, rate, threshold } = schema.definitions;
  expect(keys(threshold)).toEqual([...THRESHOLD_KEYS]);
  expect(keys(window)).toEqual([...WINDOW_KEYS]);
  expect(window.properties.per.enum).toEqual([...WINDOW_PERIODS]);
  expect(keys(rate)).toEqual([...RATE_KEYS]);
  expect(limits.properties.show_left.enum).toEqual([...SHOW_LEFT]);
});

it("the connector schema likewise", () => {
  const schema = read("connector.schema.json");
  expect(keys(schema)).toEqual([...CONNECTOR_KEYS]);
  expect(keys(schema.properties.recognise)).toEqual([...RECOGNISE_KEYS]);
  expect(keys(schema.properties.examples)).toEqual([...EXAMPLE_KEYS]);
  expect(keys(schema.properties.operations)).toEqual([...OPERATIONS]);
  expect(schema.properties.rows.properties.from.items.oneOf[0].enum).toEqual([...ROW_RULES]);
  expect(keys(schema.definitions.operation)).toEqual([...OPERATION_KEYS]);
  expect(schema.definitions.operation.properties.arguments.additionalProperties.enum).toEqual([...ROLES]);
  expect(keys(schema.definitions.limits)).toEqual([...LIMIT_KEYS]);
  expect(schema.properties.egress.oneOf[1].enum).toEqual([...EGRESS_WORDS]);
});

it("the policy schema likewise", () => {
  const schema = read("policy.schema.json");
  const { mode, rule, test } = schema.definitions;
  const of = rule.properties;
  expect(keys(schema)).toEqual([...fileKeys.POLICY_KEYS]);
  expect(mode.enum).toEqual([...MODES]);
  expect(keys(rule)).toEqual([...fileKeys.RULE_KEYS]);
  expect(keys(of.match)).toEqual([...MATCH_KEYS, "phase"]);
  expect(of.decision.enum).toEqual([...DECISIONS]);
  expect(keys(of.constraints)).toEqual([...partKeys.CONSTRAINT_KEYS]);
  expect(keys(of.constraints.properties.arguments.additionalProperties)).toEqual([...partKeys.ARGUMENT_KEYS]);
  expect(keys(of.constraints.properties.rate)).toEqual([...RATE_KEYS]);
  expect(keys(of.remediate)).toEqual([...partKeys.REMEDY_KEYS]);
  expect(keys(of.approval)).toEqual([...partKeys.APPROVAL_KEYS]);
  expect(keys(test)).toEqual([...testKeys.TEST_KEYS]);
  expect(keys(test.properties.expect)).toEqual([...testKeys.EXPECT_KEYS]);
  const tests = read("policy-test.schema.json");
  expect(keys(tests)).toEqual([...testKeys.TEST_FILE_KEYS]);
});
