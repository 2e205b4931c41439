/** What every bundler of the machine must do. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * Writes constants into the code. Left as variables of the bundle they are loaded
 * and checked at each use, in the dispatch loop too.
 */
export const bundling = {
  optimization: { inlineConst: { mode: "all", pass: 3 } },
};

const ohm = dirname(createRequire(import.meta.url).resolve("ohm-js"));

/**
 * Takes of Ohm what matches text against a grammar that is there as a recipe. The rest reads
 * grammars: half of Ohm, with a grammar of its own that it builds whenever it is loaded.
 */
export const resolve = {
  alias: [{ find: /^ohm-js$/, replacement: join(ohm, "../src/main-kernel.js") }],
};
