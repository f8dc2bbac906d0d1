import { SallyportError } from "../model/errors.js";
import type { Json } from "../model/json.js";
import { isObject } from "../model/json.js";
import type { Action, Category } from "../model/nouns.js";
import { ACTIONS, CATEGORIES } from "../model/nouns.js";
import { listNames, nearest } from "./problem.js";

/** A named table category → action. */
export interface Profile {
  readonly profile: string;
  readonly describe: string;
  /** Medium findings earn as much of an action as high ones. */
  readonly mediumBlocks: boolean;
  readonly actions: Readonly<Record<Category, Action>>;
}

const KEYS = ["profile", "describe", "medium_blocks", "actions"] as const;

/** Checks one parsed profile file. Throws SallyportError `data_invalid` naming file, path and fix. */
export function parseProfile(value: Json, file: string): Profile {
  const fail = (message: string, path: string, fix: string): never => {
    throw new SallyportError("data_invalid", message, { file, path, fix });
  };
  if (!isObject(value)) return fail("a profile must be a mapping", "", "see policies/profiles/default.yaml");
  for (const key of Object.keys(value)) {
    if (!(KEYS as readonly string[]).includes(key))
      fail(`unknown key "${key}"`, key, `use one of: ${listNames(KEYS)}`);
  }
  const { profile, describe, actions } = value;
  if (typeof profile !== "string" || profile === "") return fail("no name", "profile", "name the profile");
  if (typeof describe !== "string") return fail("no description", "describe", "say who the profile is for");
  if (!isObject(actions)) return fail("no actions", "actions", "give every category an action");
  for (const key of Object.keys(actions)) {
    if (!(CATEGORIES as readonly string[]).includes(key))
      fail(
        `unknown category "${key}"`,
        `actions.${key}`,
        `did you mean ${nearest(key, CATEGORIES) ?? "one of " + listNames(CATEGORIES)}?`,
      );
  }
  const table: Partial<Record<Category, Action>> = {};
  for (const category of CATEGORIES) {
    const action = actions[category];
    // A category left out would silently be the weakest: every profile names all ten.
    if (!isAction(action))
      return fail(
        `${category} has no valid action`,
        `actions.${category}`,
        `use one of: ${listNames(ACTIONS)}`,
      );
    table[category] = action;
  }
  const medium = value["medium_blocks"] ?? false;
  if (typeof medium !== "boolean") return fail("not true or false", "medium_blocks", "use true or false");
  return { profile, describe, mediumBlocks: medium, actions: table as Record<Category, Action> };
}

export function isAction(value: unknown): value is Action {
  return (ACTIONS as readonly unknown[]).includes(value);
}
