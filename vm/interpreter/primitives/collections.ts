/**
 * Primitives of collections: copying runs of elements, searching, sorting and
 * hash tables by identity. Those of strings and of raw bytes are in strings.ts
 * and bytes.ts.
 *
 * Always: a run of pointers stored into an old object is checked as a whole by
 * `pointersStored`; a run of bytes marks its pages.
 */

import type { ObjectMemory } from "../../memory/object-memory.ts";
import {
  ClassSlot,
  characterValue,
  classIndexOf,
  Format,
  headerWords,
  instanceSizeOf,
  isCharacter,
  isImmediate,
  isPointerFormat,
  isSmallInteger,
  nilOop,
  type Oop,
  oldBase,
  smallInteger,
  smallIntegerValue,
} from "../../spec/layouts.ts";
import type { CollectionPrimitiveName } from "../../spec/primitives.ts";
import type { Machine, Primitive } from "../machine.ts";
import { bytePrimitives } from "./bytes.ts";
import { digestPrimitives } from "./digests.ts";
import { randomPrimitives } from "./random.ts";
import { copyCharacters, isText, newTextLike, stringPrimitives } from "./strings.ts";

/** What a run of stored pointers owes: dirty pages, and remembering if one is new. */
function pointersStored(memory: ObjectMemory, oop: Oop, firstWord: number, count: number): void {
  if (oop >>> 0 < oldBase || count === 0) return;
  memory.markDirtyRange(firstWord * 4, count * 4);
  const { words } = memory;
  for (let index = firstWord; index < firstWord + count; index++) {
    const value = words[index]!;
    if ((value & 3) === 0 && value >>> 0 < oldBase) {
      memory.remember(oop);
      return;
    }
  }
}

/** Named slots in front of the indexed ones. */
function fixedSlots(machine: Machine, oop: Oop): number {
  const format = machine.memory.format(oop);
  if (format !== Format.indexableWithFixed && format !== Format.weak) return 0;
  const shape = machine.memory.fetchPointer(ClassSlot.format, machine.classes.classOf(oop));
  return instanceSizeOf(smallIntegerValue(shape));
}

/** Bytes an element takes in that format; 0 for formats without raw elements. */
function elementBytes(format: number): number {
  if (format >= Format.compiledCode) return 0;
  if (format >= Format.bytes) return 1;
  if (format >= Format.words16) return 2;
  if (format === Format.words32) return 4;
  return format === Format.words64 ? 8 : 0;
}

function isIndexablePointers(format: number): boolean {
  return format >= Format.indexable && format <= Format.weak;
}

const replaceElements: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  const startOop = words[at + 1]!;
  const stopOop = words[at + 2]!;
  const source = words[at + 3]!;
  const sourceOop = words[at + 4]!;
  if (isImmediate(receiver)) return machine.fail("badReceiver");
  if (isImmediate(source) || !isSmallInteger(startOop & stopOop & sourceOop)) {
    return machine.fail("badArgument");
  }
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  const start = smallIntegerValue(startOop);
  const count = smallIntegerValue(stopOop) - start + 1;
  const from = smallIntegerValue(sourceOop);
  const format = memory.format(receiver);
  const sourceFormat = memory.format(source);
  const pointers = isIndexablePointers(format) && isIndexablePointers(sourceFormat);
  const skipped = pointers ? fixedSlots(machine, receiver) : 0;
  const sourceSkipped = pointers ? fixedSlots(machine, source) : 0;
  if (
    count < 0 ||
    start < 1 ||
    from < 1 ||
    start - 1 + count > memory.elementCount(receiver) - skipped ||
    from - 1 + count > memory.elementCount(source) - sourceSkipped
  ) {
    return machine.fail("badIndex");
  }
  if (pointers) {
    const to = (receiver >>> 2) + headerWords + skipped + start - 1;
    const first = (source >>> 2) + headerWords + sourceSkipped + from - 1;
    words.copyWithin(to, first, first + count);
    pointersStored(memory, receiver, to, count);
    return receiver;
  }
  const size = elementBytes(format);
  if (size !== 0 && size === elementBytes(sourceFormat)) {
    const to = memory.bodyAddress(receiver) + (start - 1) * size;
    const first = memory.bodyAddress(source) + (from - 1) * size;
    memory.bytes.copyWithin(to, first, first + count * size);
    memory.markDirtyRange(to, count * size);
    return receiver;
  }
  if (!isText(memory, receiver) || !isText(memory, source)) return machine.fail("badArgument");
  return copyCharacters(memory, receiver, start - 1, source, from - 1, count)
    ? receiver
    : machine.fail("overflow");
};

/** A new Array of a run of slots. */
function newArrayOf(memory: ObjectMemory, source: Oop, from: number, count: number): Oop {
  const array = memory.allocate(classIndexOf.Array, Format.indexable, count);
  if (array === 0) return 0;
  const first = (source >>> 2) + headerWords + from;
  memory.words.copyWithin((array >>> 2) + headerWords, first, first + count);
  memory.objectFilled(array);
  return array;
}

const copyFromTo: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const startOop = memory.words[at + 1]!;
  const stopOop = memory.words[at + 2]!;
  if (isImmediate(receiver)) return machine.fail("badReceiver");
  if (!isSmallInteger(startOop & stopOop)) return machine.fail("badArgument");
  const from = smallIntegerValue(startOop) - 1;
  const count = smallIntegerValue(stopOop) - from;
  if (from < 0 || count < 0 || from + count > memory.elementCount(receiver)) {
    return machine.fail("badIndex");
  }
  let copy: Oop = 0;
  switch (memory.classIndex(receiver)) {
    case classIndexOf.Array:
      copy = newArrayOf(memory, receiver, from, count);
      break;
    case classIndexOf.ByteArray:
      copy = memory.allocateBytes(classIndexOf.ByteArray, count);
      if (copy !== 0) {
        const first = memory.bodyAddress(receiver) + from;
        memory.bytes.copyWithin(memory.bodyAddress(copy), first, first + count);
      }
      break;
    case classIndexOf.ByteString:
    case classIndexOf.ByteSymbol:
    case classIndexOf.WideString:
    case classIndexOf.WideSymbol:
      copy = newTextLike(memory, receiver, count);
      if (copy !== 0) copyCharacters(memory, copy, 0, receiver, from, count);
      break;
    default:
      return machine.fail("badReceiver");
  }
  return copy === 0 ? machine.fail("noMemory") : copy;
};

const concatenate: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const argument = memory.words[at + 1]!;
  const count = isImmediate(receiver) ? 0 : memory.elementCount(receiver);
  let result: Oop = 0;
  if (memory.isString(receiver) && memory.isString(argument)) {
    const more = memory.elementCount(argument);
    const wide =
      memory.format(receiver) === Format.words32 || memory.format(argument) === Format.words32;
    result = newTextLike(
      memory,
      wide && memory.format(argument) === Format.words32 ? argument : receiver,
      count + more,
    );
    if (result === 0) return machine.fail("noMemory");
    copyCharacters(memory, result, 0, receiver, 0, count);
    copyCharacters(memory, result, count, argument, 0, more);
    return result;
  }
  if (
    memory.classIndex(receiver) !== classIndexOf.Array ||
    memory.classIndex(argument) !== classIndexOf.Array
  ) {
    return machine.fail("badArgument");
  }
  const more = memory.slotCount(argument);
  result = memory.allocate(classIndexOf.Array, Format.indexable, count + more);
  if (result === 0) return machine.fail("noMemory");
  const body = (result >>> 2) + headerWords;
  const first = (receiver >>> 2) + headerWords;
  const second = (argument >>> 2) + headerWords;
  memory.words.copyWithin(body, first, first + count);
  memory.words.copyWithin(body + count, second, second + more);
  memory.objectFilled(result);
  return result;
};

const identityIndexOf: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  const wanted = words[at + 1]!;
  const startOop = words[at + 2]!;
  if (isImmediate(receiver) || !isIndexablePointers(memory.format(receiver))) {
    return machine.fail("badReceiver");
  }
  if (!isSmallInteger(startOop)) return machine.fail("badArgument");
  const body = (receiver >>> 2) + headerWords + fixedSlots(machine, receiver);
  const end = (receiver >>> 2) + headerWords + memory.slotCount(receiver);
  const start = body + Math.max(smallIntegerValue(startOop), 1) - 1;
  for (let index = start; index < end; index++) {
    if (words[index] === wanted) return smallInteger(index - body + 1);
  }
  return smallInteger(0);
};

/** Where probing for a key starts. Numbers and Characters stand by value, so small ones stay in order. */
function homeOf(memory: ObjectMemory, key: Oop, size: number): number {
  if (isSmallInteger(key)) {
    const home = smallIntegerValue(key) % size;
    return home < 0 ? home + size : home;
  }
  if (isCharacter(key)) return characterValue(key) % size;
  return memory.identityHash(key) % size;
}

/** Probes a table linearly: the index of the slot found, counted from 1, or 0. */
function probe(machine: Machine, at: number, matches: (entry: Oop, key: Oop) => boolean): Oop {
  const memory = machine.memory;
  const { words } = memory;
  const table = words[at]!;
  const key = words[at + 1]!;
  if (isImmediate(table) || !isPointerFormat(memory.format(table))) {
    return machine.fail("badReceiver");
  }
  const size = memory.slotCount(table);
  if (size === 0) return smallInteger(0);
  const body = (table >>> 2) + headerWords;
  const home = homeOf(memory, key, size);
  let index = home;
  do {
    const entry = words[body + index]!;
    if (entry === nilOop || matches(entry, key)) return smallInteger(index + 1);
    index = index + 1 === size ? 0 : index + 1;
  } while (index !== home);
  return smallInteger(0);
}

const identityScan: Primitive = (machine, at) => probe(machine, at, (entry, key) => entry === key);

const associationScan: Primitive = (machine, at) => {
  const { words } = machine.memory;
  return probe(
    machine,
    at,
    (entry, key) => !isImmediate(entry) && words[(entry >>> 2) + headerWords] === key,
  );
};

const sortAscending: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  if (memory.classIndex(receiver) !== classIndexOf.Array) return machine.fail("badReceiver");
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  const startOop = words[at + 1]!;
  const stopOop = words[at + 2]!;
  if (!isSmallInteger(startOop & stopOop)) return machine.fail("badArgument");
  const start = smallIntegerValue(startOop) - 1;
  const stop = smallIntegerValue(stopOop);
  if (start < 0 || stop > memory.slotCount(receiver)) return machine.fail("badIndex");
  if (stop - start < 2) return receiver;
  const first = (receiver >>> 2) + headerWords + start;
  const run = words.subarray(first, first + stop - start);
  if (run.every(isSmallInteger)) {
    // Tagged SmallIntegers sort as their values do.
    run.sort();
  } else if (run.every((oop) => memory.classIndex(oop) === classIndexOf.ByteString)) {
    const texts = new Map<Oop, string>();
    for (const oop of run) texts.set(oop, memory.stringValue(oop));
    const sorted = [...run].sort((a, b) => compareTexts(texts.get(a)!, texts.get(b)!));
    run.set(sorted);
  } else {
    return machine.fail("badArgument");
  }
  pointersStored(memory, receiver, first, run.length);
  return receiver;
};

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const reverseInPlace: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  if (isImmediate(receiver)) return machine.fail("badReceiver");
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  const format = memory.format(receiver);
  const count = memory.elementCount(receiver);
  if (format === Format.indexable) {
    const body = (receiver >>> 2) + headerWords;
    memory.words.subarray(body, body + count).reverse();
    memory.markDirtyRange(body * 4, count * 4);
  } else if (elementBytes(format) === 1) {
    const body = memory.bodyAddress(receiver);
    memory.bytes.subarray(body, body + count).reverse();
    memory.markDirtyRange(body, count);
  } else {
    return machine.fail("badReceiver");
  }
  return receiver;
};

const fillElements: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  const value = words[at + 1]!;
  const startOop = words[at + 2]!;
  const stopOop = words[at + 3]!;
  if (isImmediate(receiver)) return machine.fail("badReceiver");
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  if (!isSmallInteger(startOop & stopOop)) return machine.fail("badArgument");
  const start = smallIntegerValue(startOop) - 1;
  const stop = smallIntegerValue(stopOop);
  const format = memory.format(receiver);
  const skipped = isIndexablePointers(format) ? fixedSlots(machine, receiver) : 0;
  if (start < 0 || stop < start || stop > memory.elementCount(receiver) - skipped) {
    return machine.fail("badIndex");
  }
  if (isIndexablePointers(format)) {
    const first = (receiver >>> 2) + headerWords + skipped + start;
    words.fill(value, first, first + stop - start);
    pointersStored(memory, receiver, first, stop - start);
    return receiver;
  }
  const raw = rawElement(memory, receiver, value);
  if (raw < 0) return machine.fail("badArgument");
  const size = elementBytes(format);
  const first = memory.bodyAddress(receiver) + start * size;
  if (size === 1) memory.bytes.fill(raw, first, first + stop - start);
  else memory.unsignedWords.fill(raw, first >>> 2, (first >>> 2) + stop - start);
  memory.markDirtyRange(first, (stop - start) * size);
  return receiver;
};

/** The raw element that a value is in a string or byte array, or -1. */
function rawElement(memory: ObjectMemory, receiver: Oop, value: Oop): number {
  const size = elementBytes(memory.format(receiver));
  const limit = size === 1 ? 255 : size === 4 ? 0x10ffff : -1;
  let raw = -1;
  if (isText(memory, receiver)) raw = isCharacter(value) ? characterValue(value) : -1;
  else if (isSmallInteger(value)) raw = smallIntegerValue(value);
  return raw <= limit ? raw : -1;
}

export const collectionPrimitives: Record<CollectionPrimitiveName, Primitive> = {
  replaceElements,
  copyFromTo,
  concatenate,
  identityIndexOf,
  identityScan,
  associationScan,
  sortAscending,
  reverseInPlace,
  fillElements,
  ...stringPrimitives,
  ...bytePrimitives,
  ...digestPrimitives,
  ...randomPrimitives,
};
