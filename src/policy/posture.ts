import type { Action, Category } from "../model/nouns.js";
import { ACTIONS, CATEGORIES } from "../model/nouns.js";
import type { Posture, PostureEntry } from "../model/posture.js";
import type { Problem } from "./problem.js";
import { listNames, nearest } from "./problem.js";
import type { Profile } from "./profiles.js";
import { isAction } from "./profiles.js";
import type { Env } from "./variables.js";
import { ACTION_VARIABLES, aliased, misspelt, variable } from "./variables.js";

export interface PostureInput {
  readonly profiles: readonly Profile[];
  readonly env: Env;
  /** What the configuration file says, with the file's name for messages. */
  readonly file?: {
    readonly name: string;
    readonly profile?: string;
    readonly enforce?: string | readonly string[];
    readonly actions?: Readonly<Record<string, string>>;
  };
}

type Table = Record<Category, PostureEntry>;

/** What the steps below work on: the posture so far, and what is wrong. */
interface Draft {
  profile: Profile;
  profileSource: string;
  table: Table;
  readonly profiles: readonly Profile[];
  readonly problems: Problem[];
}

/** Where a value was written: `source` for records, `place` for messages. */
interface Origin {
  readonly source: string;
  readonly place: Pick<Problem, "file" | "path">;
}

/**
 * What is in force, or every reason why nothing can be. Two layers, the environment over the file; in each,
 * explicit actions win over `enforce`, and that over the profile.
 */
export function resolvePosture(input: PostureInput): {
  readonly posture?: Posture;
  readonly problems: readonly Problem[];
} {
  const { env, file, profiles } = input;
  const start = profiles.find((p) => p.profile === "default");
  if (start === undefined) return { problems: [{ message: 'there is no profile "default"' }] };
  const draft: Draft = {
    profile: start,
    profileSource: "built in",
    table: tableOf(start, "profile default"),
    profiles,
    problems: misspelt(env),
  };
  if (file !== undefined) applyFile(draft, file);
  applyEnvironment(draft, env);
  if (draft.problems.length > 0) return { problems: draft.problems };
  const posture: Posture = {
    profile: draft.profile.profile,
    profileSource: draft.profileSource,
    actions: draft.table,
    mediumBlocks: draft.profile.mediumBlocks,
  };
  return { posture, problems: [] };
}

function applyFile(draft: Draft, file: NonNullable<PostureInput["file"]>): void {
  const at = (path: string): Origin => ({
    source: `${file.name.split(/[\\/]/).at(-1) ?? file.name} ${path}`,
    place: { file: file.name, path },
  });
  if (file.profile !== undefined) setProfile(draft, file.profile, at("profile"));
  if (file.enforce !== undefined) {
    const names = typeof file.enforce === "string" ? file.enforce.split(",") : file.enforce;
    enforce(draft, names, at("enforce"));
  }
  for (const [name, action] of Object.entries(file.actions ?? {})) {
    const category = CATEGORIES.find((c) => c === name);
    if (category === undefined) draft.problems.push(unknownCategory(name, at(`actions.${name}`)));
    else setAction(draft, category, action, at(`actions.${name}`));
  }
}

function applyEnvironment(draft: Draft, env: Env): void {
  for (const [name, apply] of [
    ["PROFILE", (value: string, origin: Origin) => setProfile(draft, value, origin)],
    ["ENFORCE", (value: string, origin: Origin) => enforce(draft, value.split(","), origin)],
  ] as const) {
    const { value, source, problem } = aliased(env, name);
    if (problem !== undefined) draft.problems.push(problem);
    else if (value !== undefined) apply(value, { source, place: { file: source } });
  }
  for (const category of CATEGORIES) {
    const name = ACTION_VARIABLES[category];
    const value = variable(env, name);
    if (value !== undefined) setAction(draft, category, value, { source: name, place: { file: name } });
  }
}

function setProfile(draft: Draft, name: string, origin: Origin): void {
  const profile = draft.profiles.find((p) => p.profile === name);
  if (profile === undefined) {
    const names = draft.profiles.map((p) => p.profile);
    draft.problems.push(unknownToken("profile", name, names, origin));
    return;
  }
  draft.profile = profile;
  draft.profileSource = origin.source;
  draft.table = tableOf(profile, `profile ${name}`);
}

function enforce(draft: Draft, tokens: readonly string[], origin: Origin): void {
  const names = tokens.map((token) => token.trim());
  const whole = names.find((name) => name === "all" || name === "none");
  if (whole !== undefined && names.length > 1) {
    draft.problems.push({
      message: `"${whole}" stands alone, but it is listed with ${listNames(names.filter((n) => n !== whole))}`,
      ...origin.place,
      fix: `write only ${whole}, or only categories`,
    });
    return;
  }
  if (whole !== undefined) return enforceWhole(draft, whole, origin);
  for (const name of names) {
    const category = CATEGORIES.find((c) => c === name);
    if (category === undefined) draft.problems.push(unknownCategory(name, origin, ["all", "none"]));
    else draft.table = { ...draft.table, [category]: { action: "block", source: origin.source } };
  }
}

/** `none` is dev. `all` is strict, except that enforcing must not loosen: a profile stricter than that stays. */
function enforceWhole(draft: Draft, word: string, origin: Origin): void {
  const named = draft.profiles.find((p) => p.profile === (word === "all" ? "strict" : "dev"));
  if (named === undefined) {
    draft.problems.push({ message: `there is no profile for "${word}"`, ...origin.place });
    return;
  }
  if (word === "all" && CATEGORIES.every((c) => rank(draft.profile.actions[c]) >= rank(named.actions[c]))) {
    draft.table = tableOf(draft.profile, `profile ${draft.profile.profile}`);
    return;
  }
  draft.profile = named;
  draft.profileSource = `${origin.source}=${word}`;
  draft.table = tableOf(named, `${origin.source}=${word} (profile ${named.profile})`);
}

function setAction(draft: Draft, category: Category, action: string, origin: Origin): void {
  if (isAction(action)) draft.table = { ...draft.table, [category]: { action, source: origin.source } };
  else draft.problems.push(unknownToken("action", action, ACTIONS, origin));
}

function tableOf(profile: Profile, source: string): Table {
  return Object.fromEntries(CATEGORIES.map((c) => [c, { action: profile.actions[c], source }])) as Table;
}

function rank(action: Action): number {
  return ACTIONS.indexOf(action);
}

function unknownCategory(name: string, origin: Origin, more: readonly string[] = []): Problem {
  return unknownToken("category", name, [...CATEGORIES, ...more], origin);
}

function unknownToken(kind: string, token: string, valid: readonly string[], origin: Origin): Problem {
  const close = nearest(token, valid);
  return {
    message: `unknown ${kind} "${token}"`,
    ...origin.place,
    fix: `${close === undefined ? "" : `did you mean ${close}? `}valid: ${listNames(valid)} (lower case)`,
  };
}
