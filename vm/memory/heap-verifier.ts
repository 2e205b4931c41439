/**
 * The heap verifier checks every invariant of memory, whatever bytes it meets: it reads
 * nothing outside the heap, ends, and throws nothing.
 *
 * A first walk reads headers only and notes in a bitmap where objects start. A
 * second walk checks each object against its class and each slot against the
 * bitmap. Then come the objects the machine relies on (machine-object-verifier.ts) and all
 * compiled code (code-verifier.ts).
 *
 * A loaded heap is old space alone, all frames in Contexts. In a running machine
 * new space, the remembered set, free lists, the stack and what the host holds are
 * checked too.
 */

import {
  ageMask,
  classIndexMask,
  classIndexOf,
  Format,
  formatShift,
  headerWords,
  immutableBit,
  nilOop,
  type Oop,
  oldBase,
  overflowMarker,
  overflowSlotCount,
  queuedBit,
  rememberedBit,
  State,
  slotCountShift,
} from "../spec/layouts.ts";
import { ClassShapes } from "./class-shapes.ts";
import { CodeVerifier } from "./code-verifier.ts";
import { Finding, HeapMap, type HeapProblem, heapProblems } from "./heap-map.ts";
import { heapRanges } from "./heap-walker.ts";
import { MachineObjectVerifier } from "./machine-object-verifier.ts";
import type { ObjectMemory } from "./object-memory.ts";

export { type HeapProblem, type HeapProblemCode, heapProblems } from "./heap-map.ts";

/** The first problem of a heap, or undefined if it is sound. */
export function verifyHeap(
  memory: ObjectMemory,
  state: "loaded" | "running" = "running",
): HeapProblem | undefined {
  return firstFinding(() => new HeapVerifier(memory, state === "loaded").verify());
}

/** What a check finds first, or undefined. */
export function firstFinding(verify: () => void): HeapProblem | undefined {
  try {
    verify();
    return undefined;
  } catch (finding) {
    if (finding instanceof Finding) return finding.problem;
    throw finding;
  }
}

/** A problem in one line. */
export function describeProblem(problem: HeapProblem): string {
  const { code, address, expected, found } = problem;
  return `heap: ${heapProblems[code]} at 0x${address.toString(16)}: expected ${expected}, found ${found} (${code})`;
}

const knownHeaderBits = classIndexMask | (31 << formatShift);
const definedFormats = [0, 1, 2, 3, 4, 5, 9, 10, 12, 13, 16, 17, 18, 19, 24];
const isDefinedFormat = Uint8Array.from({ length: 32 }, (_, format) =>
  definedFormats.includes(format) ? 1 : 0,
);

class HeapVerifier {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly loaded: boolean;
  private readonly map: HeapMap;
  private readonly shapes: ClassShapes;
  private freeBytes = 0;
  private rememberedBits = 0;

  constructor(memory: ObjectMemory, loaded: boolean) {
    this.memory = memory;
    this.words = memory.words;
    this.loaded = loaded;
    const end = memory.oldEnd;
    if (end < oldBase + 24 || end % 8 !== 0 || end > memory.limit) {
      throw new Finding(
        "SIZE",
        end,
        `an end of the heap between ${oldBase + 24} and ${memory.limit}`,
        String(end),
      );
    }
    this.map = new HeapMap(memory);
    this.shapes = new ClassShapes(this.map);
  }

  verify(): void {
    const ranges = this.loaded
      ? ([[oldBase, this.memory.oldEnd]] as const)
      : heapRanges(this.memory);
    for (const [start, end] of ranges) this.mapObjects(start >>> 2, end >>> 2);
    this.shapes.read();
    for (const [start, end] of ranges) this.checkObjects(start >>> 2, end >>> 2);
    const code = new CodeVerifier(this.map);
    new MachineObjectVerifier(this.map, code, this.loaded, this.areFramesFlushed()).verify();
    if (this.loaded) return;
    this.checkRemembered();
    if (!this.memory.oldSpace.awaitsRebuild) this.checkFreeLists();
    this.checkRoots();
  }

  private isDead(index: number): boolean {
    return this.memory.oldSpace.sweeper.isDead(index * 4);
  }

  private areFramesFlushed(): boolean {
    return this.loaded || this.words[State.fp] === 0;
  }

  /** Notes where objects start; checks what headers say by themselves. */
  private mapObjects(start: number, end: number): void {
    const { words, map } = this;
    for (let index = start; index < end; ) {
      const first = index;
      let shape = words[index + 1]!;
      let slots = shape >>> slotCountShift;
      if (slots === overflowSlotCount) {
        slots = words[index]! >>> 0;
        if (shape !== overflowMarker) this.failHeader(first, "the mark of a large object", shape);
        index += 2;
        if (index + headerWords > end) this.failSize(first, slots);
        shape = words[index + 1]!;
        if (shape >>> slotCountShift !== overflowSlotCount) {
          this.failHeader(first, "the slot count 1023 behind the mark of a large object", shape);
        }
      }
      if (slots > end - index - headerWords) this.failSize(first, slots);
      const header = words[index]!;
      const classIndex = header & classIndexMask;
      const format = (header >>> formatShift) & 31;
      const old = first >= oldBase >>> 2;
      const allowed = old && !this.loaded ? immutableBit | rememberedBit : immutableBit;
      const flags = header & ~knownHeaderBits & ~allowed;
      const unremarkable = old ? queuedBit : queuedBit | ageMask;
      if ((flags & ~unremarkable) !== 0 || classIndex === 0 || isDefinedFormat[format] === 0) {
        this.failHeader(index, "class index, format and flags", header);
      }
      if (classIndex === classIndexOf["(free)"]) {
        if (format !== Format.words32) this.failHeader(index, "a free chunk of words", header);
        const isListed = old && !this.isDead(index);
        this.freeBytes += isListed ? sizeInWords(index - first, slots) * 4 : 0;
      } else {
        if (slots < overflowSlotCount && index !== first) this.failSize(first, slots);
        // What is dead and not yet swept is nobody's.
        if (!this.isDead(index)) map.noteStart(index);
      }
      index = first + sizeInWords(index - first, slots);
      if (index > end) this.failSize(first, slots);
    }
  }

  private failHeader(index: number, expected: string, found: number): never {
    throw new Finding("HEADER", index * 4, expected, `0x${(found >>> 0).toString(16)}`);
  }

  private failSize(index: number, slots: number): never {
    throw new Finding("SIZE", index * 4, "an object within the heap", `${slots} slots`);
  }

  /** Checks each object against its class, and its slots. */
  private checkObjects(start: number, end: number): void {
    const { words } = this;
    const isOld = start >= oldBase >>> 2;
    for (let index = start; index < end; ) {
      let slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) {
        slots = words[index]! >>> 0;
        index += 2;
      }
      const object = index;
      const first = index + headerWords;
      index = first + ((slots + 1) & ~1);
      const header = words[object]!;
      const classIndex = header & classIndexMask;
      if (classIndex === classIndexOf["(free)"] || this.isDead(object)) continue;
      const format = (header >>> formatShift) & 31;
      this.shapes.check(object, classIndex, format, slots);
      if (isOld && (header & rememberedBit) !== 0) this.rememberedBits++;
      if (format > Format.ephemeron && format < Format.compiledCode) continue;
      const count = format >= Format.compiledCode ? this.shapes.codeOopCount(object, slots) : slots;
      const refersToNew = this.checkSlots(first, first + count);
      if (isOld && refersToNew && (header & rememberedBit) === 0) {
        this.map.fail("REMEMBERED", object * 4, "a remembered object", "a reference to new space");
      }
      this.map.note(object, classIndex, format);
    }
  }

  private checkSlots(first: number, end: number): boolean {
    const { words, map } = this;
    let refersToNew = false;
    for (let index = first; index < end; index++) {
      const value = words[index]!;
      if ((value & 3) !== 0 || value === nilOop) continue;
      if (!map.isObject(value)) map.fail("POINTER", index * 4, "the oop of an object", value);
      if (value >>> 0 < oldBase) refersToNew = true;
    }
    return refersToNew;
  }

  private checkRemembered(): void {
    const { memory, map, words } = this;
    const seen = new Set<Oop>();
    for (let at = 0; at < memory.rememberedCount; at++) {
      const oop = memory.remembered[at]!;
      const isSound =
        map.isObject(oop) && oop >>> 0 >= oldBase && (words[oop >>> 2]! & rememberedBit) !== 0;
      if (!isSound || seen.has(oop)) {
        map.fail("REMEMBERED", oop, "an old object, once, with its remembered bit", oop);
      }
      seen.add(oop);
    }
    if (seen.size !== this.rememberedBits) {
      map.fail("REMEMBERED", 0, `${seen.size} remembered bits`, String(this.rememberedBits));
    }
  }

  private checkFreeLists(): void {
    const { memory, map, words } = this;
    const seen = new Set<number>();
    let listed = 0;
    memory.oldSpace.forEachListed((start) => {
      let index = start >>> 2;
      let slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) {
        slots = words[index]! >>> 0;
        index += 2;
      }
      const isFree = (words[index]! & classIndexMask) === classIndexOf["(free)"];
      if (!isFree || seen.has(start)) map.fail("FREE", start, "a free chunk, once", "another");
      seen.add(start);
      listed += sizeInWords(index - (start >>> 2), slots) * 4;
    });
    if (listed !== this.freeBytes || listed !== memory.oldSpace.freeBytes) {
      const found = `${listed} in lists, ${memory.oldSpace.freeBytes} counted`;
      map.fail("FREE", 0, `${this.freeBytes} free bytes`, found);
    }
  }

  private checkRoots(): void {
    const { memory, map, words } = this;
    memory.roots?.visitRoots((first, count) => {
      for (let index = first; index < first + count; index++) {
        if (!map.isOop(words[index]!)) {
          map.fail("ROOT", index * 4, "an oop on the stack", words[index]!);
        }
      }
    });
    memory.mapHeld((oop) => {
      if (!map.isObject(oop)) map.fail("ROOT", 0, "an object held by the host", oop);
      return oop;
    });
  }
}

function sizeInWords(prefixWords: number, slots: number): number {
  return prefixWords + headerWords + slots + (slots & 1);
}
