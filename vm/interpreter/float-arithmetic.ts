/**
 * Arithmetic and comparison where at least one operand is a Float and the other
 * a Float or SmallInteger. They answer 0, or -1, for anything else, and then the
 * selector is sent.
 */

import type { ObjectMemory } from "../memory/object-memory.ts";
import {
  classIndexMask,
  classIndexOf,
  Format,
  formatShift,
  type Oop,
  State,
  slotCountShift,
} from "../spec/layouts.ts";

const float = classIndexOf.BoxedFloat64;
const floatHeader = float | (Format.words64 << formatShift);
const floatHeader1 = 2 << slotCountShift;

/** Operation 0 +, 1 -, 2 *, 3 /. Division by zero is left to Smalltalk. */
export function floatArithmetic(
  words: Int32Array,
  doubles: Float64Array,
  memory: ObjectMemory,
  operation: number,
  b: Oop,
  c: Oop,
): Oop {
  let x: number;
  let y: number;
  if ((b & 1) !== 0) x = b >> 1;
  else if ((b & 3) === 0 && (words[b >>> 2] & classIndexMask) === float) x = doubles[(b >>> 3) + 1];
  else return 0;
  if ((c & 1) !== 0) y = c >> 1;
  else if ((c & 3) === 0 && (words[c >>> 2] & classIndexMask) === float) y = doubles[(c >>> 3) + 1];
  else return 0;
  let result: number;
  switch (operation) {
    case 0:
      result = x + y;
      break;
    case 1:
      result = x - y;
      break;
    case 2:
      result = x * y;
      break;
    default:
      if (y === 0) return 0;
      result = x / y;
  }
  const start = words[State.edenFree];
  const end = start + 16;
  if (end > words[State.edenSoftEnd]) return memory.newFloat(result);
  words[State.edenFree] = end;
  words[start >> 2] = floatHeader;
  words[(start >> 2) + 1] = floatHeader1;
  doubles[(start >> 3) + 1] = result;
  return start;
}

/** Operation 0 <, 1 >, 2 <=, 3 >=, 4 =, 5 ~=. Answers 1, 0, or -1 if it must be sent. */
export function compareFloats(
  words: Int32Array,
  doubles: Float64Array,
  operation: number,
  b: Oop,
  c: Oop,
): number {
  let x: number;
  let y: number;
  if ((b & 1) !== 0) x = b >> 1;
  else if ((b & 3) === 0 && (words[b >>> 2] & classIndexMask) === float) x = doubles[(b >>> 3) + 1];
  else return -1;
  if ((c & 1) !== 0) y = c >> 1;
  else if ((c & 3) === 0 && (words[c >>> 2] & classIndexMask) === float) y = doubles[(c >>> 3) + 1];
  else return -1;
  switch (operation) {
    case 0:
      return x < y ? 1 : 0;
    case 1:
      return x > y ? 1 : 0;
    case 2:
      return x <= y ? 1 : 0;
    case 3:
      return x >= y ? 1 : 0;
    case 4:
      return x === y ? 1 : 0;
    default:
      return x !== y ? 1 : 0;
  }
}
