/**
 * Reading source files: what a file in Tonel says, as plain objects, for the
 * image to build classes and compile methods from.
 */

import { lineCounter, readTonel as read, type TonelFile } from "../../compiler/tonel-reader.ts";
import { falseOop, nilOop, type Oop, smallInteger, trueOop } from "../../spec/layouts.ts";
import type { SourcePrimitiveName } from "../../spec/primitives.ts";
import type { Machine, Primitive } from "../machine.ts";

/** What becomes Strings, SmallIntegers, Booleans, nil and Arrays of such. */
type Plain = string | number | boolean | undefined | readonly Plain[];

/** The object of a plain value; 0 when memory is full. */
function plainObject(machine: Machine, value: Plain): Oop {
  switch (typeof value) {
    case "string":
      return machine.memory.newString(value);
    case "number":
      return smallInteger(value);
    case "boolean":
      return value ? trueOop : falseOop;
    case "undefined":
      return nilOop;
    default: {
      const elements = value.map((each) => plainObject(machine, each));
      return elements.includes(0) ? 0 : machine.memory.newArray(elements);
    }
  }
}

const readTonel: Primitive = (machine, at) => {
  const { memory } = machine;
  const text = memory.words[at + 1]!;
  if (!memory.isString(text)) return machine.fail("badArgument");
  const source = memory.stringValue(text);
  return plainObject(machine, describe(source, read(source))) || machine.fail("noMemory");
};

/** In the order the row of the primitive says. */
function describe(source: string, file: TonelFile): Plain {
  const lineAt = lineCounter(source);
  return [
    file.kind,
    file.name,
    file.superclass,
    file.type,
    file.instVars,
    file.classVars,
    file.classInstVars,
    file.pools,
    file.traits,
    file.classTraits,
    file.category,
    file.comment,
    file.methods.map((method) => [
      method.className,
      method.isClassSide,
      method.category,
      method.source,
      lineAt(method.patternOffset),
    ]),
    file.problems.map((problem) => [problem.message, problem.line, problem.column]),
    file.package,
    file.tag,
  ];
}

export const sourcePrimitives: Record<SourcePrimitiveName, Primitive> = { readTonel };
