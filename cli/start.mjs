/**
 * `npm start`: builds what is missing or stale, then runs the command line.
 * Without a command it serves the workspace.
 */

import { buildWhatIsStale } from "./build.mjs";
import engram from "./engram.cjs";

const words = process.argv.slice(2);
if (words.length === 0) words.push("serve");
try {
  await buildWhatIsStale(["cli", "image", ...(words.includes("serve") ? ["browser"] : [])]);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
await engram.start(words);
