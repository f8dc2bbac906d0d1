import type { Limits, LoopLimits, RateLimit, WindowLimit } from "../model/posture.js";

/** A server's limits on one line. */
export function limitsText(limits: Limits): string {
  const tools = Object.entries(limits.tool_rates ?? {});
  const parts = [
    limits.max_rows !== undefined && `${limits.max_rows} rows`,
    limits.max_bytes !== undefined && sizeText(limits.max_bytes),
    limits.on_exceed !== undefined && `over: ${limits.on_exceed}`,
    ...(limits.window ?? []).map((window) => `per ${window.per}: ${windowText(window)}`),
    limits.rate !== undefined && `each tool ${rateText(limits.rate)}`,
    ...tools.map(([glob, rate]) => `${glob} ${rateText(rate)}`),
    limits.concurrency !== undefined && `${limits.concurrency} at once`,
  ];
  return parts.filter(Boolean).join("; ");
}

function windowText(window: WindowLimit): string {
  return [
    window.max_calls !== undefined && `${window.max_calls} calls`,
    window.max_cost !== undefined && `cost ${window.max_cost}`,
    window.max_rows !== undefined && `${window.max_rows} rows`,
    window.max_bytes !== undefined && sizeText(window.max_bytes),
  ]
    .filter(Boolean)
    .join(", ");
}

function rateText({ per_minute: perMinute, burst }: RateLimit): string {
  return `${perMinute}/min, ${burst} at once`;
}

function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const)
    if (bytes >= size && bytes % size === 0) return `${bytes / size} ${unit}`;
  return `${bytes} bytes`;
}

/** What counts as a loop, on one line. `highRisk`: the action where the file names none. */
export function loopsText(loops: LoopLimits, highRisk: string): string {
  const parts = (["repeats", "repeated_reads", "errors", "denials"] as const).map(
    (kind) => `${kind} ${loops[kind].slow_after}/${loops[kind].stop_after}`,
  );
  return `loops slowed down/stopped after: ${parts.join(", ")}, within ${loops.within_ms / 1000} s: ${loops.action ?? highRisk}`;
}
