/**
 * One step of the permuted congruential generator PCG-XSH-RR: 64 bits of state
 * kept as two little-endian halves in a ByteArray, of which 31 bits are made.
 *
 * M. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
 * Algorithms for Random Number Generation", 2014.
 */

import {
  isImmediate,
  isSmallInteger,
  type Oop,
  smallInteger,
  smallIntegerValue,
} from "../../spec/layouts.ts";
import type { Machine, Primitive } from "../machine.ts";
import { answerInteger } from "./integer-values.ts";

const multiplierLow = 0x4c957f2d;
const multiplierHigh = 0x5851f42d;
const incrementLow = 0xf767814f;
const incrementHigh = 0x14057b7e;

/** The upper half of a product of two unsigned words. */
function upperProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)) >>> 0;
}

function answerFloat(machine: Machine, value: number): Oop {
  return machine.memory.newFloat(value) || machine.fail("noMemory");
}

/** The greatest bound by which 31 bits may be multiplied exactly. */
const greatestBound = 0x400000;

/** By the bound: 0 a Float below 1, up to the greatest an integer from 1 to it, negative the 31 bits. */
const randomStep: Primitive = (machine, at) => {
  const { memory } = machine;
  const boundOop = memory.words[at + 2]!;
  const bound = isSmallInteger(boundOop) ? smallIntegerValue(boundOop) : greatestBound + 1;
  if (bound > greatestBound) return machine.fail("badArgument");
  const state = memory.words[at + 1]!;
  if (isImmediate(state) || !memory.isKindOfBytes(state) || memory.elementCount(state) !== 8) {
    return machine.fail("badArgument");
  }
  if (memory.isImmutable(state)) return machine.fail("immutable");
  const address = memory.bodyAddress(state);
  const { unsignedWords } = memory;
  const low = unsignedWords[address >>> 2]!;
  const high = unsignedWords[(address >>> 2) + 1]!;
  const nextLow = (Math.imul(low, multiplierLow) >>> 0) + incrementLow;
  const carry = nextLow > 0xffffffff ? 1 : 0;
  const upper =
    upperProduct(low, multiplierLow) +
    (Math.imul(high, multiplierLow) >>> 0) +
    (Math.imul(low, multiplierHigh) >>> 0);
  unsignedWords[address >>> 2] = nextLow;
  unsignedWords[(address >>> 2) + 1] = (upper % 0x100000000) + incrementHigh + carry;
  memory.markDirtyRange(address, 8);
  const mixedLow = low ^ ((low >>> 18) | (high << 14));
  const mixedHigh = high ^ (high >>> 18);
  const word = (mixedLow >>> 27) | (mixedHigh << 5);
  const count = high >>> 27;
  const value = ((word >>> count) | (word << (-count & 31))) & 0x7fffffff;
  if (bound < 0) return answerInteger(machine, value);
  if (bound === 0) return answerFloat(machine, value / 0x80000000);
  return smallInteger(Math.floor((value * bound) / 0x80000000) + 1);
};

export const randomPrimitives = { randomStep } satisfies Record<string, Primitive>;
