/**
 * `npm start`: builds what is missing or stale, then runs the command line.
 * Without a command it serves the workspace.
 */

import { buildWhatIsStale } from "./build.mjs";

const words = process.argv.slice(2);
if (words.length === 0) words.push("serve");
await buildWhatIsStale(["cli", "image", ...(words.includes("serve") ? ["browser"] : [])]);
const { start } = await import("../dist/cli.mjs");
await start(words);
