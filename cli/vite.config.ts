/** Bundles the command line for Node: one script, loaded with V8's code cache. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { bundling, leaner, resolve } from "../vm/bundling.mjs";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Makes of the bundle what `engram.cjs` gives V8: the function around a CommonJS module, all in
 * ASCII, of which V8 keeps the bytes as they are read. With one other character it would take two
 * bytes for each. Other characters stand in string literals and regular expressions only, where an
 * escape says the same.
 */
function asScript(): Plugin {
  return {
    name: "as-script",
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        const code = chunk.code.replaceAll(
          /[\u0080-\uffff]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
        );
        const hash = createHash("sha256").update(code).digest("hex");
        const named = code.replace("(hash of the program)", hash);
        if (named === code) throw new Error("there is no place for the hash of the program");
        chunk.code = `(function (exports, require, module, __filename, __dirname) {${named}\n})`;
      }
    },
  };
}

export default defineConfig({
  root: here(".."),
  logLevel: "warn",
  resolve,
  plugins: [...leaner(), asScript()],
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
