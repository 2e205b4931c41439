/**
 * A kernel just large enough for the machine: every class it knows, made from
 * the table of layouts, without methods. Tests add the methods they need.
 */

import type { SourceFile } from "../../vm/bootstrap.ts";
import { knownClasses } from "../../vm/spec/layouts.ts";

const typeOf: Readonly<Record<string, string>> = {
  SmallInteger: "immediate",
  Character: "immediate",
  BoxedFloat64: "doubleWords",
  Array: "variable",
  ByteString: "bytes",
  ByteSymbol: "bytes",
  LargePositiveInteger: "bytes",
  LargeNegativeInteger: "bytes",
  FullBlockClosure: "variable",
  CompiledMethod: "compiledMethod",
  CompiledBlock: "compiledMethod",
  Context: "variable",
  ByteArray: "bytes",
  WideString: "words",
  WideSymbol: "words",
  MethodDictionary: "variable",
  Ephemeron: "ephemeron",
  WeakArray: "weak",
  WordArray: "words",
  DoubleByteArray: "doubleBytes",
  DoubleWordArray: "doubleWords",
  Float32Array: "words",
  Float64Array: "doubleWords",
};

/** A Tonel file that defines a class. */
export function classFile(
  name: string,
  superclass: string,
  slots: readonly string[] = [],
  methods = "",
  more = "",
): SourceFile {
  const type = typeOf[name];
  const text = `"I am ${name}."
Class {
	#name : #${name},
	#superclass : #${superclass},
${type === undefined ? "" : `	#type : #${type},\n`}${more}	#instVars : [ ${slots.map((slot) => `'${slot}'`).join(", ")} ],
	#category : #Small
}
${methods}`;
  return { path: `Small/${name}.class.st`, text };
}

/** A Tonel file that defines a trait. */
export function traitFile(name: string, slots: readonly string[] = [], methods = ""): SourceFile {
  const text = `"I am ${name}."
Trait {
	#name : #${name},
	#instVars : [ ${slots.map((slot) => `'${slot}'`).join(", ")} ],
	#category : #Small
}
${methods}`;
  return { path: `Small/${name}.trait.st`, text };
}

/** The classes that make traits possible. */
export const traitKernel: readonly SourceFile[] = [
  classFile("Trait", "Class", ["users"]),
  classFile("MetaclassForTraits", "Metaclass", ["users"]),
];

/** A Tonel file that adds methods to a class. */
export function extensionFile(name: string, methods: string): SourceFile {
  const text = `Extension { #name : #${name} }\n${methods}`;
  return { path: `Small/${name}.extension.st`, text };
}

const notRoots = new Set(["(forwarded)", "(free)", "Metaclass"]);

/** The files of the kernel, with the methods of `Start class`, whose `start` is its entry, and more files. */
export function smallKernel(startMethods: string, ...more: readonly SourceFile[]): SourceFile[] {
  const known = knownClasses
    .filter(({ name }) => !notRoots.has(name))
    .map(({ name, slots }) => classFile(name, "Object", slots));
  return [
    classFile("Object", "nil"),
    classFile("Behavior", "Object", ["superclass", "methodDict", "format"]),
    classFile("ClassDescription", "Behavior", ["organization", "instanceVariables"]),
    classFile("Class", "ClassDescription", [
      "subclasses",
      "name",
      "classPool",
      "sharedPools",
      "environment",
      "category",
      "comment",
    ]),
    classFile("Metaclass", "ClassDescription", ["thisClass"]),
    ...known,
    classFile("Start", "Object", [], `${startMethods}\n${exitMethod}`),
    ...more,
  ];
}

const exitMethod = `
{ #category : #private }
Start class >> exit: code [
	<primitive: #exit>
	^ nil
]`;

export const smallOptions = {
  entry: { className: "Start", selector: "start" },
  globals: ["Smalltalk", "Processor"],
};
