/**
 * `npm run bench`: our Smalltalk against the same algorithms in plain JavaScript
 * on the same Node, then work with images.
 *
 *   --only NAMES   benchmarks and image work whose names begin so, by commas
 *   --runs N       processes of each kind (3)
 *   --quick        one process, few iterations: do they run, roughly how fast
 *   --json         for programs
 *
 * Each measurement has a process of its own, so that none sees the types the
 * others trained the compiler with; the two languages take turns, so that a
 * slow minute of the machine hits both. Every result is checked. Figures are
 * medians over all measured iterations of all processes.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  buildBenchmarkImage,
  commandLine,
  runEngram,
  runJavaScript,
  runNode,
} from "./engram-runner.ts";
import { type ImageFigure, imageWork, runImageWork } from "./image-figures.ts";
import { type BenchmarkRow, benchmarks } from "./javascript/harness.mjs";
import { geometricMean, median } from "./statistics.ts";

interface Plan {
  readonly runs: number;
  readonly quick: boolean;
  readonly only: readonly string[];
}

interface Comparison {
  readonly name: string;
  readonly inner: number;
  readonly javaScript: number;
  readonly engram: number;
  readonly ratio: number;
}

/** Iterations before measuring, and measured ones. */
interface Iterations {
  readonly warmUp: number;
  readonly measured: number;
}

const usual = { javaScript: { warmUp: 5, measured: 5 }, engram: { warmUp: 1, measured: 2 } };
const quick = { javaScript: { warmUp: 2, measured: 3 }, engram: { warmUp: 0, measured: 1 } };

function main(words: readonly string[]): void {
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: { type: "string" },
      runs: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const plan: Plan = {
    runs: Number(values.runs ?? (values.quick ? 1 : 3)),
    quick: values.quick,
    only: values.only?.toLowerCase().split(",") ?? [],
  };
  if (!(plan.runs >= 1)) throw new Error(`--runs is a number from 1 on, not ${values.runs}`);
  const folder = mkdtempSync(join(tmpdir(), "engram-bench-"));
  try {
    measureAll(plan, folder, values.json);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureAll(plan: Plan, folder: string, asJson: boolean): void {
  const rows = benchmarks.filter(({ name }) => isWanted(plan, name));
  const work = imageWork.filter((name) => isWanted(plan, name));
  const startUpWanted = isWanted(plan, startUpName);
  if (rows.length + work.length === 0 && !startUpWanted) throw new Error("nothing has such a name");

  const image = join(folder, "benchmarks.image");
  buildBenchmarkImage(image);
  const comparisons = compare(rows, plan, image);
  const figures = work.flatMap((name) => {
    note(name);
    return runImageWork(name, { image, folder, quick: plan.quick, runs: plan.runs });
  });
  if (startUpWanted) {
    figures.push(startUp(plan, "start-up: engram eval '3 + 4'", []));
    figures.push(startUp(plan, "the same with a user's image", ["-i", image]));
  }
  note("");
  const mean = comparisons.length > 0 ? geometricMean(comparisons.map((each) => each.ratio)) : null;
  if (asJson) {
    const environment = { node: process.version, architecture: process.arch };
    const report = { ...environment, ...plan, benchmarks: comparisons, mean, imageWork: figures };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    printComparisons(comparisons, mean);
    printFigures(figures);
  }
}

const isWanted = ({ only }: Plan, name: string): boolean =>
  only.length === 0 || only.some((start) => name.toLowerCase().startsWith(start));

/** Says on a terminal what is going on. */
function note(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

// Programs

function compare(rows: readonly BenchmarkRow[], plan: Plan, image: string): Comparison[] {
  const { javaScript, engram } = plan.quick ? quick : usual;
  const times = rows.map(() => ({ javaScript: [] as number[], engram: [] as number[] }));
  for (let run = 1; run <= plan.runs; run++) {
    rows.forEach((row, index) => {
      note(`${row.name}, run ${run} of ${plan.runs}`);
      const inner = plan.quick ? row.quick : row.inner;
      times[index]!.javaScript.push(
        ...measured(javaScript, (count) => runJavaScript(row.name, count, inner)),
      );
      times[index]!.engram.push(
        ...measured(engram, (count) => runEngram(image, row.name, count, inner)),
      );
    });
  }
  return rows.map((row, index) => {
    const ours = median(times[index]!.engram);
    const theirs = median(times[index]!.javaScript);
    const inner = plan.quick ? row.quick : row.inner;
    return { name: row.name, inner, javaScript: theirs, engram: ours, ratio: ours / theirs };
  });
}

const measured = (iterations: Iterations, run: (count: number) => number[]): number[] =>
  run(iterations.warmUp + iterations.measured).slice(iterations.warmUp);

function printComparisons(comparisons: readonly Comparison[], mean: number | null): void {
  if (mean === null) return;
  const cells = comparisons.map(({ name, inner, javaScript, engram, ratio }) => [
    name,
    `${inner}`,
    milliseconds(javaScript),
    milliseconds(engram),
    ratio.toFixed(1),
  ]);
  printTable([
    ["", "inner", "JavaScript ms", "Engram ms", "ratio"],
    ...cells,
    ["geometric mean", "", "", "", mean.toFixed(1)],
  ]);
}

// Images

const startUpName = "start-up";

/** `engram eval '3 + 4'` against a Node that does nothing. */
function startUp(plan: Plan, name: string, words: readonly string[]): ImageFigure {
  const rounds = plan.quick ? 3 : 5 * plan.runs;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    note(`${startUpName}, ${round + 1} of ${rounds}`);
    ours.push(elapsed(() => checkSeven(runNode([commandLine, ...words, "eval", "3 + 4"]))));
    theirs.push(elapsed(() => runNode(["-e", "0"])));
  }
  const versus = { what: "node -e 0", value: median(theirs) };
  return { name, value: median(ours), unit: "ms", versus };
}

function checkSeven(answer: string): void {
  if (answer !== "7") throw new Error(`3 + 4 is ${answer}`);
}

function elapsed(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

function printFigures(figures: readonly ImageFigure[]): void {
  if (figures.length === 0) return;
  const cells = figures.map(({ name, value, unit, versus }) => [
    name,
    `${unit === "ms" ? milliseconds(value) : Math.round(value)} ${unit}`,
    versus === undefined ? "" : `${versus.what}: ${milliseconds(versus.value)} ms`,
    versus === undefined ? "" : (value / versus.value).toFixed(2),
  ]);
  printTable([["", "", "against", "ratio"], ...cells]);
}

// Tables

const milliseconds = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

/** The first column to the left, the others to the right. */
function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    );
    process.stdout.write(`${cells.join("  ").trimEnd()}\n`);
  }
  process.stdout.write("\n");
}

try {
  main(process.argv.slice(2));
} catch (error) {
  note("");
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
