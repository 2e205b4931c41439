import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compileMethod } from "../../vm/compiler/compiler.ts";
import { readTonel, type TonelFile } from "../../vm/compiler/tonel-reader.ts";
import { benchmarks, runBenchmark } from "./javascript/harness.mjs";

const folder = fileURLToPath(new URL("../../images/benchmarks", import.meta.url));
const files: readonly TonelFile[] = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".class.st"))
  .map((path) => readTonel(readFileSync(join(folder, path), "utf8")));
const classes = new Map(files.map((file) => [file.name, file]));
const kernelNames = new Set(
  "Array Character Object OrderedCollection Smalltalk String Time".split(" "),
);

/** The class and those above it that the benchmarks define. */
function lineage(file: TonelFile): TonelFile[] {
  const above = classes.get(file.superclass ?? "");
  return above === undefined ? [file] : [...lineage(above), file];
}

describe("the JavaScript programs", () => {
  for (const { name, quick } of benchmarks) {
    test(`${name} answers the published result`, async () => {
      expect(await runBenchmark(name, 1, quick)).toHaveLength(1);
    });
  }

  test("a wrong result is an error", async () => {
    await expect(runBenchmark("Mandelbrot", 1, 3)).rejects.toThrow(/wrong result/);
  });
});

describe("the Smalltalk programs", () => {
  for (const file of files) {
    test(`${file.name} compiles without a warning`, () => {
      expect(file.problems).toEqual([]);
      expect(file.comment).not.toBe("");
      const classVariables = lineage(file).flatMap((each) => each.classVars);
      const slots = lineage(file).flatMap((each) => each.instVars);
      for (const method of file.methods) {
        expect(method.category, method.source).not.toBe("");
        const { warnings } = compileMethod(method.source, {
          instanceVariables: method.isClassSide ? [] : slots,
          lookup: (name) =>
            classes.has(name) || kernelNames.has(name) || classVariables.includes(name)
              ? "global"
              : "undeclared",
        });
        // Class variables may be assigned.
        const bad = warnings.filter(({ kind }) => kind !== "assignment");
        expect(bad, method.source).toEqual([]);
      }
    });
  }

  test("run the same inner iterations as the JavaScript programs", () => {
    const source = classes
      .get("BenchmarkHarness")!
      .methods.find((method) => method.source.startsWith("defaultInnerIterations"))!.source;
    const pairs = [...source.matchAll(/'(\w+)' -> (\d+)/g)].map(([, name, inner]) => [
      name,
      Number(inner),
    ]);
    expect(pairs).toEqual(benchmarks.map(({ name, inner }) => [name, inner]));
  });
});
