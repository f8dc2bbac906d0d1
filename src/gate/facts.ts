/** What a policy would need of a call to be tried on it later: facts of it, and no value. */
import type { RecordedFacts } from "../audit/record.js";
import type { ServerConfig } from "../config/load.js";
import type { Call } from "../model/call.js";
import type { SessionFacts } from "../model/session.js";
import { sqlFactsOf } from "./sql-arguments.js";

/** Names of tables stay out: they are written by whoever made the call. */
export function recordedFacts(
  connector: ServerConfig["connector"],
  call: Call,
  { calls, denied, errors, seen }: SessionFacts,
  changed: boolean,
): RecordedFacts {
  const { present, parse_ok: parseOk, read_only: readOnly, statements, does } = sqlFactsOf(connector, call);
  return {
    session: { calls, denied, errors, seen: [...seen.keys()] },
    ...(changed && { changed }),
    ...(present && {
      sql: {
        parse_ok: parseOk,
        read_only: readOnly,
        verbs: statements.map(({ verb }) => verb).slice(0, 20),
        does,
      },
    }),
  };
}
