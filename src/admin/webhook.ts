/**
 * Tells another program of held calls, as Standard Webhooks describes: signed, so that the receiver knows that it is us
 * and now. Nothing of a call's arguments leaves; and no call waits for it.
 */
import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Question } from "../approvals/approvals.js";
import type { Webhook } from "../config/admin.js";
import { shown } from "./view.js";

export type ApprovalEvent = "approval.requested" | "approval.decided";

const TIMEOUT_MS = 5_000;
/** Before each further try. A receiver that was restarted is back by then; one that is gone is not waited for. */
const RETRY_MS = [1_000, 5_000, 25_000];
/** Questions that a flood of held calls may leave undelivered at a time. */
const MAX_UNDER_WAY = 100;

export interface WebhookParts {
  readonly webhook: Webhook;
  readonly log: { error(fields: object, message: string): void };
  readonly now?: () => number;
  /** Milliseconds before each further try; for tests. */
  readonly retryMs?: readonly number[];
}

/** Resolves when it is delivered, or given up and logged. Never rejects. */
export function createWebhook({ webhook, log, now = Date.now, retryMs = RETRY_MS }: WebhookParts) {
  let underWay = 0;
  return async (type: ApprovalEvent, question: Question): Promise<void> => {
    if (underWay >= MAX_UNDER_WAY)
      return log.error({ approval: question.id }, "the webhook does not keep up: this question was not sent");
    underWay++;
    try {
      await deliver(type, question);
    } finally {
      underWay--;
    }
  };

  async function deliver(type: ApprovalEvent, question: Question): Promise<void> {
    const { arguments: _arguments, ...data } = shown(question);
    const body = JSON.stringify({ type, timestamp: new Date(now()).toISOString(), data });
    // The same for each try, so that a receiver can drop what it has had already.
    const id = `msg_${question.id}_${type === "approval.requested" ? "requested" : question.votes.length}`;
    for (let tried = 0; ; tried++) {
      try {
        return await send(id, body);
      } catch (error) {
        const wait = retryMs[tried];
        if (wait === undefined)
          return log.error(
            { err: error, approval: question.id },
            "the webhook could not be reached: given up",
          );
        await pause(wait, undefined, { ref: false });
      }
    }
  }

  async function send(id: string, body: string): Promise<void> {
    const seconds = Math.floor(now() / 1000);
    const answer = await fetch(webhook.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(seconds),
        "webhook-signature": sign(webhook.secret, id, seconds, body),
      },
      body,
      // To follow would tell somebody whom nobody has named.
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  }
}

/** `v1,` and the HMAC-SHA-256 of `id.seconds.body` in base64. A secret `whsec_…` is base64, any other is its own bytes. */
function sign(secret: string, id: string, seconds: number, body: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}
