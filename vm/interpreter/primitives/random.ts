/**
 * One step of the minimal standard generator of Park and Miller: the state is
 * a number from 1 to 2^31 - 2, in the first word of a ByteArray of two words;
 * the next state is 16807 times it, modulo 2^31 - 1.
 *
 * S. Park, K. Miller, "Random Number Generators: Good Ones Are Hard to Find",
 * 1988.
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

const multiplier = 16807;
const modulus = 0x7fffffff;

function answerFloat(machine: Machine, value: number): Oop {
  return machine.memory.newFloat(value) || machine.fail("noMemory");
}

/** By the bound: 0 a Float below 1, positive an integer from 1 to it, negative the state less 1. */
const randomStep: Primitive = (machine, at) => {
  const { memory } = machine;
  const boundOop = memory.words[at + 2]!;
  if (!isSmallInteger(boundOop)) return machine.fail("badArgument");
  const bound = smallIntegerValue(boundOop);
  const state = memory.words[at + 1]!;
  if (isImmediate(state) || !memory.isKindOfBytes(state) || memory.elementCount(state) !== 8) {
    return machine.fail("badArgument");
  }
  if (memory.isImmutable(state)) return machine.fail("immutable");
  const address = memory.bodyAddress(state);
  const { unsignedWords } = memory;
  // Any state leads into the cycle, also one that is no state.
  const value = ((unsignedWords[address >>> 2]! % modulus || 1) * multiplier) % modulus;
  unsignedWords[address >>> 2] = value;
  memory.markDirtyRange(address, 8);
  if (bound < 0) return answerInteger(machine, value - 1);
  const fraction = value / modulus;
  if (bound === 0) return answerFloat(machine, fraction);
  return smallInteger(Math.floor(fraction * bound) + 1);
};

export const randomPrimitives = { randomStep } satisfies Record<string, Primitive>;
