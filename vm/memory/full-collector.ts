/**
 * The sweeper: the second half of a full collection that leaves the living where
 * they are. It frees every object of old space that was not marked.
 *
 * It goes from mark to mark, so it looks at the living only. Neighbouring dead and
 * free chunks become one, the last is given back to the end, and nothing else is
 * written, so that few pages become dirty. It works in slices, and where
 * allocation needs a chunk, sweeps on until there is one.
 *
 * Always: while it is at work, no free chunk from `at` to `end` is listed, and what is not
 * marked there is dead: its slots may refer to what is gone. Whoever walks the heap
 * calls `finish` first. What is allocated meanwhile lies in front of `at` or behind `end`.
 */

import {
  headerWords,
  nilOop,
  oldBase,
  overflowSlotCount,
  pageBytes,
  slotCountShift,
} from "../spec/layouts.ts";
import type { MarkBits } from "./mark-bits.ts";
import type { ObjectMemory } from "./object-memory.ts";

export class Sweeper {
  private readonly memory: ObjectMemory;
  private bits: MarkBits | undefined;
  /** Where to go on, and where marking ended. */
  at = 0;
  end = 0;
  /** Bytes that will be free when all is swept. */
  bytesToCome = 0;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
  }

  get isSweeping(): boolean {
    return this.at < this.end;
  }

  /** Whether the address is of an object found dead and not yet swept. */
  isDead(address: number): boolean {
    return address >= this.at && address < this.end && !this.bits!.has(address | 0);
  }

  /** Forgets every free chunk and begins to look for them. */
  start(bits: MarkBits, liveWords: number): void {
    const { memory } = this;
    memory.oldSpace.clear();
    this.bits = bits;
    this.at = oldBase;
    this.end = memory.oldEnd;
    this.bytesToCome = Math.max(memory.heapBytes - liveWords * 4, 0);
    // nil is the first word of old space and always lives.
    if (!bits.has(nilOop)) throw new Error("sweep: nothing is marked");
  }

  /** Sweeps at least that many bytes of heap, up to the end. */
  advance(bytes: number): void {
    if (!this.isSweeping) return;
    const { memory } = this;
    const { words } = memory;
    const bits = this.bits!;
    const end = this.end >>> 2;
    const stop = Math.min(this.at + bytes, this.end) >>> 2;
    let index = this.at >>> 2;
    while (index < stop) {
      let object = bits.next(index, end);
      const free = index;
      index = object;
      if (object < end) {
        let slots = words[object + 1]! >>> slotCountShift;
        if (slots === overflowSlotCount) {
          slots = words[object - 2]! >>> 0;
          index = object + headerWords + ((slots + 1) & ~1);
          object -= 2;
        } else index = object + headerWords + ((slots + 1) & ~1);
      }
      this.at = index * 4;
      if (object > free) this.free(free * 4, object * 4);
    }
  }

  /** Sweeps all that is left. */
  finish(): void {
    this.advance(0xffffffff);
  }

  private free(start: number, end: number): void {
    const { memory } = this;
    this.bytesToCome = Math.max(this.bytesToCome - (end - start), 0);
    if (end === this.end && end === memory.oldEnd) endOldSpaceAt(memory, start);
    else memory.oldSpace.addFree(start, end - start);
  }
}

/** Gives what is behind the address back; the rest of its page is cleared, so that equal heaps are equal pages. */
export function endOldSpaceAt(memory: ObjectMemory, address: number): void {
  const pageEnd = Math.ceil(address / pageBytes) * pageBytes;
  memory.words.fill(0, address >>> 2, Math.min(memory.oldEnd, pageEnd) >>> 2);
  memory.oldEnd = address;
  if (address % pageBytes !== 0) memory.markDirtyRange(address, 1);
}
