import { expect, test } from "vitest";
import { compileDoIt, compileMethod, describe, SyntaxProblem } from "../../vm/compiler/compiler.ts";

const environment = { instanceVariables: ["slot"], lookup: () => "global" as const };

/** The problem's message in front of what it points at. */
function problem(source: string, compile = compileMethod): string {
  try {
    compile(source, environment);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const { message, position, length } = error;
    return `${message} at <${source.slice(position, position + length)}>`;
  }
  return "none";
}

test.each([
  ["", "message pattern expected at <>"],
  ["3 foo", "message pattern expected at <3>"],
  ["at: 3", "argument name expected at <3>"],
  ["foo ^ 3 +", "argument expected at <>"],
  ["foo ^ 3 + . self", "argument expected at <.>"],
  ["foo self at: 1 put: . ^ 3", "argument expected at <.>"],
  ["foo self at: . ^ 3", "argument expected at <.>"],
  ["foo | a | a :=", "variable or expression expected at <>"],
  ["foo | a | a := . self", "variable or expression expected at <.>"],
  ["foo ^", "variable or expression expected at <>"],
  ["foo ()", "variable or expression expected at <)>"],
  ["foo 3 4", "end of statement expected at <4>"],
  ["foo self bar 'abc' baz", "end of statement expected at <'abc'>"],
  ["foo (self bar", "closing parenthesis ) expected at <>"],
  ["foo self do: [:x | x", "closing bracket ] expected at <>"],
  ["foo { 1. 2", "closing brace } expected at <>"],
  ["foo (self bar]. ^ 3", "closing parenthesis ) expected at <]>"],
  ["foo [self bar). ^ 3", "closing bracket ] expected at <)>"],
  ["foo self bar) baz", "unexpected ) at <)>"],
  ["foo self bar] baz", "unexpected ] at <]>"],
  ["foo 'abc", "unterminated string at <'abc>"],
  ["foo 'it''s", "unterminated string at <'it''s>"],
  ['foo "abc', 'unterminated comment at <"abc>'],
  ["foo ^ $", "character expected after $ at <$>"],
  ["foo [:x x foo]", "| expected at <x>"],
  ["foo [: | 3]", "block argument name expected at <|>"],
  ["foo | a b a := 3", "| expected at <:=>"],
  ["foo ^ #", "symbol or literal array expected at <>"],
  ["foo ^ #(1 { 2 })", "literal expected at <{>"],
  ["foo ^ #[1 a]", "number between 0 and 255 expected at <a>"],
  ["foo ^ #[1 256]", "number between 0 and 255 expected at <256>"],
  ["foo ^ #[1 -1]", "number between 0 and 255 expected at <-1>"],
  ["foo 3 := 4", "variable expected in front of an assignment at <:=>"],
  ["foo self foo := 4", "variable expected in front of an assignment at <:=>"],
  ["foo self; bar", "message expected in front of a cascade at <;>"],
  ["foo (self foo); bar", "message expected in front of a cascade at <;>"],
  ["foo self foo; ; bar", "cascaded message expected at <;>"],
  ["foo self foo: [:x | x] ] bar", "unexpected ] at <]>"],
  ["foo ^ 1r5", "an integer greater than 1 as valid radix expected at <r>"],
  ["foo ^ 0r", "an integer greater than 1 as valid radix expected at <r>"],
  ["foo ^ 2r2", "a digit between 0 and 1 expected at <2>"],
  ["foo ^ 2r102", "end of statement expected at <2>"],
  ["foo ^ 12r ", "a digit between 0 and B expected at < >"],
  ["foo ^ 3raisedTo: 2", "a digit between 0 and 2 expected at <a>"],
  ["foo ^ #(1r)", "an integer greater than 1 as valid radix expected at <r>"],
  ["foo ^ 1e10001", "Exponent is larger than 10000 (Check Settings) expected at <1e10001>"],
  ["foo [:a:b]", "block argument name expected at <:>"],
  ["foo <bar: baz> ^ 3", "literal constant expected at <baz>"],
  ["foo <primitive: 1 error: reason> ^ 3", "none"],
  ["foo <primitive: 'bar' module: 'baz' error: reason> ^ reason", "none"],
  ["foo <primitive: 'bar' error: reason module: 'baz'> ^ reason", "none"],
  ["foo <bar: nil> ^ 3", "none"],
  ["foo < + 3> ^ 3", "none"],
  ["foo <+ 3> ^ 3", "end of statement expected at <+>"],
  ["foo\u000c\r\n\t^ 3", "none"],
  ["foo ^\u00a03", "variable or expression expected at <>"],
  ["foo ^ 3\u2003", "end of statement expected at <>"],
  ["foo\u000b^ 3", "variable or expression expected at <>"],
  ["foo x _ 3", ":= expected in place of _ at <_>"],
  ["foo: x x := 3", "Cannot store into x at <x>"],
  ["foo self := 3", "Cannot store into self at <self>"],
  ["foo true := 3", "Cannot store into true at <true>"],
  ["foo thisContext := 3", "Cannot store into thisContext at <thisContext>"],
  ["foo ^ [:x | x := 3]", "Cannot store into x at <x>"],
  ["foo 1 to: 3 do: [:i | i := 3]", "Cannot store into i at <i>"],
  ["foo: x bar: x", "Name already defined: x at <x>"],
  ["foo: x | x |", "Name already defined: x at <x>"],
  ["foo | a b a |", "Name already defined: a at <a>"],
  ["foo ^ [:a | | a | a]", "Name already defined: a at <a>"],
  ["foo | self |", "self is a reserved name at <self>"],
  ["foo: nil", "nil is a reserved name at <nil>"],
  [
    `foo: a1 ${Array.from({ length: 15 }, (_, i) => `b: b${i}`).join(" ")}`,
    "Too many arguments at <b14>",
  ],
  [
    `foo ^ self ${Array.from({ length: 16 }, () => "b: 3").join(" ")}`,
    "Too many arguments at <self b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3 b: 3>",
  ],
  ["foo <bar: x + 3> ^ 3", "end of statement expected at <+>"],
])("%j: %s", (source, expected) => {
  expect(problem(source)).toBe(expected);
});

test("a do-it is refused in its own words", () => {
  expect(problem("3 +", compileDoIt)).toBe("argument expected at <>");
  expect(problem(". ; 4", compileDoIt)).toBe("variable or expression expected at <;>");
  expect(problem(")", compileDoIt)).toBe("unexpected ) at <)>");
});

test("a long method's problem stands at its place", () => {
  const line = "self foo: 1 bar: 2.\n";
  const source = `foo\n${line.repeat(2000)}self bar: .\n${line.repeat(2000)}`;
  expect(problem(source)).toBe("argument expected at <.>");
  try {
    compileMethod(source, environment);
  } catch (error) {
    expect(error).toMatchObject({ line: 2002, column: 11 });
  }
});

test("a description shows the line with a caret", () => {
  const source = "foo\n\t^ self at: abc put: ]";
  try {
    compileMethod(source, environment);
    expect.unreachable();
  } catch (error) {
    expect(describe(error as SyntaxProblem, source)).toBe(
      ["2:22: unexpected ]", "2: \t^ self at: abc put: ]", "   \t                    ^"].join("\n"),
    );
  }
});

const nested: Record<string, (depth: number) => string> = {
  parentheses: (depth) => `${"(".repeat(depth)}1${")".repeat(depth)}`,
  blocks: (depth) => `${"[".repeat(depth)}1${"]".repeat(depth)}`,
  braces: (depth) => `${"{".repeat(depth)}1${"}".repeat(depth)}`,
  arrays: (depth) => `${"#(".repeat(depth)}1${")".repeat(depth)}`,
  arguments: (depth) => `${"(slot foo: ".repeat(depth)}1${")".repeat(depth)}`,
  conditions: (depth) => `${"slot ifTrue: [".repeat(depth)}1${"]".repeat(depth)}`,
};

test.each(Object.keys(nested))("%s nest 100 deep, and are refused beyond", (shape) => {
  expect(problem(`foo ^ ${nested[shape]!(100)}`)).toBe("none");
  expect(problem(`foo ^ ${nested[shape]!(101)}`)).toMatch(
    /^nested too deeply: more than 100 open brackets at/,
  );
});

test("chains too long for the host's stack are refused", () => {
  expect(problem(`foo ^ 1${" + 1".repeat(500)}`)).toBe("none");
  expect(problem(`foo ^ 1${" + 1".repeat(50_000)}`)).toMatch(/^nested too deeply/);
});

test("an expression that needs too many registers is refused", () => {
  const argument = (depth: number): string =>
    depth === 0 ? "1" : `(slot a: 1 b: 2 c: 3 d: ${argument(depth - 1)})`;
  expect(problem(`foo ^ ${argument(20)}`)).toBe("none");
  expect(problem(`foo ^ ${argument(60)}`)).toMatch(/^expression too complex/);
});
