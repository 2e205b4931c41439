/** What every bundler of the machine must do. */

import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

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

/** Of the modules that are left what nothing here calls, and regular expressions of which a program tests few. */
const changesOfOhm = {
  "Semantics.js": () => "export class Semantics {}",
  "Trace.js": () => "export class Trace {}",
  "unicode.js": (code) =>
    code
      .replace(
        /const toRegExp = .*/,
        (made) => `${made.replace("toRegExp", "makeRegExp")}
const toRegExp = (name) => {
  let made;
  return { test: (text) => (made ??= makeRegExp(name)).test(text) };
};`,
      )
      .replace("/\\p{Lt}|\\p{Lm}|\\p{Lo}/u", String.raw`toRegExp("Lt}|\\p{Lm}|\\p{Lo")`),
};

function partsOfOhm() {
  return {
    name: "parts-of-ohm",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/ohm-js/src/")) return undefined;
      const change = changesOfOhm[basename(id)];
      return change && { code: change(code), map: null };
    },
  };
}

/** Leaves out what the tables of `vm/spec` say to readers only. */
function withoutDocs() {
  return {
    name: "without-docs",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/vm/spec/")) return undefined;
      return { code: code.replaceAll(/\bdoc:\s*"(?:[^"\\]|\\.)*"/g, 'doc: ""'), map: null };
    },
  };
}

/** What every start would load, and nothing uses. */
export const leaner = () => [withoutDocs(), partsOfOhm()];
