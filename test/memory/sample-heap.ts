/**
 * A small heap to test memory with: nil, false and true, a class table with the known
 * classes and a few more, and no method anywhere.
 */

import { ClassTable } from "../../vm/memory/class-table.ts";
import { Collector } from "../../vm/memory/collector.ts";
import { ObjectMemory, type RootVisitor } from "../../vm/memory/object-memory.ts";
import {
  ClassSlot,
  classFormat,
  classIndexOf,
  Format,
  falseOop,
  type KnownClassName,
  knownClasses,
  nilOop,
  type Oop,
  State,
  smallInteger,
  stackBase,
  trueOop,
} from "../../vm/spec/layouts.ts";
import { specialObjects } from "../../vm/spec/special-objects.ts";

const indexedFormats: Partial<Record<KnownClassName, number>> = {
  BoxedFloat64: Format.words64,
  Array: Format.indexable,
  ByteString: Format.bytes,
  ByteSymbol: Format.bytes,
  LargePositiveInteger: Format.bytes,
  LargeNegativeInteger: Format.bytes,
  ByteArray: Format.bytes,
  FullBlockClosure: Format.indexableWithFixed,
  CompiledMethod: Format.compiledCode,
  CompiledBlock: Format.compiledCode,
  Context: Format.indexableWithFixed,
  MethodDictionary: Format.indexableWithFixed,
  WideString: Format.words32,
  WideSymbol: Format.words32,
  WordArray: Format.words32,
  DoubleByteArray: Format.words16,
  DoubleWordArray: Format.words64,
  Float32Array: Format.words32,
  Float64Array: Format.words64,
  Ephemeron: Format.ephemeron,
  WeakArray: Format.weak,
};

/** Slots of a sample class: those of Behavior, then a name. */
const classSlots = 4;

export class SampleHeap {
  readonly memory: ObjectMemory;
  readonly classes: ClassTable;
  readonly collector: Collector;
  /** Oops that a test keeps alive, on the stack. */
  private readonly rootBase = stackBase >>> 2;
  private rootCount = 0;
  movedCount = 0;
  readonly metaclass: Oop;

  constructor(limitBytes = 0x4000000) {
    const memory = new ObjectMemory(limitBytes);
    this.memory = memory;
    this.classes = new ClassTable(memory);
    this.collector = new Collector(memory);
    memory.allocateOld(classIndexOf.UndefinedObject, Format.empty, 0);
    memory.allocateOld(classIndexOf.False, Format.empty, 0);
    memory.allocateOld(classIndexOf.True, Format.empty, 0);
    memory.words[State.specialObjects] = memory.allocateOld(
      classIndexOf.Array,
      Format.indexable,
      specialObjects.length,
    );
    memory.setSpecial("snapshotAnswer", falseOop);
    this.metaclass = this.newClassObject(
      classIndexOf.Metaclass,
      classFormat(classSlots, Format.fixed),
    );
    this.classes.put(classIndexOf.Metaclass, this.metaclass);
    knownClasses.forEach((known, index) => {
      // Neither what was forwarded nor free chunks have a class.
      if (index < classIndexOf.SmallInteger || index === classIndexOf.Metaclass) return;
      const slots = known.slots.length;
      const format = indexedFormats[known.name] ?? (slots === 0 ? Format.empty : Format.fixed);
      const classOop = this.newClassObject(classIndexOf.Metaclass, classFormat(slots, format));
      this.classes.put(index, classOop);
    });
    memory.roots = {
      visitRoots: (visit: RootVisitor) => visit(this.rootBase, this.rootCount),
      objectsMoved: () => this.movedCount++,
    };
  }

  /** A new class whose instances have that shape. */
  newClass(instanceSize: number, format: number): Oop {
    return this.newClassObject(classIndexOf.Metaclass, classFormat(instanceSize, format));
  }

  private newClassObject(classIndex: number, shape: number): Oop {
    const classOop = this.memory.allocateOld(classIndex, Format.fixed, classSlots);
    this.memory.storePointer(ClassSlot.format, classOop, smallInteger(shape));
    return classOop;
  }

  // Roots

  /** Keeps an object alive; answers where `root` finds it. */
  keep(oop: Oop): number {
    this.memory.words[this.rootBase + this.rootCount] = oop;
    return this.rootCount++;
  }

  root(at: number): Oop {
    return this.memory.words[this.rootBase + at]!;
  }

  setRoot(at: number, oop: Oop): void {
    this.memory.words[this.rootBase + at] = oop;
  }

  dropRoots(): void {
    this.rootCount = 0;
  }

  // Objects

  array(...elements: Oop[]): Oop {
    return this.memory.newArray(elements);
  }

  oldArray(...elements: Oop[]): Oop {
    const array = this.memory.allocateOld(classIndexOf.Array, Format.indexable, elements.length);
    elements.forEach((element, index) => {
      this.memory.storePointer(index, array, element);
    });
    return array;
  }

  weakArray(...elements: Oop[]): Oop {
    return this.filled(classIndexOf.WeakArray, Format.weak, elements);
  }

  ephemeron(key: Oop, value: Oop): Oop {
    return this.filled(classIndexOf.Ephemeron, Format.ephemeron, [key, value]);
  }

  private filled(classIndex: number, format: number, elements: Oop[]): Oop {
    const oop = this.memory.allocate(classIndex, format, elements.length);
    elements.forEach((element, index) => {
      this.memory.storePointer(index, oop, element);
    });
    return oop;
  }

  slots(oop: Oop): Oop[] {
    const count = this.memory.slotCount(oop);
    return Array.from({ length: count }, (_, index) => this.memory.fetchPointer(index, oop));
  }

  /** The mourning queue, taken. */
  takeMourners(): Oop[] {
    const queue = this.memory.special("mourningQueue");
    this.memory.setSpecial("mourningQueue", nilOop);
    return queue === nilOop ? [] : this.slots(queue);
  }
}

export { falseOop, nilOop, trueOop };
