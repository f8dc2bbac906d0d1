/** A gate as a start would wire it: real detectors, real connectors, a real audit store in a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAudit } from "../../src/audit/log.js";
import { search } from "../../src/audit/search.js";
import { loadDetectors } from "../../src/config/detectors.js";
import { loadConfig } from "../../src/config/load.js";
import { compileEngine, type Engine } from "../../src/detect/engine.js";
import { createGate, type Answer, type Gate, type GateParts, type Governed } from "../../src/gate.js";
import { newId } from "../../src/audit/ids.js";
import type { Call } from "../../src/model/call.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { operationOf } from "../../src/policy/operations.js";
import { compileExceptions } from "../../src/policy/exceptions.js";
import { compilePolicies } from "../../src/policy/rules/policies.js";
import { openStore } from "../../src/store/sqlite.js";

const NO_FINDINGS: readonly [] = [];
const NO_PINS: GateParts["pins"] = { findings: () => NO_FINDINGS };

export interface TestGate {
  readonly gate: Gate;
  /** A call to `server` as the wire would make it; `argsText` is the arguments' JSON text. */
  call(server: string, tool: string, argsText: string, more?: Partial<Call>): Call;
  /** Governs the call, whose server answers `result`: how often it was asked, and the text that the client reads. */
  run(
    call: Call,
    result?: string,
  ): Promise<{ readonly asked: number; readonly governed: Governed; readonly told: string }>;
  /** The newest record. */
  last(): ReturnType<typeof search>[number];
  readonly logged: string[];
  /** How long calls were made to wait, in milliseconds; in tests they do not. */
  readonly slept: number[];
  /** All bodies of the store, as they stand in it. */
  recordText(): string;
  /** The store is gone for writing from here on. */
  breakStore(): Promise<void>;
  close(): Promise<void>;
}

export interface GateOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** An existing folder to share one store; not removed. */
  readonly dir?: string;
  /** What the tools carry; by default nothing. */
  readonly pins?: GateParts["pins"];
  /** Hash of the tools' definitions. */
  readonly definition?: GateParts["definition"];
  /** Replaces the detectors. */
  readonly engine?: Engine;
}

/** What a server answers, from the JSON text of its result. */
export function answer(text: string): Answer {
  return { body: "result", text, value: JSON.parse(text) as Json, bytes: Buffer.byteLength(text) };
}

/** The JSON text of a result that says `text`. */
export const saying = (text: string): string => JSON.stringify({ content: [{ type: "text", text }] });

const ENGINE = compileEngine(loadDetectors().rules);

/** `settings`: top-level keys of mcp.config.json; `servers`: its mcpServers, to which a command is added. */
export async function testGate(
  servers: Readonly<Record<string, object>>,
  settings: object = {},
  options: GateOptions = {},
): Promise<TestGate> {
  const { env = {}, engine = ENGINE } = options;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "sallyport-gate-"));
  const file = join(dir, "config.json");
  const mcpServers = Object.fromEntries(
    Object.entries(servers).map(([name, own]) => [name, { command: "node", ...own }]),
  );
  writeFileSync(file, JSON.stringify({ audit: { path: join(dir, "audit.db") }, ...settings, mcpServers }));
  const { config, problems } = loadConfig({ file, cwd: dir, env });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  const audit = await openAudit({ path: config.auditPath, version: "test" });
  const byName = new Map(config.servers.map((server) => [server.name, server]));
  const logged: string[] = [];
  const slept: number[] = [];
  const { policies, problems: inPolicies } = await compilePolicies(config.policies);
  if (inPolicies.length > 0) throw new Error(JSON.stringify(inPolicies));
  const gate = createGate({
    engine,
    posture: config.posture,
    snapshot: "test",
    audit,
    pins: options.pins ?? NO_PINS,
    loops: config.loops,
    sleep: async (ms) => void slept.push(ms),
    exempt: compileExceptions(config.exceptions),
    policies,
    definition: options.definition ?? (() => ""),
    advise: (detector) => engine.rules.find(({ id }) => id === detector)?.advice,
    server: (name) => byName.get(name)!,
    previews: config.audit.previews,
    log: { info: () => {}, error: (_fields, message) => logged.push(message) },
  });
  return {
    gate,
    logged,
    slept,
    call: (server, tool, argsText, more = {}) => {
      const { connector, environment } = byName.get(server)!;
      return {
        id: newId("d"),
        principal: { id: "local:test", how: "os_user" },
        client: "test 1",
        server,
        connector: connector?.connector ?? "generic",
        tool,
        operation: connector === undefined ? "execute" : operationOf(connector, tool),
        args: JSON.parse(argsText) as JsonObject,
        argsText,
        ...(environment !== undefined && { environment }),
        ...more,
      };
    },
    run: async (call, result = saying("ok")) => {
      let asked = 0;
      const governed = await gate.govern(call, async () => {
        asked++;
        return answer(result);
      });
      const { content = [] } = JSON.parse(governed.kind === "changed" ? governed.text : result) as {
        content?: readonly { readonly text?: string }[];
      };
      return { asked, governed, told: content.map(({ text }) => text ?? "").join("\n") };
    },
    last: () => {
      const store = openStore(config.auditPath, { readonly: true });
      try {
        return search(store, {}, 1)[0]!;
      } finally {
        void store.close();
      }
    },
    recordText: () => {
      const store = openStore(config.auditPath, { readonly: true });
      try {
        return store
          .read((tx) => tx.all<{ body: string }>("SELECT body FROM records"))
          .map(({ body }) => body)
          .join("\n");
      } finally {
        void store.close();
      }
    },
    breakStore: () => audit.close(),
    close: async () => {
      await audit.close();
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
}
