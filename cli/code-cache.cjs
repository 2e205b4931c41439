/**
 * Runs the command line once, and keeps the code V8 has made of it for `engram.cjs`:
 * of all that evaluating needs, and of verifying, which every other image than the
 * base image goes through.
 */

const { rmSync, writeFileSync } = require("node:fs");
const { cache, load } = require("./engram.cjs");

async function run() {
  rmSync(cache, { force: true });
  const { script, main } = load();
  for (const words of [["eval", "3 + 4"], ["verify"]]) {
    const code = await main(words);
    if (code !== 0) return code;
  }
  writeFileSync(cache, script.createCachedData());
  return 0;
}

run().then((code) => {
  process.exitCode = code;
});
