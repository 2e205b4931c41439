import { grammars } from "ohm-js";
import { expect, test } from "vitest";
import { compileMethod, SyntaxProblem } from "../../vm/compiler/compiler.ts";
import { grammarSource } from "../../vm/compiler/grammar.ts";
import { grammarRecipe } from "../../vm/compiler/grammar-recipe.ts";
import type { StatementNode } from "../../vm/compiler/nodes.ts";
import { parseMethod } from "../../vm/compiler/parser.ts";
import { printMethod } from "../../vm/compiler/printer.ts";
import { writeRecipe } from "../../vm/compiler/recipe-writer.ts";
import { checkCode } from "./code-checker.ts";
import { ProgramWriter } from "./random-programs.ts";
import { imageSources } from "./sources.ts";

const environment = { instanceVariables: ["slot", "other"], lookup: () => "global" as const };

/** The tree without positions. */
const shape = (node: unknown): unknown =>
  JSON.parse(
    JSON.stringify(node, (key, value) =>
      key === "start" || key === "stop"
        ? undefined
        : typeof value === "bigint"
          ? `${value}n`
          : Object.is(value, -0)
            ? "-0"
            : value,
    ),
  );

test("the recipe is current", () => {
  expect(grammarRecipe).toBe(writeRecipe());
});

test("random programs print to source that parses to the same tree", () => {
  const seed = Number(process.env.SEED ?? 1);
  for (let i = 0; i < 500; i++) {
    const source = new ProgramWriter(seed * 1000 + i).method();
    const tree = parseMethod(source);
    const printed = printMethod(tree);
    expect(shape(parseMethod(printed)), `seed ${seed}, program ${i}:\n${source}`).toEqual(
      shape(tree),
    );
  }
});

test("random programs compile to code that keeps its contract", () => {
  const seed = Number(process.env.SEED ?? 1);
  for (let i = 0; i < 500; i++) {
    const source = new ProgramWriter(seed * 1000 + i).method();
    try {
      checkCode(compileMethod(source, environment));
    } catch (error) {
      if (!(error instanceof SyntaxProblem))
        throw new Error(`seed ${seed}, program ${i}:\n${source}`, { cause: error });
      expect(error.message, source).toMatch(/^Cannot store into/);
    }
  }
});

test("the grammar says the same about condensed text as about the source", () => {
  const full = grammars(grammarSource).Smalltalk!;
  const agree = (source: string) => {
    let accepted = true;
    try {
      parseMethod(source);
    } catch {
      accepted = false;
    }
    expect(full.match(source, "method").succeeded(), source).toBe(accepted);
  };
  for (let i = 0; i < 60; i++) {
    const source = new ProgramWriter(i).method();
    agree(source);
    // Break it: leave out a character.
    const at = Math.floor((source.length * ((i * 7919) % 100)) / 100);
    agree(source.slice(0, at) + source.slice(at + 1));
  }
  const methods = imageSources().flatMap((file) => file.tonel.methods);
  for (let i = 0; i < methods.length; i += 50) agree(methods[i]!.source);
});

test("a node ends where its last token ends", () => {
  const good =
    'foo\n\tt := (key + 3) foo: [ :x | x ] bar: #(1 $ ) .\n\t^ self size ; foo; bar: -5 "end" ';
  const seen: string[] = [];
  const note = (node: StatementNode): void => {
    seen.push(`${node.kind}: ${good.slice(node.start, node.stop)}`);
    if (node.kind === "return" || node.kind === "assignment") note(node.value);
    if (node.kind === "send") {
      note(node.receiver);
      node.arguments.forEach(note);
    }
    if (node.kind === "cascade") note(node.receiver);
  };
  parseMethod(good).statements.forEach(note);
  expect(seen).toEqual([
    "assignment: t := (key + 3) foo: [ :x | x ] bar: #(1 $ )",
    "send: (key + 3) foo: [ :x | x ] bar: #(1 $ )",
    "send: key + 3",
    "variable: key",
    "literal: 3",
    "block: [ :x | x ]",
    "literal: #(1 $ )",
    "return: ^ self size ; foo; bar: -5",
    "cascade: self size ; foo; bar: -5",
    "variable: self",
  ]);
});
