/**
 * Primitives of all objects: making them, their slots and elements, identity,
 * copying, and what the image asks about the heap as a whole. Those of compiled
 * code are in compiled-code.ts, those of the compiler in compiling.ts.
 *
 * Always: a store into a read-only object fails with `immutable` before
 * anything is changed.
 */

import { fitsShape } from "../../memory/class-table.ts";
import { allInstances, allObjects, allReferencesTo } from "../../memory/heap-walker.ts";
import {
  ClassSlot,
  classIndexMask,
  classIndexOf,
  Format,
  firstFreeClassIndex,
  hashMask,
  headerWords,
  instanceFormatOf,
  instanceSizeOf,
  isFixedObject,
  isImmediate,
  isPointerFormat,
  isSmallInteger,
  nilOop,
  type Oop,
  overflowSlotCount,
  SemaphoreSlot,
  smallInteger,
  smallIntegerValue,
} from "../../spec/layouts.ts";
import type { ObjectPrimitiveName } from "../../spec/primitives.ts";
import { Special, type SpecialObjectName } from "../../spec/special-objects.ts";
import type { Machine, Primitive } from "../machine.ts";
import { codePrimitives } from "./compiled-code.ts";
import { compilingPrimitives } from "./compiling.ts";
import { answerInteger, bigValue } from "./integer-values.ts";

/** The argument of that number, 1 for the first. */
const argument = (machine: Machine, at: number, number: number): Oop =>
  machine.memory.words[at + number]!;

/** A new Array of those elements. */
export const answerArray = (machine: Machine, elements: readonly Oop[]): Oop =>
  machine.memory.newArray(elements) || machine.fail("noMemory");

/** What the format slot of a class says of its instances. */
interface Shape {
  readonly value: number;
  readonly format: number;
  readonly size: number;
}

/** Format and named slots of a class's instances, or undefined if it cannot be a class. */
function writtenShapeOf(machine: Machine, behavior: Oop): Shape | undefined {
  const { memory } = machine;
  if (isImmediate(behavior) || !isPointerFormat(memory.format(behavior))) return undefined;
  if (memory.slotCount(behavior) <= ClassSlot.format) return undefined;
  const shape = memory.fetchPointer(ClassSlot.format, behavior);
  if (!isSmallInteger(shape)) return undefined;
  const value = smallIntegerValue(shape);
  return { value, format: instanceFormatOf(value), size: instanceSizeOf(value) };
}

/** The shape of a class's instances, unless what is written there is none an instance can have, or they are code, which only the compiler makes. */
function shapeOf(machine: Machine, behavior: Oop): Shape | undefined {
  const shape = writtenShapeOf(machine, behavior);
  if (shape === undefined || shape.format >= Format.compiledCode) return undefined;
  return fitsShape(shape.value, shape.format, shape.size) ? shape : undefined;
}

/** Classes whose instances only the machine can make, or that have none. */
export const notInstantiable: ReadonlySet<number> = new Set<number>([
  classIndexOf.SmallInteger,
  classIndexOf.Character,
  classIndexOf.Context,
  classIndexOf.CompiledMethod,
  classIndexOf.CompiledBlock,
  classIndexOf.UndefinedObject,
  classIndexOf.True,
  classIndexOf.False,
]);

const largestSize = 0x3fffffff;

function instantiate(machine: Machine, behavior: Oop, indexedSize: number): Oop {
  const index = machine.classes.indexOf(behavior);
  if (index === 0) return machine.fail("noMemory");
  if (notInstantiable.has(index)) return machine.fail("badReceiver");
  return machine.classes.instantiate(behavior, indexedSize) || machine.fail("noMemory");
}

function basicNew(machine: Machine, at: number): Oop {
  const behavior = machine.memory.words[at]!;
  const shape = shapeOf(machine, behavior);
  if (shape === undefined) return machine.fail("badReceiver");
  return instantiate(machine, behavior, 0);
}

function basicNewSized(machine: Machine, at: number): Oop {
  const behavior = machine.memory.words[at]!;
  const size = argument(machine, at, 1);
  const shape = shapeOf(machine, behavior);
  if (shape === undefined) return machine.fail("badReceiver");
  if (!isSmallInteger(size)) return machine.fail("badArgument");
  const count = smallIntegerValue(size);
  if (count < 0 || count > largestSize) return machine.fail("badArgument");
  const isIndexable = shape.format >= Format.indexable && shape.format !== Format.ephemeron;
  if (!isIndexable && count !== 0) return machine.fail("badReceiver");
  return instantiate(machine, behavior, count);
}

// Elements

/** Named slots in front of the indexed ones of a pointer object; -1 if it has no indexed ones. */
function fixedSlots(machine: Machine, oop: Oop, format: number): number {
  if (format === Format.indexable) return 0;
  if (format !== Format.indexableWithFixed && format !== Format.weak) return -1;
  const shape = machine.memory.fetchPointer(ClassSlot.format, machine.classes.classOf(oop));
  return instanceSizeOf(smallIntegerValue(shape));
}

/** Indexed elements of an object, -1 if it has none by its nature. */
function indexedSize(machine: Machine, oop: Oop): number {
  if (isImmediate(oop)) return -1;
  const { memory } = machine;
  const format = memory.format(oop);
  if (format >= Format.compiledCode) return -1;
  if (!isPointerFormat(format)) return memory.elementCount(oop);
  const fixed = fixedSlots(machine, oop, format);
  return fixed < 0 ? -1 : memory.slotCount(oop) - fixed;
}

/** The index, from 0, of an element, or -1 if there is none. */
function elementIndex(machine: Machine, oop: Oop, index: Oop): number {
  if (!isSmallInteger(index)) return -1;
  const value = smallIntegerValue(index) - 1;
  return value >= 0 && value < indexedSize(machine, oop) ? value : -1;
}

function basicAt(machine: Machine, at: number): Oop {
  const { memory } = machine;
  const oop = memory.words[at]!;
  const index = elementIndex(machine, oop, argument(machine, at, 1));
  if (index < 0) return machine.fail("badIndex");
  const format = memory.format(oop);
  if (isPointerFormat(format)) {
    return memory.fetchPointer(fixedSlots(machine, oop, format) + index, oop);
  }
  const body = memory.bodyAddress(oop);
  if (format >= Format.bytes) return smallInteger(memory.bytes[body + index]!);
  if (format >= Format.words16) return smallInteger(memory.halfWords[(body >>> 1) + index]!);
  const words = memory.unsignedWords;
  if (format === Format.words32) return answerInteger(machine, words[(body >>> 2) + index]!);
  const low = words[(body >>> 2) + index * 2]!;
  const high = words[(body >>> 2) + index * 2 + 1]!;
  return answerInteger(machine, (BigInt(high) << 32n) | BigInt(low));
}

function basicAtPut(machine: Machine, at: number): Oop {
  const { memory } = machine;
  const oop = memory.words[at]!;
  const value = argument(machine, at, 2);
  const index = elementIndex(machine, oop, argument(machine, at, 1));
  if (index < 0) return machine.fail("badIndex");
  if (memory.isImmutable(oop)) return machine.fail("immutable");
  const format = memory.format(oop);
  if (isPointerFormat(format)) {
    memory.storePointer(fixedSlots(machine, oop, format) + index, oop, value);
    return value;
  }
  const number = bigValue(memory, value);
  const bits = elementBits(format);
  if (number === undefined || number < 0n || number >> BigInt(bits) !== 0n) {
    return machine.fail("badArgument");
  }
  const address = memory.bodyAddress(oop) + (index * bits) / 8;
  if (bits === 8) memory.bytes[address] = Number(number);
  else if (bits === 16) memory.halfWords[address >>> 1] = Number(number);
  else {
    memory.unsignedWords[address >>> 2] = Number(number & 0xffffffffn);
    if (bits === 64) memory.unsignedWords[(address >>> 2) + 1] = Number(number >> 32n);
  }
  memory.markDirtyRange(address, bits / 8);
  return value;
}

function elementBits(format: number): number {
  if (format >= Format.bytes) return 8;
  if (format >= Format.words16) return 16;
  return format === Format.words32 ? 32 : 64;
}

function basicSize(machine: Machine, at: number): Oop {
  return smallInteger(Math.max(0, indexedSize(machine, machine.memory.words[at]!)));
}

// Slots

/** The index, from 0, of a slot of a pointer object, or -1 if there is none. */
function slotIndex(machine: Machine, oop: Oop, index: Oop): number {
  const { memory } = machine;
  if (isImmediate(oop) || !isPointerFormat(memory.format(oop)) || !isSmallInteger(index)) return -1;
  const value = smallIntegerValue(index) - 1;
  // What lies behind the named slots of a Context is its stack.
  const limit =
    memory.classIndex(oop) === classIndexOf.Context
      ? fixedSlots(machine, oop, memory.format(oop))
      : memory.slotCount(oop);
  return value >= 0 && value < limit ? value : -1;
}

function instVarAt(machine: Machine, at: number): Oop {
  const oop = machine.memory.words[at]!;
  const index = slotIndex(machine, oop, argument(machine, at, 1));
  return index < 0 ? machine.fail("badIndex") : machine.memory.fetchPointer(index, oop);
}

function instVarAtPut(machine: Machine, at: number): Oop {
  const oop = machine.memory.words[at]!;
  const value = argument(machine, at, 2);
  const index = slotIndex(machine, oop, argument(machine, at, 1));
  if (index < 0) return machine.fail("badIndex");
  if (machine.memory.isImmutable(oop)) return machine.fail("immutable");
  machine.memory.storePointer(index, oop, value);
  return value;
}

function rawSlotAt(machine: Machine, at: number): Oop {
  const { memory } = machine;
  const oop = argument(machine, at, 1);
  const index = argument(machine, at, 2);
  if (isImmediate(oop) || !isPointerFormat(memory.format(oop))) return machine.fail("badArgument");
  if (!isSmallInteger(index)) return machine.fail("badIndex");
  const value = smallIntegerValue(index) - 1;
  if (value < 0 || value >= memory.slotCount(oop)) return machine.fail("badIndex");
  return memory.fetchPointer(value, oop);
}

function rawSize(machine: Machine, at: number): Oop {
  const oop = argument(machine, at, 1);
  return isImmediate(oop)
    ? machine.fail("badArgument")
    : smallInteger(machine.memory.elementCount(oop));
}

// Identity and class

function identityHash(machine: Machine, at: number): Oop {
  return smallInteger(machine.memory.identityHash(machine.memory.words[at]!));
}

function shallowCopy(machine: Machine, at: number): Oop {
  const oop = machine.memory.words[at]!;
  if (isImmediate(oop)) return oop;
  return machine.memory.shallowCopy(oop) || machine.fail("noMemory");
}

/** The format without the count of unused elements in its low bits. */
function kindOf(format: number): number {
  if (format >= Format.compiledCode) return Format.compiledCode;
  if (format >= Format.bytes) return Format.bytes;
  return Math.min(format, Format.words16);
}

function namedSlots(machine: Machine, oop: Oop, kind: number): number {
  const isFixed = kind === Format.fixed || kind === Format.ephemeron;
  return isFixed ? machine.memory.slotCount(oop) : Math.max(0, fixedSlots(machine, oop, kind));
}

function basicClass(machine: Machine, at: number): Oop {
  return machine.classes.classOf(machine.memory.words[at]!);
}

function changeClassTo(machine: Machine, at: number): Oop {
  const { memory } = machine;
  const oop = memory.words[at]!;
  const model = argument(machine, at, 1);
  if (isImmediate(model)) return machine.fail("badArgument");
  const kind = kindOf(memory.format(model));
  const size = namedSlots(machine, model, kind);
  return changeClass(machine, oop, kind, size, memory.classIndex(model));
}

function adoptInstance(machine: Machine, at: number): Oop {
  const behavior = machine.memory.words[at]!;
  const oop = argument(machine, at, 1);
  const shape = shapeOf(machine, behavior);
  if (shape === undefined) return machine.fail("badReceiver");
  const index = machine.classes.indexOf(behavior);
  if (index === 0) return machine.fail("noMemory");
  if (notInstantiable.has(index)) return machine.fail("badReceiver");
  return changeClass(machine, oop, kindOf(shape.format), shape.size, index);
}

/** Makes an object an instance of the class of that index, given what its instances are: their kind, and how many slots have names. */
function changeClass(
  machine: Machine,
  oop: Oop,
  kind: number,
  size: number,
  classIndex: number,
): Oop {
  const { memory } = machine;
  if (isImmediate(oop) || isFixedObject(oop)) return machine.fail("badReceiver");
  if (kind !== kindOf(memory.format(oop))) return machine.fail("badArgument");
  if (memory.isImmutable(oop)) return machine.fail("immutable");
  if (kind === Format.compiledCode || isMachineOnly(memory.classIndex(oop))) {
    return machine.fail("badReceiver");
  }
  if (namedSlots(machine, oop, kind) !== size) return machine.fail("badArgument");
  const header = oop >>> 2;
  // Others may rely on an object of a class the machine knows.
  if (memory.classIndex(oop) < firstFreeClassIndex) memory.heapIndex.void();
  memory.words[header] = (memory.words[header]! & ~classIndexMask) | classIndex;
  memory.markDirty(oop);
  machine.lookupChanged();
  return oop;
}

/** Objects the machine treats by their class, whatever their shape. */
const isMachineOnly = (index: number): boolean =>
  index === classIndexOf.Context || index === classIndexOf.Metaclass;

function isReadOnly(machine: Machine, at: number): Oop {
  return machine.memory.booleanOop(machine.memory.isImmutable(machine.memory.words[at]!));
}

function setReadOnly(machine: Machine, at: number): Oop {
  const { memory } = machine;
  const oop = memory.words[at]!;
  const value = argument(machine, at, 1);
  if (isImmediate(oop)) return machine.fail("badReceiver");
  switch (memory.classIndex(oop)) {
    // The machine stores into these as it runs.
    case classIndexOf.Context:
    case classIndexOf.Process:
    case classIndexOf.Semaphore:
    case classIndexOf.LinkedList:
    case classIndexOf.ProcessorScheduler:
      return machine.fail("badReceiver");
  }
  const old = memory.isImmutable(oop);
  if (value !== memory.booleanOop(true) && value !== memory.booleanOop(false)) {
    return machine.fail("badArgument");
  }
  memory.setImmutable(oop, value === memory.booleanOop(true));
  return memory.booleanOop(old);
}

function registerClass(machine: Machine, at: number): Oop {
  const { memory } = machine;
  const behavior = memory.words[at]!;
  if (writtenShapeOf(machine, behavior) === undefined) return machine.fail("badReceiver");
  const hadHash = (memory.words[(behavior >>> 2) + 1]! & hashMask) !== 0;
  const known = machine.classes.knownIndexOf(behavior) !== 0;
  // Its hash will be its index, and somebody may have hashed it already.
  if (hadHash && !known) return machine.fail("badReceiver");
  return machine.classes.indexOf(behavior) === 0 ? machine.fail("noMemory") : behavior;
}

function lookupChanged(machine: Machine, at: number): Oop {
  const selector = argument(machine, at, 1);
  if (selector === nilOop) machine.lookupChanged();
  else machine.lookupChanged(selector);
  return machine.memory.words[at]!;
}

// The heap

function instancesOf(machine: Machine, at: number): Oop {
  const behavior = machine.memory.words[at]!;
  return answerArray(machine, allInstances(machine.memory, machine.classes, behavior));
}

function sizeInMemory(machine: Machine, at: number): Oop {
  const { memory } = machine;
  const oop = memory.words[at]!;
  if (isImmediate(oop)) return smallInteger(0);
  const slots = memory.slotCount(oop);
  const words = headerWords + (slots >= overflowSlotCount ? 2 : 0) + ((slots + 1) & ~1);
  return smallInteger(words * 4);
}

/** The name of a special object, or undefined. */
function specialName(machine: Machine, name: Oop): SpecialObjectName | undefined {
  if (!machine.memory.isString(name)) return undefined;
  const text = machine.memory.stringValue(name);
  return text in Special ? (text as SpecialObjectName) : undefined;
}

function specialObject(machine: Machine, at: number): Oop {
  const name = specialName(machine, argument(machine, at, 1));
  if (name === undefined) return machine.fail("notFound");
  const { memory } = machine;
  const special = memory.special(name);
  // The machine's own tables are to be looked at only.
  if (!machineTables.has(name) || special === nilOop) return special;
  return memory.shallowCopy(special) || machine.fail("noMemory");
}

const machineTables: ReadonlySet<SpecialObjectName> = new Set<SpecialObjectName>([
  "classTable",
  "symbolTable",
  "selectors",
]);

/** What the image may replace; the rest is the machine's. */
const replaceable: ReadonlySet<SpecialObjectName> = new Set<SpecialObjectName>([
  "inputSemaphore",
  "interruptSemaphore",
  "lowSpaceSemaphore",
  "finalizationSemaphore",
  "sessionStarter",
  "undeclared",
]);

function setSpecialObject(machine: Machine, at: number): Oop {
  const name = specialName(machine, argument(machine, at, 1));
  if (name === undefined || !replaceable.has(name)) return machine.fail("notFound");
  const value = argument(machine, at, 2);
  const isSemaphore = machine.memory.hasSlots(value, SemaphoreSlot.excessSignals + 1);
  if (name.endsWith("Semaphore") && value !== nilOop && !isSemaphore) {
    return machine.fail("badArgument");
  }
  machine.memory.setSpecial(name, value);
  return argument(machine, at, 2);
}

function takeMourners(machine: Machine): Oop {
  const queue = machine.memory.special("mourningQueue");
  machine.memory.setSpecial("mourningQueue", nilOop);
  return queue;
}

/** A primitive for the first argument instead of the receiver. */
const mirrored =
  (primitive: Primitive): Primitive =>
  (machine, at, argumentCount) =>
    primitive(machine, at + 1, argumentCount - 1);

export const objectPrimitives: Record<ObjectPrimitiveName, Primitive> = {
  basicClass,
  adoptInstance,
  mirrorBasicClass: mirrored(basicClass),
  mirrorBasicAt: mirrored(basicAt),
  mirrorBasicAtPut: mirrored(basicAtPut),
  mirrorBasicSize: mirrored(basicSize),
  mirrorInstVarAt: mirrored(instVarAt),
  mirrorInstVarAtPut: mirrored(instVarAtPut),
  mirrorIdentityHash: mirrored(identityHash),
  mirrorShallowCopy: mirrored(shallowCopy),
  mirrorIsReadOnly: mirrored(isReadOnly),
  mirrorSetReadOnly: mirrored(setReadOnly),
  mirrorAdoptInstance: mirrored(adoptInstance),
  basicNew,
  basicNewSized,
  basicAt,
  basicAtPut,
  basicSize,
  instVarAt,
  instVarAtPut,
  identityHash,
  shallowCopy,
  changeClassTo,
  isReadOnly,
  setReadOnly,
  allInstances: instancesOf,
  allObjects: (machine) => answerArray(machine, allObjects(machine.memory)),
  pointersTo: (machine, at) =>
    answerArray(machine, allReferencesTo(machine.memory, machine.memory.words[at]!)),
  registerClass,
  lookupChanged,
  specialObject,
  setSpecialObject,
  takeMourners,
  rawSlotAt,
  rawSize,
  sizeInMemory,
  ...codePrimitives,
  ...compilingPrimitives,
};
