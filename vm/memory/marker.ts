/**
 * The marker finds the living objects of old space, in slices between which the
 * program runs.
 *
 * Its state is explicit: mark bits beside the heap, a stack of objects to scan, and the
 * stored bits of the page table. A long object is scanned in pieces: the stack then
 * holds the object and, above it, the next slot as an odd number. What the program
 * stores meanwhile sets the stored bit of a page; such pages are cleaned, that is
 * the marked objects on them are scanned again, until few are left. The remark, with new
 * space empty, scans the roots and the last such pages at once. So nothing that is
 * reachable then is missed, whatever was stored in which order.
 *
 * References to new space are left to the remark. Objects that come into old space while
 * marking goes on are born marked, on pages that were stored into. An object the
 * stack has no room for is left, marked, on a page with the stored bit set.
 *
 * A class lives while it is referred to, or has a living instance; the class
 * table itself keeps only the known classes.
 *
 * H.-J. Boehm, A. J. Demers, S. Shenker, "Mostly Parallel Garbage Collection", 1991.
 */

import {
  classIndexMask,
  Format,
  falseOop,
  firstFreeClassIndex,
  formatShift,
  headerWords,
  isPointer,
  nilOop,
  type Oop,
  oldBase,
  overflowSlotCount,
  pageBytes,
  State,
  slotCountShift,
  storedBit,
  trueOop,
} from "../spec/layouts.ts";
import type { Mourning, Tracer } from "./ephemerons.ts";
import { IntStack } from "./int-stack.ts";
import { MarkBits } from "./mark-bits.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** Slots scanned at a time. */
const pieceSlots = 1024;
const wordsPerPage = pageBytes >>> 2;
const firstPage = oldBase / pageBytes;
/** What finding an object costs, in words scanned. */
const objectUnits = 8;
/** What looking for objects on a page costs. */
const pageUnits = 64;
/** Pages left to the remark. */
const remarkPages = 1024;
/** Passes over stored pages after which the program has to wait for the remark. */
const mostPasses = 4;

export class Marker implements Tracer {
  readonly bits = new MarkBits();
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly mourning: Mourning;
  private readonly stack = new IntStack(0x4000);
  private readonly mostEntries: number;
  /** By class index: 1 if a living instance has been met. */
  private readonly inhabited = new Uint8Array(classIndexMask + 1);
  /** By page of old space: the object of several pages that reaches into it from in front, or 0. */
  private spans = new Int32Array(0);
  /** Some object was left on a page for want of room on the stack. */
  private overflowed = false;
  /** The next page to look at, and how often all have been. */
  private page = 0;
  private passes = 0;
  /** Work done since marking began, in words scanned and what else costs as much. */
  units = 0;
  /** What is marked takes that many words of old space. */
  liveWords = 0;
  isMarking = false;
  /** The class table, scanned entry by entry as classes turn out to live. */
  private table: Oop = nilOop;
  private readonly visitRun = (first: number, count: number) => this.markRun(first, first + count);

  /** The stack takes at most that many entries. */
  constructor(memory: ObjectMemory, mourning: Mourning, mostEntries = 0x400000) {
    this.memory = memory;
    this.words = memory.words;
    this.mourning = mourning;
    this.mostEntries = mostEntries;
  }

  // A cycle

  /** Begins to mark: takes the roots as they are now. */
  start(): void {
    const { memory } = this;
    this.bits.clear(memory.heapBytes, memory.limit - oldBase);
    this.inhabited.fill(0);
    this.spans.fill(0);
    this.liveWords = 0;
    this.units = 0;
    this.page = firstPage;
    this.passes = 0;
    memory.forgetStored();
    this.isMarking = true;
    memory.born = this.born;
    this.table =
      this.words[State.specialObjects] === nilOop ? nilOop : memory.special("classTable");
    this.markRoots();
  }

  /** Marks on for about that much work; answers whether only the remark is left. */
  advance(units: number): boolean {
    const end = this.units + units;
    for (;;) {
      while (this.stack.count > 0) {
        this.scanNext();
        if (this.units >= end) return false;
      }
      if (!this.cleanNextPage()) {
        this.passes++;
        this.page = firstPage;
        if (this.storedPages() <= remarkPages) return true;
      } else if (this.units >= end) return false;
    }
  }

  /** Whether the program stores faster than pages are cleaned. */
  get isOutrun(): boolean {
    return this.isMarking && this.passes >= mostPasses;
  }

  /** What is left to scan at most, in words. */
  get unitsLeft(): number {
    return Math.max((this.memory.heapBytes >>> 2) - this.units, 0) + 0x10000;
  }

  /**
   * The remark: marks what is left and settles ephemerons and weak slots. New
   * space is empty. Answers whether a class died.
   */
  finish(): boolean {
    const { memory } = this;
    const former = this.table;
    if (former !== nilOop) {
      this.table = memory.special("classTable");
      // What it was lived when marking began.
      if (former !== this.table) this.traceSlots(former);
    }
    this.markRoots();
    this.reviewClasses();
    this.drain();
    this.cleanPages();
    this.drain();
    this.mourning.settle(this, () => {});
    this.end();
    return this.dropDeadClasses();
  }

  /** Gives the cycle up, for objects are about to trade places. */
  abandon(): void {
    this.mourning.forget();
    this.end();
  }

  private end(): void {
    this.isMarking = false;
    this.memory.born = undefined;
    this.stack.clear();
  }

  // Tracing

  isReached(oop: Oop): boolean {
    return oop >>> 0 >= oldBase && this.bits.has(oop);
  }

  currentOop(oop: Oop): Oop {
    return oop;
  }

  traceSlots(oop: Oop): void {
    const first = (oop >>> 2) + headerWords;
    this.markRun(first, first + this.memory.pointerSlotCount(oop));
  }

  drain(): void {
    while (this.stack.count > 0) this.scanNext();
    while (this.overflowed) this.cleanPages();
  }

  private markRoots(): void {
    const memory = this.memory;
    // The table's entries are not roots, the table is.
    if (this.table !== nilOop) {
      if (!this.bits.has(this.table)) this.enter(this.table);
      const first = (this.table >>> 2) + headerWords;
      this.markRun(first, first + Math.min(firstFreeClassIndex, memory.slotCount(this.table)));
    }
    for (const oop of [nilOop, falseOop, trueOop]) if (!this.bits.has(oop)) this.enter(oop);
    this.markRun(State.specialObjects, State.specialObjects + 1);
    memory.roots?.visitRoots(this.visitRun);
    memory.mapHeld((oop) => {
      this.markOop(oop);
      return oop;
    });
    const pending = memory.pendingMourners;
    for (let at = 0; at < pending.count; at++) this.markOop(pending.items[at]!);
  }

  private scanNext(): void {
    const words = this.words;
    const entry = this.stack.pop();
    if ((entry & 1) !== 0) {
      this.scanPiece(this.stack.pop(), entry >>> 1);
      return;
    }
    const index = entry >>> 2;
    const header = words[index]!;
    const first = index + headerWords;
    const format = (header >>> formatShift) & 31;
    if (format <= Format.indexableWithFixed) {
      const slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) this.scanPiece(entry, 0);
      else this.markRun(first, first + slots);
    } else {
      this.scanWithin(entry, first, 0xffffffff);
    }
  }

  private scanPiece(oop: Oop, slot: number): void {
    const slots = this.memory.slotCount(oop);
    const end = Math.min(slot + pieceSlots, slots);
    if (end < slots) {
      this.stack.push(oop);
      this.stack.push((end << 1) | 1);
    }
    const first = (oop >>> 2) + headerWords;
    this.markRun(first + slot, first + end);
  }

  /** Scans those slots of a marked object that lie between two word indices. */
  private scanWithin(oop: Oop, from: number, end: number): void {
    const words = this.words;
    const index = oop >>> 2;
    const header = words[index]!;
    const format = (header >>> formatShift) & 31;
    const first = index + headerWords;
    if (this.inhabited[header & classIndexMask] === 0) this.inhabit(header & classIndexMask);
    if (format > Format.ephemeron && format < Format.compiledCode) return;
    let slots = this.memory.pointerSlotCount(oop);
    if (format === Format.weak) {
      slots = this.mourning.fixedSlotCount(oop);
      this.mourning.addWeak(oop);
    } else if (format === Format.ephemeron && this.mourning.defers(oop, this)) {
      return;
    }
    this.markRun(Math.max(first, from), Math.min(first + slots, end));
  }

  private markRun(first: number, end: number): void {
    const words = this.words;
    const bits = this.bits.words;
    if (end > first) this.units += end - first;
    for (let index = first; index < end; index++) {
      const value = words[index]!;
      if ((value & 3) !== 0 || value >>> 0 <= nilOop) continue;
      const offset = value - oldBase;
      if ((bits[offset >>> 8]! & (1 << ((offset >>> 3) & 31))) === 0) this.enter(value);
    }
  }

  private markOop(oop: Oop): void {
    if (oop >>> 0 >= oldBase && !this.bits.has(oop)) this.enter(oop);
  }

  /** Marks an old object that is not marked yet and leaves its slots to be scanned. */
  private enter(oop: Oop): void {
    const slots = this.count(oop);
    const format = (this.words[oop >>> 2]! >>> formatShift) & 31;
    if (format > Format.ephemeron && format < Format.compiledCode) return;
    // An object without slots needs no scan, and the table is scanned otherwise.
    if (slots === 0 || oop === this.table) return;
    if (slots >= overflowSlotCount) this.noteSpan(oop, slots);
    if (this.stack.count < this.mostEntries) this.stack.push(oop);
    else {
      this.memory.markStored(oop, slots);
      this.overflowed = true;
    }
  }

  /** Sets an object's mark bit and counts it in; answers its slot count. */
  private count(oop: Oop): number {
    const words = this.words;
    const index = oop >>> 2;
    this.bits.set(oop);
    this.units += objectUnits;
    let slots = words[index + 1]! >>> slotCountShift;
    let headers = headerWords;
    if (slots === overflowSlotCount) {
      slots = words[index - headerWords]! >>> 0;
      headers += headerWords;
    }
    this.liveWords += headers + slots + (slots & 1);
    const classIndex = words[index]! & classIndexMask;
    if (this.inhabited[classIndex] === 0) this.inhabit(classIndex);
    return slots;
  }

  /** Marks an object that has just come into old space; its pages count as stored into. */
  private readonly born = (oop: Oop): void => {
    const slots = this.count(oop);
    const format = (this.words[oop >>> 2]! >>> formatShift) & 31;
    const hasSlots = format <= Format.ephemeron || format >= Format.compiledCode;
    if (slots >= overflowSlotCount && hasSlots) this.noteSpan(oop, slots);
  };

  // Pages

  private noteSpan(oop: Oop, slots: number): void {
    const last = ((oop >>> 0) + (headerWords + slots) * 4 - 1) >>> 12;
    if (last - firstPage >= this.spans.length) {
      const pages = (this.memory.limit - oldBase) / pageBytes;
      const larger = new Int32Array(Math.ceil(pages) + 1);
      larger.set(this.spans);
      this.spans = larger;
    }
    for (let page = (oop >>> 12) + 1; page <= last; page++) this.spans[page - firstPage] = oop;
  }

  /** Cleans the next page that was stored into; answers false behind the last. */
  private cleanNextPage(): boolean {
    const { memory } = this;
    const page = memory.nextStoredPage(this.page);
    if (page < 0) return false;
    this.page = page + 1;
    memory.dirty[page]! &= ~storedBit;
    this.cleanPage(page);
    return true;
  }

  /** Cleans every page that was stored into, and follows what is found. */
  private cleanPages(): void {
    this.overflowed = false;
    this.page = firstPage;
    while (this.cleanNextPage()) while (this.stack.count > 0) this.scanNext();
  }

  private storedPages(): number {
    const { memory } = this;
    let count = 0;
    let page = memory.nextStoredPage(firstPage);
    for (; page >= 0 && count <= remarkPages; page = memory.nextStoredPage(page + 1)) count++;
    return count;
  }

  /** Scans what marked objects have on that page. */
  private cleanPage(page: number): void {
    const { bits, table } = this;
    const start = page * wordsPerPage;
    const end = start + wordsPerPage;
    this.units += pageUnits;
    const span = this.spans[page - firstPage] ?? 0;
    let index = bits.last(start, start - wordsPerPage);
    if (span !== 0) {
      if (span !== table) this.scanWithin(span, start, end);
    } else if (index >= 0) {
      const last = index + headerWords + this.memory.slotCount((index << 2) | 0);
      if (last > start && index << 2 !== table) this.scanWithin((index << 2) | 0, start, end);
    }
    for (index = bits.next(start, end); index < end; ) {
      if (index << 2 !== table) this.scanWithin((index << 2) | 0, start, end);
      index += 2;
      if (index < end) index = bits.next(index, end);
    }
  }

  // Classes

  private inhabit(classIndex: number): void {
    this.inhabited[classIndex] = 1;
    if (this.table === nilOop || classIndex >= this.memory.slotCount(this.table)) return;
    const classOop = this.memory.fetchPointer(classIndex, this.table);
    if (isPointer(classOop)) this.markOop(classOop);
  }

  /** The table's entries may have changed since their instances were met. */
  private reviewClasses(): void {
    if (this.table === nilOop) return;
    const size = this.memory.slotCount(this.table);
    for (let index = 0; index < size; index++) if (this.inhabited[index] === 1) this.inhabit(index);
  }

  private dropDeadClasses(): boolean {
    if (this.table === nilOop) return false;
    const memory = this.memory;
    const size = memory.slotCount(this.table);
    let dropped = false;
    for (let index = firstFreeClassIndex; index < size; index++) {
      const classOop = memory.fetchPointer(index, this.table);
      if (classOop === nilOop || this.isReached(classOop)) continue;
      memory.storePointer(index, this.table, nilOop);
      dropped = true;
    }
    return dropped;
  }
}
