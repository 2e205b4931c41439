/**
 * What only Floats do: their parts, printing and reading, functions.
 *
 * The host's own square root and its conversions between Floats and decimal
 * digits are exactly specified; the other functions are in float-functions.ts,
 * so that every host computes the same bits.
 */

import { headerBytes, type Oop, smallInteger } from "../../spec/layouts.ts";
import type { NumberPrimitiveName } from "../../spec/primitives.ts";
import type { Machine, Primitive } from "../machine.ts";
import * as functions from "./float-functions.ts";
import { answerInteger, type IntegerValue, integerValue, simplest } from "./integer-values.ts";
import { hashOfInteger } from "./integers.ts";

function answer(machine: Machine, value: number): Oop {
  return machine.memory.newFloat(value) || machine.fail("noMemory");
}

function unary(compute: (value: number) => number): Primitive {
  return (machine, at) => {
    const oop = machine.memory.words[at]!;
    if (!machine.memory.isFloat(oop)) return machine.fail("badReceiver");
    return answer(machine, compute(machine.memory.floatValue(oop)));
  };
}

function binary(compute: (a: number, b: number) => number): Primitive {
  return (machine, at) => {
    const { memory } = machine;
    const left = memory.words[at]!;
    const right = memory.words[at + 1]!;
    if (!memory.isFloat(left)) return machine.fail("badReceiver");
    if (!memory.isFloat(right)) return machine.fail("badArgument");
    return answer(machine, compute(memory.floatValue(left), memory.floatValue(right)));
  };
}

/** The receiver's value if it is a finite Float. */
function finite(machine: Machine, at: number): number | undefined {
  const oop = machine.memory.words[at]!;
  if (!machine.memory.isFloat(oop)) return undefined;
  const value = machine.memory.floatValue(oop);
  return Number.isFinite(value) ? value : undefined;
}

const floatTruncated: Primitive = (machine, at) => {
  const value = finite(machine, at);
  return value === undefined
    ? machine.fail("badReceiver")
    : answerInteger(machine, integerPart(value));
};

function integerPart(value: number): IntegerValue {
  const whole = Math.trunc(value) + 0;
  return Number.isSafeInteger(whole) ? whole : BigInt(whole);
}

const floatExponent: Primitive = (machine, at) => {
  const value = finite(machine, at);
  if (value === undefined) return machine.fail("badReceiver");
  return smallInteger(value === 0 ? -1 : functions.exponentOf(value));
};

const floatTimesTwoPower: Primitive = (machine, at) => {
  const { memory } = machine;
  const power = integerValue(memory, memory.words[at + 1]!);
  if (!memory.isFloat(memory.words[at]!)) return machine.fail("badReceiver");
  if (power === undefined) return machine.fail("badArgument");
  const bounded = power > 10000 ? 10000 : power < -10000 ? -10000 : Number(power);
  return answer(machine, functions.timesTwoPower(memory.floatValue(memory.words[at]!), bounded));
};

/** The address of a Float's word: the high one is index 1. */
function wordIndex(machine: Machine, at: number): number | undefined {
  const oop = machine.memory.words[at]!;
  const index = machine.memory.words[at + 1]!;
  if (!machine.memory.isFloat(oop) || (index !== smallInteger(1) && index !== smallInteger(2))) {
    return undefined;
  }
  return (((oop >>> 0) + headerBytes) >>> 2) + (index === smallInteger(1) ? 1 : 0);
}

const floatWordAt: Primitive = (machine, at) => {
  const index = wordIndex(machine, at);
  return index === undefined
    ? machine.fail("badIndex")
    : answerInteger(machine, machine.memory.unsignedWords[index]!);
};

const floatWordAtPut: Primitive = (machine, at) => {
  const { memory } = machine;
  const index = wordIndex(machine, at);
  const value = integerValue(memory, memory.words[at + 2]!);
  if (index === undefined) return machine.fail("badIndex");
  if (typeof value !== "number" || value < 0 || value > 0xffffffff) {
    return machine.fail("badArgument");
  }
  if (memory.isImmutable(memory.words[at]!)) return machine.fail("immutable");
  memory.unsignedWords[index] = value;
  memory.markDirtyRange(index * 4, 4);
  return memory.words[at + 2]!;
};

const floatPrint: Primitive = (machine, at) => {
  const value = finite(machine, at);
  if (value === undefined) return machine.fail("badReceiver");
  return machine.memory.newString(floatText(value)) || machine.fail("noMemory");
};

/** The shortest digits that read back as the value: plain from 0.0001 to below 1000000, else with an exponent. */
export function floatText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const sign = value < 0 ? "-" : "";
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e") as [string, string];
  const digits = mantissa.replace(".", "");
  // The value is 0.digits times ten to this power.
  const point = Number(exponent) + 1;
  if (point < -3 || point > 6) {
    return `${sign}${digits[0]}.${digits.slice(1) || "0"}e${point - 1}`;
  }
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  const whole = digits.slice(0, point).padEnd(point, "0");
  return `${sign}${whole}.${digits.slice(point) || "0"}`;
}

const floatSyntax = /^-?[0-9]+(\.[0-9]+)?([edq]-?[0-9]+)?$/;

const floatParse: Primitive = (machine, at) => {
  const { memory } = machine;
  if (!memory.isString(memory.words[at]!)) return machine.fail("badReceiver");
  const text = memory.stringValue(memory.words[at]!);
  if (!floatSyntax.test(text)) return machine.fail("syntaxError");
  return answer(machine, Number(text.replace(/[dq]/, "e")));
};

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

const floatAsIEEE32: Primitive = (machine, at) => {
  const oop = machine.memory.words[at]!;
  if (!machine.memory.isFloat(oop)) return machine.fail("badReceiver");
  single[0] = machine.memory.floatValue(oop);
  return answerInteger(machine, Number.isNaN(single[0]) ? 0x7fc00000 : singleBits[0]!);
};

const floatFromIEEE32: Primitive = (machine, at) => {
  const bits = integerValue(machine.memory, machine.memory.words[at + 1]!);
  if (typeof bits !== "number" || bits < 0 || bits > 0xffffffff) return machine.fail("badArgument");
  singleBits[0] = bits;
  return answer(machine, single[0]!);
};

const floatHash: Primitive = (machine, at) => {
  const { memory } = machine;
  const oop = memory.words[at]!;
  if (!memory.isFloat(oop)) return machine.fail("badReceiver");
  const value = memory.floatValue(oop);
  if (Number.isInteger(value)) return smallInteger(hashOfInteger(simplest(BigInt(value))));
  if (Number.isNaN(value)) return smallInteger(0x7ff8);
  const body = memory.bodyAddress(oop) >>> 2;
  const mixed = Math.imul(memory.words[body]! ^ memory.words[body + 1]!, 0x9e3779b1 | 0);
  return smallInteger(((mixed >>> 2) ^ (mixed >>> 17)) & 0x3fffffff);
};

type FloatPrimitiveName = Extract<NumberPrimitiveName, `float${string}`>;

export const floatPrimitives: Record<FloatPrimitiveName, Primitive> = {
  floatTruncated,
  floatFractionPart: unary((value) => value % 1),
  floatExponent,
  floatTimesTwoPower,
  floatSqrt: unary(Math.sqrt),
  floatSin: unary(functions.sin),
  floatCos: unary(functions.cos),
  floatTan: unary(functions.tan),
  floatArcSin: unary(functions.arcSin),
  floatArcCos: unary(functions.arcCos),
  floatArcTan: unary(functions.arcTan),
  floatArcTan2: binary(functions.arcTan2),
  floatExp: unary(functions.exp),
  floatLn: unary(functions.ln),
  floatLog10: unary(functions.log10),
  floatWordAt,
  floatWordAtPut,
  floatPrint,
  floatParse,
  floatAsIEEE32,
  floatFromIEEE32,
  floatHash,
};
