import { describe, expect, it } from "vitest";
import { createSplitWindow } from "../../src/detect/split-window.js";
import { fillTemplate } from "../../src/detect/template.js";
import { engine } from "./load.js";

const TOKEN = fillTemplate("ghp_{alnum:36}");
const [first, middle, last] = [TOKEN.slice(0, 14), TOKEN.slice(14, 27), TOKEN.slice(27)];
const windowAfter = (...sent: object[]) => {
  const window = createSplitWindow(engine);
  for (const args of sent) window.remember(args as never);
  return window;
};

describe("secrets that a session sends in pieces", () => {
  it("are found in the call that ends them, as advice, with nothing but the piece marked", () => {
    const found = windowAfter({ note: first + middle }).check({ list: ["x", last] });
    expect(found).toMatchObject([
      {
        category: "sensitive_data",
        type: "github_token",
        severity: "medium",
        pointer: "/list/1",
        span: [0, last.length],
      },
    ]);
  });
  it("may come in more than two, with other calls between them", () => {
    const window = windowAfter(
      { a: first },
      { path: "src/main.ts", limit: 3 },
      { b: middle },
      { query: "two words" },
    );
    expect(window.check({ c: last })).toHaveLength(1);
  });
  it("are not found in what only follows a beginning, nor where nothing was begun", () => {
    expect(windowAfter({ a: first }).check({ b: "main", c: "a sentence", d: 7 })).toEqual([]);
    expect(windowAfter({ a: middle }).check({ b: last })).toEqual([]);
  });
  it("are no news when one value showed the whole of it", () => {
    expect(windowAfter({ a: TOKEN }).check({ b: "abcdefgh" })).toEqual([]);
  });
  it("are forgotten after a while, and when others were begun", () => {
    const begun = { a: first + middle };
    const idle = Array.from({ length: 33 }, () => ({ limit: 1 }));
    expect(windowAfter(begun, ...idle).check({ b: last })).toEqual([]);
    const others = Array.from({ length: 8 }, (_, n) => ({ a: `AKIA${n}` }));
    expect(windowAfter(begun, ...others).check({ b: last })).toEqual([]);
  });
});
