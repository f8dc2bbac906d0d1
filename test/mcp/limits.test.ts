/** What the wire holds at the most: each bound of `limits.ts` is reached here, or in the test that the last one names. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as limits from "../../src/mcp/limits.js";
import { FAKE, Home, Proxy, textOf, type Message } from "../helpers/proxy.js";

const { MAX_ASKED, MAX_CLIENT_MESSAGE, MAX_LISTENERS, MAX_PARKED, MAX_PENDING_PER_SESSION, MAX_QUESTIONS } =
  limits;
const STATELESS = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
};
const texts = (count: number): string[] => Array.from({ length: count }, (_, at) => `Question ${at}?`);

let home: Home;
let proxy: Proxy;
beforeEach(() => {
  home = new Home();
  proxy = new Proxy(home, ["--", process.execPath, FAKE], { SALLYPORT_PROFILE: "dev" });
});
afterEach(async () => {
  proxy.child.kill("SIGKILL");
  await proxy.exited;
  home.remove();
});

describe("a client", () => {
  it("has so many requests open and no more", async () => {
    await proxy.initialize();
    for (let at = 0; at < MAX_PENDING_PER_SESSION; at++)
      proxy.write(
        `{"jsonrpc":"2.0","id":"open-${at}","method":"tools/call","params":{"name":"hang","arguments":{"at":${at}}}}\n`,
      );
    const refused = await proxy.request("tools/list");
    expect(refused.error?.message).toMatch(/too many requests in flight/);
  });

  it("holds so many subscriptions", async () => {
    const listen = (id: string): string =>
      `${JSON.stringify({ jsonrpc: "2.0", id, method: "subscriptions/listen", params: { notifications: {}, _meta: STATELESS } })}\n`;
    for (let at = 0; at < MAX_LISTENERS; at++) proxy.write(listen(`listen-${at}`));
    const acknowledged = (): number =>
      proxy.messages.filter(({ method }) => method === "notifications/subscriptions/acknowledged").length;
    await expect.poll(acknowledged).toBe(MAX_LISTENERS);
    proxy.write(listen("more"));
    expect((await proxy.next(({ id }) => id === "more")).error?.message).toBe("too many subscriptions");
    // There is room again when one goes.
    proxy.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"listen-0"}}\n');
    proxy.write(listen("again"));
    await expect.poll(acknowledged).toBe(MAX_LISTENERS + 1);
  });

  it("may send a message of so many bytes, and of not one more", async () => {
    await proxy.initialize();
    const sized = (id: string, bytes: number): string => {
      const [head, tail] = [`{"jsonrpc":"2.0","id":"${id}","method":"ping","params":{"x":"`, `"}}`];
      return `${head}${"x".repeat(bytes - head.length - tail.length)}${tail}\n`;
    };
    proxy.write(sized("fits", MAX_CLIENT_MESSAGE));
    expect((await proxy.next(({ id }) => id === "fits")).error?.message).not.toMatch(/may hold/);
    proxy.write(sized("over", MAX_CLIENT_MESSAGE + 1));
    const said = await proxy.next(({ error }) => error?.message.includes("may hold") === true);
    expect(said.error!.message).toContain(String(MAX_CLIENT_MESSAGE));
  });
});

describe("a server that asks its user", () => {
  it("is refused what is more than may be open at once", async () => {
    await proxy.request("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: { elicitation: {} },
      clientInfo: { name: "test", version: "1" },
    });
    const called = proxy.request("tools/call", {
      name: "questions",
      arguments: { texts: texts(MAX_ASKED + 1) },
    });
    const questions = (): Message[] => proxy.messages.filter(({ method }) => method === "elicitation/create");
    await expect.poll(() => questions().length, { timeout: 10_000 }).toBe(MAX_ASKED);
    for (const { id } of questions())
      proxy.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: { action: "decline" } })}\n`);
    const answers = JSON.parse(textOf(await called)) as { action?: string; message?: string }[];
    expect(answers.filter(({ action }) => action === "decline")).toHaveLength(MAX_ASKED);
    expect(answers.flatMap(({ message }) => message ?? [])).toEqual([
      expect.stringMatching(/too many questions/),
    ]);
    expect(questions()).toHaveLength(MAX_ASKED);
  });

  const stateless = (args: object): Promise<Message> =>
    proxy.request("tools/call", { name: "questions", arguments: args, _meta: STATELESS });

  it("puts so many to a stateless client in one call", async () => {
    const { result } = await stateless({ texts: texts(MAX_QUESTIONS + 1) });
    expect(Object.keys(result!["inputRequests"] as object)).toHaveLength(MAX_QUESTIONS);
  });

  it("holds so many calls open for stateless clients", async () => {
    // One after the other: what is asked while two run could be either's.
    for (let at = 0; at < MAX_PARKED; at++)
      expect((await stateless({ texts: [`Call ${at}?`] })).result).toHaveProperty("inputRequests");
    const one = await stateless({ texts: ["One more?"] });
    expect(one.result?.["inputRequests"]).toBeUndefined();
    expect(textOf(one)).toMatch(/code/);
  });
});

/** The test of each bound, as the file and a part of its title. */
const TESTED: Readonly<Record<keyof typeof limits, readonly [file: string, title: string]>> = {
  MAX_CLIENT_MESSAGE: ["mcp/limits.test.ts", "may send a message of so many bytes"],
  MAX_DOWNSTREAM_MESSAGE: ["slow/hostile.test.ts", "that floods is cut off at the hard cap"],
  MAX_PENDING_PER_SESSION: ["mcp/limits.test.ts", "has so many requests open"],
  MAX_ASKED: ["mcp/limits.test.ts", "is refused what is more than may be open at once"],
  MAX_ROUNDS: ["mcp/bridge.test.ts", "is not asked without end"],
  MAX_LISTENERS: ["mcp/limits.test.ts", "holds so many subscriptions"],
  MAX_PAGES: ["mcp/owners.test.ts", "that never ends is read up to a bound"],
  MAX_QUESTIONS: ["mcp/limits.test.ts", "puts so many to a stateless client"],
  MAX_PARKED: ["mcp/limits.test.ts", "holds so many calls open"],
  PARKED_MS: ["mcp/bridge.test.ts", "is given up, and its server is told"],
  TOGETHER_MS: ["mcp/bridge.test.ts", "is asked at once what the server asks at once"],
  MAX_SUBSCRIBED: ["mcp/subscriptions.test.ts", "may subscribe to so many resources"],
  MAX_OWNERS: ["mcp/owners.test.ts", "are remembered up to a bound"],
  MAX_HTTP_SESSIONS: ["mcp/listener.test.ts", "beyond the limit are refused with a time to come back"],
  MAX_SESSIONS_OF_ONE: ["mcp/auth/listener.test.ts", "too many of one principal leaves room"],
  MAX_STATELESS_SESSIONS: ["mcp/listener.test.ts", "of the stateless era make room for each other"],
  RETRY_AFTER_MS: ["mcp/listener.test.ts", "beyond the limit are refused with a time to come back"],
  SESSION_IDLE_MS: ["mcp/listener.test.ts", "that nobody uses are ended"],
  MAX_QUEUED_EVENTS: ["mcp/listener.test.ts", "what it has missed is kept up to a bound"],
  MAX_REPLAY_BYTES: ["mcp/resume.test.ts", "whose stream grew too large to keep"],
  MIN_RESUME_MS: ["mcp/resume.test.ts", "is not asked at once, nor after hours"],
  MAX_RESUME_MS: ["mcp/resume.test.ts", "is not asked at once, nor after hours"],
  HTTP_HEADERS_MS: ["mcp/listener.test.ts", "whose head does not end is hung up on"],
  HTTP_REQUEST_MS: ["mcp/listener.test.ts", "whose body does not end is hung up on"],
  HTTP_CHECK_MS: ["mcp/listener.test.ts", "whose head does not end is hung up on"],
  SWEEP_MS: ["mcp/listener.test.ts", "that nobody uses are ended"],
  HTTP_KEEP_ALIVE_MS: ["mcp/listener.test.ts", "that are idle between requests are ended"],
  MAX_HEADER_BYTES: ["mcp/listener.test.ts", "with too large a head is refused"],
  MAX_HEADERS: ["mcp/listener.test.ts", "with too many headers is refused"],
  MAX_SOCKETS: ["mcp/listener.test.ts", "beyond the limit are refused, and there is room again"],
  HTTP_STALL_MS: ["mcp/listener.test.ts", "an answer is let go, and counted"],
  MAX_STREAM_BACKLOG: ["mcp/listener.test.ts", "its event stream is let go once too much is waiting"],
  AUTH_FETCH_MS: ["mcp/auth/times.test.ts", "is given up after a while"],
  MAX_AUTH_RESPONSE: ["mcp/auth/safe-fetch.test.ts", "an answer that does not end is given up"],
  JWKS_COOLDOWN_MS: ["mcp/auth/keys.test.ts", "are fetched again when somebody needs another"],
  JWKS_MAX_AGE_MS: ["mcp/auth/keys.test.ts", "are fetched anew when they are old"],
  TOKEN_RENEW_MS: ["mcp/auth/times.test.ts", "is got again for a server that refuses it"],
  TOKEN_EARLY_MS: ["mcp/auth/times.test.ts", "is not used in its last moments"],
  LOCK_MS: ["mcp/auth/times.test.ts", "is waited for, and not for ever"],
  LOCK_RETRY_MS: ["mcp/auth/outbound.test.ts", "by one of several proxies that share it"],
  LOGIN_MS: ["mcp/auth/times.test.ts", "from which nobody comes back is given up"],
  CONNECT_MS: ["mcp/times.test.ts", "that never answers its greeting"],
  GATHER_MS: ["mcp/times.test.ts", "is left out of the others' list"],
  RESTART_PAUSE_MS: ["mcp/health.test.ts", "is tried again after pauses"],
  RESTART_MAX_MS: ["mcp/health.test.ts", "is tried again after pauses"],
  BREAKER_TIMEOUTS: ["mcp/health.test.ts", "is left alone for a while after some timeouts"],
  BREAKER_MS: ["mcp/health.test.ts", "is left alone for a while after some timeouts"],
  MAX_CONCURRENT_CALLS: ["mcp/health.test.ts", "is never asked more"],
  MAX_WAITING_CALLS: ["mcp/health.test.ts", "refuses at once when the line is too long"],
  SHUTDOWN_MS: ["slow/hostile.test.ts", "SIGTERM cancels what does not end soon"],
  CHILD_GRACE_MS: ["mcp/times.test.ts", "that does not end when its input does"],
  ASK_USER_MS: ["mcp/approve.test.ts", "is told after a while that the call waits"],
  STREAM_OPEN_MS: ["mcp/first-call.test.ts", "does not wait for ever"],
  IDLE_SOCKET_MS: ["mcp/first-call.test.ts", "that has lain idle is not used again"],
};

describe("a bound", () => {
  it.each(Object.entries(TESTED))("%s has its test", (_name, [file, title]) => {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
    expect(text.includes(title) && !text.includes(`skip("${title}`)).toBe(true);
  });

  it("is not there without one", () => {
    expect(Object.keys(limits).toSorted()).toEqual(Object.keys(TESTED).toSorted());
  });
});
