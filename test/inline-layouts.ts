/**
 * Has the tests run the machine as fast as it runs in its bundles: the constants
 * of the layouts are written into each module that uses them, as
 * `vm/bundling.mjs` has bundlers do. Vitest loads modules one by one, and its
 * code would look each constant up at each use (measured: 2.6 times slower).
 */

import { build, type Plugin, type Rolldown } from "vite";
import { bundling } from "../vm/bundling.mjs";

const layouts = "spec/layouts.ts";

/** The module with the layouts in it; all else it imports stays outside. */
async function withLayouts(module: string): Promise<string> {
  const { output } = (await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      ssr: true,
      target: "node20",
      rolldownOptions: {
        ...bundling,
        input: module,
        external: (source) => source !== module && !source.endsWith(layouts),
        output: { format: "es" },
      },
    },
  })) as Rolldown.RolldownOutput;
  return output[0].code;
}

export function inlineLayouts(): Plugin {
  return {
    name: "inline-layouts",
    enforce: "pre",
    async load(id) {
      if (!/\/vm\/.*\.ts$/.test(id) || id.endsWith(layouts)) return null;
      return { code: await withLayouts(id) };
    },
  };
}
