import type { Finding, Principal } from "../model/call.js";
import { clip, MAX_NAME } from "./bodies.js";
import { recordPlaces } from "./findings.js";
import { newId } from "./ids.js";
import type { PinBody } from "./record.js";

export interface PinInput extends Pick<PinBody, "origin" | "server" | "tool" | "event" | "hash"> {
  readonly was?: string;
  readonly findings: readonly Finding[];
  readonly by?: Principal;
}

/** The record of what was learned of a tool, or decided about it. */
export function pinBody(input: PinInput, writer: string): PinBody {
  const { origin, server, tool, event, hash, was, findings, by } = input;
  return {
    kind: "pin",
    id: newId("t"),
    time: Date.now(),
    writer,
    origin,
    server,
    tool: clip(tool, MAX_NAME),
    event,
    hash,
    ...(was !== undefined && { was }),
    findings: recordPlaces(findings),
    ...(by !== undefined && { by }),
  };
}
