/**
 * What can be wrong with a heap, and what the verifier's first walk has learned
 * of one: where objects start.
 */

import {
  ClassSlot,
  classIndexMask,
  classIndexOf,
  edenBase,
  Format,
  isSmallInteger,
  nilOop,
  type Oop,
  smallIntegerValue,
} from "../spec/layouts.ts";
import { IntStack } from "./int-stack.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** What can be wrong. Codes are stable. */
export const heapProblems = {
  SIZE: "an object or free chunk does not fit into its space",
  HEADER: "a header has impossible bits",
  CLASS: "an object's class index has no class",
  SHAPE: "an object's format or size is not that of its class",
  POINTER: "a slot refers to no object",
  FIXED: "nil, false or true is not where it must be",
  SPECIAL: "a special object is missing or of the wrong kind",
  CLASS_TABLE: "a class table entry is no class, or not the class of its index",
  BEHAVIOR: "a class has an impossible superclass, method dictionary or format",
  CODE: "compiled code could leave its frame or read what is not there",
  CONTEXT: "a context cannot be resumed",
  CLOSURE: "a closure does not fit its block",
  PROCESS: "a process or the scheduler's lists are broken",
  REMEMBERED: "the remembered set is not exact",
  FREE: "the free lists do not match the free chunks",
  ROOT: "a root refers to no object",
} as const;

export type HeapProblemCode = keyof typeof heapProblems;

export interface HeapProblem {
  readonly code: HeapProblemCode;
  /** Where, a byte address; page and offset in an image follow from it. */
  readonly address: number;
  readonly expected: string;
  readonly found: string;
}

/** Thrown and caught inside the verifier only. */
export class Finding extends Error {
  readonly problem: HeapProblem;

  constructor(code: HeapProblemCode, address: number, expected: string, found: string) {
    super(heapProblems[code]);
    this.problem = { code, address: address >>> 0, expected, found };
  }
}

/** What the first walk has learned of a heap, for all checks after it. */
export class HeapMap {
  readonly memory: ObjectMemory;
  readonly words: Int32Array;
  /** A bit for each granule from eden on: an object starts here. */
  private readonly starts: Int32Array;
  private end: number;
  readonly code = new IntStack();
  readonly contexts = new IntStack();
  readonly closures = new IntStack();
  readonly processes = new IntStack();
  readonly semaphores = new IntStack();

  /** In a heap that a machine has run, every pointer refers to an object: nothing can make another. */
  private readonly arePointersTrusted: boolean;

  constructor(memory: ObjectMemory, arePointersTrusted = false) {
    this.memory = memory;
    this.words = memory.words;
    this.end = memory.oldEnd;
    this.arePointersTrusted = arePointersTrusted;
    this.starts = new Int32Array(arePointersTrusted ? 0 : ((this.end - edenBase) >>> 8) + 1);
  }

  /** For another look at a heap that has changed: forgets what it holds. */
  reset(): void {
    this.end = this.memory.oldEnd;
    for (const list of [this.code, this.contexts, this.closures, this.processes, this.semaphores]) {
      list.clear();
    }
  }

  /** Notes the object at a word index if it is one the machine relies on. */
  note(object: number, classIndex: number, format: number): void {
    const oop = (object << 2) | 0;
    if (format >= Format.compiledCode) this.code.push(oop);
    else if (classIndex === classIndexOf.Context) this.contexts.push(oop);
    else if (classIndex === classIndexOf.FullBlockClosure) this.closures.push(oop);
    else if (classIndex === classIndexOf.Process) this.processes.push(oop);
    else if (classIndex === classIndexOf.Semaphore) this.semaphores.push(oop);
  }

  noteStart(index: number): void {
    const granule = (index - (edenBase >>> 2)) >>> 1;
    this.starts[granule >>> 5]! |= 1 << (granule & 31);
  }

  /** Whether the word is the oop of an object in memory, not an immediate. */
  isObject(oop: Oop): boolean {
    const address = oop >>> 0;
    if ((oop & 7) !== 0 || address < edenBase || address >= this.end) return false;
    if (this.arePointersTrusted) return true;
    const granule = (address - edenBase) >>> 3;
    return (this.starts[granule >>> 5]! & (1 << (granule & 31))) !== 0;
  }

  isOop(oop: Oop): boolean {
    return (oop & 3) !== 0 || this.isObject(oop);
  }

  isInstance(oop: Oop, classIndex: number): boolean {
    return this.isObject(oop) && (this.words[oop >>> 2]! & classIndexMask) === classIndex;
  }

  isArray(oop: Oop): boolean {
    return this.isObject(oop) && this.memory.format(oop) === Format.indexable;
  }

  isSymbol(oop: Oop): boolean {
    return (
      this.isInstance(oop, classIndexOf.ByteSymbol) || this.isInstance(oop, classIndexOf.WideSymbol)
    );
  }

  isCode(oop: Oop): boolean {
    return this.isObject(oop) && this.memory.format(oop) >= Format.compiledCode;
  }

  /** Whether the object has at least that many slots that hold oops. */
  hasSlots(oop: Oop, count: number): boolean {
    return (
      this.isObject(oop) &&
      this.memory.format(oop) <= Format.ephemeron &&
      this.memory.slotCount(oop) >= count
    );
  }

  /** Whether the object has what the machine reads of a class. */
  isBehavior(oop: Oop): boolean {
    return (
      this.hasSlots(oop, ClassSlot.format + 1) &&
      isSmallInteger(this.memory.fetchPointer(ClassSlot.format, oop))
    );
  }

  /** What stands in a slot, for reports. */
  describe(oop: Oop): string {
    if (isSmallInteger(oop)) return `the SmallInteger ${smallIntegerValue(oop)}`;
    if ((oop & 3) === 2) return `the Character ${oop >>> 2}`;
    if (oop === nilOop) return "nil";
    if (!this.isObject(oop)) return `0x${(oop >>> 0).toString(16)}`;
    return `an object of class index ${this.memory.classIndex(oop)} at 0x${(oop >>> 0).toString(16)}`;
  }

  fail(code: HeapProblemCode, address: number, expected: string, found: number | string): never {
    throw this.finding(code, address, expected, found);
  }

  finding(
    code: HeapProblemCode,
    address: number,
    expected: string,
    found: number | string,
  ): Finding {
    const text = typeof found === "number" ? this.describe(found) : found;
    return new Finding(code, address, expected, text);
  }
}
