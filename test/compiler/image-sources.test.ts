import { expect, test } from "vitest";
import { compileMethod, SyntaxProblem } from "../../vm/compiler/compiler.ts";
import { methodPlace } from "../../vm/compiler/tonel-reader.ts";
import { checkCode } from "./code-checker.ts";
import { imageSources, SourceEnvironments } from "./sources.ts";

const files = imageSources();
const environments = new SourceEnvironments(files);

test("every file under images can be read", () => {
  const problems = files.flatMap(({ path, tonel }) =>
    tonel.problems.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`),
  );
  expect(problems).toEqual([]);
});

const places = { syntax: [] as string[], names: [] as string[], code: [] as string[] };
for (const { path, text, tonel } of files)
  for (const method of tonel.methods) {
    const at = (offset: number, message: string) => {
      const { line, column } = methodPlace(text, method, offset);
      return `${path}:${line}:${column}: ${message}`;
    };
    try {
      const compiled = compileMethod(method.source, environments.of(method));
      for (const warning of compiled.warnings)
        if (warning.kind === "undeclared" || warning.kind === "primitive")
          places.names.push(at(warning.start, warning.message));
      try {
        checkCode(compiled);
      } catch (error) {
        places.code.push(at(0, String(error)));
      }
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      places.syntax.push(at(error.position, error.message));
    }
  }

test("every method under images compiles", () => {
  expect(places.syntax).toEqual([]);
});

test("every method under images keeps the contract of its bytecodes", () => {
  expect(places.code).toEqual([]);
});

test("every name in a method under images is declared", () => {
  expect(places.names).toEqual([]);
});
