import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { TAINT_DETECTOR } from "../limits/taint.js";
import { SallyportError } from "../model/errors.js";
import { isObject, type Json } from "../model/json.js";
import type { Connector } from "../model/posture.js";
import type { Profile } from "../policy/profiles.js";
import { parseProfile } from "../policy/profiles.js";
import { parseConnector } from "./connector-file.js";

/** A detector file as parsed, not yet validated: src/detect does that, and compiles it. */
export interface DetectorFile {
  readonly file: string;
  readonly value: Json;
}

/** What a configuration is read against. The detectors themselves are read when an engine is made: detectors.ts. */
export interface Builtin {
  readonly profiles: readonly Profile[];
  readonly connectors: readonly Connector[];
  /** Of every detector there is: those of the rule files, and those the gate itself speaks as. */
  readonly detectorIds: readonly string[];
}

/** The data as its files say it. */
export interface BuiltinFiles extends Pick<Builtin, "profiles" | "connectors"> {
  readonly detectorFiles: readonly DetectorFile[];
}

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Where the YAML lies. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BUNDLE = join(HERE, "..", "builtin.json");

let loaded: Builtin | undefined;

/**
 * The data Sallyport ships with, read once per process: the bundle beside the compiled code where there is one (YAML
 * costs tens of milliseconds at start), else the YAML itself. Throws SallyportError `data_invalid`.
 */
export function loadBuiltin(): Builtin {
  loaded ??= existsSync(BUNDLE)
    ? (JSON.parse(readFileSync(BUNDLE, "utf8")) as Builtin)
    : withIds(readBuiltin(ROOT));
  return loaded;
}

/** What a start reads, of what the files say. */
export function withIds({ profiles, connectors, detectorFiles }: BuiltinFiles): Builtin {
  return { profiles, connectors, detectorIds: idsOf(detectorFiles) };
}

function idsOf(detectorFiles: readonly DetectorFile[]): string[] {
  const written = detectorFiles.flatMap(({ value }) => {
    const rules = isObject(value) ? value["rules"] : undefined;
    const ids = Array.isArray(rules) ? rules.map((rule) => (isObject(rule) ? rule["id"] : undefined)) : [];
    return ids.filter((id) => typeof id === "string");
  });
  return [...written, "tool_integrity.asks_for_credentials", TAINT_DETECTOR];
}

/** The same from the YAML files below `root`, validated. Throws SallyportError `data_invalid`. */
export function readBuiltin(root: string): BuiltinFiles {
  const profiles = yamlFiles(root, "policies/profiles").map(({ file, value }) => parseProfile(value, file));
  const connectors = yamlFiles(root, "connectors").map(({ file, value }) => {
    const { connector, problems } = parseConnector(value, file);
    const [first] = problems;
    if (connector === undefined)
      throw new SallyportError("data_invalid", first?.message ?? "invalid connector", { file, ...first });
    if (connector.connector !== basename(file, ".yaml"))
      throw new SallyportError("data_invalid", "the name is not the file's", { file, path: "connector" });
    return connector;
  });
  return { profiles, connectors, detectorFiles: yamlFiles(root, "policies/detectors") };
}

/** YAML files of one folder in name order. Throws `data_invalid` when there are none: no rules would allow everything. */
export function yamlFiles(root: string, folder: string): DetectorFile[] {
  const path = join(root, folder);
  const names = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".yaml")) : [];
  if (names.length === 0)
    throw new SallyportError("data_invalid", `no YAML files in ${folder}`, {
      file: path,
      fix: "reinstall Sallyport",
    });
  const yaml = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  return names.toSorted().map((name) => {
    const file = `${folder}/${name}`;
    try {
      return {
        file,
        value: yaml.parse(readFileSync(join(path, name), "utf8"), { uniqueKeys: true }) as Json,
      };
    } catch (cause) {
      const message = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
      throw new SallyportError("data_invalid", `not YAML: ${message}`, { file }, { cause });
    }
  });
}
