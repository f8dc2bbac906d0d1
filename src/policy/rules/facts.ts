/**
 * What a condition may speak of. Declared once: the lint reads it, the reference page is written from it, and a test
 * compares it with what the gate provides.
 */
import { ACTIONS, CATEGORIES, OPERATIONS, SEVERITIES, type Phase } from "../../model/nouns.js";

export interface FactSpec {
  readonly type: "text" | "number" | "flag" | "time" | "list" | "map" | "any";
  readonly about: string;
  /** Members of a map, or of each item of a list; absent: not known beforehand. */
  readonly fields?: Readonly<Record<string, FactSpec>>;
  /** The one gate that has it; absent: both. */
  readonly phase?: Phase;
  /** All that it, or each item of a list, can be; absent: any text. */
  readonly values?: readonly string[];
}

const text = (about: string, values?: readonly string[]): FactSpec => ({
  type: "text",
  about,
  ...(values !== undefined && { values }),
});
const number = (about: string): FactSpec => ({ type: "number", about });
const flag = (about: string): FactSpec => ({ type: "flag", about });
const list = (about: string, fields?: FactSpec["fields"], values?: readonly string[]): FactSpec => ({
  type: "list",
  about,
  ...(fields !== undefined && { fields }),
  ...(values !== undefined && { values }),
});

/** What the SQL reader reports. A test compares it with the reader's own list, which is on the same floor. */
export const SQL_DOES = [
  "drop_object",
  "truncate",
  "alter_drop",
  "alter_object",
  "change_privileges",
  "change_accounts",
  "delete_without_where",
  "delete_tautology",
  "update_without_where",
  "update_tautology",
  "read_tautology",
  "stacked_write",
  "stacked_statements",
  "file_access",
  "program_execution",
  "network_access",
  "time_delay",
  "system_tables",
  "credential_tables",
  "executable_comment",
  "dynamic_sql",
  "readonly_escape",
  "server_control",
  "log_tampering",
  "backup_restore",
  "unreadable",
  "too_long",
] as const;

export const FACTS: Readonly<Record<string, FactSpec>> = {
  server: text("Name of the server under `mcpServers`."),
  connector: text("Type of the system behind it, such as `postgres`."),
  environment: text("The server's `environment`; empty when it has none."),
  operation: text("`query` or `execute`. What is not known to read counts as `execute`.", OPERATIONS),
  client: text("Name and version the client gave: a claim, not a proof."),
  principal: {
    type: "map",
    about: "On whose behalf the call is made.",
    fields: {
      id: text("Such as `local:maya` or the claim of a token."),
      how: text("How we know: `asserted`, `os_user`, `api_key` or `oidc`.", [
        "asserted",
        "os_user",
        "api_key",
        "oidc",
      ]),
      team: text("Empty when there is none."),
      roles: list("Names of roles."),
    },
  },
  tool: {
    type: "map",
    about: "The tool, or the method of what is no tool call.",
    fields: {
      name: text("The server's own name of it."),
      changed: flag("Its definition is not the one that was first seen or approved."),
    },
  },
  args: { type: "map", about: "The arguments, as the client sent them. Members are what the tool takes." },
  sql: {
    type: "map",
    about: "What the arguments that are SQL do, all of them together.",
    fields: {
      present: flag("There is such an argument."),
      parse_ok: flag("All of it could be read. True when there is none."),
      read_only: flag(
        "Nothing in it changes anything, and all of it could be read. False when there is none, and when the tool changes something and does not take SQL.",
      ),
      statements: list("The statements, in order.", {
        verb: text("In upper case: `SELECT`, `DELETE`…"),
        tables: list("Names after FROM, JOIN, INTO, UPDATE, TABLE, in lower case."),
      }),
      tables: list("The tables of all statements."),
      does: list(
        "What is noteworthy: `delete_without_where`, `drop_object`, `file_access`…",
        undefined,
        SQL_DOES,
      ),
    },
  },
  findings: list("What the detectors found at this gate.", {
    detector: text("Such as `pii.us_ssn`."),
    category: text("Such as `pii`.", CATEGORIES),
    type: text("Such as `us_ssn`."),
    severity: text("`low`, `medium`, `high` or `critical`.", SEVERITIES),
    pointer: text("Where, as a JSON Pointer."),
    action: text("What the profile makes of it: `log`, `warn`, `redact` or `block`.", ACTIONS),
  }),
  session: {
    type: "map",
    about: "What this session has done before this call.",
    fields: {
      calls: number("Calls made."),
      denied: number("Calls refused."),
      errors: number("Calls that failed."),
      seen: list(
        'Categories of what reached the client in results; also `session.seen("pii")`.',
        undefined,
        CATEGORIES,
      ),
    },
  },
  result: {
    type: "map",
    about: "What the server answered.",
    phase: "output",
    fields: {
      rows: number("Rows, counted by us."),
      bytes: number("Size as received."),
      is_error: flag("The tool says that it failed."),
    },
  },
  now: {
    type: "time",
    about:
      'The time of the decision: `now.getHours("Europe/Berlin") < 18`, `now.getDayOfWeek()` (Sunday is 0).',
  },
};

/** Values of the facts for one call, as plain data. Whole numbers are `bigint`. */
export type Facts = Readonly<Record<string, unknown>>;
