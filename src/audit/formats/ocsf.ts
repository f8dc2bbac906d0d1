import { DECISIONS, SEVERITIES, type DecisionWord } from "../../model/nouns.js";
import type { CallRecord } from "../call-record.js";

/** Of the Open Cybersecurity Schema Framework, whose published classes these events follow. */
const OCSF_VERSION = "1.8.0";

const API_ACTIVITY = { category_uid: 6, class_uid: 6003 };
const DETECTION_FINDING = { category_uid: 2, class_uid: 2004 };

/** `action_id` of the security_control profile: Allowed, Denied, Modified. */
const ACTIONS: Readonly<Record<DecisionWord, 1 | 2 | 4>> = {
  allow: 1,
  allow_with_constraints: 4,
  remediate: 4,
  require_approval: 2,
  deny: 2,
};

type Event = Readonly<Record<string, unknown>>;

/** One API Activity for the call, and a Detection Finding beside it where a detector or a limit spoke. */
export function ocsfEvents(call: CallRecord, version: string): Event[] {
  const events = [activity(call, version)];
  if (call.findings.length > 0 || call.rule !== null) events.push(finding(call, version));
  return events;
}

function shared(call: CallRecord, version: string): Event {
  return {
    time: Date.parse(call.time),
    metadata: {
      version: OCSF_VERSION,
      product: { name: "Sallyport", vendor_name: "Sallyport", version },
      profiles: ["security_control"],
      uid: call.id,
      log_name: "sallyport audit",
    },
    action_id: ACTIONS[call.decision],
    // Blocked, or Partially Corrected, or Allowed.
    disposition_id: [1, 12, 2][[1, 4, 2].indexOf(ACTIONS[call.decision])],
    actor: {
      user: { name: call.principal, uid: call.principal },
      ...(call.client !== undefined && { app_name: call.client }),
    },
    message: call.reason,
    unmapped: {
      decision: call.decision,
      outcome: call.outcome,
      snapshot: call.snapshot,
      fail_closed: call.fail_closed,
      record: call.seq,
    },
  };
}

function activity(call: CallRecord, version: string): Event {
  // Read for a query; an execution may create, change or delete: Other.
  const activity_id = call.operation === "query" ? 2 : 99;
  const failed = ["failed", "timed_out", "in_doubt"].includes(call.outcome);
  const refused = ["refused", "withheld"].includes(call.outcome);
  return {
    ...API_ACTIVITY,
    activity_id,
    activity_name: activity_id === 2 ? "Read" : "Execute",
    type_uid: API_ACTIVITY.class_uid * 100 + activity_id,
    severity_id: 1,
    status_id: failed || refused ? 2 : 1,
    status_detail: call.outcome,
    ...shared(call, version),
    api: { operation: call.tool, service: { name: call.server }, request: { uid: call.id } },
    src_endpoint: {
      name: call.client ?? "unknown client",
      ...(call.session !== undefined && { uid: call.session }),
    },
    dst_endpoint: { name: call.server, svc_name: call.connector },
  };
}

function finding(call: CallRecord, version: string): Event {
  const worst = Math.max(-1, ...call.findings.map((one) => SEVERITIES.indexOf(one.severity)));
  const refusal = DECISIONS.indexOf(call.decision) >= DECISIONS.indexOf("require_approval");
  return {
    ...DETECTION_FINDING,
    activity_id: 1,
    activity_name: "Create",
    type_uid: DETECTION_FINDING.class_uid * 100 + 1,
    // Low to Critical; a limit that spoke has no finding: Informational.
    severity_id: worst + 2,
    status_id: 1,
    is_alert: refusal,
    ...shared(call, version),
    finding_info: {
      uid: call.id,
      title: [call.category, call.type].filter((part) => part !== null).join("/") || call.decision,
      types: [...new Set(call.findings.map((one) => `${one.category}/${one.type}`))],
      ...(call.rule !== null && { analytic: { type_id: 1, name: call.rule, uid: call.rule } }),
    },
    evidences: [{ api: { operation: call.tool, service: { name: call.server } } }],
    resources: [{ name: call.server, type: call.connector }],
  };
}
