/**
 * Arithmetic and comparison of Integers and Floats in any mixture.
 *
 * The interpreter does SmallIntegers and Floats itself where nothing overflows;
 * what comes here is the rest. A mixture of Integer and Float computes in
 * Floats, but compares exactly. Results that are Integers come back in their
 * least form. What could not fit in memory fails with noMemory before it is
 * computed.
 */

import { falseOop, isSmallInteger, type Oop, smallInteger, trueOop } from "../../spec/layouts.ts";
import type { NumberPrimitiveName } from "../../spec/primitives.ts";
import type { Machine, Primitive } from "../machine.ts";
import { floatPrimitives } from "./floats.ts";
import {
  answerInteger,
  bigValue,
  bitLength,
  type IntegerValue,
  integerValue,
  maximumDividendBits,
  maximumIntegerBits,
  maximumProductBits,
} from "./integer-values.ts";
import { integerPrimitives } from "./integers.ts";

/** What an operation on two numbers does, by their kinds. */
interface Operation {
  /** Of safe integers; the result is used if it is safe too. */
  readonly numbers: (a: number, b: number) => number;
  readonly bigs: (a: bigint, b: bigint) => bigint;
  readonly floats: (a: number, b: number) => number;
  /** Whether operands of so many bits may be combined. */
  readonly fits: (a: number, b: number) => boolean;
}

const sumFits = (a: number, b: number): boolean => Math.max(a, b) < maximumIntegerBits;

const addition: Operation = {
  numbers: (a, b) => a + b,
  bigs: (a, b) => a + b,
  floats: (a, b) => a + b,
  fits: sumFits,
};
const subtraction: Operation = {
  numbers: (a, b) => a - b,
  bigs: (a, b) => a - b,
  floats: (a, b) => a - b,
  fits: sumFits,
};
const multiplication: Operation = {
  numbers: (a, b) => a * b,
  bigs: (a, b) => a * b,
  floats: (a, b) => a * b,
  // A short factor takes linear time only.
  fits: (a, b) => a + b <= (Math.min(a, b) < 64 ? maximumIntegerBits : maximumProductBits),
};

function arithmetic(operation: Operation): Primitive {
  return (machine, at) => {
    const { memory } = machine;
    const left = memory.words[at]!;
    const right = memory.words[at + 1]!;
    if (memory.isFloat(left) || memory.isFloat(right)) {
      const a = floatOf(machine, left);
      const b = floatOf(machine, right);
      if (a === undefined) return machine.fail("badReceiver");
      if (b === undefined) return machine.fail("badArgument");
      return answerFloat(machine, operation.floats(a, b));
    }
    const a = integerValue(memory, left);
    const b = integerValue(memory, right);
    if (a === undefined) return machine.fail("badReceiver");
    if (b === undefined) return machine.fail("badArgument");
    if (typeof a === "number" && typeof b === "number") {
      const result = operation.numbers(a, b);
      // Adding zero turns -0 into 0.
      if (Number.isSafeInteger(result)) return answerInteger(machine, result + 0);
    } else if (!operation.fits(bitLength(a), bitLength(b))) {
      return machine.fail("noMemory");
    }
    return answerInteger(machine, operation.bigs(BigInt(a), BigInt(b)));
  };
}

/** A Float's or Integer's value as a Float. */
export function floatOf(machine: Machine, oop: Oop): number | undefined {
  if (isSmallInteger(oop)) return oop >> 1;
  if (machine.memory.isFloat(oop)) return machine.memory.floatValue(oop);
  const value = integerValue(machine.memory, oop);
  return value === undefined ? undefined : Number(value);
}

export function answerFloat(machine: Machine, value: number): Oop {
  return machine.memory.newFloat(value) || machine.fail("noMemory");
}

const numberDivide: Primitive = (machine, at) => {
  const { memory } = machine;
  const left = memory.words[at]!;
  const right = memory.words[at + 1]!;
  if (memory.isFloat(left) || memory.isFloat(right)) {
    const a = floatOf(machine, left);
    const b = floatOf(machine, right);
    if (a === undefined) return machine.fail("badReceiver");
    if (b === undefined || b === 0) return machine.fail("badArgument");
    return answerFloat(machine, a / b);
  }
  const a = integerValue(memory, left);
  const b = integerValue(memory, right);
  if (a === undefined) return machine.fail("badReceiver");
  if (b === undefined || Number(b) === 0) return machine.fail("badArgument");
  if (typeof a === "number" && typeof b === "number") {
    return a % b === 0 ? answerInteger(machine, a / b + 0) : machine.fail("failed");
  }
  if (!canDivide(a, b)) return machine.fail("noMemory");
  const dividend = BigInt(a);
  const divisor = BigInt(b);
  if (dividend % divisor !== 0n) return machine.fail("failed");
  return answerInteger(machine, dividend / divisor);
};

/** Compares exactly: undefined if either is NaN. Infinities and BigInts compare as JavaScript does, by value. */
function comparison(test: (a: IntegerValue, b: IntegerValue) => boolean): Primitive {
  return (machine, at) => {
    const a = comparable(machine, machine.memory.words[at]!);
    const b = comparable(machine, machine.memory.words[at + 1]!);
    if (a === undefined) return machine.fail("badReceiver");
    if (b === undefined) return machine.fail("badArgument");
    return test(a, b) ? trueOop : falseOop;
  };
}

function comparable(machine: Machine, oop: Oop): IntegerValue | undefined {
  return machine.memory.isFloat(oop)
    ? machine.memory.floatValue(oop)
    : integerValue(machine.memory, oop);
}

function canDivide(a: IntegerValue, b: IntegerValue): boolean {
  return typeof b === "number" || bitLength(a) <= maximumDividendBits;
}

/** Of two Integers, the second not zero. */
function division(
  numbers: (a: number, b: number) => number,
  bigs: (a: bigint, b: bigint) => bigint,
): Primitive {
  return (machine, at) => {
    const a = integerValue(machine.memory, machine.memory.words[at]!);
    const b = integerValue(machine.memory, machine.memory.words[at + 1]!);
    if (a === undefined) return machine.fail("badReceiver");
    if (b === undefined || Number(b) === 0) return machine.fail("badArgument");
    if (typeof a === "number" && typeof b === "number") {
      return answerInteger(machine, numbers(a, b) + 0);
    }
    if (!canDivide(a, b)) return machine.fail("noMemory");
    return answerInteger(machine, bigs(BigInt(a), BigInt(b)));
  };
}

// A quotient can round up to the next integer, so it is taken from the exact remainder.
const quotient = (a: number, b: number): number => (a - (a % b)) / b;

function modulo(a: number, b: number): number {
  const remainder = a % b;
  return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
}

function floorDivide(a: number, b: number): number {
  const down = quotient(a, b);
  return a % b !== 0 && a < 0 !== b < 0 ? down - 1 : down;
}

function bigModulo(a: bigint, b: bigint): bigint {
  const remainder = a % b;
  return remainder !== 0n && remainder < 0n !== b < 0n ? remainder + b : remainder;
}

function bigFloor(a: bigint, b: bigint): bigint {
  const down = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? down - 1n : down;
}

function bits(
  words: (a: number, b: number) => number,
  bigs: (a: bigint, b: bigint) => bigint,
): Primitive {
  return (machine, at) => {
    const left = machine.memory.words[at]!;
    const right = machine.memory.words[at + 1]!;
    if (isSmallInteger(left) && isSmallInteger(right)) {
      return smallInteger(words(left >> 1, right >> 1));
    }
    const a = bigValue(machine.memory, left);
    const b = bigValue(machine.memory, right);
    if (a === undefined) return machine.fail("badReceiver");
    if (b === undefined) return machine.fail("badArgument");
    return answerInteger(machine, bigs(a, b));
  };
}

export const numberPrimitives: Record<NumberPrimitiveName, Primitive> = {
  numberAdd: arithmetic(addition),
  numberSubtract: arithmetic(subtraction),
  numberMultiply: arithmetic(multiplication),
  numberDivide,
  integerFloorDivide: division(floorDivide, bigFloor),
  integerModulo: division(modulo, bigModulo),
  integerQuotient: division(quotient, (a, b) => a / b),
  integerRemainder: division(
    (a, b) => a % b,
    (a, b) => a % b,
  ),
  numberLess: comparison((a, b) => a < b),
  numberGreater: comparison((a, b) => a > b),
  numberLessOrEqual: comparison((a, b) => a <= b),
  numberGreaterOrEqual: comparison((a, b) => a >= b),
  // biome-ignore lint/suspicious/noDoubleEquals: between a number and a BigInt this compares values
  numberEqual: comparison((a, b) => a == b),
  // biome-ignore lint/suspicious/noDoubleEquals: between a number and a BigInt this compares values
  numberNotEqual: comparison((a, b) => a != b),
  integerBitAnd: bits(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  integerBitOr: bits(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  integerBitXor: bits(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  ...integerPrimitives,
  ...floatPrimitives,
};
