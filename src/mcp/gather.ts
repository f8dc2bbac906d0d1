/** One server's share of a merged list. */
import { SallyportError } from "../model/errors.js";
import { isObject } from "../model/json.js";
import { member, parseJsonText } from "../model/json-text.js";
import type { Desk, Flight } from "./desk.js";
import { addEnvelope } from "./eras.js";
import { connected } from "./forward.js";
import { GATHER_MS, MAX_PAGES } from "./limits.js";
import type { Link } from "./link.js";

/** All pages of a list, each item as the JSON text the server wrote; empty where the server does not know the method. */
export async function fetchList(
  desk: Desk,
  flight: Flight,
  link: Link,
  method: string,
  key: string,
): Promise<string[]> {
  const { peer, welcome } = await connected(desk, flight, link);
  const items: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const plain = JSON.stringify(cursor === undefined ? {} : { cursor });
    const params =
      welcome.era === "stateless" ? addEnvelope(plain, parseJsonText(plain), desk.hello!) : plain;
    const reply = await peer.request({
      method,
      timeoutMs: GATHER_MS,
      build: (id) => `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}`,
    });
    if (reply.body === "error" || !isObject(reply.value)) return items;
    const text = reply.bodyText;
    const list = member(parseJsonText(text), key);
    for (const item of list?.children ?? []) items.push(text.slice(item.start, item.end));
    const next = reply.value["nextCursor"];
    if (typeof next !== "string" || next === cursor) return items;
    cursor = next;
  }
  return items;
}

/** Rejects when a server takes longer than the others may be made to wait. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new SallyportError("downstream_timeout", `no answer within ${GATHER_MS} ms`)),
      GATHER_MS,
    );
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
