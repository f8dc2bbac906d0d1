/** Starts the built Sallyport over stdio and speaks raw JSON-RPC lines with it. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
export const SALLYPORT = join(root, "dist/cli/main.js");
export const FAKE = fileURLToPath(new URL("fake-server.mjs", import.meta.url));

export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown> & {
    content?: { type: string; text?: string }[];
    isError?: boolean;
  };
  readonly error?: { code: number; message: string; data?: unknown };
  /** The line as it came. */
  readonly line: string;
}

export interface AuditRecord {
  readonly id: string;
  readonly tool: string;
  readonly decision: string;
  readonly outcome: string;
  readonly [key: string]: unknown;
}

/** A data directory of its own, with the fake server's log beside it. */
export class Home {
  readonly dir = mkdtempSync(join(tmpdir(), "sallyport-test-"));
  readonly log = join(this.dir, "received.log");

  /** What the fake server has received, as parsed messages. */
  received(): { method?: string; params?: { name?: string; arguments?: unknown } }[] {
    if (!existsSync(this.log)) return [];
    return readFileSync(this.log, "utf8")
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as object);
  }

  audit(...args: string[]): string {
    const env = { ...process.env, SALLYPORT_HOME: this.dir };
    return execFileSync(process.execPath, [SALLYPORT, "audit", ...args], {
      cwd: this.dir,
      env,
      encoding: "utf8",
    });
  }

  records(): AuditRecord[] {
    return JSON.parse(this.audit("search", "--json", "--limit", "100000")) as AuditRecord[];
  }

  config(value: object): string {
    const file = join(this.dir, "config.json");
    writeFileSync(file, JSON.stringify({ audit: { path: join(this.dir, "audit.db") }, ...value }));
    return file;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export class Proxy {
  readonly child: ChildProcess;
  readonly messages: Message[] = [];
  stderr = "";
  #waiting: { test: (message: Message) => boolean; resolve: (message: Message) => void }[] = [];
  #lastId = 0;
  readonly exited: Promise<number | null>;

  /** `args` after `run`; by default the fake server is wrapped. */
  constructor(
    home: Home,
    args: readonly string[] = ["--", process.execPath, FAKE],
    env: Record<string, string> = {},
  ) {
    this.child = spawn(process.execPath, [SALLYPORT, "run", ...args], {
      env: {
        ...process.env,
        SALLYPORT_HOME: home.dir,
        FAKE_LOG: home.log,
        SALLYPORT_LOG_LEVEL: "warn",
        ...env,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.exited = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stderr!.setEncoding("utf8").on("data", (chunk: string) => (this.stderr += chunk));
    this.child.stdin!.on("error", () => {});
    let rest = "";
    this.child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take({ ...(JSON.parse(line) as object), line });
    });
  }

  #take(message: Message): void {
    this.messages.push(message);
    const fitting = this.#waiting.filter(({ test }) => test(message));
    this.#waiting = this.#waiting.filter((each) => !fitting.includes(each));
    for (const { resolve } of fitting) resolve(message);
  }

  write(text: string | Buffer): void {
    this.child.stdin!.write(text);
  }

  /** The next message (or one that has come already) that fits. */
  async next(test: (message: Message) => boolean): Promise<Message> {
    const there = this.messages.find(test);
    return there ?? new Promise((resolve) => this.#waiting.push({ test, resolve }));
  }

  async request(method: string, params: object = {}): Promise<Message> {
    const id = ++this.#lastId;
    this.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return this.next((message) => message.id === id && message.method === undefined);
  }

  async initialize(): Promise<Message> {
    const clientInfo = { name: "test", version: "1" };
    const hello = await this.request("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo,
    });
    this.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return hello;
  }

  call(name: string, args: object = {}): Promise<Message> {
    return this.request("tools/call", { name, arguments: args });
  }

  async close(): Promise<number | null> {
    this.child.stdin!.end();
    return this.exited;
  }
}

/** All texts of a result, joined. */
export function textOf(message: Message): string {
  return (message.result?.content ?? []).map((block) => block.text ?? "").join("\n");
}
