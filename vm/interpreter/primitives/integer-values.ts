/**
 * Integers between the heap and the host.
 *
 * In the heap an Integer is a SmallInteger, or a LargeInteger: the bytes of its
 * magnitude, the least significant first, no zero byte last, never a value that
 * a SmallInteger could hold. In the host it is a number while that is exact
 * (53 bits), else a BigInt: most arithmetic never needs one.
 */

import type { ObjectMemory } from "../../memory/object-memory.ts";
import {
  classIndexOf,
  fitsSmallInteger,
  isSmallInteger,
  type Oop,
  smallInteger,
} from "../../spec/layouts.ts";
import type { Machine } from "../machine.ts";

/** A number if it is a safe integer, else a BigInt. */
export type IntegerValue = number | bigint;

/** No Integer has more bits: 64 MiB of magnitude. */
export const maximumIntegerBits = 2 ** 29;

/**
 * Bounds on what takes more than linear time, so that no primitive holds up
 * everything else, Stop included, for more than some tenths of a second: bits of
 * products and powers, of dividends, of printed and read numbers, of the operands
 * of a common divisor.
 */
export const maximumProductBits = 2 ** 23;
export const maximumDividendBits = 2 ** 23;
export const maximumTextBits = 2 ** 21;
export const maximumDivisorBits = 2 ** 18;

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** What an Integer's oop means; undefined if it is not an Integer. */
export function integerValue(memory: ObjectMemory, oop: Oop): IntegerValue | undefined {
  if (isSmallInteger(oop)) return oop >> 1;
  const classIndex = memory.classIndex(oop);
  if (classIndex === classIndexOf.LargePositiveInteger) return magnitude(memory, oop);
  if (classIndex !== classIndexOf.LargeNegativeInteger) return undefined;
  const value = magnitude(memory, oop);
  return typeof value === "number" ? 0 - value : -value;
}

/** As integerValue, always a BigInt. */
export function bigValue(memory: ObjectMemory, oop: Oop): bigint | undefined {
  const value = integerValue(memory, oop);
  return value === undefined ? undefined : BigInt(value);
}

function magnitude(memory: ObjectMemory, oop: Oop): IntegerValue {
  const size = memory.elementCount(oop);
  const body = memory.bodyAddress(oop);
  if (size <= 8) {
    const low = size > 0 ? memory.unsignedWords[body >>> 2]! : 0;
    const high = size > 4 ? memory.unsignedWords[(body >>> 2) + 1]! : 0;
    return high < 0x200000 ? high * 0x100000000 + low : (BigInt(high) << 32n) | BigInt(low);
  }
  if (size <= 64) {
    let value = 0n;
    for (let at = (size - 1) >> 2; at >= 0; at--) {
      value = (value << 32n) | BigInt(memory.unsignedWords[(body >>> 2) + at]!);
    }
    return simplest(value);
  }
  // What is done with long ones takes longer than they are.
  if (size > 4096) memory.charge(size * 64);
  // Hexadecimal digits are the one linear way to a long BigInt.
  const digits: string[] = new Array(size);
  for (let at = 0; at < size; at++) digits[size - 1 - at] = hexOfByte[memory.bytes[body + at]!]!;
  return simplest(BigInt(`0x${digits.join("")}`));
}

/** The number where that is exact. */
export function simplest(value: IntegerValue): IntegerValue {
  if (typeof value === "number") return value;
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** The oop of an Integer, made if need be; 0 when memory is full. Numbers must be safe integers. */
export function integerOop(memory: ObjectMemory, value: IntegerValue): Oop {
  const simple = simplest(value);
  if (typeof simple === "bigint") return largeOop(memory, simple);
  if (fitsSmallInteger(simple)) return smallInteger(simple);
  const size = simple < 0 ? Math.abs(simple) : simple;
  const high = Math.floor(size / 0x100000000);
  const low = size - high * 0x100000000;
  const oop = memory.allocateBytes(
    simple < 0 ? classIndexOf.LargeNegativeInteger : classIndexOf.LargePositiveInteger,
    high === 0 ? byteLength(low) : 4 + byteLength(high),
  );
  if (oop === 0) return 0;
  const body = memory.bodyAddress(oop) >>> 2;
  memory.unsignedWords[body] = low;
  if (high !== 0) memory.unsignedWords[body + 1] = high;
  return oop;
}

function byteLength(word: number): number {
  return (39 - Math.clz32(word)) >> 3;
}

function largeOop(memory: ObjectMemory, value: bigint): Oop {
  const negative = value < 0n;
  const classIndex = negative
    ? classIndexOf.LargeNegativeInteger
    : classIndexOf.LargePositiveInteger;
  let hex = (negative ? -value : value).toString(16);
  if ((hex.length & 1) !== 0) hex = `0${hex}`;
  const size = hex.length >> 1;
  const oop = memory.allocateBytes(classIndex, size);
  if (oop === 0) return 0;
  const body = memory.bodyAddress(oop);
  const bytes = memory.bytes;
  for (let at = 0; at < size; at++) {
    const from = hex.length - 2 * at - 2;
    bytes[body + at] = (nibble(hex.charCodeAt(from)) << 4) | nibble(hex.charCodeAt(from + 1));
  }
  return oop;
}

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

/** Bits of the absolute value. */
export function bitLength(value: IntegerValue): number {
  if (typeof value === "number") {
    const size = Math.abs(value);
    return size < 0x100000000
      ? 32 - Math.clz32(size)
      : 64 - Math.clz32(Math.floor(size / 0x100000000));
  }
  const hex = (value < 0n ? -value : value).toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28);
}

/** Answers the Integer, or fails with noMemory. */
export function answerInteger(machine: Machine, value: IntegerValue): Oop {
  return integerOop(machine.memory, value) || machine.fail("noMemory");
}
