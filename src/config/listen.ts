import type { Listen } from "./types.js";

export const LISTEN_FORM = "loopback only: 127.0.0.1:PORT, localhost:PORT or [::1]:PORT";
const FORM = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\]):(\d{1,5})$/;

/**
 * A listening address; undefined when it is none we serve on. Loopback only: without per-user authentication an open
 * port would hand every tool to the network.
 */
export function parseListen(text: string): Listen | undefined {
  const match = FORM.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) return undefined;
  return { host: (match[1] ?? "").replace(/^\[|\]$/g, ""), port };
}
