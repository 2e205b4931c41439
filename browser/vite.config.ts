/** Bundles the workspace: the page, its worker, and beside them the base image. */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { bundling, leaner, resolve } from "../vm/bundling.mjs";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const baseImage = here("../dist/engram.image");

/** A server of plain files needs the base image where the page looks for it. */
function withBaseImage(): Plugin {
  let folder: string;
  return {
    name: "base-image",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      if (existsSync(baseImage)) copyFileSync(baseImage, join(folder, "engram.image"));
    },
  };
}

export default defineConfig({
  root: here("."),
  base: "./",
  logLevel: "warn",
  resolve,
  plugins: [withBaseImage()],
  worker: { format: "es", plugins: leaner, rolldownOptions: bundling },
  build: {
    outDir: here("../dist/browser"),
    emptyOutDir: true,
    target: "es2022",
    rolldownOptions: bundling,
    modulePreload: { polyfill: false },
  },
});
