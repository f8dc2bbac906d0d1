/** Who answers held calls, where, and who is told of them. */
import type { Json } from "../model/json.js";
import type { Env } from "../policy/variables.js";
import { readSecretFile } from "./auth-files.js";
import { expand } from "./expand.js";
import { LISTEN_FORM, parseListen } from "./listen.js";
import { join, type Reader } from "./reader.js";
import type { Listen } from "./types.js";

export const ADMIN_KEYS = ["listen", "people"] as const;
export const APPROVALS_KEYS = ["webhook"] as const;
export const WEBHOOK_KEYS = ["url", "secret"] as const;

export interface AdminSettings {
  readonly listen: Listen;
  /** Each with a token of their own. */
  readonly people: readonly { readonly name: string; readonly token: string }[];
}

export interface Webhook {
  readonly url: string;
  /** The key of its signatures. */
  readonly secret: string;
}

const DEFAULT_LISTEN: Listen = { host: "127.0.0.1", port: 7421 };
/** A token is what stands between a page and the right to let calls run. */
const MIN_SECRET = 16;

interface Context {
  readonly env: Env;
  readonly base: string;
}

export function readAdmin(
  reader: Reader,
  value: Json | undefined,
  context: Context,
): AdminSettings | undefined {
  const map = reader.object(value, "admin");
  if (map === undefined) return undefined;
  reader.keys(map, "admin", ADMIN_KEYS);
  const text = reader.string(map["listen"], "admin.listen");
  const listen = text === undefined ? DEFAULT_LISTEN : parseListen(text);
  if (listen === undefined) reader.problem("admin.listen", `cannot listen on "${text}"`, LISTEN_FORM);
  const names = reader.stringMap(map["people"], "admin.people") ?? {};
  const people = Object.entries(names).map(([name, raw]) => {
    const path = join("admin.people", name);
    if (!/^\S{1,256}$/.test(name)) reader.problem(path, `"${name}" names nobody`, "write a user's name");
    return { name, token: secret(reader, raw, path, context) };
  });
  if (people.length === 0)
    reader.problem("admin.people", "nobody may answer", 'write { "maya": "${file:~/.secrets/maya}" }');
  const twice = people.find(({ token }, at) => people.findIndex((each) => each.token === token) < at);
  if (twice !== undefined && twice.token !== "")
    reader.problem(
      join("admin.people", twice.name),
      "the token is somebody else's too",
      "give each their own",
    );
  const clients = context.env["SALLYPORT_TOKEN"];
  // Whoever makes calls would answer for them.
  if (clients !== undefined && people.some(({ token }) => token === clients))
    reader.problem(
      "admin.people",
      "SALLYPORT_TOKEN is the token of agents",
      "give people tokens of their own",
    );
  return listen === undefined ? undefined : { listen, people };
}

export function readWebhook(reader: Reader, value: Json | undefined, context: Context): Webhook | undefined {
  const map = reader.object(value, "approvals");
  if (map === undefined) return undefined;
  reader.keys(map, "approvals", APPROVALS_KEYS);
  const hook = reader.object(map["webhook"], "approvals.webhook");
  if (hook === undefined) return undefined;
  const path = "approvals.webhook";
  reader.keys(hook, path, WEBHOOK_KEYS);
  const url = reader.string(hook["url"], `${path}.url`);
  const raw = reader.string(hook["secret"], `${path}.secret`);
  if (url === undefined || raw === undefined)
    return reader.problem(path, "a webhook needs an address and a secret", "add url and secret");
  const complain = (message: string, fix: string): void => reader.problem(`${path}.url`, message, fix);
  const filled = expand(url, context.env, complain);
  if (!URL.canParse(filled) || !/^https?:$/.test(new URL(filled).protocol))
    return reader.problem(`${path}.url`, `"${url}" is no web address`, "write https://…");
  const { protocol, hostname } = new URL(filled);
  if (protocol === "http:" && !/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname))
    return reader.problem(`${path}.url`, "what is sent over plain http can be read on the way", "use https");
  return { url: filled, secret: secret(reader, raw, `${path}.secret`, context) };
}

/** From the environment or a file that nobody else can read: never as it stands in a file that is shown around. */
function secret(reader: Reader, raw: string, path: string, { env, base }: Context): string {
  if (!raw.includes("${")) {
    reader.problem(path, "a secret as it is", "write ${NAME} or ${file:PATH}");
    return "";
  }
  const before = reader.problems.length;
  const complain = (message: string, fix: string): void => reader.problem(path, message, fix);
  const value = expand(raw, env, complain, (file) => readSecretFile(file, base, env, complain));
  if (reader.problems.length === before && value.length < MIN_SECRET)
    reader.problem(
      path,
      `a secret of less than ${MIN_SECRET} characters`,
      "make it with `openssl rand -base64 32`",
    );
  return value;
}
