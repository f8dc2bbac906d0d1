// npm run fuzz -- [--cases N] [--seed N]: the fuzzer of test/slow for longer, from another beginning each time.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { cases: { type: "string" }, seed: { type: "string" } } });
const { cases = "20000", seed = String(Date.now() % 2 ** 31) } = values;
process.stdout.write(`${cases} cases, seed ${seed}\n`);
const { status } = spawnSync("npx", ["vitest", "run", "--project", "peers", "test/slow/fuzz"], {
  stdio: "inherit",
  env: { ...process.env, FUZZ_CASES: cases, FUZZ_SEED: seed },
});
process.exitCode = status ?? 1;
