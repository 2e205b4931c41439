/**
 * What verifiers ask of the class table, and of each object with regard to its class.
 */

import {
  ClassSlot,
  classIndexMask,
  classIndexOf,
  falseOop,
  headerWords,
  isSmallInteger,
  literalCountMask,
  nilOop,
  State,
  smallIntegerValue,
  trueOop,
} from "../spec/layouts.ts";
import { Special, specialObjects } from "../spec/special-objects.ts";
import { fitsShape } from "./class-table.ts";
import { Finding, type HeapMap } from "./heap-map.ts";

export class ClassShapes {
  private readonly map: HeapMap;
  private readonly words: Int32Array;
  /** By class index: the class's shape, or -1. */
  shapes = new Int32Array(0);

  constructor(map: HeapMap) {
    this.map = map;
    this.words = map.words;
  }

  /** Checks the objects at fixed places and the class table, and reads the shapes. */
  read(): void {
    this.checkFixedObjects();
    this.readClassTable();
  }

  private checkFixedObjects(): void {
    const { map } = this;
    for (const [oop, name] of [
      [nilOop, "UndefinedObject"],
      [falseOop, "False"],
      [trueOop, "True"],
    ] as const) {
      if (!map.isInstance(oop, classIndexOf[name]) || map.memory.slotCount(oop) !== 0) {
        map.fail("FIXED", oop, `the only instance of ${name}`, oop);
      }
    }
  }

  private readClassTable(): void {
    const { map, words } = this;
    const { memory } = map;
    const special = words[State.specialObjects]!;
    if (!map.isArray(special) || memory.slotCount(special) < specialObjects.length) {
      map.fail("SPECIAL", special, `an Array of ${specialObjects.length} special objects`, special);
    }
    const table = memory.fetchPointer(Special.classTable, special);
    if (!map.isArray(table) || memory.slotCount(table) > classIndexMask + 1) {
      map.fail("SPECIAL", special, "an Array as class table", table);
    }
    const size = memory.slotCount(table);
    this.shapes = new Int32Array(size).fill(-1);
    for (let index = 0; index < size; index++) {
      const behavior = memory.fetchPointer(index, table);
      if (behavior === nilOop) continue;
      const address = memory.bodyAddress(table) + index * 4;
      if (!map.isBehavior(behavior)) map.fail("CLASS_TABLE", address, "a class or nil", behavior);
      if ((words[(behavior >>> 2) + 1]! & 0x3fffff) !== index) {
        map.fail("CLASS_TABLE", address, `the class with identity hash ${index}`, behavior);
      }
      this.shapes[index] = smallIntegerValue(memory.fetchPointer(ClassSlot.format, behavior));
    }
  }

  /** Checks the object at a word index against its class. */
  check(object: number, classIndex: number, format: number, slots: number): void {
    const shape = classIndex < this.shapes.length ? this.shapes[classIndex]! : -1;
    if (shape < 0) {
      throw new Finding("CLASS", object * 4, "the index of a class", String(classIndex));
    }
    if (!fitsShape(shape, format, slots)) {
      const found = `format ${format} with ${slots} slots`;
      throw new Finding("SHAPE", object * 4, `an instance of shape ${shape}`, found);
    }
  }

  /** How many slots of compiled code hold oops. */
  codeOopCount(object: number, slots: number): number {
    const shape = this.words[object + headerWords]!;
    const literals = (shape >> 1) & literalCountMask;
    if (!isSmallInteger(shape) || literals + 2 > slots) {
      this.map.fail("CODE", object * 4, `a literal count below ${slots - 1}`, shape);
    }
    return 2 + literals;
  }
}
