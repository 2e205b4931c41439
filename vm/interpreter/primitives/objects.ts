/**
 * Primitives of objects in general: making them, their slots, identity, class.
 *
 * A message to a Context has flushed the stack, so its slots are true; its
 * indexed slots end at stackp. Compiled code is read by primitives of its own.
 */

import { allInstances, allReferencesTo } from "../../memory/heap-walker.ts";
import type { ObjectMemory } from "../../memory/object-memory.ts";
import {
  ClassSlot,
  ContextSlot,
  classIndexMask,
  classIndexOf,
  Format,
  headerBytes,
  headerWords,
  instanceFormatOf,
  instanceSizeOf,
  isImmediate,
  isSmallInteger,
  nilOop,
  type Oop,
  overflowSlotCount,
  smallInteger,
  smallIntegerValue,
  trueOop,
} from "../../spec/layouts.ts";
import type { ObjectPrimitiveName } from "../../spec/primitives.ts";
import type { Machine, Primitive } from "../machine.ts";
import { answerInteger, integerValue } from "./integer-values.ts";

/** More elements than any heap can hold. */
const maximumElements = 0x3fffffff;

const orNoMemory = (machine: Machine, oop: Oop): Oop =>
  oop !== 0 ? oop : machine.fail("noMemory");

/** Named slots of a pointer object. */
function fixedSlotCount(machine: Machine, oop: Oop): number {
  const shape = machine.memory.fetchPointer(ClassSlot.format, machine.classes.classOf(oop));
  return instanceSizeOf(smallIntegerValue(shape));
}

/** Slots an object uses: a Context's end where its live words do. */
function usedSlotCount(memory: ObjectMemory, oop: Oop): number {
  if (memory.classIndex(oop) !== classIndexOf.Context) return memory.slotCount(oop);
  return ContextSlot.firstTemp + (memory.fetchPointer(ContextSlot.stackp, oop) >> 1);
}

const isIndexablePointers = (format: number): boolean =>
  format === Format.indexable || format === Format.indexableWithFixed || format === Format.weak;

/** Number of indexed elements; 0 where there are none. */
export function indexedSize(machine: Machine, oop: Oop): number {
  const { memory } = machine;
  if (isImmediate(oop)) return 0;
  const format = memory.format(oop);
  if (isIndexablePointers(format)) return usedSlotCount(memory, oop) - fixedSlotCount(machine, oop);
  if (format <= Format.ephemeron || format >= Format.compiledCode) return 0;
  return memory.elementCount(oop);
}

/** The zero-based position that the word at `at` names among the receiver's elements, or -1. */
function position(machine: Machine, receiver: Oop, index: Oop): number {
  if (!isSmallInteger(index)) return -1;
  const at = (index >> 1) - 1;
  return at >= 0 && at < indexedSize(machine, receiver) ? at : -1;
}

function elementAt(machine: Machine, receiver: Oop, at: number): Oop {
  const { memory } = machine;
  const format = memory.format(receiver);
  const body = memory.bodyAddress(receiver);
  if (isIndexablePointers(format)) {
    return memory.fetchPointer(fixedSlotCount(machine, receiver) + at, receiver);
  }
  if (format >= Format.bytes) return smallInteger(memory.bytes[body + at]!);
  if (format >= Format.words16) return smallInteger(memory.halfWords[(body >>> 1) + at]!);
  if (format === Format.words32) {
    return answerInteger(machine, memory.unsignedWords[(body >>> 2) + at]!);
  }
  const low = memory.unsignedWords[(body >>> 2) + at * 2]!;
  const high = memory.unsignedWords[(body >>> 2) + at * 2 + 1]!;
  return answerInteger(machine, (BigInt(high) << 32n) | BigInt(low));
}

/** Stores an element; answers whether the value fits. */
function storeElement(machine: Machine, receiver: Oop, at: number, value: Oop): boolean {
  const { memory } = machine;
  const format = memory.format(receiver);
  if (isIndexablePointers(format)) {
    memory.storePointer(fixedSlotCount(machine, receiver) + at, receiver, value);
    return true;
  }
  const integer = integerValue(memory, value);
  if (integer === undefined || integer < 0) return false;
  const body = memory.bodyAddress(receiver);
  const elementBytes =
    format >= Format.bytes ? 1 : format >= Format.words16 ? 2 : format === Format.words32 ? 4 : 8;
  if (BigInt(integer) >> BigInt(elementBytes * 8) !== 0n) return false;
  if (elementBytes === 1) memory.bytes[body + at] = Number(integer);
  else if (elementBytes === 2) memory.halfWords[(body >>> 1) + at] = Number(integer);
  else if (elementBytes === 4) memory.unsignedWords[(body >>> 2) + at] = Number(integer);
  else {
    const wide = BigInt(integer);
    memory.unsignedWords[(body >>> 2) + at * 2] = Number(wide & 0xffffffffn);
    memory.unsignedWords[(body >>> 2) + at * 2 + 1] = Number(wide >> 32n);
  }
  memory.markDirtyRange(body + at * elementBytes, elementBytes);
  return true;
}

/** The slot that the word at `at + 1` names among all pointer slots of the receiver, or -1. */
function slotIndex(machine: Machine, at: number): number {
  const { memory } = machine;
  const receiver = memory.words[at]!;
  const index = memory.words[at + 1]!;
  if (isImmediate(receiver) || !isSmallInteger(index)) return -1;
  if (memory.format(receiver) > Format.ephemeron) return -1;
  const slot = (index >> 1) - 1;
  return slot >= 0 && slot < usedSlotCount(memory, receiver) ? slot : -1;
}

/** Whether instances of a class of that format may turn into instances of the other's. */
function sameShape(memory: ObjectMemory, oop: Oop, shape: number): boolean {
  const format = memory.format(oop);
  const wanted = instanceFormatOf(shape);
  if (format >= Format.compiledCode || wanted >= Format.compiledCode) return format === wanted;
  if (format >= Format.bytes) return wanted === Format.bytes;
  if (format >= Format.words16) return wanted === Format.words16;
  if (format >= Format.words64) return format === wanted;
  const size = instanceSizeOf(shape);
  if (wanted > Format.ephemeron) return false;
  return isIndexablePointers(wanted)
    ? memory.slotCount(oop) >= size
    : memory.slotCount(oop) === size;
}

export const objectPrimitives: Record<ObjectPrimitiveName, Primitive> = {
  basicNew(machine, at) {
    return orNoMemory(machine, machine.classes.instantiate(machine.memory.words[at]!, 0));
  },

  basicNewSized(machine, at) {
    const size = machine.memory.words[at + 1]!;
    const behavior = machine.memory.words[at]!;
    if (!isSmallInteger(size)) return machine.fail("badArgument");
    const count = size >> 1;
    if (count < 0 || count > maximumElements) return machine.fail("badArgument");
    const shape = smallIntegerValue(machine.memory.fetchPointer(ClassSlot.format, behavior));
    const format = instanceFormatOf(shape);
    if (format <= Format.fixed || format === Format.ephemeron || format >= Format.compiledCode) {
      return machine.fail("badReceiver");
    }
    return orNoMemory(machine, machine.classes.instantiate(behavior, count));
  },

  basicAt(machine, at) {
    const { words } = machine.memory;
    const index = position(machine, words[at]!, words[at + 1]!);
    return index < 0 ? machine.fail("badIndex") : elementAt(machine, words[at]!, index);
  },

  basicAtPut(machine, at) {
    const { memory } = machine;
    const receiver = memory.words[at]!;
    const value = memory.words[at + 2]!;
    const index = position(machine, receiver, memory.words[at + 1]!);
    if (index < 0) return machine.fail("badIndex");
    if (memory.isImmutable(receiver)) return machine.fail("immutable");
    return storeElement(machine, receiver, index, value) ? value : machine.fail("badArgument");
  },

  basicSize(machine, at) {
    return smallInteger(indexedSize(machine, machine.memory.words[at]!));
  },

  instVarAt(machine, at) {
    const slot = slotIndex(machine, at);
    return slot < 0
      ? machine.fail("badIndex")
      : machine.memory.fetchPointer(slot, machine.memory.words[at]!);
  },

  instVarAtPut(machine, at) {
    const { memory } = machine;
    const slot = slotIndex(machine, at);
    if (slot < 0) return machine.fail("badIndex");
    if (memory.isImmutable(memory.words[at]!)) return machine.fail("immutable");
    memory.storePointer(slot, memory.words[at]!, memory.words[at + 2]!);
    return memory.words[at + 2]!;
  },

  identityHash(machine, at) {
    return smallInteger(machine.memory.identityHash(machine.memory.words[at]!));
  },

  shallowCopy(machine, at) {
    const { memory } = machine;
    const receiver = memory.words[at]!;
    return isImmediate(receiver) ? receiver : orNoMemory(machine, memory.shallowCopy(receiver));
  },

  isReadOnly(machine, at) {
    return machine.memory.booleanOop(machine.memory.isImmutable(machine.memory.words[at]!));
  },

  setReadOnly(machine, at) {
    const { memory } = machine;
    const receiver = memory.words[at]!;
    if (isImmediate(receiver)) return machine.fail("badReceiver");
    const before = memory.isImmutable(receiver);
    memory.setImmutable(receiver, memory.words[at + 1] === trueOop);
    return memory.booleanOop(before);
  },

  changeClassTo(machine, at) {
    const { memory, classes } = machine;
    const receiver = memory.words[at]!;
    const argument = memory.words[at + 1]!;
    if (isImmediate(receiver) || isImmediate(argument)) return machine.fail("badArgument");
    if (memory.isImmutable(receiver)) return machine.fail("immutable");
    const behavior = classes.classOf(argument);
    const shape = smallIntegerValue(memory.fetchPointer(ClassSlot.format, behavior));
    if (!sameShape(memory, receiver, shape)) return machine.fail("badArgument");
    const header = receiver >>> 2;
    memory.words[header] = (memory.words[header]! & ~classIndexMask) | classes.indexOf(behavior);
    memory.markDirty(receiver);
    return receiver;
  },

  sizeInMemory(machine, at) {
    const { memory } = machine;
    const receiver = memory.words[at]!;
    if (isImmediate(receiver)) return smallInteger(0);
    const slots = memory.slotCount(receiver);
    const prefix = slots >= overflowSlotCount ? headerBytes : 0;
    return answerInteger(machine, prefix + (headerWords + ((slots + 1) & ~1)) * 4);
  },

  pointersTo(machine, at) {
    const { memory } = machine;
    return orNoMemory(machine, memory.newArray(allReferencesTo(memory, memory.words[at]!)));
  },

  allInstances(machine, at) {
    const { memory, classes } = machine;
    return orNoMemory(machine, memory.newArray(allInstances(memory, classes, memory.words[at]!)));
  },

  registerClass(machine, at) {
    const behavior = machine.memory.words[at]!;
    if (machine.classes.indexOf(behavior) === 0) return machine.fail("noMemory");
    machine.lookupChanged();
    return behavior;
  },

  lookupChanged(machine, at) {
    const selector = machine.memory.words[at + 1]!;
    machine.lookupChanged(selector === nilOop ? undefined : selector);
    return machine.memory.words[at]!;
  },
};
