/** Bundles the workspace: the page, its worker, and beside them the base image. */
import { copyFileSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const baseImage = here("../dist/engram.image");

/** A server of plain files needs the base image where the page looks for it. */
const withBaseImage: Plugin = {
  name: "base-image",
  closeBundle() {
    if (existsSync(baseImage)) copyFileSync(baseImage, here("../dist/browser/engram.image"));
  },
};

export default defineConfig({
  root: here("."),
  base: "./",
  logLevel: "warn",
  plugins: [withBaseImage],
  worker: { format: "es" },
  build: {
    outDir: here("../dist/browser"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
  },
});
