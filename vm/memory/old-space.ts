/**
 * Old space: chunks from free lists, or from its end.
 *
 * A free chunk lies in the heap like an object of class index "(free)", so the
 * heap can be walked; which chunks are free is listed beside the heap, by size:
 * a bin for each small size, then one for each power of two. A small request
 * takes a chunk of its size, or the front of the current region, a large free
 * chunk taken out of the bins; what is left of the region stays a free chunk.
 * Images store no lists: `rebuild` finds the chunks again.
 *
 * Room to tenure all of new space is kept at the end of memory, and the reserve
 * in front of it. Where the end comes near, eden is made smaller instead.
 *
 * Always: every chunk is at least 8 bytes and a multiple of 8. No two listed
 * chunks touch after a sweep. Every byte of a free chunk's header that changes
 * marks its page dirty.
 */

import {
  classIndexMask,
  classIndexOf,
  edenBase,
  edenBytes,
  edenReserveBytes,
  Format,
  formatShift,
  headerBytes,
  headerWords,
  oldBase,
  overflowMarker,
  overflowSlotCount,
  pageWritten,
  State,
  slotCountShift,
} from "../spec/layouts.ts";
import { Sweeper } from "./full-collector.ts";
import { IntStack } from "./int-stack.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** Chunks of fewer granules (8 bytes) than this have bins of one size. */
const exactBins = 128;
const firstPowerBin = exactBins - 7;
const binCount = firstPowerBin + 30;
/** How many chunks of a power-of-two bin are tried. */
const searchDepth = 16;
/** What a collection may allocate beside tenured objects: the mourning queue. */
const slackBytes = 0x10000;
/** The reserve has to take the frames of a full stack as Contexts, and what handles having no memory. */
const leastReserveBytes = 0x100000;
const mostReserveBytes = 0x1000000;
/** How far a request sweeps on before old space grows. */
const sweepStepBytes = 0x100000;
const sweepDepth = 16;
const freeHeader = classIndexOf["(free)"] | (Format.words32 << formatShift);

export class OldSpace {
  readonly sweeper: Sweeper;
  private readonly memory: ObjectMemory;
  private readonly bins: IntStack[] = [];
  /** A bit for each bin that is not empty; some of an emptied bin may still be set. */
  private readonly occupied = new Int32Array((binCount + 31) >>> 5);
  /** The region small requests are cut from; not in a bin. */
  private regionStart = 0;
  private regionEnd = 0;
  /** Bytes of all free chunks below the end. */
  freeBytes = 0;
  /** Memory the program may not use before `releaseReserve`, so that it can handle having none. */
  reserveBytes: number;
  private reserveReleased = false;
  /** While set, everything up to the limit may be used. */
  collecting = false;
  /** When the end passes it, a full collection is due. */
  fullCollectionAt = oldBase + 0x2000000;
  /** A request has failed since the last full collection. */
  requestFailed = false;
  /** The free chunks of the heap that was put in place have yet to be found; until then its end grows. */
  awaitsRebuild = false;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
    this.sweeper = new Sweeper(memory);
    const limitBytes = memory.limit - oldBase;
    this.reserveBytes = Math.min(Math.max(limitBytes >>> 4, leastReserveBytes), mostReserveBytes);
    for (let bin = 0; bin < binCount; bin++) this.bins.push(new IntStack(16));
  }

  /** The address of a chunk of that many bytes, a multiple of 8, or 0 when memory is full. */
  allocateChunk(bytes: number): number {
    if (bytes < exactBins * 8) {
      const bin = this.bins[bytes >>> 3]!;
      if (bin.count > 0) {
        this.freeBytes -= bytes;
        return bin.pop() >>> 0;
      }
      if (this.regionEnd - this.regionStart >= bytes) return this.cutRegion(bytes);
    }
    return this.search(bytes) || this.sweepFor(bytes) || this.extend(bytes);
  }

  /** Bytes a program could still allocate, in whatever pieces. */
  get availableBytes(): number {
    const free = this.freeBytes + this.sweeper.bytesToCome;
    return Math.max(0, this.endLimit() - this.memory.oldEnd) + free;
  }

  /** Bytes in front of the end's limit. */
  get roomBytes(): number {
    return Math.max(0, this.endLimit() - this.memory.oldEnd);
  }

  /** Lets allocation use the reserve, until `restoreReserve`; answers false if it does already. */
  releaseReserve(): boolean {
    if (this.reserveReleased) return false;
    this.reserveReleased = true;
    this.limitEden();
    return true;
  }

  get isReserveReleased(): boolean {
    return this.reserveReleased;
  }

  restoreReserve(): void {
    this.reserveReleased = false;
    this.limitEden();
  }

  /** Sets eden's ends so that all of new space could be tenured. */
  limitEden(): void {
    const memory = this.memory;
    const words = memory.words;
    const room = memory.limit - memory.oldEnd - this.keptBytes() - memory.pastUsedBytes;
    const hardEnd = edenBase + Math.min(Math.max(room & ~7, 0), edenBytes + edenReserveBytes);
    words[State.edenHardEnd] = Math.max(hardEnd, words[State.edenFree]!);
    words[State.edenSoftEnd] = Math.min(edenBase + edenBytes, hardEnd);
  }

  /** Forgets every free chunk. */
  clear(): void {
    for (const bin of this.bins) bin.clear();
    this.occupied.fill(0);
    this.regionStart = 0;
    this.regionEnd = 0;
    this.freeBytes = 0;
  }

  /** Makes the bytes from start a free chunk and lists it. */
  addFree(start: number, bytes: number): void {
    this.writeFreeHeader(start, bytes);
    this.list(start, bytes);
  }

  /** Lists the free chunks found in the heap, and fills in the heap index. */
  rebuild(): void {
    this.awaitsRebuild = false;
    this.clear();
    const { words, heapIndex } = this.memory;
    const end = this.memory.oldEnd >>> 2;
    heapIndex.begin();
    let covered = oldBase >>> 12;
    for (let index = oldBase >>> 2; index < end; ) {
      const start = index;
      let slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) {
        slots = words[index]! >>> 0;
        index += 2;
      }
      const object = index;
      const header = words[object]!;
      index += headerWords + ((slots + 1) & ~1);
      if ((index + 1023) >>> 10 > covered) covered = heapIndex.cover(start, index);
      if ((header & classIndexMask) === classIndexOf["(free)"]) {
        this.list(start * 4, (index - start) * 4);
      } else {
        heapIndex.known.note(words, object, header & classIndexMask, (header >>> formatShift) & 31);
      }
    }
    heapIndex.complete();
  }

  /** Visits every listed chunk. */
  forEachListed(visit: (start: number) => void): void {
    if (this.regionEnd > this.regionStart) visit(this.regionStart);
    for (const bin of this.bins) {
      for (let at = 0; at < bin.count; at++) visit(bin.items[at]! >>> 0);
    }
  }

  private list(start: number, bytes: number): void {
    this.freeBytes += bytes;
    this.push(start, bytes);
  }

  private push(start: number, bytes: number): void {
    const bin = binOf(bytes);
    this.bins[bin]!.push(start | 0);
    this.occupied[bin >>> 5]! |= 1 << (bin & 31);
  }

  private cutRegion(bytes: number): number {
    const start = this.regionStart;
    this.regionStart = start + bytes;
    this.freeBytes -= bytes;
    if (this.regionStart < this.regionEnd) {
      this.writeFreeHeader(this.regionStart, this.regionEnd - this.regionStart);
    }
    return start;
  }

  private search(bytes: number): number {
    const own = binOf(bytes);
    const bin = this.bins[own]!;
    for (let at = bin.count - 1; at >= 0 && at >= bin.count - searchDepth; at--) {
      const start = bin.items[at]! >>> 0;
      const size = this.sizeOfFree(start);
      if (size < bytes) continue;
      bin.items[at] = bin.items[--bin.count]!;
      return this.split(start, size, bytes);
    }
    const larger = own < exactBins ? this.largestBinAbove(own) : this.smallestBinAbove(own);
    if (larger === 0) return 0;
    const start = this.bins[larger]!.pop() >>> 0;
    return this.split(start, this.sizeOfFree(start), bytes);
  }

  private smallestBinAbove(own: number): number {
    for (let bin = own + 1; bin < binCount; bin++) if (this.isOccupied(bin)) return bin;
    return 0;
  }

  /** Small requests make the largest chunk their region, so that neighbours stay together. */
  private largestBinAbove(own: number): number {
    for (let group = this.occupied.length - 1; group >= own >>> 5; group--) {
      while (this.occupied[group] !== 0) {
        const bin = group * 32 + 31 - Math.clz32(this.occupied[group]!);
        if (bin <= own) return 0;
        if (this.isOccupied(bin)) return bin;
      }
    }
    return 0;
  }

  private isOccupied(bin: number): boolean {
    if (this.bins[bin]!.count > 0) return true;
    this.occupied[bin >>> 5]! &= ~(1 << (bin & 31));
    return false;
  }

  /** Takes the front of a chunk that is in no bin; the rest becomes the region if it is the larger. */
  private split(start: number, size: number, bytes: number): number {
    this.freeBytes -= bytes;
    const rest = start + bytes;
    const restBytes = size - bytes;
    if (restBytes === 0) return start;
    this.writeFreeHeader(rest, restBytes);
    const regionBytes = this.regionEnd - this.regionStart;
    if (restBytes <= regionBytes) {
      this.push(rest, restBytes);
    } else {
      if (regionBytes > 0) this.push(this.regionStart, regionBytes);
      this.regionStart = rest;
      this.regionEnd = start + size;
    }
    return start;
  }

  /** Sweeps on for a chunk that size, but not for long. */
  private sweepFor(bytes: number): number {
    const { sweeper } = this;
    for (let left = sweepDepth; left > 0 && sweeper.isSweeping; left--) {
      sweeper.advance(sweepStepBytes);
      const start = this.search(bytes);
      if (start !== 0) return start;
    }
    return 0;
  }

  private extend(bytes: number): number {
    const memory = this.memory;
    const start = memory.oldEnd;
    const end = start + bytes;
    if (end > this.endLimit()) {
      if (this.sweeper.isSweeping) {
        this.sweeper.finish();
        return this.allocateChunk(bytes);
      }
      this.requestFailed = true;
      memory.demandAttention();
      return 0;
    }
    memory.oldEnd = end;
    if (!this.collecting) {
      this.limitEden();
      if (end > this.fullCollectionAt) memory.demandAttention();
    }
    return start;
  }

  private endLimit(): number {
    const memory = this.memory;
    if (this.collecting) return memory.limit;
    return memory.limit - this.keptBytes() - memory.pastUsedBytes - memory.edenUsedBytes;
  }

  private keptBytes(): number {
    return slackBytes + (this.reserveReleased ? 0 : this.reserveBytes);
  }

  private sizeOfFree(start: number): number {
    const index = start >>> 2;
    const words = this.memory.words;
    const slots = words[index + 1]! >>> slotCountShift;
    if (slots !== overflowSlotCount) return headerBytes + slots * 4;
    return headerBytes + 8 + (words[index]! >>> 0) * 4;
  }

  private writeFreeHeader(start: number, bytes: number): void {
    const slots = (bytes - headerBytes) >>> 2;
    if (slots < overflowSlotCount) {
      this.write(start >>> 2, freeHeader, slots << slotCountShift);
    } else {
      this.write(start >>> 2, slots - 2, overflowMarker);
      this.write((start >>> 2) + 2, freeHeader, overflowMarker);
    }
  }

  private write(index: number, first: number, second: number): void {
    const memory = this.memory;
    if (memory.words[index] === first && memory.words[index + 1] === second) return;
    memory.words[index] = first;
    memory.words[index + 1] = second;
    memory.dirty[index >>> 10] = pageWritten;
  }
}

function binOf(bytes: number): number {
  const granules = bytes >>> 3;
  return granules < exactBins ? granules : firstPowerBin + 31 - Math.clz32(granules);
}
