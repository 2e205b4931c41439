/**
 * Bundles the command line for Node: one entry, and a chunk for what few
 * commands need. All lie in one folder, beside the base image and the workspace.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here(".."),
  logLevel: "warn",
  ssr: { noExternal: true, target: "node" },
  build: {
    ssr: here("main.ts"),
    outDir: here("../dist"),
    emptyOutDir: false,
    target: "node20",
    minify: "oxc",
    rollupOptions: {
      output: { entryFileNames: "cli.mjs", chunkFileNames: "cli-[name].mjs" },
    },
  },
});
