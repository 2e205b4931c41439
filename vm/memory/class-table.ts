/**
 * The class table: an Array in the image from class index to class. A class's
 * identity hash is its index. A full collection drops classes that nothing
 * refers to and that have no instance.
 */

import {
  ClassSlot,
  classIndexMask,
  classIndexOf,
  Format,
  firstFreeClassIndex,
  hashMask,
  instanceFormatOf,
  instanceSizeOf,
  isImmediate,
  nilOop,
  type Oop,
  smallIntegerValue,
} from "../spec/layouts.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** Whether an object with that format and slot count can be an instance of a class with that shape. */
export function fitsShape(shape: number, format: number, slotCount: number): boolean {
  const size = instanceSizeOf(shape);
  switch (instanceFormatOf(shape)) {
    case Format.empty:
      return format === Format.empty && slotCount === 0;
    case Format.fixed:
      return format === Format.fixed && slotCount === size;
    case Format.ephemeron:
      return format === Format.ephemeron && slotCount === size && size >= 2;
    case Format.indexable:
      return format === Format.indexable;
    case Format.indexableWithFixed:
    case Format.weak:
      return format === instanceFormatOf(shape) && slotCount >= size;
    case Format.words64:
      return format === Format.words64 && (slotCount & 1) === 0;
    case Format.words32:
      return format === Format.words32;
    case Format.words16:
      return (format & ~1) === Format.words16 && (slotCount > 0 || format === Format.words16);
    case Format.bytes:
      return (format & ~3) === Format.bytes && (slotCount > 0 || format === Format.bytes);
    case Format.compiledCode:
      return format === Format.compiledCode && slotCount >= 2;
    default:
      return false;
  }
}

export class ClassTable {
  private readonly memory: ObjectMemory;
  private next = firstFreeClassIndex;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
  }

  /** The class with that index. */
  at(index: number): Oop {
    return this.memory.fetchPointer(index, this.memory.special("classTable"));
  }

  classOf(oop: Oop): Oop {
    return this.at(this.memory.classIndex(oop));
  }

  /** The index of a class, entered into the table on first demand; 0 when memory or table is full. */
  indexOf(classOop: Oop): number {
    return this.knownIndexOf(classOop) || this.enter(classOop);
  }

  /** The index of a class, 0 if it has none yet (and so no instance). */
  knownIndexOf(classOop: Oop): number {
    if (isImmediate(classOop)) return 0;
    const hash = this.memory.words[(classOop >>> 2) + 1]! & hashMask;
    return hash !== 0 && hash < this.size && this.at(hash) === classOop ? hash : 0;
  }

  /** Puts a class at a given index. */
  put(index: number, classOop: Oop): void {
    const memory = this.memory;
    while (index >= this.size) if (!this.grow()) throw new Error("class table: memory is full");
    memory.storePointer(index, memory.special("classTable"), classOop);
    memory.setIdentityHash(classOop, index);
  }

  get size(): number {
    const table = this.memory.special("classTable");
    return table === nilOop ? 0 : this.memory.slotCount(table);
  }

  /** A new instance with indexedSize indexed elements (0 if not indexable); 0 when memory is full. */
  instantiate(classOop: Oop, indexedSize: number): Oop {
    const memory = this.memory;
    const index = this.indexOf(classOop);
    if (index === 0) return 0;
    const shape = smallIntegerValue(memory.fetchPointer(ClassSlot.format, classOop));
    const format = instanceFormatOf(shape);
    const size = instanceSizeOf(shape);
    if (format >= Format.bytes) return memory.allocateBytes(index, indexedSize);
    if (format >= Format.words16) {
      return memory.allocate(index, format + (indexedSize & 1), (indexedSize + 1) >>> 1);
    }
    if (format === Format.words64) return memory.allocate(index, format, indexedSize * 2);
    return memory.allocate(index, format, size + indexedSize);
  }

  private enter(classOop: Oop): number {
    if (this.memory.classesDropped) {
      this.memory.classesDropped = false;
      this.next = firstFreeClassIndex;
    }
    for (;;) {
      const size = this.size;
      for (; this.next < size; this.next++) {
        if (this.at(this.next) === nilOop) {
          this.put(this.next, classOop);
          return this.next;
        }
      }
      if (size > classIndexMask || !this.grow()) return 0;
    }
  }

  /** Answers false if memory is full. */
  private grow(): boolean {
    const memory = this.memory;
    const old = memory.special("classTable");
    const size = this.size;
    const larger = memory.allocateOld(
      classIndexOf.Array,
      Format.indexable,
      Math.min(Math.max(1024, size * 2), classIndexMask + 1),
    );
    if (larger === 0) return false;
    for (let index = 0; index < size; index++) {
      memory.storePointer(index, larger, memory.fetchPointer(index, old));
    }
    memory.setSpecial("classTable", larger);
    return true;
  }
}
