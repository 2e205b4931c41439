/**
 * Builds what is missing or older than its sources: the command line, the base
 * image, and (where asked for) the browser workspace, all into dist/.
 *
 * Run as a program it builds everything.
 */

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (path) => join(root, path);

/** When anything below the paths last changed, in milliseconds since 1970. */
function lastChange(paths) {
  let latest = 0;
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    latest = Math.max(latest, stat.mtimeMs);
    if (!stat.isDirectory()) continue;
    latest = Math.max(latest, lastChange(readdirSync(path).map((name) => join(path, name))));
  }
  return latest;
}

const isStale = (product, sources) =>
  !existsSync(at(product)) || lastChange(sources.map(at)) > statSync(at(product)).mtimeMs;

const machine = ["image-format", "vm", "package.json"];

/** Everything that is built, in order, and what it is built from. */
const products = [
  {
    name: "cli",
    file: "dist/engram.cjs",
    from: [...machine, "cli"],
    make: bundleCommandLine,
  },
  {
    name: "image",
    file: "dist/engram.image",
    from: ["images/kernel", "dist/engram.cjs"],
    make: () => run("cli/engram.cjs", "build", at("images/kernel"), "-o", at("dist/engram.image")),
  },
  {
    name: "image",
    file: "dist/engram.cjs.cache",
    from: ["dist/engram.cjs", "dist/engram.image"],
    make: () => run("cli/code-cache.cjs"),
  },
  {
    name: "browser",
    file: "dist/browser/index.html",
    from: [...machine, "browser", "dist/engram.image"],
    make: () => bundle("browser/vite.config.ts"),
  },
];

async function bundle(configFile) {
  if (!existsSync(at(configFile))) return;
  const { build } = await import("vite");
  await build({ configFile: at(configFile) });
}

async function bundleCommandLine() {
  // V8 compares a cache with its source by length alone.
  rmSync(at("dist/engram.cjs.cache"), { force: true });
  await bundle("cli/vite.config.ts");
}

function run(program, ...words) {
  const { status } = spawnSync(process.execPath, [at(program), ...words], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")} failed`);
}

/** Builds what is stale of the products named. */
export async function buildWhatIsStale(names) {
  const wanted = products.filter((each) => names.includes(each.name));
  if (!wanted.some((each) => isStale(each.file, each.from))) return;
  await withLock(async () => {
    for (const product of wanted) {
      if (!isStale(product.file, product.from)) continue;
      const start = performance.now();
      await product.make();
      if (!existsSync(at(product.file))) continue;
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      process.stderr.write(`built ${product.file} in ${seconds} s\n`);
    }
  });
}

/** Two builds at once would overwrite each other's files. */
async function withLock(action) {
  const lock = at("dist/.building");
  mkdirSync(at("dist"), { recursive: true });
  while (!tryLock(lock)) await new Promise((resolve) => setTimeout(resolve, 100));
  try {
    await action();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!isRunning(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isRunning(lock) {
  try {
    const holder = Number(readFileSync(lock, "utf8"));
    // Just made, its number not yet written.
    if (holder === 0) return true;
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildWhatIsStale(products.map((each) => each.name));
}
