import { describe, expect, test } from "vitest";
import { compileDoIt, compileMethod } from "../../vm/compiler/compiler.ts";
import type { CodeDescription, MethodDescription } from "../../vm/compiler/method-description.ts";
import { numberLiteral } from "../../vm/compiler/number-literals.ts";
import { disassemble } from "../../vm/interpreter/disassembler.ts";
import { checkCode } from "./code-checker.ts";

const environment = {
  instanceVariables: ["slot", "other"],
  lookup: (name: string) => (/^[A-Z]/.test(name) ? ("global" as const) : ("undeclared" as const)),
};

function compiled(source: string): MethodDescription {
  const method = compileMethod(source, environment);
  checkCode(method);
  return method;
}

/** Compiles, and compares the code with what is written here, but for indentation. */
function expectCode(source: string, ...lines: string[]): void {
  expect(disassemble(compiled(source)).split("\n")).toEqual(lines);
}

/** All blocks of a method, outermost first. */
function blocksOf(code: CodeDescription): CodeDescription[] {
  return code.literals.flatMap((literal) =>
    literal.kind === "block" ? [literal.block, ...blocksOf(literal.block)] : [],
  );
}

const count = (code: CodeDescription, operation: string): number =>
  disassemble({
    ...code,
    literals: code.literals.map((each) =>
      each.kind === "block" ? { kind: "nil" as const } : each,
    ),
  })
    .split("\n")
    .filter((line) => line.split(" ")[1] === operation).length;

describe("sends", () => {
  test("a method answers its receiver", () => {
    expectCode("foo", "0 return self");
  });

  test("operands are pushed, the answer replaces the receiver", () => {
    expectCode(
      "foo: x ^ self at: x with: 'abc'",
      "0 move s0 := self",
      "1 move s1 := a0",
      '2 loadLiteral s2 := "abc"',
      "3 send s0 #at:with: (2)",
      "4 return s0",
    );
  });

  test("arithmetic works on variables where they are", () => {
    expectCode(
      "foo: x | t | t := x + slot. ^ t - 1 bitAnd: t",
      "0 loadSlot s0 := self[0]",
      "1 add t0 := a0 + s0",
      "2 move t0 := s1",
      "3 subtractInteger s0 := t0 - 1",
      "4 move s0 := s0",
      "5 bitAnd s0 := s0 bitAnd: t0",
      "6 move s0 := s1",
      "7 return s0",
    );
  });

  test("an operand that a later one assigns is read first", () => {
    expectCode(
      "foo | t | ^ t + (t := 3)",
      "0 move s0 := t0",
      "1 loadInteger t0 := 3",
      "2 add s0 := s0 + t0",
      "3 move s0 := s1",
      "4 return s0",
    );
  });

  test("a cascade evaluates its receiver once", () => {
    expectCode(
      "foo ^ slot a; b: 1; c",
      "0 loadSlot s0 := self[0]",
      "1 move s1 := s0",
      "2 send s1 #a (0)",
      "3 move s1 := s0",
      "4 loadInteger s2 := 1",
      "5 send s1 #b: (1)",
      "6 send s0 #c (0)",
      "7 return s0",
    );
  });

  test("super starts lookup above", () => {
    expectCode(
      "foo ^ super foo + 1",
      "0 move s0 := self",
      "1 superSend s0 #foo (0)",
      "3 addInteger s0 := s0 + 1",
      "4 move s0 := s1",
      "5 return s0",
    );
    expect(count(compiled("= x ^ super = x"), "superSend")).toBe(1);
    expect(count(compiled("foo ^ super class"), "superSend")).toBe(1);
    expect(count(compiled("foo super a; b"), "superSend")).toBe(2);
  });

  test("== and class are never sends", () => {
    expectCode(
      "foo: x ^ x class == slot",
      "0 loadClass s0 := a0 class",
      "1 loadSlot s1 := self[0]",
      "2 identical s0 := s0 == s1",
      "3 return s0",
    );
  });

  test("at: and at:put: have bytecodes, and the latter a value", () => {
    expectCode(
      "foo: x at: i ^ x at: i put: (x at: 1)",
      "0 loadInteger s0 := 1",
      "1 at s0 := a0 at: s0",
      "2 move s0 := s1",
      "3 atPut a0 at: a1 put: s0",
      "4 move s0 := s1",
      "5 return s0",
    );
  });

  test("thisContext and thisProcess", () => {
    expectCode(
      "foo thisContext sender. ^ thisProcess",
      "0 loadContext s0",
      "1 send s0 #sender (0)",
      "2 loadGlobal s0 := Processor",
      "3 send s0 #activeProcess (0)",
      "4 return s0",
    );
  });
});

describe("variables", () => {
  test("slots, globals and temporaries are assigned", () => {
    expectCode(
      "foo: x | t | slot := x. Foo := t := slot",
      "0 storeSlot self[0] := a0",
      "1 loadSlot t0 := self[0]",
      "2 storeGlobal Foo := t0",
      "3 return self",
    );
  });

  test("a slot store with live operands stores the top one", () => {
    expectCode(
      "foo: x ^ self a: (slot := x)",
      "0 move s0 := self",
      "1 move s1 := a0",
      "2 storeSlot self[0] := s1",
      "3 send s0 #a: (1)",
      "4 return s0",
    );
  });

  test("undeclared names compile to bindings, and warn once", () => {
    const { literals, warnings } = compiled("foo bar := bar + 1");
    expect(literals).toContainEqual({ kind: "binding", name: "bar" });
    expect(warnings.filter(({ kind }) => kind === "undeclared")).toMatchObject([
      { name: "bar", start: 11, stop: 14 },
    ]);
  });

  test("an assignment to a name from outside tells its place", () => {
    const { warnings } = compiled("foo [ bar := 1 ] value. ^ bar");
    expect(warnings.filter(({ kind }) => kind === "assignment")).toMatchObject([
      { name: "bar", start: 6, stop: 9 },
    ]);
  });

  test("unused, unread and shadowing variables warn", () => {
    expect(
      compiled("foo | a b slot | b := 3. ^ [:b | slot]").warnings.map(({ kind, name }) => [
        kind,
        name,
      ]),
    ).toEqual([
      ["shadowing", "slot"],
      ["shadowing", "b"],
      ["unused", "a"],
      ["unused", "b"],
    ]);
  });

  test("code behind a return warns and is left out", () => {
    const method = compiled("foo ^ 3. self bar. self baz");
    expect(method.warnings).toMatchObject([{ kind: "unreachable", start: 9, stop: 27 }]);
    expect(disassemble(method).split("\n")).toEqual(["0 loadInteger s0 := 3", "1 return s0"]);
  });
});

describe("inlined control flow", () => {
  test("conditions branch on comparisons", () => {
    expectCode(
      "foo: x ^ (x > 3 and: [x ~= slot]) ifTrue: [1] ifFalse: [x]",
      "0 greaterIntegerBranch a0 > 3",
      "1 jumpIfFalse s0 to 7",
      "2 loadSlot s0 := self[0]",
      "3 notEqualBranch a0 ~= s0",
      "4 jumpIfFalse s1 to 7",
      "5 loadInteger s0 := 1",
      "6 return s0",
      "7 return a0",
    );
  });

  test("a missing branch is nil", () => {
    expectCode(
      "foo: x slot := x ifTrue: [1]",
      "0 move s0 := a0",
      "1 jumpIfFalse s0 to 4",
      "2 loadInteger s0 := 1",
      "3 jump to 5",
      "4 loadNil s0",
      "5 storeSlot self[0] := s0",
      "6 return self",
    );
  });

  test("a condition's variable is not written before it is read", () => {
    expectCode(
      "foo | t | t := slot and: [t]. ^ t",
      "0 loadSlot s0 := self[0]",
      "1 jumpIfFalse s0 to 3",
      "2 jump to 4",
      "3 loadFalse t0",
      "4 return t0",
    );
  });

  test("nil tests", () => {
    expectCode(
      "foo: x ^ slot ifNil: [x ifNotNil: [:y | y foo]] ifNotNil: [:z | z]",
      "0 loadSlot t0 := self[0]",
      "1 jumpIfNil t0 to 4",
      "2 move s0 := t0",
      "3 jump to 10",
      "4 move t0 := a0",
      "5 jumpIfNil t0 to 9",
      "6 sendUnary s0 := t0 #foo",
      "7 move s0 := s0",
      "8 jump to 10",
      "9 loadNil s0",
      "10 return s0",
    );
  });

  test("while loops jump back to their condition", () => {
    expectCode(
      "foo | i | i := 0. [i < slot] whileTrue: [i := i + 1]. ^ i",
      "0 loadInteger t0 := 0",
      "1 loadSlot s0 := self[0]",
      "2 lessBranch t0 < s0",
      "3 jumpIfFalse s1 to 7",
      "4 addInteger t0 := t0 + 1",
      "5 move t0 := s0",
      "6 jumpBack to 1",
      "7 return t0",
    );
  });

  test("to:do: evaluates its limit once and its receiver first", () => {
    expectCode(
      "foo slot foo to: self size by: -2 do: [:i | i bar]",
      "0 loadSlot s0 := self[0]",
      "1 sendUnary t0 := s0 #foo",
      "2 move t0 := s0",
      "3 sendUnary t1 := self #size",
      "4 move t1 := s0",
      "5 greaterOrEqualBranch t0 >= t1",
      "6 jumpIfFalse s0 to 12",
      "7 sendUnary s0 := t0 #bar",
      "8 move s0 := s0",
      "9 addInteger t0 := t0 + -2",
      "10 move t0 := s0",
      "11 jumpBack to 5",
      "12 return self",
    );
  });

  test("the value of to:do: is its receiver", () => {
    const lines = disassemble(compiled("foo ^ 1 to: 3 do: [:i | i]")).split("\n");
    expect(lines[0]).toBe("0 loadInteger s0 := 1");
    expect(lines.at(-1)).toBe("8 return s0");
  });

  test("repeat never ends by itself", () => {
    expectCode(
      "foo [self bar ifTrue: [^ 1]] repeat. self never",
      "0 sendUnaryBranch self #bar",
      "1 jumpIfFalse s0 to 4",
      "2 loadInteger s0 := 1",
      "3 return s0",
      "4 jumpBack to 0",
    );
  });

  test.each([
    "foo ^ slot ifTrue: other",
    "foo ^ slot ifTrue: [:x | x]",
    "foo ^ slot and: other",
    "foo ^ other whileTrue: [slot]",
    "foo ^ 1 to: 3 do: slot",
    "foo ^ 1 to: 3 by: slot do: [:i | i]",
    "foo ^ 1 to: 3 by: 0 do: [:i | i]",
    "foo ^ slot foo; ifTrue: [3]",
    "foo ^ super ifNil: [3]",
    "foo ^ slot timesRepeat: [:i | i]",
  ])("%s is a send", (source) => {
    const method = compiled(source);
    const last = source.includes(";") ? "ifTrue:" : undefined;
    expect(count(method, "send") + count(method, "superSend")).toBe(last === undefined ? 1 : 2);
  });
});

describe("closures", () => {
  test("copy what is assigned before they are made", () => {
    const method = compiled("foo: x | t | t := x. ^ [t + x]");
    expect(count(method, "newVector")).toBe(0);
    expect(blocksOf(method)).toMatchObject([{ copiedCount: 2, needsOuterContext: false }]);
  });

  test.each([
    ["assigned after it is made", "foo | t b | b := [t]. t := 3. ^ b"],
    ["assigned in the closure", "foo | t | ^ [t := 3]"],
    ["that holds the closure itself", "foo | t | t := [t value]. ^ t"],
    ["assigned before it in a loop", "foo | t | [slot] whileTrue: [t := slot. self do: [t]]"],
    ["assigned in a closure within", "foo | t | ^ [[t := 3]]"],
  ])("share a variable %s", (_, source) => {
    const method = compiled(source);
    expect(count(method, "newVector")).toBe(1);
    for (const block of blocksOf(method)) expect(block.copiedCount).toBe(1);
  });

  test("have variables of their own in each turn of a loop", () => {
    const method = compiled(
      "foo [slot] whileTrue: [| t | t := 3. self do: [t]. self do: [:x | t := x]]",
    );
    const lines = disassemble(method).split("\n");
    const vector = lines.findIndex((line) => line.includes("newVector"));
    const back = lines.find((line) => line.includes("jumpBack"))!;
    expect(vector).toBeGreaterThan(Number(back.split(" ").at(-1)));
  });

  test("copy the counter of a loop", () => {
    const method = compiled("foo 1 to: 3 do: [:i | self do: [i]]");
    expect(count(method, "newVector")).toBe(0);
    expect(blocksOf(method)).toMatchObject([{ copiedCount: 1 }]);
  });

  test("pass on what closures within them use", () => {
    const method = compiled("foo: x | t | t := 1. ^ [:a | [:b | x + a + b + t + slot]]");
    expect(blocksOf(method).map((block) => block.copiedCount)).toEqual([2, 3]);
  });

  test("need their outer context for ^ and thisContext only", () => {
    const needs = (source: string) =>
      blocksOf(compiled(source)).map((block) => block.needsOuterContext);
    expect(needs("foo ^ [slot]")).toEqual([false]);
    expect(needs("foo ^ [slot ifTrue: [^ 3]]")).toEqual([true]);
    expect(needs("foo ^ [thisContext]")).toEqual([true]);
    expect(needs("foo ^ [[^ 3]. [4]]")).toEqual([true, true, false]);
    expect(compiled("foo slot ifTrue: [^ 3]").needsOuterContext).toBe(false);
  });

  test("answer their last value, and nil if they have none", () => {
    const [empty, full] = blocksOf(compiled("foo self a: []; b: [1. slot]"));
    expect(disassemble(empty!).split("\n")).toEqual(["0 loadNil closure", "1 return closure"]);
    expect(disassemble(full!).split("\n")).toEqual([
      "0 loadSlot t0 := closure[3]",
      "1 loadSlot s0 := t0[0]",
      "2 return s0",
    ]);
  });

  test("a return in an inlined block is an ordinary one, in a closure a non-local one", () => {
    const method = compiled("foo slot do: [:x | x ifTrue: [^ x]]. slot ifTrue: [^ 3]");
    expect(count(method, "nonLocalReturn")).toBe(0);
    expect(count(blocksOf(method)[0]!, "nonLocalReturn")).toBe(1);
  });
});

test("variables of an inlined block are nil in each turn, unless assigned first", () => {
  const nils = (source: string) => count(compiled(source), "loadNil");
  expect(nils("foo [slot] whileTrue: [| t | self foo: t. t := 3]")).toBe(1);
  expect(nils("foo [slot] whileTrue: [| t | t := 3. self foo: t]")).toBe(0);
  expect(nils("foo slot ifTrue: [| t | self foo: t]. slot ifTrue: [| u | self foo: u]")).toBe(1);
});

test("temporaries are described with their registers and ranges", () => {
  const method = compiled(
    "foo: x | t v | v := 0. self do: [:y | v := y]. slot ifTrue: [| u | u := x. ^ u]. ^ t",
  );
  expect(method.temps).toEqual([
    { name: "u", register: 5, startPc: expect.any(Number), stopPc: expect.any(Number) },
    { name: "x", register: -1, startPc: 0, stopPc: method.code.length },
    { name: "t", register: 3, startPc: 0, stopPc: method.code.length },
    { name: "v", register: 4, vectorIndex: 0, startPc: 0, stopPc: method.code.length },
  ]);
});

test("a block's temporaries, its own first, are followed by those copied into it", () => {
  const method = compiled("foo | t v | t := 1. v := 2. ^ [| o | o := t. v := o]");
  const block = method.literals.find((literal) => literal.kind === "block")!.block;
  const everywhere = { startPc: 0, stopPc: block.code.length };
  expect(block.temps.map(({ name, startPc, stopPc }) => ({ name, startPc, stopPc }))).toEqual([
    { name: "o", startPc: expect.any(Number), stopPc: block.code.length },
    { name: "t", ...everywhere },
    { name: "v", ...everywhere },
  ]);
});

test("positions lead from code to source", () => {
  const source = "foo ^ (self bar: 3) + slot baz";
  const { code, positions } = compiled(source);
  const textAt = (pc: number) => {
    const position = positions.findLast((each) => each.pc <= pc)!;
    return source.slice(position.start, position.stop);
  };
  expect(code).toHaveLength(8);
  expect(textAt(2)).toBe("self bar: 3");
  expect(textAt(4)).toBe("slot baz");
  expect(textAt(5)).toBe("(self bar: 3) + slot baz");
  expect(textAt(6)).toBe("(self bar: 3) + slot baz");
});

test("literals of equal value are shared", () => {
  const { literals } = compiled(
    "foo ^ self a: 'x' b: 'x' c: #x d: #(1 'x') e: #(1 'x') f: 100000 g: 16r186A0 h: 1.0 i: 100000.0",
  );
  expect(literals.map((literal) => literal.kind)).toEqual([
    "string",
    "symbol",
    "array",
    "integer",
    "float",
    "float",
    "symbol",
  ]);
});

test("many literals, slots and distant jumps take far forms", () => {
  const sends = Array.from({ length: 300 }, (_, i) => `slot m${i}`).join(". ");
  expect(count(compiled(`foo ${sends}`), "sendFar")).toBe(44);

  const names = Array.from({ length: 300 }, (_, i) => `s${i}`);
  const wide = compileMethod("foo s299 := s298", { ...environment, instanceVariables: names });
  checkCode(wide);
  expect(disassemble(wide).split("\n")).toEqual([
    "0 loadSlotFar s0 := self[298]",
    "2 storeSlotFar self[299] := s0",
    "4 return self",
  ]);

  const far = compiled(
    `foo [slot] whileTrue: [${"self foo. ".repeat(17_000)}slot == nil ifTrue: [^ 3]]`,
  );
  expect(count(far, "jumpFar")).toBe(3);
});

test("more temporaries than registers go to temp vectors", () => {
  const names = Array.from({ length: 200 }, (_, i) => `v${i}`);
  const sets = names.map((name, i) => `${name} := ${i}`).join(". ");
  const method = compiled(`foo | ${names.join(" ")} | ${sets}. ^ v0 + v199`);
  expect(method.temporaryCount).toBeLessThan(90);
  expect(count(method, "newVector")).toBe(1);
});

test("brace arrays", () => {
  expectCode(
    "foo ^ { 1. slot }",
    "0 loadInteger s0 := 1",
    "1 loadSlot s1 := self[0]",
    "2 newArray s0 (2)",
    "3 return s0",
  );
  const long = compiled(`foo ^ { ${"1. ".repeat(400)} }`);
  expect(count(long, "newVector")).toBe(1);
  expect(count(long, "storeVectorFar")).toBe(144);
});

describe("pragmas", () => {
  test("a primitive is named, and its error goes to the first temporary", () => {
    const method = compiled("foo: x <primitive: #bar error: ec> | t | t := ec. ^ [ec]");
    expect(method.primitive).toEqual({ name: "bar", primitiveErrorTemp: true });
    expect(method.temps).toContainEqual({
      name: "ec",
      register: 3,
      startPc: 0,
      stopPc: method.code.length,
    });
    expect(compiled("foo <primitive: #bar> ^ 1").primitive).toEqual({
      name: "bar",
      primitiveErrorTemp: false,
    });
  });

  test("a primitive that other machines number alike is known by its number", () => {
    const method = compiled("foo: x <primitive: 60> ^ 1");
    expect(method.primitive).toEqual({ name: "basicAt", primitiveErrorTemp: false });
    expect(method.warnings).toEqual([]);
  });

  test("any other number warns and is no primitive", () => {
    for (const source of ["foo <primitive: 60> ^ 1", "foo <primitive: 9999> ^ 1"]) {
      const method = compiled(source);
      expect(method.primitive).toBeUndefined();
      expect(method.warnings).toMatchObject([{ kind: "primitive" }]);
    }
  });

  test("others are kept, in front of and behind the temporaries", () => {
    expect(compiled("foo <a> | t | <b: #x c: 3> ^ t").pragmas).toEqual([
      { selector: "a", arguments: [] },
      {
        selector: "b:c:",
        arguments: [
          { kind: "symbol", value: "x" },
          { kind: "integer", value: 3n },
        ],
      },
    ]);
  });
});

test("a do-it answers its last value", () => {
  const code = (source: string) => disassemble(compileDoIt(source, environment)).split("\n");
  expect(code("3 + 4")).toEqual([
    "0 loadInteger s0 := 3",
    "1 addInteger s0 := s0 + 4",
    "2 move s0 := s1",
    "3 return s0",
  ]);
  expect(code("| a | a := 3. a")).toEqual(["0 loadInteger t0 := 3", "1 return t0"]);
  expect(code("")).toEqual(["0 loadNil self", "1 return self"]);
  expect(compileDoIt("3", environment).selector).toBe("DoIt");
});

test("underscores assign where asked for", () => {
  const method = compileMethod("foo | a_b | a_b _ 3. ^ a_b", {
    ...environment,
    underscoreAssignment: true,
  });
  expect(disassemble(method).split("\n")).toEqual(["0 loadInteger t0 := 3", "1 return t0"]);
});

test.each([
  ["3", { kind: "integer", value: 3n }],
  ["-16r1F", { kind: "integer", value: -31n }],
  ["16r-1F", { kind: "integer", value: -31n }],
  ["2r101e3", { kind: "integer", value: 40n }],
  ["36rZZ", { kind: "integer", value: 1295n }],
  ["1e10", { kind: "integer", value: 10_000_000_000n }],
  ["100e-2", { kind: "integer", value: 1n }],
  ["1e-2", { kind: "float", value: 0.01 }],
  ["-25e-1", { kind: "float", value: -2.5 }],
  ["20e-1", { kind: "integer", value: 2n }],
  ["1_000_000", { kind: "integer", value: 1_000_000n }],
  ["16rff", { kind: "integer", value: 255n }],
  ["16r1e2", { kind: "integer", value: 0x1e2n }],
  ["12r89ab", { kind: "integer", value: 15251n }],
  ["016rF", { kind: "integer", value: 15n }],
  ["40rZ1", { kind: "integer", value: 1401n }],
  ["1_000_", { kind: "integer", value: 1000n }],
  ["2r1e3", { kind: "integer", value: 8n }],
  ["16rFF_FF", { kind: "integer", value: 0xffffn }],
  ["36rzz", { kind: "integer", value: 1295n }],
  ["1.5e-3", { kind: "float", value: 0.0015 }],
  ["1.0e308", { kind: "float", value: 1e308 }],
  ["-0.0", { kind: "float", value: -0 }],
  ["16r1.8", { kind: "float", value: 1.5 }],
  ["2r0.00110011001100110011001100110011001100110011001100110011", { kind: "float", value: 0.2 }],
  ["3.14s2", { kind: "scaledDecimal", numerator: 157n, denominator: 50n, scale: 2 }],
  ["3.14s", { kind: "scaledDecimal", numerator: 157n, denominator: 50n, scale: 2 }],
  ["3s2", { kind: "scaledDecimal", numerator: 3n, denominator: 1n, scale: 2 }],
])("%s reads as in Pharo", (text, literal) => {
  expect(numberLiteral(text)).toEqual(literal);
});

test("literal arrays nest with and without #", () => {
  const { literals } = compiled(
    "foo ^ #(1 -2 $a 'it''s' foo #bar baz:qux: #+ - true nil #true (1 2) #(3) [4 5] #[6] #'a b' $ )",
  );
  const symbol = (value: string) => ({ kind: "symbol", value });
  const integer = (value: number) => ({ kind: "integer", value: BigInt(value) });
  expect(literals[0]).toEqual({
    kind: "array",
    elements: [
      integer(1),
      integer(-2),
      { kind: "character", codePoint: 97 },
      { kind: "string", value: "it's" },
      symbol("foo"),
      symbol("bar"),
      symbol("baz:qux:"),
      symbol("+"),
      symbol("-"),
      { kind: "true" },
      { kind: "nil" },
      symbol("true"),
      { kind: "array", elements: [integer(1), integer(2)] },
      { kind: "array", elements: [integer(3)] },
      { kind: "byteArray", bytes: [4, 5] },
      { kind: "byteArray", bytes: [6] },
      symbol("a b"),
      { kind: "character", codePoint: 32 },
    ],
  });
});
