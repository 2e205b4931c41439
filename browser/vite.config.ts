/** Bundles the workspace: the page, its worker, and beside them the base image. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import { bundling, leaner, resolve } from "../vm/bundling.mjs";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const baseImage = here("../dist/engram.image");
const mark = `${baseImage}.mark`;

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

/** Beside each script and style sheet it as Brotli makes it, for servers that look for that. */
function withCompressed(): Plugin {
  return {
    name: "compressed",
    writeBundle({ dir = "" }, bundle) {
      for (const fileName of Object.keys(bundle)) {
        if (!/\.(js|css)$/.test(fileName)) continue;
        const code = readFileSync(join(dir, fileName));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
        writeFileSync(join(dir, `${fileName}.br`), brotliCompressSync(code, { params }));
      }
    },
  };
}

/** The rest of the page is fetched at once, not when its beginning has been read. */
function withPreloads(): Plugin {
  return {
    name: "preloads",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) =>
        Object.values(bundle ?? {})
          .filter((each) => each.type === "chunk" && each.isDynamicEntry)
          .map(({ fileName }) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: true, href: `./${fileName}` },
            injectTo: "head",
          })),
    },
  };
}

export default defineConfig({
  root: here("."),
  base: "./",
  logLevel: "warn",
  resolve,
  define: {
    "import.meta.env.BASE_IMAGE_MARK": JSON.stringify(
      existsSync(mark) ? readFileSync(mark, "utf8").trim() : "",
    ),
  },
  plugins: [withBaseImage(), withPreloads(), withCompressed()],
  worker: { format: "es", plugins: leaner, rolldownOptions: bundling },
  build: {
    outDir: here("../dist/browser"),
    emptyOutDir: true,
    target: "es2022",
    rolldownOptions: { ...bundling, checks: { bundlerTimings: false } },
    modulePreload: { polyfill: false },
    // All of it is needed before anything is shown.
    chunkSizeWarningLimit: 1200,
  },
});
