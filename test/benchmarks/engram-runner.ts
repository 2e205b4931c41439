/**
 * The Engram side of the benchmarks: an image with the kernel and the benchmark
 * classes, and a process of its own for each measurement.
 *
 * Paths are the same from the sources and from the bundle in dist/bench.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const commandLine = fileURLToPath(new URL("../../cli/engram.cjs", import.meta.url));
const kernel = fileURLToPath(new URL("../../images/kernel", import.meta.url));
const benchmarkClasses = fileURLToPath(new URL("../../images/benchmarks", import.meta.url));
const javaScriptMain = fileURLToPath(
  new URL("../../test/benchmarks/javascript/main.mjs", import.meta.url),
);

const outputLimit = 2 ** 26;

/** Runs Node; answers what it printed, or throws with what it complained of. */
export function runNode(words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: "utf8",
    maxBuffer: outputLimit,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status !== 0) throw new Error(`node ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** Builds an image of the kernel and the benchmarks. */
export function buildBenchmarkImage(path: string): void {
  runNode([commandLine, "build", kernel, benchmarkClasses, "-o", path]);
}

/** Milliseconds of each iteration in Smalltalk. */
export function runEngram(
  image: string,
  name: string,
  iterations: number,
  inner: number,
): number[] {
  const expression = `BenchmarkHarness run: '${name}' iterations: ${iterations} inner: ${inner}`;
  return numbersIn(runNode([commandLine, image, "eval", expression]));
}

/** Milliseconds of each iteration in plain JavaScript. */
export function runJavaScript(name: string, iterations: number, inner: number): number[] {
  return JSON.parse(runNode([javaScriptMain, name, `${iterations}`, `${inner}`]));
}

/** The numbers of an Array as Smalltalk prints it. */
export function numbersIn(text: string): number[] {
  const match = /^#\((.*)\)$/.exec(text);
  if (match === null) throw new Error(`not an Array of numbers: ${text}`);
  return match[1]!.split(" ").map(Number);
}
