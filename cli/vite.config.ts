/** Bundles the command line for Node: one script, loaded with V8's code cache. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { bundling, resolve } from "../vm/bundling.mjs";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here(".."),
  logLevel: "warn",
  resolve,
  ssr: { noExternal: true, target: "node" },
  build: {
    ssr: here("main.ts"),
    outDir: here("../dist"),
    emptyOutDir: false,
    target: "node20",
    minify: "oxc",
    rolldownOptions: {
      ...bundling,
      output: { format: "cjs", entryFileNames: "engram.cjs", codeSplitting: false },
    },
  },
});
