/**
 * Walking the heap: every object, in address order within each space.
 *
 * For tools and slow primitives. Free chunks are skipped. The visitor must not
 * allocate.
 */

import {
  classIndexMask,
  classIndexOf,
  edenBase,
  headerWords,
  type Oop,
  oldBase,
  overflowSlotCount,
  State,
  slotCountShift,
} from "../spec/layouts.ts";
import type { ClassTable } from "./class-table.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** The ranges that hold objects: old space, past space, eden. */
export function heapRanges(memory: ObjectMemory): [start: number, end: number][] {
  return [
    [oldBase, memory.oldEnd],
    [memory.pastStart, memory.pastFree],
    [edenBase, memory.words[State.edenFree]!],
  ];
}

/** Visits every object, dead ones not yet collected included. */
export function forEachObject(memory: ObjectMemory, visit: (oop: Oop) => void): void {
  memory.oldSpace.sweeper.finish();
  memory.charge(memory.heapBytes >>> 2);
  const words = memory.words;
  for (const [start, end] of heapRanges(memory)) {
    const endIndex = end >>> 2;
    for (let index = start >>> 2; index < endIndex; ) {
      let slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) {
        slots = words[index]!;
        index += 2;
      }
      const oop = (index << 2) | 0;
      const isFree = (words[index]! & classIndexMask) === classIndexOf["(free)"];
      index += headerWords + ((slots + 1) & ~1);
      if (!isFree) visit(oop);
    }
  }
}

export function allObjects(memory: ObjectMemory): Oop[] {
  const found: Oop[] = [];
  forEachObject(memory, (oop) => found.push(oop));
  return found;
}

/** Every object whose class is exactly that one. Collect first, or dead ones are among them. */
export function allInstances(memory: ObjectMemory, classes: ClassTable, classOop: Oop): Oop[] {
  const found: Oop[] = [];
  const classIndex = classes.knownIndexOf(classOop);
  if (classIndex === 0) return found;
  forEachObject(memory, (oop) => {
    if ((memory.words[oop >>> 2]! & classIndexMask) === classIndex) found.push(oop);
  });
  return found;
}

/** Every object with a slot that refers to the given one. */
export function allReferencesTo(memory: ObjectMemory, target: Oop): Oop[] {
  const found: Oop[] = [];
  const words = memory.words;
  forEachObject(memory, (oop) => {
    const first = (oop >>> 2) + headerWords;
    const end = first + memory.pointerSlotCount(oop);
    for (let index = first; index < end; index++) {
      if (words[index] === target) {
        found.push(oop);
        return;
      }
    }
  });
  return found;
}
