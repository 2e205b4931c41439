/**
 * What only Integers do: shifts, powers, roots, common divisors, printing and
 * reading in a base.
 */

import { hashText } from "../../memory/symbol-table.ts";
import { isSmallInteger, type Oop, smallInteger } from "../../spec/layouts.ts";
import type { NumberPrimitiveName } from "../../spec/primitives.ts";
import type { Machine, Primitive } from "../machine.ts";
import {
  answerInteger,
  bigValue,
  bitLength,
  type IntegerValue,
  integerOop,
  integerValue,
  maximumDividendBits,
  maximumDivisorBits,
  maximumIntegerBits,
  maximumProductBits,
  maximumTextBits,
  simplest,
} from "./integer-values.ts";

/** The value of an operand word, or undefined if it is not an Integer. */
function operand(machine: Machine, at: number): IntegerValue | undefined {
  return integerValue(machine.memory, machine.memory.words[at]!);
}

const integerBitShift: Primitive = (machine, at) => {
  const value = operand(machine, at);
  const shift = operand(machine, at + 1);
  if (value === undefined) return machine.fail("badReceiver");
  if (shift === undefined) return machine.fail("badArgument");
  if (value === 0 || shift === 0) return machine.memory.words[at]!;
  if (shift > 0) {
    if (shift > maximumIntegerBits) return machine.fail("noMemory");
    const length = bitLength(value);
    if (length + Number(shift) > maximumIntegerBits) return machine.fail("noMemory");
    if (length + Number(shift) <= 53) {
      return answerInteger(machine, Number(value) * 2 ** Number(shift));
    }
    return answerInteger(machine, BigInt(value) << BigInt(shift));
  }
  if (typeof value === "number") {
    return answerInteger(machine, shift < -53 ? (value < 0 ? -1 : 0) : shiftDown(value, shift));
  }
  if (-BigInt(shift) > BigInt(bitLength(value))) return smallInteger(value < 0n ? -1 : 0);
  return answerInteger(machine, value >> -BigInt(shift));
};

function shiftDown(value: number, shift: IntegerValue): number {
  return Math.floor(value * 2 ** Number(shift));
}

const integerHighBitOfMagnitude: Primitive = (machine, at) => {
  const value = operand(machine, at);
  return value === undefined ? machine.fail("badReceiver") : smallInteger(bitLength(value));
};

const integerLowBit: Primitive = (machine, at) => {
  const value = operand(machine, at);
  if (value === undefined) return machine.fail("badReceiver");
  if (value === 0) return smallInteger(0);
  const big = BigInt(value);
  return smallInteger(bitLength(simplest(big & -big)));
};

/**
 * D. Lehmer's algorithm: many steps of Euclid's at a time on the leading bits,
 * as long as they decide the quotients.
 */
function gcd(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  if (x < y) [x, y] = [y, x];
  while (y > 9007199254740991n) {
    const [p, q, r, s] = cofactors(x, y);
    if (q === 0) [x, y] = [y, x % y];
    else [x, y] = [BigInt(p) * x + BigInt(q) * y, BigInt(r) * x + BigInt(s) * y];
  }
  if (y === 0n) return x;
  return BigInt(smallGcd(Number(y), Number(x % y)));
}

/** The matrix of Euclid's steps on the leading 50 bits; q is 0 if there is none. */
function cofactors(x: bigint, y: bigint): [number, number, number, number] {
  const shift = BigInt(bitLength(x) - 50);
  let high = Number(x >> shift);
  let low = Number(y >> shift);
  let [p, q, r, s] = [1, 0, 0, 1];
  for (;;) {
    if (low + r === 0 || low + s === 0) break;
    const quotient = Math.floor((high + p) / (low + r));
    if (quotient !== Math.floor((high + q) / (low + s))) break;
    const nextR = p - quotient * r;
    const nextS = q - quotient * s;
    if (Math.abs(nextR) > 2 ** 24 || Math.abs(nextS) > 2 ** 24) break;
    [p, q, r, s] = [r, s, nextR, nextS];
    [high, low] = [low, high - quotient * low];
  }
  return [p, q, r, s];
}

function smallGcd(a: number, b: number): number {
  let x = Math.abs(a);
  let y = Math.abs(b);
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

const integerGcd: Primitive = (machine, at) => {
  const a = operand(machine, at);
  const b = operand(machine, at + 1);
  if (a === undefined) return machine.fail("badReceiver");
  if (b === undefined) return machine.fail("badArgument");
  if (typeof a === "number" && typeof b === "number") return answerInteger(machine, smallGcd(a, b));
  if (Math.min(bitLength(a), bitLength(b)) > maximumDivisorBits) return machine.fail("noMemory");
  return answerInteger(machine, gcd(BigInt(a), BigInt(b)));
};

const integerRaisedTo: Primitive = (machine, at) => {
  const base = operand(machine, at);
  const exponent = operand(machine, at + 1);
  if (base === undefined) return machine.fail("badReceiver");
  if (exponent === undefined || exponent < 0) return machine.fail("badArgument");
  if (exponent === 0 || base === 1) return smallInteger(1);
  if (base === 0) return smallInteger(0);
  if (base === -1) return smallInteger(BigInt(exponent) % 2n === 0n ? 1 : -1);
  const bitsOfBase = typeof base === "number" ? Math.log2(Math.abs(base)) : bitLength(base) - 1;
  const bits = bitsOfBase * Number(exponent);
  if (bits >= maximumIntegerBits) return machine.fail("noMemory");
  // The logarithm of what lies beside a large power of two is rounded to an integer too.
  if (Number.isInteger(bitsOfBase) && base === 2 ** bitsOfBase) {
    return answerInteger(machine, 1n << BigInt(bits));
  }
  if (bits >= maximumProductBits) return machine.fail("noMemory");
  return answerInteger(machine, BigInt(base) ** BigInt(exponent));
};

const integerRaisedToModulo: Primitive = (machine, at) => {
  const base = bigValue(machine.memory, machine.memory.words[at]!);
  const exponent = bigValue(machine.memory, machine.memory.words[at + 1]!);
  const modulus = bigValue(machine.memory, machine.memory.words[at + 2]!);
  if (base === undefined) return machine.fail("badReceiver");
  if (exponent === undefined || modulus === undefined) return machine.fail("badArgument");
  if (exponent < 0n || modulus <= 0n) return machine.fail("badArgument");
  // A longer product would hold up everything else for seconds.
  if (bitLength(exponent) * bitLength(modulus) > 2 ** 26) return machine.fail("unsupported");
  let result = 1n % modulus;
  let power = ((base % modulus) + modulus) % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * power) % modulus;
    power = (power * power) % modulus;
  }
  return answerInteger(machine, result);
};

const integerInverseModulo: Primitive = (machine, at) => {
  const value = bigValue(machine.memory, machine.memory.words[at]!);
  const modulus = bigValue(machine.memory, machine.memory.words[at + 1]!);
  if (value === undefined) return machine.fail("badReceiver");
  if (modulus === undefined || modulus <= 0n) return machine.fail("badArgument");
  let [r, next] = [modulus, ((value % modulus) + modulus) % modulus];
  let [t, nextT] = [0n, 1n];
  while (next !== 0n) {
    const factor = r / next;
    [r, next] = [next, r - factor * next];
    [t, nextT] = [nextT, t - factor * nextT];
  }
  if (r !== 1n) return machine.fail("failed");
  return answerInteger(machine, t < 0n ? t + modulus : t % modulus);
};

const integerSqrtFloor: Primitive = (machine, at) => {
  const value = operand(machine, at);
  if (value === undefined || value < 0) return machine.fail("badReceiver");
  if (bitLength(value) > maximumDividendBits) return machine.fail("noMemory");
  if (typeof value === "number") {
    const root = Math.floor(Math.sqrt(value));
    return answerInteger(machine, root * root > value ? root - 1 : root);
  }
  return answerInteger(machine, sqrtFloor(value));
};

/** Zimmermann's recursion: the root of the upper half, then one division. */
function sqrtFloor(value: bigint): bigint {
  const length = bitLength(value);
  if (length <= 1000) {
    let root = 1n << BigInt((length + 1) >> 1);
    for (;;) {
      const next = (root + value / root) >> 1n;
      if (next >= root) return root;
      root = next;
    }
  }
  const shift = BigInt((length >> 2) - 1);
  const upper = sqrtFloor(value >> (shift * 2n));
  let root = ((upper << shift) + (value >> shift) / upper) >> 1n;
  while (root * root > value) root -= 1n;
  while ((root + 1n) * (root + 1n) <= value) root += 1n;
  return root;
}

const integerAsFloat: Primitive = (machine, at) => {
  const value = operand(machine, at);
  if (value === undefined) return machine.fail("badReceiver");
  return machine.memory.newFloat(Number(value)) || machine.fail("noMemory");
};

const fractionAsFloat: Primitive = (machine, at) => {
  const numerator = bigValue(machine.memory, machine.memory.words[at]!);
  const denominator = bigValue(machine.memory, machine.memory.words[at + 1]!);
  if (numerator === undefined) return machine.fail("badReceiver");
  if (denominator === undefined || denominator <= 0n) return machine.fail("badArgument");
  return (
    machine.memory.newFloat(quotientAsFloat(numerator, denominator)) || machine.fail("noMemory")
  );
};

/** The nearest Float, ties to even, with gradual underflow. */
export function quotientAsFloat(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const size = numerator < 0n ? -numerator : numerator;
  // A quotient of at least 55 bits whose last bit is sticky rounds rightly; fewer bits where the result is subnormal.
  const exponent = bitLength(size) - bitLength(denominator);
  const shift = Math.min(56 - exponent, 1076);
  const scaled = shift >= 0 ? size << BigInt(shift) : size;
  const divisor = shift >= 0 ? denominator : denominator << BigInt(-shift);
  const quotient = scaled / divisor;
  const sticky = scaled % divisor === 0n ? 0n : 1n;
  const magnitude = scaleByPowerOfTwo(quotient, sticky, -shift);
  return numerator < 0n ? -magnitude : magnitude;
}

function scaleByPowerOfTwo(quotient: bigint, sticky: bigint, exponent: number): number {
  const length = bitLength(quotient);
  const drop = Math.max(length - 53, -1074 - exponent, 1);
  const kept = quotient >> BigInt(drop);
  const rest = ((quotient - (kept << BigInt(drop))) << 1n) | sticky;
  const half = 1n << BigInt(drop);
  const up = rest > half || (rest === half && (kept & 1n) === 1n);
  const mantissa = Number(up ? kept + 1n : kept);
  return mantissa * 2 ** (exponent + drop);
}

const integerPrint: Primitive = (machine, at) => {
  const value = operand(machine, at);
  const base = machine.memory.words[at + 1]!;
  if (value === undefined) return machine.fail("badReceiver");
  if (!isSmallInteger(base)) return machine.fail("badArgument");
  const radix = base >> 1;
  if (radix < 2 || radix > 36) return machine.fail("badArgument");
  if (bitLength(value) > maximumTextBits) return machine.fail("noMemory");
  const text = value.toString(radix).toUpperCase();
  return machine.memory.newString(text) || machine.fail("noMemory");
};

const integerParse: Primitive = (machine, at) => {
  const { memory } = machine;
  const base = memory.words[at + 1]!;
  if (!memory.isString(memory.words[at]!)) return machine.fail("badReceiver");
  if (!isSmallInteger(base)) return machine.fail("badArgument");
  const digits = memory.elementCount(memory.words[at]!);
  if (digits * Math.log2(base >> 1) > maximumTextBits) return machine.fail("noMemory");
  const value = parseInteger(memory.stringValue(memory.words[at]!), base >> 1);
  return value === undefined ? machine.fail("syntaxError") : answerInteger(machine, value);
};

/** The value of digits in a base; letters count as digits from 10 on, in either case. */
export function parseInteger(text: string, base: number): IntegerValue | undefined {
  if (base < 2 || base > 36) return undefined;
  const digits = text.replaceAll("_", "").toLowerCase();
  if (digits === "") return undefined;
  for (let at = 0; at < digits.length; at++) {
    const code = digits.charCodeAt(at);
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 122 ? code - 87 : 99;
    if (digit >= base) return undefined;
  }
  if (base ** digits.length <= Number.MAX_SAFE_INTEGER) return Number.parseInt(digits, base);
  return simplest(parseLong(digits, base));
}

function parseLong(digits: string, base: number): bigint {
  const prefix = { 2: "0b", 8: "0o", 10: "", 16: "0x" }[base];
  if (prefix !== undefined) return BigInt(prefix + digits);
  if (base ** digits.length <= Number.MAX_SAFE_INTEGER)
    return BigInt(Number.parseInt(digits, base));
  const low = digits.length >> 1;
  const split = digits.length - low;
  return (
    parseLong(digits.slice(0, split), base) * BigInt(base) ** BigInt(low) +
    parseLong(digits.slice(split), base)
  );
}

/** The hash of an Integer's value; a SmallInteger's is its value. */
export function hashOfInteger(value: IntegerValue): number {
  const simple = simplest(value);
  if (typeof simple === "number" && simple >= -0x40000000 && simple <= 0x3fffffff) return simple;
  return hashText(simple.toString(16));
}

const integerHash: Primitive = (machine, at) => {
  const value = operand(machine, at);
  return value === undefined ? machine.fail("badReceiver") : smallInteger(hashOfInteger(value));
};

const integerNormalize: Primitive = (machine, at): Oop => {
  const value = operand(machine, at);
  if (value === undefined) return machine.fail("badReceiver");
  return integerOop(machine.memory, value) || machine.fail("noMemory");
};

type IntegerPrimitiveName = Extract<NumberPrimitiveName, `integer${string}` | "fractionAsFloat">;

export const integerPrimitives: Record<
  Exclude<
    IntegerPrimitiveName,
    | "integerFloorDivide"
    | "integerModulo"
    | "integerQuotient"
    | "integerRemainder"
    | "integerBitAnd"
    | "integerBitOr"
    | "integerBitXor"
  >,
  Primitive
> = {
  integerBitShift,
  integerHighBitOfMagnitude,
  integerLowBit,
  integerGcd,
  integerRaisedTo,
  integerRaisedToModulo,
  integerInverseModulo,
  integerSqrtFloor,
  integerAsFloat,
  fractionAsFloat,
  integerPrint,
  integerParse,
  integerHash,
  integerNormalize,
};
