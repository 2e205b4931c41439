/**
 * The full collector: marks, then either sweeps the dead into free lists or slides
 * the living together.
 *
 * Both start by tenuring all of new space, so only old space is marked. A sweep
 * joins neighbouring dead and free chunks, gives the last back to the end, and
 * writes nothing else, so that it dirties few pages.
 *
 * Always: afterwards new space and the remembered set are empty and no
 * mark bit is set.
 */

import {
  headerWords,
  markBit,
  oldBase,
  overflowSlotCount,
  pageBytes,
  slotCountShift,
} from "../spec/layouts.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** Frees every object of old space that is not marked, and unmarks the others. */
export function sweep(memory: ObjectMemory): void {
  const words = memory.words;
  const oldSpace = memory.oldSpace;
  oldSpace.clear();
  const end = memory.oldEnd >>> 2;
  let free = -1;
  for (let index = oldBase >>> 2; index < end; ) {
    const start = index;
    let slots = words[index + 1]! >>> slotCountShift;
    if (slots === overflowSlotCount) {
      slots = words[index]!;
      index += 2;
    }
    const header = words[index]!;
    if ((header & markBit) !== 0) {
      words[index] = header & ~markBit;
      if (free >= 0) {
        oldSpace.addFree(free * 4, (start - free) * 4);
        free = -1;
      }
    } else if (free < 0) {
      free = start;
    }
    index += headerWords + ((slots + 1) & ~1);
  }
  if (free >= 0) endOldSpaceAt(memory, free * 4);
}

/** Gives what is behind the address back, cleared, so that equal heaps are equal bytes. */
export function endOldSpaceAt(memory: ObjectMemory, address: number): void {
  const oldEnd = memory.oldEnd;
  memory.words.fill(0, address >>> 2, oldEnd >>> 2);
  memory.oldEnd = address;
  if (address % pageBytes !== 0) memory.markDirtyRange(address, 1);
}
