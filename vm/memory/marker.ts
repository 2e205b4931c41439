/**
 * The marker finds the living objects of old space and sets their mark bits.
 *
 * It runs when new space is empty. Its state is explicit, a stack of objects to
 * scan, so that marking can stop at any point and go on later. A long object
 * is scanned in pieces: the stack then holds the object and, above it, the next slot
 * as an odd number.
 *
 * A class lives while it is referred to, or has a living instance; the class
 * table itself keeps only the known classes.
 */

import {
  classIndexMask,
  Format,
  falseOop,
  firstFreeClassIndex,
  formatShift,
  headerWords,
  isPointer,
  literalCountMask,
  markBit,
  nilOop,
  type Oop,
  overflowSlotCount,
  State,
  slotCountShift,
  trueOop,
} from "../spec/layouts.ts";
import type { Mourning, Tracer } from "./ephemerons.ts";
import { IntStack } from "./int-stack.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** Slots scanned at a time. */
const pieceSlots = 1024;

export class Marker implements Tracer {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly mourning: Mourning;
  private readonly stack = new IntStack(0x4000);
  /** By class index: 1 if a living instance has been met. */
  private readonly inhabited = new Uint8Array(classIndexMask + 1);
  /** What was marked last takes that many words of old space. */
  liveWords = 0;
  /** The class table, scanned entry by entry as classes turn out to live. */
  private table: Oop = nilOop;
  private readonly visitRun = (first: number, count: number) => this.markRun(first, first + count);

  constructor(memory: ObjectMemory, mourning: Mourning) {
    this.memory = memory;
    this.words = memory.words;
    this.mourning = mourning;
  }

  /** Marks everything that lives, and settles ephemerons and weak slots. Answers whether a class died. */
  mark(): boolean {
    this.start();
    this.drain();
    this.mourning.settle(this, () => {});
    return this.dropDeadClasses();
  }

  isReached(oop: Oop): boolean {
    return (this.words[oop >>> 2]! & markBit) !== 0;
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
  }

  private start(): void {
    const memory = this.memory;
    this.inhabited.fill(0);
    this.liveWords = 0;
    this.table =
      this.words[State.specialObjects] === nilOop ? nilOop : memory.special("classTable");
    // The table's entries are not roots, the table is.
    if (this.table !== nilOop) {
      this.words[this.table >>> 2]! |= markBit;
      this.countLive(this.table >>> 2);
      const first = (this.table >>> 2) + headerWords;
      this.markRun(first, first + Math.min(firstFreeClassIndex, memory.slotCount(this.table)));
      this.inhabit(this.words[this.table >>> 2]! & classIndexMask);
    }
    for (const oop of [nilOop, falseOop, trueOop]) this.markOop(oop);
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
    } else if (format >= Format.compiledCode) {
      this.markRun(first, first + 2 + ((words[first]! >> 1) & literalCountMask));
    } else if (format === Format.weak) {
      this.markRun(first, first + this.mourning.fixedSlotCount(entry));
      this.mourning.addWeak(entry);
    } else if (!this.mourning.defers(entry, this)) {
      this.traceSlots(entry);
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

  private markRun(first: number, end: number): void {
    const words = this.words;
    for (let index = first; index < end; index++) {
      const value = words[index]!;
      if ((value & 3) !== 0 || value === nilOop) continue;
      if ((words[value >>> 2]! & markBit) === 0) this.markOop(value);
    }
  }

  private markOop(oop: Oop): void {
    const words = this.words;
    const index = oop >>> 2;
    const header = words[index]!;
    if ((header & markBit) !== 0) return;
    words[index] = header | markBit;
    const slots = this.countLive(index);
    const classIndex = header & classIndexMask;
    if (this.inhabited[classIndex] === 0) this.inhabit(classIndex);
    const format = (header >>> formatShift) & 31;
    if (format <= Format.ephemeron || format >= Format.compiledCode) {
      // An object without slots needs no scan.
      if (slots !== 0) this.stack.push(oop);
    }
  }

  /** Adds the size of an object to what lives; answers its slot count. */
  private countLive(index: number): number {
    const words = this.words;
    let slots = words[index + 1]! >>> slotCountShift;
    let headers = headerWords;
    if (slots === overflowSlotCount) {
      slots = words[index - headerWords]! >>> 0;
      headers += headerWords;
    }
    this.liveWords += headers + slots + (slots & 1);
    return slots;
  }

  private inhabit(classIndex: number): void {
    this.inhabited[classIndex] = 1;
    if (this.table === nilOop || classIndex >= this.memory.slotCount(this.table)) return;
    const classOop = this.memory.fetchPointer(classIndex, this.table);
    if (isPointer(classOop)) this.markOop(classOop);
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
