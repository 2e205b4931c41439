import { expect, test } from "vitest";
import { lineCounter, methodPlace, readTonel } from "../../vm/compiler/tonel-reader.ts";

const source = `"I say ""hello"".
I am short."
Class {
	#name : #Greeter,
	#superclass : 'Object',
	#type : #variable,
	#instVars : [ 'name', 'count' ],
	#classVars : [
		'Default'
	],
	#pools : [],
	#category : #'Kernel-Objects'
}

{ #category : #accessing }
Greeter class >> with: aString [

	^ self new setName: aString
]

{ #category : 'testing' }
Greeter >> brackets [
	"a ] in a comment"
	^ { $]. ']'. #[1 2]. [:x | [x] ] }
]

Greeter >> , other [ ^ other ]
`;

test("reads a class with its methods", () => {
  const file = readTonel(source);
  expect(file.problems).toEqual([]);
  expect(file).toMatchObject({
    kind: "class",
    name: "Greeter",
    superclass: "Object",
    type: "variable",
    instVars: ["name", "count"],
    classVars: ["Default"],
    pools: [],
    category: "Kernel-Objects",
    comment: 'I say "hello".\nI am short.',
  });
  expect(
    file.methods.map((method) => [method.isClassSide, method.category, method.source]),
  ).toEqual([
    [true, "accessing", "with: aString\n\n\t^ self new setName: aString"],
    [false, "testing", "brackets\n\t\"a ] in a comment\"\n\t^ { $]. ']'. #[1 2]. [:x | [x] ] }"],
    [false, "", ", other ^ other"],
  ]);
});

test("leads from an offset in a method back to the file", () => {
  const { methods } = readTonel(source);
  for (const [index, word] of [
    [0, "setName:"],
    [1, "#[1"],
    [2, ", other"],
    [2, "^ other"],
  ] as const) {
    const method = methods[index]!;
    const { line, column } = methodPlace(source, method, method.source.indexOf(word));
    expect(source.split("\n")[line - 1]!.slice(column - 1, column - 1 + word.length)).toBe(word);
  }
});

test("leads through a body that follows its bracket at once", () => {
  const text = "Extension { #name : 'A' }\n\nA >> b [^ c]";
  const method = readTonel(text).methods[0]!;
  expect(method.source).toBe("b ^ c");
  expect(methodPlace(text, method, method.source.indexOf("c"))).toEqual({ line: 3, column: 11 });
});

test("joins package and tag", () => {
  const file = readTonel(
    "Class { #name : 'A', #superclass : #B, #package : 'Kernel', #tag : 'Numbers' }",
  );
  expect(file).toMatchObject({ category: "Kernel-Numbers", superclass: "B", comment: "" });
});

test("reads extensions, traits and packages", () => {
  expect(readTonel("Extension { #name : #Object }\n\nObject >> foo [ ^ 1 ]")).toMatchObject({
    kind: "extension",
    name: "Object",
    methods: [{ className: "Object", source: "foo ^ 1" }],
  });
  expect(readTonel("Trait { #name : #TFoo, #traits : 'TBar + TBaz' }")).toMatchObject({
    kind: "trait",
    traits: "TBar + TBaz",
  });
  expect(readTonel("Package { #name : 'Kernel' }")).toMatchObject({ kind: "package" });
});

test("keeps the other methods when one is malformed", () => {
  const file = readTonel(`Extension { #name : #A }

A >> bad [
	^ 'unterminated
]

A >> worse [
	^ 3 ] foo
]

A >> good [
	^ 'it''s'
]
`);
  expect(file.problems).toEqual([]);
  expect(file.methods.map((method) => method.source)).toEqual([
    "bad\n\t^ 'unterminated",
    "worse\n\t^ 3 ] foo",
    "good\n\t^ 'it''s'",
  ]);
});

test("ends a method that nothing closes where the next one begins", () => {
  const file = readTonel(`Class { #name : #A }

{ #category : #x }
A >> open [
	^ [ 1

{ #category : #x }
A >> good [
	^ 2
]

A >> junk [ ^ 3 ] and more
A class >> last [
	^ 4
]
`);
  expect(file.methods.map((method) => method.source)).toEqual([
    "good\n\t^ 2",
    "junk ^ 3",
    "last\n\t^ 4",
  ]);
  expect(file.problems.map(({ message, line }) => [message, line])).toEqual([
    ["] expected at the end of the method", 7],
    [">> expected", 12],
  ]);
});

test("says nothing of a superclass only where it is nil", () => {
  const superclass = (header: string) => readTonel(header).superclass;
  expect(superclass("Class { #name : #A }")).toBe("Object");
  expect(superclass("Class { #name : #A, #superclass : nil }")).toBeUndefined();
  expect(superclass("Class { #name : #A, #superclass : #nil }")).toBeUndefined();
  expect(superclass("Trait { #name : #A }")).toBeUndefined();
});

test("says where a definition cannot be read", () => {
  expect(readTonel("Class {\n\t#name #Foo\n}").problems).toEqual([
    { message: ": expected", offset: 15, line: 2, column: 8 },
  ]);
});

test("tells package and tag apart, and no names from an empty string", () => {
  const tagged = readTonel(
    "Class { #name : 'A', #instVars : '', #package : 'Some Pack@1', #tag : 'Core' }",
  );
  expect(tagged).toMatchObject({ package: "Some Pack@1", tag: "Core", instVars: [] });
  expect(tagged.category).toBe("Some Pack@1-Core");
  const old = readTonel("Class { #name : #A, #category : #'Some-Core' }");
  expect(old).toMatchObject({ package: undefined, tag: undefined, category: "Some-Core" });
});

test("counts lines as offsets grow, and when they do not", () => {
  const lineAt = lineCounter("a\r\nb\rc\n\nd");
  expect([0, 3, 5, 7, 8, 3].map(lineAt)).toEqual([1, 2, 3, 4, 5, 2]);
});
