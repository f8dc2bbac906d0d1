import { SallyportError, describeError } from "../model/errors.js";
import type { Posture } from "../model/posture.js";
import { resolvePosture } from "../policy/posture.js";
import type { Env } from "../policy/variables.js";
import { loadBuiltin } from "./builtin.js";

/** The posture of the environment alone. Throws SallyportError `config_invalid` naming everything wrong with it. */
export function loadPosture(env: Env): Posture {
  const { posture, problems } = resolvePosture({ profiles: loadBuiltin().profiles, env });
  if (posture !== undefined && problems.length === 0) return posture;
  const all = problems.map(({ message, ...place }) =>
    describeError(new SallyportError("config_invalid", message, place)),
  );
  throw new SallyportError("config_invalid", all.join("\n"));
}
