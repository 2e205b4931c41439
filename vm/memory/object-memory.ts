/**
 * Object memory: one linear memory with typed views that never change, and the
 * protocol to allocate objects and read and write their slots.
 *
 * New objects are bump-allocated in eden. Allocation never collects: when eden
 * passes its soft end the machine's attention is asked for, and allocation goes
 * on in eden's reserve, then in old space, until the next safepoint collects.
 * So no primitive ever sees an object move. When even old space is full,
 * allocation answers 0 and the primitive fails with noMemory.
 *
 * Always: a store into an old object marks its page dirty, and remembers the
 * object if the value is new (the store check).
 */

import {
  classIndexMask,
  classIndexOf,
  dirtyBase,
  dirtyBit,
  dirtyBytes,
  edenBase,
  edenBytes,
  edenReserveBytes,
  Format,
  falseOop,
  formatShift,
  futureBase,
  hashMask,
  headerBytes,
  headerWords,
  immutableBit,
  isImmediate,
  isPointer,
  nilOop,
  type Oop,
  oldBase,
  overflowMarker,
  overflowSlotCount,
  pageBytes,
  pageWritten,
  pastBase,
  rememberedBit,
  State,
  slotCountShift,
  storedBit,
  trueOop,
} from "../spec/layouts.ts";
import type { FailureCode } from "../spec/primitives.ts";
import { Special, type SpecialObjectName } from "../spec/special-objects.ts";
import { Become, becomeProblem } from "./become.ts";
import { HeapIndex } from "./heap-index.ts";
import { IntStack } from "./int-stack.ts";
import { OldSpace } from "./old-space.ts";

export const defaultHeapLimitBytes = 0x40000000;
export const maximumHeapLimitBytes = 0xffff0000;

/** Visits a run of words that may hold oops and may be rewritten by a collection. */
export type RootVisitor = (firstWordIndex: number, count: number) => void;

/** What the machine above memory gives a collector. */
export interface Roots {
  /** Presents every run of words outside the heap that holds oops. */
  visitRoots(visit: RootVisitor): void;
  /**
   * Old objects have moved or died, identities or class indices have changed: caches that hold
   * addresses or class indices are void. A scavenge does not call it: it
   * moves new objects only, and Symbols and compiled code are never new.
   */
  objectsMoved(): void;
}

/** Words that are read or written in the time of one call or backward jump. */
const wordsInStep = 32;

export class ObjectMemory {
  /** The whole memory, by word. Index an object's slot n with (oop >>> 2) + 2 + n. */
  readonly words: Int32Array;
  readonly unsignedWords: Uint32Array;
  readonly halfWords: Uint16Array;
  readonly bytes: Uint8Array;
  readonly doubles: Float64Array;
  /** One byte a page of the address space: dirtyBit, storedBit. */
  readonly dirty: Uint8Array;
  private readonly pagesByFour: Int32Array;
  /** First address behind the heap. */
  readonly limit: number;
  readonly oldSpace: OldSpace;
  readonly heapIndex = new HeapIndex();
  /** Old objects that may refer to new ones. Each has its remembered bit set. */
  remembered: Int32Array = new Int32Array(1024);
  rememberedCount = 0;
  /** Where the survivors of the last scavenge are: past space up to pastFree. */
  pastStart = pastBase;
  pastFree = pastBase;
  /** Where the next scavenge puts its survivors. */
  futureStart = futureBase;
  /** Oops the host holds; updated when objects move. Use `hold` and `release`. */
  private readonly held: Oop[] = [];
  roots: Roots | undefined;
  /** Mourners that memory had no room to queue; roots. */
  readonly pendingMourners = new IntStack(64);
  /** A collection has taken entries out of the class table. */
  classesDropped = false;
  /** While a marker is at work: takes each object that comes into old space. */
  born: ((oop: Oop) => void) | undefined = undefined;
  /** Ends a collection in progress, for identities are about to change: gives marking up, finishes sweeping. */
  endCollection: () => void = () => {};
  /** The machine's clock when this heap was saved last, in microseconds. */
  savedClock = 0;
  private hashState = 0x2545f491;

  /**
   * A buffer to use again must be of the same limit, and zero. Whoever needs one memory only, as long
   * as the process lasts, takes a "shared" one: the host's collector, which could not free it, is not
   * driven by its size.
   */
  constructor(
    heapLimitBytes: number = defaultHeapLimitBytes,
    store: ArrayBuffer | "own" | "shared" = "own",
  ) {
    const limit = Math.min(Math.max(heapLimitBytes, 0x1000000) + oldBase, maximumHeapLimitBytes);
    this.limit = limit - (limit % 0x10000);
    const buffer = typeof store === "string" ? reserve(this.limit, store === "shared") : store;
    this.words = new Int32Array(buffer);
    this.unsignedWords = new Uint32Array(buffer);
    this.halfWords = new Uint16Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.dirty = new Uint8Array(buffer, dirtyBase, dirtyBytes);
    this.pagesByFour = new Int32Array(buffer, dirtyBase, dirtyBytes >>> 2);
    this.words[State.edenFree] = edenBase;
    this.words[State.edenSoftEnd] = edenBase + edenBytes;
    this.words[State.edenHardEnd] = edenBase + edenBytes + edenReserveBytes;
    this.words[State.oldEnd] = oldBase;
    this.words[State.specialObjects] = nilOop;
    this.oldSpace = new OldSpace(this);
  }

  // Shape

  classIndex(oop: Oop): number {
    if ((oop & 1) !== 0) return classIndexOf.SmallInteger;
    if ((oop & 2) !== 0) return classIndexOf.Character;
    return this.words[oop >>> 2]! & classIndexMask;
  }

  format(oop: Oop): number {
    return (this.words[oop >>> 2]! >>> formatShift) & 31;
  }

  /** Slots in words, whatever they hold. */
  slotCount(oop: Oop): number {
    const index = oop >>> 2;
    const count = this.words[index + 1]! >>> slotCountShift;
    return count === overflowSlotCount ? this.words[index - 2]! >>> 0 : count;
  }

  /** Whether the oop is an object with at least that many slots that hold oops. */
  hasSlots(oop: Oop, count: number): boolean {
    return (oop & 3) === 0 && this.format(oop) <= Format.ephemeron && this.slotCount(oop) >= count;
  }

  /** Whether the slot count stands in 8 bytes in front of the header. */
  hasSlotCountInFront(oop: Oop): boolean {
    return this.words[(oop >>> 2) + 1]! >>> slotCountShift === overflowSlotCount;
  }

  /** Bytes of a byte object, elements of a raw one; for pointer objects its slots. */
  elementCount(oop: Oop): number {
    const format = this.format(oop);
    const slots = this.slotCount(oop);
    if (format >= Format.compiledCode) return slots;
    if (format >= Format.bytes) return slots * 4 - (format & 3);
    if (format >= Format.words16) return slots * 2 - (format & 1);
    if (format === Format.words64) return slots >>> 1;
    return slots;
  }

  isKindOfBytes(oop: Oop): boolean {
    if (isImmediate(oop)) return false;
    const format = this.format(oop);
    return format >= Format.bytes && format < Format.compiledCode;
  }

  isYoung(oop: Oop): boolean {
    return (oop & 3) === 0 && oop >>> 0 < oldBase;
  }

  isImmutable(oop: Oop): boolean {
    return isImmediate(oop) || (this.words[oop >>> 2]! & immutableBit) !== 0;
  }

  setImmutable(oop: Oop, immutable: boolean): void {
    const index = oop >>> 2;
    const header = this.words[index]!;
    this.words[index] = immutable ? header | immutableBit : header & ~immutableBit;
    this.markDirty(oop);
  }

  /** The identity hash, made on first demand; never 0. A class's is its class index. */
  identityHash(oop: Oop): number {
    if (isImmediate(oop)) return (oop >>> 1) & hashMask;
    const index = (oop >>> 2) + 1;
    const hash = this.words[index]! & hashMask;
    return hash !== 0 ? hash : this.setIdentityHash(oop, this.nextHash());
  }

  setIdentityHash(oop: Oop, hash: number): number {
    const index = (oop >>> 2) + 1;
    this.words[index] = (this.words[index]! & ~hashMask) | hash;
    this.markDirty(oop);
    return hash;
  }

  /** Seeds the identity hashes to come. */
  seedHashes(seed: number): void {
    this.hashState = seed | 1;
  }

  private nextHash(): number {
    // xorshift32, G. Marsaglia, "Xorshift RNGs", 2003.
    let x = this.hashState;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.hashState = x;
    return (x >>> 9) & hashMask || 1;
  }

  // Slots

  fetchPointer(index: number, oop: Oop): Oop {
    return this.words[(oop >>> 2) + headerWords + index]!;
  }

  storePointer(index: number, oop: Oop, value: Oop): void {
    const at = (oop >>> 2) + headerWords + index;
    this.words[at] = value;
    if (oop >>> 0 >= oldBase) this.storeCheck(oop, at, value);
  }

  /** What every store of a pointer into old space owes. `at` is the word index written. */
  storeCheck(oop: Oop, at: number, value: Oop): void {
    this.dirty[at >>> 10] = pageWritten;
    if ((value & 3) === 0 && value >>> 0 < oldBase) this.remember(oop);
  }

  /** Enters an old object into the remembered set. */
  remember(oop: Oop): void {
    const index = oop >>> 2;
    const header = this.words[index]!;
    if ((header & rememberedBit) !== 0) return;
    this.words[index] = header | rememberedBit;
    if (this.rememberedCount === this.remembered.length) {
      const larger = new Int32Array(this.remembered.length * 2);
      larger.set(this.remembered);
      this.remembered = larger;
    }
    this.remembered[this.rememberedCount++] = oop;
  }

  /** Takes what has lost its remembered bit out of the remembered set. */
  dropForgotten(): void {
    const remembered = this.remembered;
    let kept = 0;
    for (let at = 0; at < this.rememberedCount; at++) {
      const oop = remembered[at]!;
      if ((this.words[oop >>> 2]! & rememberedBit) !== 0) remembered[kept++] = oop;
    }
    this.rememberedCount = kept;
  }

  /** Marks the page of an object's header dirty; for stores into raw objects use markDirtyRange. */
  markDirty(oop: Oop): void {
    if (oop >>> 0 >= oldBase) this.dirty[oop >>> 12] = pageWritten;
  }

  /** Marks the pages of a byte range dirty if they are in old space. */
  markDirtyRange(address: number, byteCount: number): void {
    if (address >>> 0 < oldBase || byteCount === 0) return;
    const last = ((address >>> 0) + byteCount - 1) >>> 12;
    for (let page = address >>> 12; page <= last; page++) this.dirty[page] = pageWritten;
  }

  /** Whether a page of the address space has been written since the last checkpoint. */
  isDirty(page: number): boolean {
    return (this.dirty[page]! & dirtyBit) !== 0;
  }

  /** From now on pages count as written by what follows only. */
  clearDirty(): void {
    this.keepPageBits(storedBit);
  }

  /** For the marker: no page counts as stored into. */
  forgetStored(): void {
    this.keepPageBits(dirtyBit);
  }

  private keepPageBits(bits: number): void {
    const pages = this.pagesByFour;
    const mask = bits * 0x01010101;
    const end = (this.oldEnd + 4 * pageBytes - 1) >>> 14;
    for (let at = oldBase >>> 14; at < end; at++) if (pages[at] !== 0) pages[at]! &= mask;
  }

  /** For the marker: marks the pages of an object's slots as stored into, though no byte of them changes. */
  markStored(oop: Oop, slotCount: number): void {
    const last = ((oop >>> 0) + headerBytes + slotCount * 4 - 1) >>> 12;
    for (let page = oop >>> 12; page <= last; page++) this.dirty[page]! |= storedBit;
  }

  /** For the marker: the first page from there on in the used part of old space that was stored into, or -1. */
  nextStoredPage(page: number): number {
    const end = (this.oldEnd + pageBytes - 1) >>> 12;
    const { dirty, pagesByFour } = this;
    for (let at = page; at < end; at++) {
      if ((at & 3) === 0) {
        while (at < end && (pagesByFour[at >>> 2]! & (storedBit * 0x01010101)) === 0) at += 4;
        if (at >= end) return -1;
      }
      if ((dirty[at]! & storedBit) !== 0) return at;
    }
    return -1;
  }

  /** Address of the first byte behind the header. */
  bodyAddress(oop: Oop): number {
    return (oop >>> 0) + headerBytes;
  }

  // Allocation

  /**
   * A new object of slotCount words: nil in pointer slots, zero in raw ones.
   * Answers 0 when memory is full.
   */
  allocate(classIndex: number, format: number, slotCount: number): Oop {
    const large = slotCount >= overflowSlotCount;
    if (large && slotCount > this.limit >>> 2) return 0;
    const size = headerBytes + (large ? 8 : 0) + ((slotCount + 1) & ~1) * 4;
    const words = this.words;
    const start = words[State.edenFree]!;
    const end = start + size;
    // Code must not move in a scavenge.
    if (size > 0x20000 || end > words[State.edenHardEnd]! || format >= Format.compiledCode) {
      return this.allocateOld(classIndex, format, slotCount);
    }
    words[State.edenFree] = end;
    if (end > words[State.edenSoftEnd]!) this.demandAttention();
    return this.initialize(start, classIndex, format, slotCount);
  }

  /** As allocate, in old space. */
  allocateOld(classIndex: number, format: number, slotCount: number): Oop {
    const large = slotCount >= overflowSlotCount;
    // Sizes beyond memory are beyond what address arithmetic can tell apart.
    if (large && slotCount > this.limit >>> 2) return 0;
    const size = headerBytes + (large ? 8 : 0) + ((slotCount + 1) & ~1) * 4;
    const start = this.oldSpace.allocateChunk(size);
    if (start === 0) return 0;
    this.markDirtyRange(start, size);
    this.charge(size >>> 2);
    const oop = this.initialize(start, classIndex, format, slotCount);
    this.born?.(oop);
    return oop;
  }

  private initialize(start: number, classIndex: number, format: number, slotCount: number): Oop {
    const words = this.words;
    let index = start >>> 2;
    let count = slotCount;
    if (slotCount >= overflowSlotCount) {
      words[index] = slotCount;
      words[index + 1] = overflowMarker;
      index += 2;
      count = overflowSlotCount;
    }
    words[index] = classIndex | (format << formatShift);
    words[index + 1] = count << slotCountShift;
    const body = index + headerWords;
    words.fill(format <= Format.ephemeron ? nilOop : 0, body, body + ((slotCount + 1) & ~1));
    return (index << 2) | 0;
  }

  /** Asks the interpreter for attention at the next safepoint. */
  demandAttention(): void {
    const words = this.words;
    if (words[State.attention] !== 0) return;
    words[State.attention] = 1;
    words[State.savedBudget] = words[State.budget]!;
    words[State.budget] = 0;
  }

  /**
   * Counts work of that many words as the steps it takes as long as, so that a slice is over in time
   * whatever its steps do.
   */
  charge(wordCount: number): void {
    const words = this.words;
    const at = words[State.attention] === 0 ? State.budget : State.savedBudget;
    const left = words[at]!;
    if (left > 0) words[at] = Math.max(left - Math.floor(wordCount / wordsInStep), 0);
  }

  /** Copies an object's slots and class, not its identity. Answers 0 when memory is full. */
  shallowCopy(oop: Oop): Oop {
    const slots = this.slotCount(oop);
    const copy =
      this.format(oop) >= Format.compiledCode
        ? this.allocateOld(this.classIndex(oop), this.format(oop), slots)
        : this.allocate(this.classIndex(oop), this.format(oop), slots);
    if (copy === 0) return 0;
    const from = (oop >>> 2) + headerWords;
    const to = (copy >>> 2) + headerWords;
    this.words.copyWithin(to, from, from + slots);
    this.objectFilled(copy);
    return copy;
  }

  /** To be called after writing many pointers into a fresh object without a store check. */
  objectFilled(oop: Oop): void {
    if (oop >>> 0 < oldBase) return;
    const format = this.format(oop);
    const first = (oop >>> 2) + headerWords;
    const end = first + this.pointerSlotCount(oop);
    this.markDirtyRange(oop, headerBytes + this.slotCount(oop) * 4);
    if (format > Format.ephemeron && format < Format.compiledCode) return;
    for (let index = first; index < end; index++) {
      const value = this.words[index]!;
      if ((value & 3) === 0 && value >>> 0 < oldBase) {
        this.remember(oop);
        return;
      }
    }
  }

  /** How many leading slots hold oops. */
  pointerSlotCount(oop: Oop): number {
    const format = this.format(oop);
    if (format <= Format.ephemeron) return this.slotCount(oop);
    if (format < Format.compiledCode) return 0;
    return 2 + ((this.words[(oop >>> 2) + headerWords]! >> 1) & 0xffff);
  }

  // Familiar objects

  newArray(elements: readonly Oop[]): Oop {
    const array = this.allocate(classIndexOf.Array, Format.indexable, elements.length);
    if (array === 0) return 0;
    const body = (array >>> 2) + headerWords;
    for (let index = 0; index < elements.length; index++)
      this.words[body + index] = elements[index]!;
    this.objectFilled(array);
    return array;
  }

  /** A byte object of any byte class with these bytes. */
  newBytes(classIndex: number, bytes: Uint8Array): Oop {
    const oop = this.allocateBytes(classIndex, bytes.length);
    if (oop !== 0) this.bytes.set(bytes, this.bodyAddress(oop));
    return oop;
  }

  allocateBytes(classIndex: number, byteCount: number, old = false): Oop {
    const slots = (byteCount + 3) >>> 2;
    const format = Format.bytes + ((4 - (byteCount & 3)) & 3);
    return old
      ? this.allocateOld(classIndex, format, slots)
      : this.allocate(classIndex, format, slots);
  }

  newFloat(value: number): Oop {
    const oop = this.allocate(classIndexOf.BoxedFloat64, Format.words64, 2);
    if (oop !== 0) this.doubles[((oop >>> 0) + headerBytes) >>> 3] = value;
    return oop;
  }

  floatValue(oop: Oop): number {
    return this.doubles[((oop >>> 0) + headerBytes) >>> 3]!;
  }

  isFloat(oop: Oop): boolean {
    return (
      (oop & 3) === 0 && (this.words[oop >>> 2]! & classIndexMask) === classIndexOf.BoxedFloat64
    );
  }

  /** A ByteString, or a WideString where a code point is above 255. Lone surrogates stay as they are. */
  newString(text: string): Oop {
    return this.newText(text, classIndexOf.ByteString, classIndexOf.WideString);
  }

  /** Text as an instance of one of two classes, in new or old space. */
  newText(text: string, byteClass: number, wideClass: number, old = false): Oop {
    let wide = false;
    for (let index = 0; index < text.length && !wide; index++) wide = text.charCodeAt(index) > 255;
    if (wide) {
      const points = Array.from(text, (unit) => unit.codePointAt(0)!);
      const oop = old
        ? this.allocateOld(wideClass, Format.words32, points.length)
        : this.allocate(wideClass, Format.words32, points.length);
      if (oop !== 0) this.unsignedWords.set(points, (oop >>> 2) + headerWords);
      return oop;
    }
    const oop = this.allocateBytes(byteClass, text.length, old);
    if (oop === 0) return 0;
    const body = this.bodyAddress(oop);
    for (let index = 0; index < text.length; index++)
      this.bytes[body + index] = text.charCodeAt(index);
    return oop;
  }

  /** The host's string for a byte or wide String or Symbol. */
  stringValue(oop: Oop): string {
    const count = this.elementCount(oop);
    if (this.isKindOfBytes(oop)) {
      const body = this.bodyAddress(oop);
      let text = "";
      for (let at = 0; at < count; at += 4096) {
        text += String.fromCharCode(
          ...this.bytes.subarray(body + at, body + Math.min(at + 4096, count)),
        );
      }
      return text;
    }
    const body = (oop >>> 2) + headerWords;
    let text = "";
    for (let index = 0; index < count; index++) {
      const point = this.unsignedWords[body + index]!;
      text += String.fromCodePoint(point <= 0x10ffff ? point : 0xfffd);
    }
    return text;
  }

  /** Whether the oop is a String or Symbol, byte or wide. */
  isString(oop: Oop): boolean {
    switch (this.classIndex(oop)) {
      case classIndexOf.ByteString:
      case classIndexOf.ByteSymbol:
      case classIndexOf.WideString:
      case classIndexOf.WideSymbol:
        return true;
      default:
        return false;
    }
  }

  booleanOop(value: boolean): Oop {
    return value ? trueOop : falseOop;
  }

  special(name: SpecialObjectName): Oop {
    return this.fetchPointer(Special[name], this.words[State.specialObjects]!);
  }

  setSpecial(name: SpecialObjectName, value: Oop): void {
    this.storePointer(Special[name], this.words[State.specialObjects]!, value);
  }

  // Become, with all frames in Contexts

  /** Why two Arrays cannot exchange (or, one way, forward) the identities of their elements. */
  becomeProblem(from: Oop, to: Oop, twoWay: boolean): FailureCode | undefined {
    return becomeProblem(this, from, to, twoWay);
  }

  /** Elements of the Arrays exchange identities; `becomeProblem` has found nothing. */
  exchangeIdentity(from: Oop, to: Oop): void {
    new Become(this).exchange(from, to);
  }

  /** References to elements of the one Array go to those of the other; `becomeProblem` has found nothing. */
  forwardIdentity(from: Oop, to: Oop, copyHash: boolean): void {
    new Become(this).forward(from, to, copyHash);
  }

  // What the host holds

  /** Keeps an object alive and known across collections; answers a handle for `heldOop`. */
  hold(oop: Oop): number {
    const free = this.held.indexOf(0);
    const handle = free < 0 ? this.held.length : free;
    this.held[handle] = oop;
    return handle;
  }

  heldOop(handle: number): Oop {
    return this.held[handle]!;
  }

  release(handle: number): void {
    this.held[handle] = 0;
  }

  /** For collectors: maps every held pointer. */
  mapHeld(map: (oop: Oop) => Oop): void {
    for (let handle = 0; handle < this.held.length; handle++) {
      const oop = this.held[handle]!;
      if (oop !== 0 && isPointer(oop)) this.held[handle] = map(oop);
    }
  }

  /** End of the used part of old space. */
  get oldEnd(): number {
    return this.words[State.oldEnd]! >>> 0;
  }

  set oldEnd(address: number) {
    this.words[State.oldEnd] = address;
  }

  get edenUsedBytes(): number {
    return this.words[State.edenFree]! - edenBase;
  }

  get pastUsedBytes(): number {
    return this.pastFree - this.pastStart;
  }

  /** Bytes of old space in use or free in lists. */
  get heapBytes(): number {
    return this.oldEnd - oldBase;
  }

  get pageCount(): number {
    return Math.ceil(this.heapBytes / pageBytes);
  }
}

/**
 * Memory the host commits as it is touched. WebAssembly's takes gigabytes of address space besides;
 * where these are rationed, plain memory does.
 */
function reserve(bytes: number, shared: boolean): ArrayBuffer {
  if (typeof WebAssembly === "undefined") return new ArrayBuffer(bytes);
  const pages = bytes / 0x10000;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared }).buffer as ArrayBuffer;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new ArrayBuffer(bytes);
  }
}
