/**
 * `npm test`: types, lint, build, then every test, each step only if the one
 * before went well. Finds a Chromium for the browser tests, or installs one.
 * Words behind it go to Vitest. The last line counts the tests.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findOrInstallChromium } from "./chromium.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(root, "node_modules", name);

function run(title, words, environment = {}) {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, words, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...environment },
  });
  process.stdout.write(`${title}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  return status === 0;
}

/** Counts of the report Vitest wrote, or one failure if it wrote none. */
function counts(report) {
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites, numTotalTests, success } =
      JSON.parse(readFileSync(report, "utf8"));
    // A file that cannot even be loaded has no tests to fail.
    const failed = numFailedTests || (success && numTotalTests > 0 ? 0 : numFailedTestSuites || 1);
    return { passed: numPassedTests, failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const chromium = findOrInstallChromium();
if (chromium === undefined) {
  process.stderr.write("no Chromium found; set CHROMIUM to the path of one\n");
}

const folder = mkdtempSync(join(tmpdir(), "engram-test-"));
const report = join(folder, "report.json");
const isReady =
  run("types", [bin("typescript/bin/tsc"), "--noEmit"]) &&
  run("lint", [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]) &&
  run("build", ["cli/build.mjs"]);
let total = { passed: 0, failed: 1 };
let isGood = false;
if (isReady) {
  const words = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  isGood = run("tests", [bin("vitest/vitest.mjs"), ...words, ...process.argv.slice(2)], {
    ...(chromium === undefined ? {} : { CHROMIUM: chromium }),
  });
  total = counts(report);
}
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = isGood && total.failed === 0 ? 0 : 1;
