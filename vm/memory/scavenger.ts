/**
 * The scavenger collects new space.
 *
 * Objects are born in eden. A scavenge copies the living from eden and past
 * space into future space, or tenures them into old space when they have
 * survived often enough or future space is full; then past and future trade
 * places. Roots: the remembered set, frames, special objects, what the host holds.
 * What was copied is scanned in turn: future space from its start, tenured
 * objects from a list. A copied object leaves its new address in its old
 * header, under class index 0.
 *
 * Always: between scavenges future space is empty, and every old object that
 * refers to a new one is remembered. The heap verifier checks both.
 *
 * D. Ungar, "Generation Scavenging", 1984; C. J. Cheney, "A Nonrecursive List
 * Compacting Algorithm", 1970.
 */

import {
  ageMask,
  ageShift,
  classIndexMask,
  edenBase,
  Format,
  formatShift,
  forwardedClassIndex,
  headerWords,
  isImmediate,
  literalCountMask,
  type Oop,
  oldBase,
  overflowMarker,
  overflowSlotCount,
  pageWritten,
  rememberedBit,
  State,
  slotCountShift,
  survivorBytes,
} from "../spec/layouts.ts";
import type { Mourning, Tracer } from "./ephemerons.ts";
import { IntStack } from "./int-stack.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** Scavenges an object survives in new space; at most 3, what the header can count. */
const tenureAge = 2;
const newSpaceBytes = oldBase - edenBase;

export class Scavenger implements Tracer {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly mourning: Mourning;
  private readonly tenured = new IntStack(4096);
  private readonly visitRun = (first: number, count: number) => this.scan(first, first + count);
  private futureFree = 0;
  private futureEnd = 0;
  private futureScanned = 0;
  /** Objects with this age or more are tenured. */
  private tenureFrom = tenureAge;
  /** Bytes tenured by the last scavenge. */
  tenuredBytes = 0;

  constructor(memory: ObjectMemory, mourning: Mourning) {
    this.memory = memory;
    this.words = memory.words;
    this.mourning = mourning;
  }

  /** Collects new space, tenuring what is old enough. */
  scavenge(): void {
    this.run(tenureAge);
  }

  /** Collects new space, tenuring everything: afterwards new space and the remembered set are empty. */
  tenureAll(): void {
    this.run(0);
  }

  private run(tenureFrom: number): void {
    const memory = this.memory;
    this.tenureFrom = tenureFrom;
    this.tenuredBytes = 0;
    this.futureFree = memory.futureStart;
    this.futureScanned = memory.futureStart;
    this.futureEnd = memory.futureStart + survivorBytes;
    memory.oldSpace.collecting = true;
    this.scanRoots();
    this.drain();
    this.mourning.settle(this, this.settled);
    memory.dropForgotten();
    this.words[State.edenFree] = edenBase;
    const past = memory.pastStart;
    memory.pastStart = memory.futureStart;
    memory.pastFree = this.futureFree;
    memory.futureStart = past;
    memory.oldSpace.collecting = false;
    memory.oldSpace.limitEden();
  }

  // Tracing

  isReached(oop: Oop): boolean {
    return (
      !this.isLeaving(oop) || (this.words[oop >>> 2]! & classIndexMask) === forwardedClassIndex
    );
  }

  currentOop(oop: Oop): Oop {
    return this.isLeaving(oop) ? this.words[(oop >>> 2) + 1]! : oop;
  }

  traceSlots(oop: Oop): void {
    const first = (oop >>> 2) + headerWords;
    this.scan(first, first + this.memory.pointerSlotCount(oop));
  }

  drain(): void {
    const words = this.words;
    for (;;) {
      if (this.tenured.count > 0) {
        const oop = this.tenured.pop();
        if (this.scanObject(oop)) this.memory.remember(oop);
      } else if (this.futureScanned < this.futureFree) {
        let index = this.futureScanned >>> 2;
        let slots = words[index + 1]! >>> slotCountShift;
        if (slots === overflowSlotCount) {
          slots = words[index]!;
          index += 2;
        }
        this.futureScanned = (index + headerWords + ((slots + 1) & ~1)) << 2;
        this.scanObject(index << 2);
      } else {
        return;
      }
    }
  }

  private scanRoots(): void {
    const memory = this.memory;
    memory.roots?.visitRoots(this.visitRun);
    this.scan(State.specialObjects, State.specialObjects + 1);
    memory.mapHeld((oop) => this.follow(oop));
    const pending = memory.pendingMourners;
    for (let at = 0; at < pending.count; at++) pending.items[at] = this.follow(pending.items[at]!);
    this.scanRemembered();
  }

  private scanRemembered(): void {
    const memory = this.memory;
    const { remembered, rememberedCount } = memory;
    let kept = 0;
    for (let at = 0; at < rememberedCount; at++) {
      const oop = remembered[at]!;
      if (this.scanObject(oop)) remembered[kept++] = oop;
      else this.forget(oop);
    }
    memory.rememberedCount = kept;
  }

  /** Scans an object's strong slots; answers whether it refers to new objects or has slots that wait to be settled. */
  private scanObject(oop: Oop): boolean {
    const index = oop >>> 2;
    const words = this.words;
    const format = (words[index]! >>> formatShift) & 31;
    const first = index + headerWords;
    if (format <= Format.indexableWithFixed) {
      let slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) slots = words[index - 2]!;
      return this.scan(first, first + slots);
    }
    if (format >= Format.compiledCode) {
      return this.scan(first, first + 2 + ((words[first]! >> 1) & literalCountMask));
    }
    if (format === Format.weak) {
      this.scan(first, first + this.mourning.fixedSlotCount(oop));
      this.mourning.addWeak(oop);
      return true;
    }
    if (format !== Format.ephemeron) return false;
    return this.mourning.defers(oop, this) || this.scan(first, first + this.memory.slotCount(oop));
  }

  /** Copies what a run of words refers to; answers whether some of it is still new. */
  private scan(first: number, end: number): boolean {
    const words = this.words;
    const dirty = this.memory.dirty;
    let refersToNew = false;
    for (let index = first; index < end; index++) {
      const value = words[index]!;
      if ((value & 3) === 0 && (value - edenBase) >>> 0 < newSpaceBytes) {
        const now = this.copy(value);
        words[index] = now;
        dirty[index >>> 10] = pageWritten;
        if (now >>> 0 < oldBase) refersToNew = true;
      }
    }
    return refersToNew;
  }

  private follow(oop: Oop): Oop {
    return !isImmediate(oop) && (oop - edenBase) >>> 0 < newSpaceBytes ? this.copy(oop) : oop;
  }

  /** Whether a new object is in the spaces being emptied. */
  private isLeaving(oop: Oop): boolean {
    return (
      (oop - edenBase) >>> 0 < newSpaceBytes &&
      (oop - this.memory.futureStart) >>> 0 >= survivorBytes
    );
  }

  /** The new address of a new object, copied now if it has not been. */
  private copy(oop: Oop): Oop {
    const words = this.words;
    const index = oop >>> 2;
    const header = words[index]!;
    const shape = words[index + 1]!;
    if ((header & classIndexMask) === forwardedClassIndex) return shape;
    if ((oop - this.memory.futureStart) >>> 0 < survivorBytes) return oop;
    let slots = shape >>> slotCountShift;
    let size = headerWords + ((slots + 1) & ~1);
    if (slots === overflowSlotCount) {
      slots = words[index - 2]!;
      size = headerWords + 2 + ((slots + 1) & ~1);
    }
    let to = this.futureFree >>> 2;
    const young = (header & ageMask) >>> ageShift < this.tenureFrom;
    if (young && this.futureFree + size * 4 <= this.futureEnd) this.futureFree += size * 4;
    else to = this.tenure(size * 4);
    if (size !== headerWords + ((slots + 1) & ~1)) {
      words[to] = slots;
      words[to + 1] = overflowMarker;
      to += 2;
    }
    const now = (to << 2) | 0;
    words[to + 1] = shape;
    if (now >>> 0 >= oldBase) {
      words[to] = header & ~ageMask;
      this.tenured.push(now);
      this.memory.born?.(now);
    } else {
      words[to] = header + (1 << ageShift);
    }
    const body = to + headerWords;
    const from = index + headerWords;
    const count = (slots + 1) & ~1;
    if (count > 32) words.copyWithin(body, from, from + count);
    else for (let slot = 0; slot < count; slot++) words[body + slot] = words[from + slot]!;
    words[index] = forwardedClassIndex;
    words[index + 1] = now;
    return now;
  }

  /** The word index of a chunk in old space. */
  private tenure(bytes: number): number {
    const memory = this.memory;
    const start = memory.oldSpace.allocateChunk(bytes);
    if (start === 0) throw new Error("scavenge: no room kept to tenure");
    memory.markDirtyRange(start, bytes);
    this.tenuredBytes += bytes;
    return start >>> 2;
  }

  private refersToNew(oop: Oop): boolean {
    const words = this.words;
    const first = (oop >>> 2) + headerWords;
    const end = first + this.memory.pointerSlotCount(oop);
    for (let index = first; index < end; index++) {
      const value = words[index]!;
      if ((value & 3) === 0 && (value - edenBase) >>> 0 < newSpaceBytes) return true;
    }
    return false;
  }

  /** Remembers or forgets an old object whose last slots have been settled. */
  private readonly settled = (oop: Oop): void => {
    if (oop >>> 0 < oldBase) return;
    if (this.refersToNew(oop)) this.memory.remember(oop);
    else this.forget(oop);
  };

  private forget(oop: Oop): void {
    this.words[oop >>> 2]! &= ~rememberedBit;
    this.memory.markDirty(oop);
  }
}
