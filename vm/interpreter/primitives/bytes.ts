/**
 * Primitives of raw objects: ByteArrays and their integers and floats, arrays
 * of floats. What does not fit a SmallInteger fails with overflow, and the
 * kernel puts it together from bytes.
 */

import type { ObjectMemory } from "../../memory/object-memory.ts";
import {
  Format,
  fitsSmallInteger,
  isImmediate,
  isPointerFormat,
  isSmallInteger,
  type Oop,
  smallInteger,
  smallIntegerValue,
} from "../../spec/layouts.ts";
import type { Primitive } from "../machine.ts";

function byteLength(memory: ObjectMemory, oop: Oop): number {
  const format = memory.format(oop);
  const slots = memory.slotCount(oop) * 4;
  if (format >= Format.bytes) return slots - (format & 3);
  return format >= Format.words16 ? slots - (format & 1) * 2 : slots;
}

/** Whether the oop is an object without pointers that is not code. */
function isRaw(memory: ObjectMemory, oop: Oop): boolean {
  if (isImmediate(oop)) return false;
  const format = memory.format(oop);
  return !isPointerFormat(format) && format < Format.compiledCode;
}

/** A view of `size` bytes at a byte index of the receiver, or undefined. */
function bytesAt(
  memory: ObjectMemory,
  receiver: Oop,
  indexOop: Oop,
  size: number,
): DataView | undefined {
  if (!isSmallInteger(indexOop)) return undefined;
  const index = smallIntegerValue(indexOop);
  if (index < 1 || index - 1 + size > byteLength(memory, receiver)) return undefined;
  return new DataView(memory.bytes.buffer, memory.bodyAddress(receiver) + index - 1, size);
}

const rawEqual: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const argument = memory.words[at + 1]!;
  if (!isRaw(memory, receiver)) return machine.fail("badReceiver");
  if (memory.classIndex(receiver) !== memory.classIndex(argument)) return memory.booleanOop(false);
  const size = byteLength(memory, receiver);
  if (size !== byteLength(memory, argument)) return memory.booleanOop(false);
  const left = memory.bodyAddress(receiver);
  const right = memory.bodyAddress(argument);
  for (let index = 0; index < size; index++) {
    if (memory.bytes[left + index] !== memory.bytes[right + index]) {
      return memory.booleanOop(false);
    }
  }
  return memory.booleanOop(true);
};

const rawHash: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  if (!isRaw(memory, receiver)) return machine.fail("badReceiver");
  const body = memory.bodyAddress(receiver);
  const end = body + byteLength(memory, receiver);
  // FNV-1a, as for strings.
  let hash = 0x811c9dc5 | 0;
  for (let index = body; index < end; index++) {
    hash = Math.imul(hash ^ memory.bytes[index]!, 0x01000193);
  }
  return smallInteger((hash ^ (hash >>> 15)) & 0x3fffffff);
};

const bytesIndexOf: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const wanted = memory.words[at + 1]!;
  const startOop = memory.words[at + 2]!;
  if (!memory.isKindOfBytes(receiver)) return machine.fail("badReceiver");
  if (!isSmallInteger(startOop)) return machine.fail("badArgument");
  if (!isSmallInteger(wanted)) return smallInteger(0);
  const body = memory.bodyAddress(receiver);
  const bytes = memory.bytes.subarray(body, body + memory.elementCount(receiver));
  const start = Math.max(smallIntegerValue(startOop), 1) - 1;
  return smallInteger(bytes.indexOf(smallIntegerValue(wanted), start) + 1);
};

const bytesIntegerAt: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  if (!isRaw(memory, receiver)) return machine.fail("badReceiver");
  const size = isSmallInteger(words[at + 2]!) ? smallIntegerValue(words[at + 2]!) : 0;
  if (size < 1 || size > 6) return machine.fail("unsupported");
  const view = bytesAt(memory, receiver, words[at + 1]!, size);
  if (view === undefined) return machine.fail("badIndex");
  const bigEndian = words[at + 4] === memory.booleanOop(true);
  let value = 0;
  for (let index = 0; index < size; index++) {
    value = value * 256 + view.getUint8(bigEndian ? index : size - 1 - index);
  }
  const signed = words[at + 3] === memory.booleanOop(true);
  if (signed && value >= 2 ** (size * 8 - 1)) value -= 2 ** (size * 8);
  return fitsSmallInteger(value) ? smallInteger(value) : machine.fail("overflow");
};

const bytesIntegerAtPut: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  if (!isRaw(memory, receiver)) return machine.fail("badReceiver");
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  const size = isSmallInteger(words[at + 2]!) ? smallIntegerValue(words[at + 2]!) : 0;
  if (size < 1 || size > 6) return machine.fail("unsupported");
  const valueOop = words[at + 3]!;
  if (!isSmallInteger(valueOop)) return machine.fail("overflow");
  const view = bytesAt(memory, receiver, words[at + 1]!, size);
  if (view === undefined) return machine.fail("badIndex");
  let value = smallIntegerValue(valueOop);
  if (value >= 2 ** (size * 8) || value < -(2 ** (size * 8 - 1))) {
    return machine.fail("badArgument");
  }
  const bigEndian = words[at + 4] === memory.booleanOop(true);
  for (let index = 0; index < size; index++) {
    view.setUint8(bigEndian ? size - 1 - index : index, value & 0xff);
    value >>= 8;
  }
  memory.markDirtyRange(view.byteOffset, size);
  return valueOop;
};

const bytesFloatAt: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  if (!isRaw(memory, receiver)) return machine.fail("badReceiver");
  const size = smallIntegerValue(words[at + 2]!);
  if (size !== 4 && size !== 8) return machine.fail("unsupported");
  const view = bytesAt(memory, receiver, words[at + 1]!, size);
  if (view === undefined) return machine.fail("badIndex");
  const littleEndian = words[at + 3] !== memory.booleanOop(true);
  const value = size === 4 ? view.getFloat32(0, littleEndian) : view.getFloat64(0, littleEndian);
  return memory.newFloat(value) || machine.fail("noMemory");
};

/** The number an oop is, if it is a Float or a SmallInteger. */
function numberValue(memory: ObjectMemory, oop: Oop): number | undefined {
  if (isSmallInteger(oop)) return smallIntegerValue(oop);
  return memory.isFloat(oop) ? memory.floatValue(oop) : undefined;
}

const bytesFloatAtPut: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  if (!isRaw(memory, receiver)) return machine.fail("badReceiver");
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  const size = smallIntegerValue(words[at + 2]!);
  if (size !== 4 && size !== 8) return machine.fail("unsupported");
  const value = numberValue(memory, words[at + 3]!);
  if (value === undefined) return machine.fail("badArgument");
  const view = bytesAt(memory, receiver, words[at + 1]!, size);
  if (view === undefined) return machine.fail("badIndex");
  const littleEndian = words[at + 4] !== memory.booleanOop(true);
  if (size === 4) view.setFloat32(0, value, littleEndian);
  else view.setFloat64(0, value, littleEndian);
  memory.markDirtyRange(view.byteOffset, size);
  return words[at + 3]!;
};

/** A view of the element at an index of a float array, or undefined. */
function floatElement(memory: ObjectMemory, receiver: Oop, indexOop: Oop): DataView | undefined {
  const size = memory.format(receiver) === Format.words64 ? 8 : 4;
  if (!isSmallInteger(indexOop)) return undefined;
  const index = smallIntegerValue(indexOop);
  if (index < 1 || index > memory.elementCount(receiver)) return undefined;
  return bytesAt(memory, receiver, smallInteger((index - 1) * size + 1), size);
}

const isFloatArray = (memory: ObjectMemory, oop: Oop): boolean =>
  isRaw(memory, oop) && memory.format(oop) <= Format.words32;

const floatArrayAt: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  if (!isFloatArray(memory, receiver)) return machine.fail("badReceiver");
  const view = floatElement(memory, receiver, memory.words[at + 1]!);
  if (view === undefined) return machine.fail("badIndex");
  const value = view.byteLength === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  return memory.newFloat(value) || machine.fail("noMemory");
};

const floatArrayAtPut: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  if (!isFloatArray(memory, receiver)) return machine.fail("badReceiver");
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  const view = floatElement(memory, receiver, memory.words[at + 1]!);
  if (view === undefined) return machine.fail("badIndex");
  const value = numberValue(memory, memory.words[at + 2]!);
  if (value === undefined) return machine.fail("badArgument");
  if (view.byteLength === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  memory.markDirtyRange(view.byteOffset, view.byteLength);
  return memory.words[at + 2]!;
};

export const bytePrimitives = {
  rawEqual,
  rawHash,
  bytesIndexOf,
  bytesIntegerAt,
  bytesIntegerAtPut,
  bytesFloatAt,
  bytesFloatAtPut,
  floatArrayAt,
  floatArrayAtPut,
} satisfies Record<string, Primitive>;
