import { expect, test } from "vitest";
import { compileMethod, SyntaxProblem } from "../../vm/compiler/compiler.ts";
import { methodPlace } from "../../vm/compiler/tonel-reader.ts";
import { imageSources, SourceEnvironments } from "./sources.ts";

const files = imageSources();
const environments = new SourceEnvironments(files);

test("every file under images can be read", () => {
  const problems = files.flatMap(({ path, tonel }) =>
    tonel.problems.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`),
  );
  expect(problems).toEqual([]);
});

test("every method under images compiles", () => {
  const problems: string[] = [];
  for (const { path, text, tonel } of files)
    for (const method of tonel.methods)
      try {
        compileMethod(method.source, environments.of(method));
      } catch (error) {
        if (!(error instanceof SyntaxProblem)) throw error;
        const { line, column } = methodPlace(text, method, error.position);
        problems.push(`${path}:${line}:${column}: ${error.message}`);
      }
  expect(problems).toEqual([]);
});

test("every name in a method under images is declared", () => {
  const problems: string[] = [];
  for (const { path, text, tonel } of files)
    for (const method of tonel.methods)
      for (const warning of warningsOf(method.source, environments.of(method))) {
        if (warning.kind !== "undeclared" && warning.kind !== "primitive") continue;
        const { line, column } = methodPlace(text, method, warning.start);
        problems.push(`${path}:${line}:${column}: ${warning.message}`);
      }
  expect(problems).toEqual([]);
});

function warningsOf(source: string, environment: Parameters<typeof compileMethod>[1]) {
  try {
    return compileMethod(source, environment).warnings;
  } catch (error) {
    if (error instanceof SyntaxProblem) return [];
    throw error;
  }
}
