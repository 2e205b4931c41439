/**
 * A bit for each object of old space that has been reached: the bit of the 8 bytes
 * its header starts in.
 *
 * The bits lie beside the heap, so marking writes nothing an image holds, and what
 * is dead can be passed over without a look at it.
 */

import { type Oop, oldBase } from "../spec/layouts.ts";

/** A word of bits stands for that many bytes of heap. */
const bytesPerWordShift = 8;

export class MarkBits {
  words = new Int32Array(0);

  /** Clears the bits of a heap of that size, with room for one of `limitBytes`. */
  clear(heapBytes: number, limitBytes: number): void {
    const needed = (limitBytes >>> bytesPerWordShift) + 2;
    if (this.words.length < needed) this.words = new Int32Array(needed);
    else this.words.fill(0, 0, (heapBytes >>> bytesPerWordShift) + 2);
  }

  /** Whether an old object has been reached. */
  has(oop: Oop): boolean {
    const offset = oop - oldBase;
    return (this.words[offset >>> bytesPerWordShift]! & (1 << ((offset >>> 3) & 31))) !== 0;
  }

  set(oop: Oop): void {
    const offset = oop - oldBase;
    this.words[offset >>> bytesPerWordShift]! |= 1 << ((offset >>> 3) & 31);
  }

  /** The word index of the first reached object at or behind a word index, or `end`. */
  next(index: number, end: number): number {
    const granule = (index - (oldBase >>> 2)) >>> 1;
    let at = granule >>> 5;
    let bits = this.words[at]! & (-1 << (granule & 31));
    const last = (end - (oldBase >>> 2)) >>> 6;
    while (bits === 0) {
      if (++at > last) return end;
      bits = this.words[at]!;
    }
    return Math.min(this.wordIndex(at, 31 - Math.clz32(bits & -bits)), end);
  }

  /** The word index of the last reached object in front of a word index but not before `first`, or -1. */
  last(index: number, first: number): number {
    const granule = (index - (oldBase >>> 2)) >>> 1;
    let at = granule >>> 5;
    let bits = this.words[at]! & ~(-1 << (granule & 31));
    const lowest = Math.max((first - (oldBase >>> 2)) >>> 6, 0);
    while (bits === 0) {
      if (--at < lowest) return -1;
      bits = this.words[at]!;
    }
    const found = this.wordIndex(at, 31 - Math.clz32(bits));
    return found < first ? -1 : found;
  }

  private wordIndex(at: number, bit: number): number {
    return (oldBase >>> 2) + ((at * 32 + bit) << 1);
  }
}
