/**
 * `npm run bench`: builds what is stale, bundles the benchmark programs as the
 * command line is bundled, and runs them. Node 20 runs no TypeScript itself, and
 * what a test runner does to modules would be measured too.
 */

import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { buildWhatIsStale } from "../../cli/build.mjs";
import { bundling } from "../../vm/bundling.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
/** Each measurement is a process of one of these. */
const programs = ["bench", "image-work", "open-twice"];

await buildWhatIsStale(["cli", "image"]);
await build({
  root,
  configFile: false,
  logLevel: "warn",
  ssr: { noExternal: true, target: "node" },
  build: {
    ssr: true,
    outDir: "dist/bench",
    target: "node20",
    minify: "oxc",
    rolldownOptions: {
      ...bundling,
      input: Object.fromEntries(programs.map((name) => [name, here(`${name}.ts`)])),
      output: { entryFileNames: "[name].mjs", chunkFileNames: "shared-[name].mjs" },
    },
  },
});
// The programs look for the base image beside themselves.
for (const name of ["engram.image", "engram.image.mark"]) {
  copyFileSync(here(`../../dist/${name}`), here(`../../dist/bench/${name}`));
}
const words = ["dist/bench/bench.mjs", ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, words, { cwd: root, stdio: "inherit" }).status ?? 1;
