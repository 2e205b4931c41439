import { defineConfig } from "vitest/config";
import { inlineLayouts } from "./test/inline-layouts.ts";

export default defineConfig({
  plugins: [inlineLayouts()],
  test: { include: ["test/campaigns/**/*.campaign.ts"], testTimeout: 0, hookTimeout: 0 },
});
