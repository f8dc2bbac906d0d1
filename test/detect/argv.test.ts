import { expect, test } from "vitest";
import type { Json } from "../../src/model/json.js";
import { engine } from "./load.js";

const found = (args: Json): readonly (readonly [type: string, pointer: string])[] =>
  engine.scanJson(args, { phase: "input" }).map((f) => [f.type, f.pointer] as const);

test.each([
  ["an array of words", { argv: ["rm", "-rf", "/"] }, "/argv/0"],
  ["a program and its arguments", { command: "rm", args: ["-rf", "/"] }, "/command"],
  ["a program and a line of arguments", { cmd: "/bin/rm", args: "-rf /" }, "/cmd"],
  ["a shell's script", { command: "bash", args: ["-c", "rm -rf /"] }, "/command"],
  ["a list in a call inside", { run: { command: ["sudo", "rm", "-rf", "/"] } }, "/run/command/0"],
])("%s is one command", (_, args, pointer) => {
  expect(found(args)).toContainEqual(["delete_root", pointer]);
});

test("a command in the text of an argument is read as well, and its finding lies in that text", () => {
  const inner = JSON.stringify({ command: "rm", args: ["-rf", "/"] });
  const [finding] = engine.scanJson({ payload: inner }, { phase: "input" });
  expect(finding).toMatchObject({ type: "delete_root", pointer: "/payload", inner: "/command" });
  expect(inner.slice(...(finding?.span ?? [0, 0]))).toBe("rm");
});

test("what only looks like one is left alone", () => {
  expect(found({ args: ["rm -rf is dangerous", "-rf", "/"] })).toEqual([]);
  expect(found({ tags: ["rm", "-rf", "/"] })).toEqual([]);
  expect(found({ command: "ls", args: ["-la", "/"] })).toEqual([]);
  expect(found({ command: "echo", args: ["rm -rf /"] })).toEqual([]);
  expect(engine.scanJson({ argv: ["rm", "-rf", "/"] }, { phase: "output" })).toEqual([]);
});
