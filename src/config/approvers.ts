import type { Json } from "../model/json.js";
import { join, type Reader } from "./reader.js";

/** Who belongs to the teams and roles that policies name as approvers: `{ "team:dba": ["maya", "zoe"] }`. */
export function readApprovers(
  reader: Reader,
  value: Json | undefined,
): Readonly<Record<string, readonly string[]>> {
  const map = reader.object(value, "approvers");
  if (map === undefined) return {};
  const groups: [string, readonly string[]][] = [];
  for (const [group, raw] of Object.entries(map)) {
    const path = join("approvers", group);
    if (!/^(?:team|role):\S{1,256}$/.test(group))
      reader.problem(path, `"${group}" is no group`, "write team:… or role:…, as policies name it");
    const names = reader.strings(raw, path) ?? [];
    for (const [at, name] of names.entries())
      if (!/^\S{1,256}$/.test(name))
        reader.problem(
          `${path}[${at}]`,
          `"${name}" names nobody`,
          "write the name of a user of this machine",
        );
    groups.push([group, names]);
  }
  return Object.fromEntries(groups);
}
