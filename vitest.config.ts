import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/peers/**", "test/slow/**", "test/browser/**"],
          testTimeout: 20_000,
          // What is waited for comes at once, on a machine that is not busy with something else.
          expect: { poll: { timeout: 10_000 } },
          setupFiles: ["test/helpers/keep-native.ts"],
        },
      },
      {
        // Real servers and clients from npm, crashes, floods: minutes, not seconds.
        test: {
          name: "peers",
          include: ["test/peers/**/*.test.ts", "test/slow/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 10_000 } },
          fileParallelism: false,
        },
      },
      {
        // A real browser, which .ci/run installs.
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
