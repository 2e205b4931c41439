/**
 * Become: exchanging and forwarding identities, in bulk and at once.
 *
 * `exchange` makes every reference to an object of one array refer to its partner in
 * the other, and the reverse. Identity hashes go with the objects. Pairs of
 * equal size trade their places instead, which no reference notices. `forward`
 * makes every reference to an object refer to its partner; the object itself is gone
 * and its chunk free.
 *
 * Otherwise one pass over heap and roots rewrites references; no forwarder is left
 * behind. Pairs take effect in their order: a later pair acts on what the
 * earlier have made.
 *
 * A class in the class table is its index, so an index stays with the references
 * to it: in an exchange the two classes trade hashes; after a forward the
 * instances of both have the index that is kept. Neither is done when an
 * instance would not fit its new class.
 *
 * Frames are in Contexts when this runs, but for what the roots present.
 */

import {
  ageMask,
  ClassSlot,
  classIndexMask,
  classIndexOf,
  Format,
  firstFreeClassIndex,
  formatShift,
  hashMask,
  headerBytes,
  headerWords,
  isFixedObject,
  isImmediate,
  isPointer,
  isSmallInteger,
  nilOop,
  type Oop,
  oldBase,
  overflowSlotCount,
  rememberedBit,
  State,
  slotCountShift,
  smallIntegerValue,
} from "../spec/layouts.ts";
import type { FailureCode } from "../spec/primitives.ts";
import { fitsShape } from "./class-table.ts";
import { forEachObject, heapRanges } from "./heap-walker.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** Bits of a header that belong to the place, not to the object. */
const placeBits = rememberedBit | ageMask;
const filterMask = 0xffff;

/** Why these two arrays cannot exchange or forward identities, or undefined. */
export function becomeProblem(
  memory: ObjectMemory,
  from: Oop,
  to: Oop,
  twoWay: boolean,
): FailureCode | undefined {
  if (!isArray(memory, from)) return "badReceiver";
  if (!isArray(memory, to) || memory.slotCount(from) !== memory.slotCount(to)) return "badArgument";
  for (const oop of elements(memory, from)) {
    const problem = elementProblem(memory, oop);
    if (problem !== undefined) return problem;
  }
  for (const oop of elements(memory, to)) {
    const problem = twoWay ? elementProblem(memory, oop) : targetProblem(oop);
    if (problem !== undefined) return problem;
  }
  return classProblem(memory, elements(memory, from), elements(memory, to), twoWay);
}

export class Become {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  /** Where references to an object are to go. */
  private map = new Map<Oop, Oop>();
  private readonly filter = new Uint8Array(filterMask + 1);

  constructor(memory: ObjectMemory) {
    this.memory = memory;
    this.words = memory.words;
  }

  /** The elements of two arrays exchange identities. `becomeProblem` has found nothing. */
  exchange(from: Oop, to: Oop): void {
    const memory = this.memory;
    memory.endCollection();
    memory.heapIndex.void();
    const some = elements(memory, from);
    const others = elements(memory, to);
    if (this.canTradePlaces(some, others)) {
      for (let at = 0; at < some.length; at++) this.tradePlaces(some[at]!, others[at]!);
    } else {
      this.map = exchangeMap(some, others);
      const classes = [...this.map]
        .filter((pair) => pair.some((oop) => classIndexHeld(memory, oop) !== 0))
        .map(([oop, now]) => ({ now, hash: this.rawHash(oop) }));
      this.rewriteAll();
      for (const { now, hash } of classes) memory.setIdentityHash(now, hash);
    }
    memory.roots?.objectsMoved();
  }

  /** References to the elements of one array go to those of the other. `becomeProblem` has found nothing. */
  forward(from: Oop, to: Oop, copyHash: boolean): void {
    const memory = this.memory;
    memory.endCollection();
    memory.heapIndex.void();
    const some = elements(memory, from);
    const others = elements(memory, to);
    const indices = new Map<number, number>();
    some.forEach((oop, at) => {
      const other = others[at]!;
      if (oop === other) return;
      const index = classIndexHeld(memory, oop);
      if (index !== 0) this.mergeClasses(index, other, copyHash, indices);
      else if (copyHash) this.copyHash(oop, other);
    });
    this.map = forwardMap(some, others);
    if (indices.size > 0) this.renumberInstances(indices);
    const gone = [...this.map.keys()];
    this.rewriteAll();
    this.free(gone);
    memory.roots?.objectsMoved();
  }

  // Trading places

  private canTradePlaces(some: Oop[], others: Oop[]): boolean {
    const memory = this.memory;
    if (new Set([...some, ...others]).size < some.length * 2) return false;
    return some.every((oop, at) => {
      const other = others[at]!;
      return (
        paddedSlots(memory, oop) === paddedSlots(memory, other) &&
        classIndexHeld(memory, oop) === 0 &&
        classIndexHeld(memory, other) === 0
      );
    });
  }

  private tradePlaces(some: Oop, other: Oop): void {
    const { memory, words } = this;
    const a = some >>> 2;
    const b = other >>> 2;
    const headerA = words[a]!;
    const headerB = words[b]!;
    words[a] = (headerB & ~placeBits) | (headerA & placeBits);
    words[b] = (headerA & ~placeBits) | (headerB & placeBits);
    const count = paddedSlots(memory, some) + 1;
    for (let n = 1; n <= count; n++) {
      const word = words[a + n]!;
      words[a + n] = words[b + n]!;
      words[b + n] = word;
    }
    if (memory.hasSlotCountInFront(some)) {
      const slots = words[a - 2]!;
      words[a - 2] = words[b - 2]!;
      words[b - 2] = slots;
      memory.markDirtyRange((some >>> 0) - 8, 8);
      memory.markDirtyRange((other >>> 0) - 8, 8);
    }
    memory.objectFilled(some);
    memory.objectFilled(other);
  }

  // Rewriting

  private rewriteAll(): void {
    const { memory, words } = this;
    memory.charge(memory.heapBytes >>> 2);
    this.filter.fill(0);
    for (const oop of this.map.keys()) this.filter[(oop >>> 3) & filterMask] = 1;
    for (const [start, end] of heapRanges(memory)) this.rewriteRange(start >>> 2, end >>> 2);
    memory.roots?.visitRoots((first, count) => this.rewriteRun(first, first + count));
    const special = words[State.specialObjects]!;
    words[State.specialObjects] = this.map.get(special) ?? special;
    memory.mapHeld((oop) => this.map.get(oop) ?? oop);
    const pending = this.memory.pendingMourners;
    for (let at = 0; at < pending.count; at++) {
      const oop = pending.items[at]!;
      pending.items[at] = this.map.get(oop) ?? oop;
    }
    this.map = new Map();
  }

  private rewriteRange(start: number, end: number): void {
    const { memory, words } = this;
    for (let index = start; index < end; ) {
      let slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) {
        slots = words[index]!;
        index += 2;
      }
      const oop = (index << 2) | 0;
      const first = index + headerWords;
      index = first + ((slots + 1) & ~1);
      if ((words[oop >>> 2]! & classIndexMask) === classIndexOf["(free)"]) continue;
      const changed = this.rewriteRun(first, first + memory.pointerSlotCount(oop));
      if (changed && oop >>> 0 >= oldBase) memory.objectFilled(oop);
    }
  }

  private rewriteRun(first: number, end: number): boolean {
    const { words, filter } = this;
    let changed = false;
    for (let index = first; index < end; index++) {
      const value = words[index]!;
      if ((value & 3) !== 0 || filter[(value >>> 3) & filterMask] === 0) continue;
      const now = this.map.get(value);
      if (now === undefined) continue;
      words[index] = now;
      changed = true;
    }
    return changed;
  }

  // Classes and hashes

  private rawHash(oop: Oop): number {
    return this.words[(oop >>> 2) + 1]! & hashMask;
  }

  private copyHash(oop: Oop, other: Oop): void {
    const hash = this.rawHash(oop);
    if (hash === 0 || isFixedObject(other) || classIndexHeld(this.memory, other) !== 0) return;
    this.memory.setIdentityHash(other, hash);
  }

  /** A class in the table is forwarded: one of the two indices is kept. */
  private mergeClasses(
    index: number,
    other: Oop,
    copyHash: boolean,
    indices: Map<number, number>,
  ): void {
    const memory = this.memory;
    const table = memory.special("classTable");
    const otherIndex = classIndexHeld(memory, other);
    const keepsOther =
      otherIndex >= firstFreeClassIndex
        ? index >= firstFreeClassIndex && !copyHash
        : otherIndex !== 0;
    if (keepsOther) {
      memory.storePointer(index, table, nilOop);
      indices.set(index, otherIndex);
    } else {
      if (otherIndex !== 0) {
        memory.storePointer(otherIndex, table, nilOop);
        indices.set(otherIndex, index);
      }
      memory.storePointer(index, table, other);
      memory.setIdentityHash(other, index);
    }
    memory.classesDropped = true;
  }

  private renumberInstances(indices: Map<number, number>): void {
    const { memory, words } = this;
    forEachObject(memory, (oop) => {
      const header = words[oop >>> 2]!;
      let index = header & classIndexMask;
      for (let next = indices.get(index); next !== undefined; next = indices.get(index)) {
        index = next;
      }
      if (index === (header & classIndexMask)) return;
      words[oop >>> 2] = (header & ~classIndexMask) | index;
      memory.markDirty(oop);
    });
  }

  /** Makes the chunks of objects that nothing refers to free. */
  private free(gone: Oop[]): void {
    const { memory, words } = this;
    let forgotten = false;
    for (const oop of gone) {
      const index = oop >>> 2;
      if ((words[index]! & rememberedBit) !== 0) forgotten = true;
      if (oop >>> 0 < oldBase) {
        words[index] = classIndexOf["(free)"] | (Format.words32 << formatShift);
        continue;
      }
      const prefix = memory.hasSlotCountInFront(oop) ? 8 : 0;
      const size = prefix + headerBytes + paddedSlots(memory, oop) * 4;
      words[index]! &= ~rememberedBit;
      memory.oldSpace.addFree((oop >>> 0) - prefix, size);
    }
    if (forgotten) memory.dropForgotten();
  }
}

function isArray(memory: ObjectMemory, oop: Oop): boolean {
  return isPointer(oop) && memory.format(oop) === Format.indexable;
}

function elements(memory: ObjectMemory, array: Oop): Oop[] {
  const first = (array >>> 2) + headerWords;
  return Array.from(memory.words.subarray(first, first + memory.slotCount(array)));
}

function paddedSlots(memory: ObjectMemory, oop: Oop): number {
  return (memory.slotCount(oop) + 1) & ~1;
}

/** The index a class holds in the class table, or 0. */
function classIndexHeld(memory: ObjectMemory, oop: Oop): number {
  const table = memory.special("classTable");
  const hash = memory.words[(oop >>> 2) + 1]! & hashMask;
  if (hash === 0 || hash >= memory.slotCount(table)) return 0;
  return memory.fetchPointer(hash, table) === oop ? hash : 0;
}

function elementProblem(memory: ObjectMemory, oop: Oop): FailureCode | undefined {
  if (isImmediate(oop) || isFixedObject(oop)) return "badArgument";
  if (memory.isImmutable(oop)) return "immutable";
  // Contexts know places in code; the tables of symbols and classes know where things stand.
  if (memory.format(oop) >= Format.compiledCode) return "unsupported";
  const index = memory.classIndex(oop);
  if (index === classIndexOf.ByteSymbol || index === classIndexOf.WideSymbol) return "unsupported";
  const isTable =
    oop === memory.special("classTable") ||
    oop === memory.special("symbolTable") ||
    oop === memory.words[State.specialObjects];
  return isTable ? "unsupported" : undefined;
}

function targetProblem(oop: Oop): FailureCode | undefined {
  return isImmediate(oop) ? "badArgument" : undefined;
}

/** Whether classes among the pairs would be replaced by what cannot describe their instances. */
function classProblem(
  memory: ObjectMemory,
  some: Oop[],
  others: Oop[],
  twoWay: boolean,
): FailureCode | undefined {
  /** By class index: the class whose shape its instances must fit. */
  const successors = new Map<number, Oop>();
  for (let at = 0; at < some.length; at++) {
    const index = classIndexHeld(memory, some[at]!);
    const otherIndex = classIndexHeld(memory, others[at]!);
    if (index !== 0 && some[at] !== others[at]) {
      if (!looksLikeClass(memory, others[at]!) || successors.has(index)) return "badArgument";
      successors.set(index, others[at]!);
      const bothKnown = index < firstFreeClassIndex && otherIndex < firstFreeClassIndex;
      if (!twoWay && otherIndex !== 0 && bothKnown) return "unsupported";
    }
    if (twoWay && otherIndex !== 0 && some[at] !== others[at]) {
      if (!looksLikeClass(memory, some[at]!) || successors.has(otherIndex)) return "badArgument";
      successors.set(otherIndex, some[at]!);
    }
  }
  if (successors.size === 0) return undefined;
  return instancesFit(memory, successors, twoWay ? [] : some) ? undefined : "badArgument";
}

function looksLikeClass(memory: ObjectMemory, oop: Oop): boolean {
  return (
    memory.format(oop) === Format.fixed &&
    memory.slotCount(oop) > ClassSlot.format &&
    isSmallInteger(memory.fetchPointer(ClassSlot.format, oop))
  );
}

function instancesFit(
  memory: ObjectMemory,
  successors: Map<number, Oop>,
  replaced: Oop[],
): boolean {
  const leaving = new Set(replaced);
  let fit = true;
  forEachObject(memory, (oop) => {
    const successor = successors.get(memory.words[oop >>> 2]! & classIndexMask);
    if (successor === undefined || leaving.has(oop)) return;
    const shape = smallIntegerValue(memory.fetchPointer(ClassSlot.format, successor));
    if (!fitsShape(shape, memory.format(oop), memory.slotCount(oop))) fit = false;
  });
  return fit;
}

/** Where references go after exchanging the pairs one after the other. */
function exchangeMap(some: Oop[], others: Oop[]): Map<Oop, Oop> {
  const goesTo = new Map<Oop, Oop>();
  const comesFrom = new Map<Oop, Oop>();
  some.forEach((oop, at) => {
    const other = others[at]!;
    const toOop = comesFrom.get(oop) ?? oop;
    const toOther = comesFrom.get(other) ?? other;
    goesTo.set(toOop, other);
    goesTo.set(toOther, oop);
    comesFrom.set(other, toOop);
    comesFrom.set(oop, toOther);
  });
  return withoutIdentities(goesTo);
}

/** Where references go after forwarding the pairs one after the other. */
function forwardMap(some: Oop[], others: Oop[]): Map<Oop, Oop> {
  const goesTo = new Map<Oop, Oop>();
  for (let at = some.length - 1; at >= 0; at--) {
    goesTo.set(some[at]!, goesTo.get(others[at]!) ?? others[at]!);
  }
  return withoutIdentities(goesTo);
}

function withoutIdentities(map: Map<Oop, Oop>): Map<Oop, Oop> {
  for (const [oop, now] of map) if (oop === now) map.delete(oop);
  return map;
}
