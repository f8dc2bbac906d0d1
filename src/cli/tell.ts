/** Who is told of held calls: the webhook of the configuration, if there is one. */
import type { Logger } from "pino";
import { createWebhook, type ApprovalEvent } from "../admin/webhook.js";
import { question, type Question } from "../approvals/approvals.js";
import type { AuditLog } from "../audit/log.js";
import type { Config } from "../config/load.js";

export type Tell = (event: ApprovalEvent, question: Question) => void;

/** Tells the webhook, if there is one. */
export function teller({ webhook }: Pick<Config, "webhook">, log: Logger): Tell {
  if (webhook === undefined) return () => {};
  const send = createWebhook({ webhook, log });
  return (event, asked) => void send(event, asked);
}

/** The same for a gate, which knows a question by its id. */
export function tellById(audit: Pick<AuditLog, "read">, tell: Tell) {
  return (event: "requested" | "decided", id: string): void => {
    const asked = audit.read((tx) => question(tx, id, Date.now()));
    if (asked !== undefined) tell(`approval.${event}`, asked);
  };
}
