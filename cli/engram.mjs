#!/usr/bin/env node
/** The `engram` command: the bundled command line. */

import { existsSync } from "node:fs";

const bundle = new URL("../dist/cli.mjs", import.meta.url);
if (existsSync(bundle)) {
  const { start } = await import(bundle.href);
  await start(process.argv.slice(2));
} else {
  process.stderr.write("engram: not built yet; run npm run build\n");
  process.exitCode = 2;
}
