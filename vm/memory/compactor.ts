/**
 * Sliding compaction: the living keep their order and move down over the dead.
 *
 * After marking, one pass over the marked objects notes in a bitmap which granules (8
 * bytes) live; a second table holds, for each block of 32 granules, where its
 * first living granule goes. An object's new address is then its block's plus
 * the count of living granules in front of it, so no object needs room for a
 * forwarding address. A last pass rewrites references and moves the objects.
 * Both tables exist only while it runs.
 *
 * Only pages whose content may have changed are marked dirty: where nothing moves,
 * those with a rewritten reference.
 *
 * H. Kermany and E. Petrank, "The Compressor", 2006.
 */

import {
  Format,
  formatShift,
  headerWords,
  literalCountMask,
  type Oop,
  oldBase,
  overflowSlotCount,
  pageWritten,
  State,
  slotCountShift,
} from "../spec/layouts.ts";
import { endOldSpaceAt } from "./full-collector.ts";
import type { MarkBits } from "./mark-bits.ts";
import type { ObjectMemory } from "./object-memory.ts";

const blockShift = 8;

export class Compactor {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly marks: MarkBits;
  private readonly live: Int32Array;
  private readonly destinations: Int32Array;
  /** Nothing below it moves. */
  private firstHole: number;

  constructor(memory: ObjectMemory, marks: MarkBits) {
    this.memory = memory;
    this.marks = marks;
    this.words = memory.words;
    const blocks = (memory.heapBytes >>> blockShift) + 1;
    this.live = new Int32Array(blocks);
    this.destinations = new Int32Array(blocks);
    this.firstHole = memory.oldEnd;
  }

  /** Slides the marked objects together. New space is empty. */
  compact(): void {
    const memory = this.memory;
    const end = this.plan();
    memory.oldSpace.clear();
    if (end === memory.oldEnd) return;
    memory.roots?.visitRoots((first, count) => this.rewrite(first, first + count));
    this.rewrite(State.specialObjects, State.specialObjects + 1);
    memory.mapHeld((oop) => this.destination(oop));
    const pending = memory.pendingMourners;
    for (let at = 0; at < pending.count; at++) {
      pending.items[at] = this.destination(pending.items[at]!);
    }
    this.slide();
    endOldSpaceAt(memory, end);
  }

  /** Notes what lives and where it goes; answers the new end. */
  private plan(): number {
    const { words, marks, live, destinations } = this;
    const base = oldBase >>> 2;
    const end = this.memory.oldEnd >>> 2;
    for (let index = base; index < end; ) {
      const behind = index;
      let start = marks.next(index, end);
      index = start;
      if (start < end) {
        let slots = words[start + 1]! >>> slotCountShift;
        if (slots === overflowSlotCount) {
          slots = words[start - 2]! >>> 0;
          index += headerWords + ((slots + 1) & ~1);
          start -= 2;
        } else index += headerWords + ((slots + 1) & ~1);
        setBits(live, (start - base) >>> 1, (index - base) >>> 1);
      }
      if (start > behind && this.firstHole > behind * 4) this.firstHole = behind * 4;
    }
    let to = oldBase;
    for (let block = 0; block < live.length; block++) {
      destinations[block] = to;
      to += bitCount(live[block]!) * 8;
    }
    return to;
  }

  private destination(oop: Oop): Oop {
    const address = oop >>> 0;
    if (address < this.firstHole) return oop;
    const offset = address - oldBase;
    const block = offset >>> blockShift;
    const before = this.live[block]! & ((1 << ((offset >>> 3) & 31)) - 1);
    return (this.destinations[block]! + bitCount(before) * 8) | 0;
  }

  private rewrite(first: number, end: number): void {
    const words = this.words;
    const firstHole = this.firstHole;
    for (let index = first; index < end; index++) {
      const value = words[index]!;
      if ((value & 3) === 0 && value >>> 0 >= firstHole) {
        words[index] = this.destination(value);
        this.memory.dirty[index >>> 10] = pageWritten;
      }
    }
  }

  /** Rewrites the slots of every living object and moves the runs of them down. */
  private slide(): void {
    const { memory, words, marks } = this;
    const end = memory.oldEnd >>> 2;
    let runStart = oldBase >>> 2;
    let runEnd = runStart;
    for (;;) {
      const object = marks.next(runEnd, end);
      if (object >= end) break;
      let slots = words[object + 1]! >>> slotCountShift;
      let start = object;
      if (slots === overflowSlotCount) {
        slots = words[object - 2]! >>> 0;
        start -= 2;
      }
      if (start > runEnd) {
        this.move(runStart, runEnd);
        runStart = start;
      }
      const format = (words[object]! >>> formatShift) & 31;
      const first = object + headerWords;
      runEnd = first + ((slots + 1) & ~1);
      if (format <= Format.ephemeron) this.rewrite(first, first + slots);
      else if (format >= Format.compiledCode) {
        this.rewrite(first, first + 2 + ((words[first]! >> 1) & literalCountMask));
      }
    }
    this.move(runStart, runEnd);
  }

  private move(start: number, end: number): void {
    const to = this.destination((start * 4) | 0) >>> 2;
    if (to === start) return;
    this.words.copyWithin(to, start, end);
    this.memory.markDirtyRange(to * 4, (end - start) * 4);
  }
}

function setBits(bits: Int32Array, first: number, end: number): void {
  let word = first >>> 5;
  const lastWord = end >>> 5;
  const from = -1 << (first & 31);
  const below = (1 << (end & 31)) - 1;
  if (word === lastWord) {
    bits[word]! |= from & below;
    return;
  }
  bits[word++]! |= from;
  while (word < lastWord) bits[word++] = -1;
  if (below !== 0) bits[word]! |= below;
}

function bitCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
