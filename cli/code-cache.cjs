/** Runs the command line once, and keeps the code V8 has made of it for `engram.cjs`. */

const { rmSync, writeFileSync } = require("node:fs");
const { cache, load } = require("./engram.cjs");

rmSync(cache, { force: true });
const { script, main } = load();
main(["eval", "3 + 4"]).then((code) => {
  if (code === 0) writeFileSync(cache, script.createCachedData());
  process.exitCode = code;
});
