import { describe, expect, it } from "vitest";
import {
  describeProblem,
  type HeapProblemCode,
  verifyHeap,
} from "../../vm/memory/heap-verifier.ts";
import {
  ClassSlot,
  classFormat,
  classIndexOf,
  Format,
  formatShift,
  markBit,
  oldBase,
  rememberedBit,
  State,
  slotCountShift,
  smallInteger,
} from "../../vm/spec/layouts.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

/** A heap with objects of many kinds, old and new. */
function variedHeap(): SampleHeap {
  const heap = new SampleHeap();
  const { memory } = heap;
  for (let n = 0; n < 20; n++) {
    const array = heap.array(smallInteger(n), nilOop, heap.array());
    heap.keep(heap.oldArray(array, memory.newString(`string ${n}`)));
    heap.keep(heap.weakArray(array, heap.array()));
    heap.keep(heap.ephemeron(array, memory.newFloat(n)));
    if (n % 5 === 0) heap.collector.scavenge();
  }
  heap.keep(memory.allocate(classIndexOf.Array, Format.indexable, 2000));
  heap.keep(memory.allocateOld(classIndexOf.ByteArray, Format.bytes, 1500));
  return heap;
}

function problemOf(heap: SampleHeap): HeapProblemCode | undefined {
  return verifyHeap(heap.memory)?.code;
}

describe("the heap verifier", () => {
  it("finds nothing wrong with a sound heap, whatever has been collected", () => {
    const heap = variedHeap();
    expect(verifyHeap(heap.memory)).toBeUndefined();
    for (const kind of ["scavenge", "tenureAll", "collectFull", "compact"] as const) {
      heap.collector[kind]();
      expect(verifyHeap(heap.memory)).toBeUndefined();
      heap.keep(heap.array(heap.root(3)));
      heap.keep(heap.oldArray(heap.array()));
      expect(verifyHeap(heap.memory)).toBeUndefined();
    }
  });

  it("says where a problem is and what was expected and found", () => {
    const heap = new SampleHeap();
    const array = heap.oldArray(smallInteger(1));
    heap.memory.words[(array >>> 2) + 2] = 0x7000008;
    const at = (array + 8).toString(16);
    expect(describeProblem(verifyHeap(heap.memory)!)).toBe(
      `heap: a slot refers to no object at 0x${at}: expected the oop of an object, found 0x7000008 (POINTER)`,
    );
  });

  const damages: [string, HeapProblemCode, (heap: SampleHeap, array: number) => void][] = [
    [
      "a slot that points into an object",
      "POINTER",
      ({ memory }, array) => {
        memory.words[(array >>> 2) + 2] = array + 8;
      },
    ],
    [
      "a slot that points at a free chunk",
      "POINTER",
      (heap, array) => {
        const gone = heap.oldArray(nilOop);
        heap.keep(heap.oldArray());
        heap.memory.oldSpace.addFree(gone, 16);
        heap.memory.words[(array >>> 2) + 2] = gone;
      },
    ],
    [
      "a class index without a class",
      "CLASS",
      ({ memory }, array) => {
        memory.words[array >>> 2] = 127 | (Format.indexable << formatShift);
      },
    ],
    [
      "a format that is not its class's",
      "SHAPE",
      ({ memory }, array) => {
        memory.words[array >>> 2] = classIndexOf.Array | (Format.weak << formatShift);
      },
    ],
    [
      "an undefined format",
      "HEADER",
      ({ memory }, array) => {
        memory.words[array >>> 2] = classIndexOf.Array | (7 << formatShift);
      },
    ],
    [
      "a mark bit left over",
      "HEADER",
      ({ memory }, array) => {
        memory.words[array >>> 2]! |= markBit;
      },
    ],
    [
      "a size beyond the heap",
      "SIZE",
      ({ memory }, array) => {
        memory.words[(array >>> 2) + 1] = (1000 << slotCountShift) | 0;
      },
    ],
    [
      "an old object with a new reference that is not remembered",
      "REMEMBERED",
      (heap, array) => {
        heap.memory.words[(array >>> 2) + 2] = heap.array();
      },
    ],
    [
      "a remembered bit without an entry",
      "REMEMBERED",
      ({ memory }, array) => {
        memory.words[array >>> 2]! |= rememberedBit;
      },
    ],
    [
      "an entry without a remembered bit",
      "REMEMBERED",
      ({ memory }, array) => {
        memory.remember(array);
        memory.words[array >>> 2]! &= ~rememberedBit;
      },
    ],
    [
      "nil with another class",
      "FIXED",
      ({ memory }) => {
        memory.words[nilOop >>> 2] = classIndexOf.True;
      },
    ],
    [
      "a class under another's index",
      "CLASS_TABLE",
      (heap) => {
        const { memory, classes } = heap;
        memory.setIdentityHash(classes.at(classIndexOf.Point), 77);
      },
    ],
    [
      "a class with slots of its own whose instances the machine makes",
      "BEHAVIOR",
      ({ memory, classes }) => {
        const behavior = classes.at(classIndexOf.Float64Array);
        const shape = classFormat(1, Format.words64);
        memory.storePointer(ClassSlot.format, behavior, smallInteger(shape));
      },
    ],
    [
      "a missing known class",
      "CLASS_TABLE",
      ({ memory }) => {
        memory.storePointer(classIndexOf.Fraction, memory.special("classTable"), nilOop);
      },
    ],
    [
      "a cycle of superclasses",
      "BEHAVIOR",
      ({ memory, classes }) => {
        const [some, other] = [classes.at(classIndexOf.Point), classes.at(classIndexOf.Fraction)];
        memory.storePointer(ClassSlot.superclass, some, other);
        memory.storePointer(ClassSlot.superclass, other, some);
      },
    ],
    [
      "a class with fewer slots than it inherits",
      "BEHAVIOR",
      (heap) => {
        const { memory, classes } = heap;
        const thin = heap.newClass(1, Format.fixed);
        classes.indexOf(thin);
        memory.storePointer(ClassSlot.superclass, thin, classes.at(classIndexOf.Point));
      },
    ],
    [
      "a free chunk that is in no list",
      "FREE",
      ({ memory }, array) => {
        memory.words[array >>> 2] = classIndexOf["(free)"] | (Format.words32 << formatShift);
      },
    ],
    [
      "a root that is no oop",
      "ROOT",
      (heap, array) => {
        heap.keep(array + 8);
      },
    ],
    [
      "a semaphore whose chain does not end",
      "PROCESS",
      ({ memory }) => {
        const semaphore = memory.allocateOld(classIndexOf.Semaphore, Format.fixed, 3);
        const process = memory.allocateOld(classIndexOf.Process, Format.fixed, 7);
        memory.storePointer(0, semaphore, process);
        memory.storePointer(1, semaphore, process);
        memory.storePointer(3, process, semaphore);
        memory.storePointer(0, process, process);
      },
    ],
    [
      "a special object of the wrong kind",
      "SPECIAL",
      ({ memory }) => {
        memory.setSpecial("timerSemaphore", smallInteger(3));
      },
    ],
  ];
  for (const [what, code, damage] of damages) {
    it(`finds ${what}`, () => {
      const heap = variedHeap();
      const array = heap.oldArray(nilOop);
      heap.oldArray(nilOop);
      expect(verifyHeap(heap.memory)).toBeUndefined();
      damage(heap, array);
      expect(problemOf(heap)).toBe(code);
    });
  }

  it("wants an image to have what the machine starts with", () => {
    const heap = new SampleHeap();
    expect(verifyHeap(heap.memory, "loaded")?.code).toBe("SPECIAL");
  });

  it("never throws and always ends, however a heap is damaged", () => {
    const seed = 0x5eed;
    let state = seed;
    const random = (limit: number) => {
      state = Math.imul(state, 1664525) + 1013904223;
      return (state >>> 8) % limit;
    };
    const heap = variedHeap();
    const { memory } = heap;
    heap.collector.compact();
    const sound = memory.words.slice(oldBase >>> 2, memory.oldEnd >>> 2);
    let found = 0;
    for (let round = 0; round < 4000; round++) {
      const first = oldBase >>> 2;
      for (let n = 1 + random(4); n > 0; n--) {
        const at = first + random(sound.length);
        const kind = random(4);
        if (kind === 0) memory.words[at] = state;
        else if (kind === 1) memory.words[at]! ^= 1 << random(32);
        else if (kind === 2) memory.words[at] = memory.words[first + random(sound.length)]!;
        else memory.words[at] = [-1, 0, -0x400000, 0x7fffffff][random(4)]!;
      }
      if (verifyHeap(memory, round % 2 === 0 ? "running" : "loaded") !== undefined) found++;
      memory.words.set(sound, first);
    }
    expect(found, `seed ${seed}`).toBeGreaterThan(2000);
    memory.words[State.specialObjects] = 0x41414141;
    expect(problemOf(heap)).toBe("SPECIAL");
  });
});
