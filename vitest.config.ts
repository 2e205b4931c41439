import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { inlineLayouts } from "./test/inline-layouts.ts";

export default defineConfig({
  plugins: [inlineLayouts()],
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One for each core: the browser and command line tests mostly wait for other programs.
    maxWorkers: availableParallelism(),
  },
});
