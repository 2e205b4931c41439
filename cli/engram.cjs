#!/usr/bin/env node
/**
 * The `engram` command: loads the bundled command line with the code V8 made of
 * it when it was built, and runs it. A cache that is missing, or of another
 * version of Node, costs time and nothing else.
 */

const { existsSync, readFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const bundle = join(__dirname, "../dist/engram.cjs");
const cache = `${bundle}.cache`;

/** The bundle, a function around a CommonJS module in ASCII, as a script, and what it exports. */
function load() {
  const source = readFileSync(bundle, "latin1");
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
  const script = new Script(source, { filename: bundle, cachedData });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, bundle, dirname(bundle));
  return { script, main: module.exports.main };
}

/** Runs the command line and ends the process with its exit code. */
async function start(words) {
  process.exitCode = await load().main(words);
}

module.exports = { load, cache, start };

if (require.main === module) {
  if (existsSync(bundle)) start(process.argv.slice(2));
  else {
    process.stderr.write("engram: not built yet; run npm run build\n");
    process.exitCode = 2;
  }
}
