/** What the command line says of itself, and how its arguments are read. */
import { parseArgs } from "node:util";
import { processEnv } from "../config/env.js";

export const USAGE = `sallyport — puts every tool call of an AI agent through two gates

  sallyport run [--config FILE]              serve stdio, in front of the servers of mcp.config.json
  sallyport run -- COMMAND [ARGUMENT…]       wrap one stdio server, with no file at all
  sallyport serve [--config FILE] [--listen HOST:PORT]   serve Streamable HTTP (default 127.0.0.1:7420)
  sallyport serve [--listen HOST:PORT] -- COMMAND [ARGUMENT…]
  sallyport login SERVER [--config FILE]     log in to a server whose auth is authorization_code
  sallyport check [--config FILE] [--connect] [--json]   validate everything a start would
  sallyport audit tail|search|show [--json] [--limit N] [--config FILE]      what was decided, and why
  sallyport audit verify|checkpoint|key|prove|verify-proof|anchor          that the record is whole, and proofs of it
  sallyport audit stats | export --format jsonl|csv|ocsf|otlp [--out FILE] | export --pack FOLDER    for others
  sallyport audit prune|hold [--older-than 90d] [--dry-run]   erase old bodies, keep their hashes; and what must stay
  sallyport tools ls [--json] [--config FILE]            which tool definitions are trusted, and what changed
  sallyport tools diff SERVER/TOOL | approve SERVER/TOOL [--hash HASH] | approve --all   [--by NAME]
  sallyport stop [--server S] [--tool T] [--principal P] [--session C] [--reason TEXT] [--for 30m]   refuse calls at once
  sallyport resume [ID | --server S … | --all] | stops [--json]
  sallyport limits [--principal P] [--json]              what is used of each budget, and what is left
  sallyport limits reset --principal P | --connector C | --server S | --all [--reason TEXT]
  sallyport approvals ls [--all] | show ID               calls that wait for a person
  sallyport approvals approve ID [--comment TEXT] [--for 30m --count 20] | deny ID
  sallyport admin [--config FILE]                        the page where people answer them (run and serve have it too)
  sallyport policy check|test [FILE…] [--config FILE] [--junit FILE]   what is wrong with policies, and do they work
  sallyport policy explain CALL.json | DECISION          which rules decide a call, or decided it, and which terms failed
  sallyport policy simulate [FILE…] [--since TIME]        what recorded calls would have met under other policies
  sallyport policy snapshots | diff [SNAPSHOT [SNAPSHOT]] | rollback SNAPSHOT   what was in force, and the way back
  sallyport scan [--config FILE] [--role ROLE] [--phase input|output] [--json | --jsonl]   what is in the text on stdin
  sallyport --version | --help
`;

/** Said to the person, without a stack. */
export class Usage extends Error {}

type Flags = Record<string, { type: "string" | "boolean" }>;

/** Throws Usage on a flag that is not among `options`. */
export function flags(argv: readonly string[], options: Flags): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values as Record<string, string | boolean>;
  } catch (error) {
    throw new Usage(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/** Where the configuration comes from. */
export function source(
  values: Record<string, string | boolean | undefined>,
  command: readonly string[] | undefined,
) {
  const file = values["config"] as string | undefined;
  if (file !== undefined && command !== undefined)
    throw new Usage("either --config FILE or -- COMMAND, not both");
  return {
    cwd: process.cwd(),
    env: processEnv(),
    ...(file !== undefined && { file }),
    ...(command !== undefined && { command }),
  };
}
