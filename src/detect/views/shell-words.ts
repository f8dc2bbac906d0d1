import { replaceView } from "./build.js";
import type { View } from "./view.js";

const NOTHING_SAID = /(?<=[A-Za-z])(?:\\|\x27\x27|"")(?=[A-Za-z])/g;

/** `c\url` and `cu""rl` as the shell reads them: rules that are a pattern over a command line see it as it is written. */
export function plainWords(text: string): View | undefined {
  return replaceView(text, NOTHING_SAID, () => "");
}
