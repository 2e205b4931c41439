/**
 * What is known of old space between two walks of all of it: for each page, where a
 * walk may begin that is to see the objects on it, and where the code, closures,
 * processes and semaphores are.
 *
 * A walk of the whole heap fills it in. Allocation makes new places where objects begin,
 * and ends none, so it needs no word of it; what it makes lies on dirty pages, where
 * whoever looks finds it. When a collection has marked what lives, `collected` takes out
 * what does not. Moving objects, or changing their identity or class, voids it.
 *
 * Always, while it is valid: at the place noted for a page, at or before its first
 * byte, an object or free chunk begins; every machine object on a page clean since the
 * walk is listed, and what is listed exists.
 */

import {
  ClosureSlot,
  classIndexOf,
  Format,
  headerWords,
  type Oop,
  oldBase,
  overflowSlotCount,
  pageBytes,
  slotCountShift,
} from "../spec/layouts.ts";
import { IntStack } from "./int-stack.ts";
import type { MarkBits } from "./mark-bits.ts";

const pageWordsShift = 10;
const firstPage = oldBase / pageBytes;

/** Objects by address, each with a word about it. */
export class ObjectList {
  readonly oops = new IntStack(16);
  readonly values = new IntStack(16);

  /** Behind those there are. */
  add(oop: Oop, value: number): void {
    this.oops.push(oop);
    this.values.push(value);
  }

  clear(): void {
    this.oops.clear();
    this.values.clear();
  }

  /** The index of an object, or -1. */
  indexOf(oop: Oop): number {
    const { items, count } = this.oops;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (items[middle]! >>> 0 < oop >>> 0) low = middle + 1;
      else high = middle;
    }
    return low < count && items[low] === oop ? low : -1;
  }

  /** Takes in the objects of another list, of which none is here. */
  merge(other: ObjectList): void {
    let mine = this.oops.count - 1;
    let theirs = other.oops.count - 1;
    for (let at = 0; at <= theirs; at++) this.add(0, 0);
    for (let at = this.oops.count - 1; theirs >= 0; at--) {
      const isMine = mine >= 0 && this.oops.items[mine]! >>> 0 > other.oops.items[theirs]! >>> 0;
      const [from, index] = isMine ? [this, mine--] : [other, theirs--];
      this.oops.items[at] = from.oops.items[index]!;
      this.values.items[at] = from.values.items[index]!;
    }
  }

  /** Forgets what is not marked. */
  keep(bits: MarkBits): void {
    const { oops, values } = this;
    let kept = 0;
    for (let at = 0; at < oops.count; at++) {
      if (!bits.has(oops.items[at]!)) continue;
      oops.items[kept] = oops.items[at]!;
      values.items[kept++] = values.items[at]!;
    }
    oops.count = kept;
    values.count = kept;
  }
}

/** The objects the machine relies on, but for Contexts, of which there may be any number. */
export class MachineObjects {
  readonly code = new ObjectList();
  /** Each with its block. */
  readonly closures = new ObjectList();
  readonly processes = new ObjectList();
  readonly semaphores = new ObjectList();

  get lists(): readonly ObjectList[] {
    return [this.code, this.closures, this.processes, this.semaphores];
  }

  /** Where an object of that class and format belongs, if it is one of them. */
  listFor(classIndex: number, format: number): ObjectList | undefined {
    if (format >= Format.compiledCode) return this.code;
    if (classIndex === classIndexOf.FullBlockClosure) return this.closures;
    if (classIndex === classIndexOf.Process) return this.processes;
    return classIndex === classIndexOf.Semaphore ? this.semaphores : undefined;
  }

  /** Notes the object at a word index if it is one of them. */
  note(words: Int32Array, index: number, classIndex: number, format: number): void {
    this.listFor(classIndex, format)?.add((index << 2) | 0, valueFor(words, index, classIndex));
  }
}

/** What is noted with an object: the block of a closure. */
export function valueFor(words: Int32Array, index: number, classIndex: number): number {
  const isClosure = classIndex === classIndexOf.FullBlockClosure;
  return isClosure ? words[index + headerWords + ClosureSlot.compiledBlock]! : 0;
}

export class HeapIndex {
  readonly known = new MachineObjects();
  /** Changes whenever what is listed does, but by `merge`. */
  epoch = 0;
  isValid = false;
  /** By page of old space: a word index. */
  private starts = new Int32Array(16);
  private pageCount = 0;

  /** Forgets all; a walk of the whole heap follows, which notes everything it meets. */
  begin(): void {
    this.void();
    for (const list of this.known.lists) list.clear();
    this.pageCount = 0;
  }

  /** The walk is done. */
  complete(): void {
    this.isValid = true;
  }

  /** What is known may be wrong. */
  void(): void {
    this.isValid = false;
    this.epoch++;
  }

  /** Notes an object or free chunk, by word indices, that reaches onto pages not yet covered; answers the first page behind them. */
  cover(start: number, end: number): number {
    const pages = ((end + (1 << pageWordsShift) - 1) >>> pageWordsShift) - firstPage;
    this.reserve(pages);
    this.starts.fill(start, this.pageCount, pages);
    this.pageCount = Math.max(this.pageCount, pages);
    return firstPage + this.pageCount;
  }

  /** The word index where a walk begins that sees every object on a page (of the address space). */
  startFor(page: number): number {
    return this.starts[Math.min(page - firstPage, this.pageCount - 1)]!;
  }

  /** Only what is marked stays; chunks between may be joined. */
  collected(words: Int32Array, bits: MarkBits): void {
    if (!this.isValid) return;
    this.epoch++;
    for (const list of this.known.lists) list.keep(bits);
    let known = oldBase >>> 2;
    for (let page = 1; page < this.pageCount; page++) {
      // On the page before; behind it a long object may reach over many.
      const start = (firstPage + page) << pageWordsShift;
      const last = bits.last(start, start - (1 << pageWordsShift));
      if (last >= 0) {
        const isLarge = words[last + 1]! >>> slotCountShift === overflowSlotCount;
        known = isLarge ? last - 2 : last;
      }
      this.starts[page] = known;
    }
  }

  private reserve(pages: number): void {
    if (pages <= this.starts.length) return;
    const larger = new Int32Array(Math.max(pages, this.starts.length * 2));
    larger.set(this.starts);
    this.starts = larger;
  }
}
