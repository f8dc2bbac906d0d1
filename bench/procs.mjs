// What a target's processes use, the downstream left out. NaN where there is no /proc.
import { readdirSync, readFileSync } from "node:fs";

const read = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
};

/** The process and its descendants that do not run the bench's server. */
export function proxies(pid) {
  const command = read(`/proc/${pid}/cmdline`).split("\0");
  if (command[1]?.endsWith("/bench/server.mjs")) return [];
  const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(proxies)];
}

/** CPU of these processes so far, seconds: of all their threads, to the nanosecond. */
export function cpuSeconds(pids) {
  let nanoseconds = 0;
  try {
    for (const pid of pids)
      for (const thread of readdirSync(`/proc/${pid}/task`))
        nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
  } catch {
    return Number.NaN;
  }
  return nanoseconds / 1e9;
}

/** What these processes have in memory, megabytes. */
export function residentMb(pids) {
  const kb = pids.map((pid) => Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]));
  return kb.reduce((sum, each) => sum + each, 0) / 1024;
}
