import { describe, expect, it } from "vitest";
import type { Collector } from "../../vm/memory/collector.ts";
import { describeProblem, verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { classIndexOf, Format, State, smallInteger } from "../../vm/spec/layouts.ts";
import { seeded } from "../compiler/random-programs.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

function expectSound(heap: SampleHeap): void {
  const problem = verifyHeap(heap.memory);
  expect(problem && describeProblem(problem)).toBeUndefined();
}

describe("old space", () => {
  it("splits a large free chunk and keeps what is left walkable", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const gone = memory.allocateOld(classIndexOf.ByteArray, Format.bytes, 3000);
    heap.keep(heap.oldArray());
    heap.collector.collectFull();
    expect(memory.oldSpace.freeBytes).toBe(12016);
    const end = memory.oldEnd;
    for (let n = 0; n < 400; n++) heap.keep(heap.oldArray(smallInteger(n), nilOop, nilOop));
    expect(memory.oldEnd).toBe(end);
    expect(heap.root(1) >>> 0).toBe((gone >>> 0) - 8);
    expectSound(heap);
  });

  it("joins neighbouring free chunks", () => {
    const heap = new SampleHeap();
    const first = heap.oldArray(nilOop, nilOop, nilOop, nilOop);
    heap.oldArray(nilOop, nilOop, nilOop, nilOop);
    heap.keep(heap.oldArray());
    heap.collector.collectFull();
    const six = heap.oldArray(nilOop, nilOop, nilOop, nilOop, nilOop, nilOop, nilOop, nilOop);
    expect(six).toBe(first);
    expectSound(heap);
  });

  it("finds its free chunks again when a heap has been loaded", () => {
    const heap = new SampleHeap();
    const { oldSpace } = heap.memory;
    for (let n = 0; n < 100; n++) {
      const array = heap.memory.allocateOld(classIndexOf.Array, Format.indexable, n * 20);
      if (n % 3 === 0) heap.keep(array);
    }
    heap.keep(heap.oldArray());
    heap.collector.collectFull();
    const free = oldSpace.freeBytes;
    expect(free).toBeGreaterThan(0);
    oldSpace.clear();
    heap.collector.heapLoaded();
    expect(oldSpace.freeBytes).toBe(free);
    expectSound(heap);
  });

  it("stays sound under random allocation and collection", () => {
    const random = seeded(7);
    const heap = new SampleHeap();
    for (let n = 0; n < 60; n++) heap.keep(nilOop);
    for (let step = 0; step < 6000; step++) {
      const size = random() < 0.02 ? 1000 + random() * 4000 : random() ** 3 * 200;
      const array = heap.memory.allocateOld(classIndexOf.Array, Format.indexable, Math.floor(size));
      heap.setRoot(Math.floor(random() * 60), array);
      if (step % 500 === 499) {
        heap.collector.collectFull();
        expectSound(heap);
      }
    }
    expect(heap.memory.heapBytes).toBeLessThan(0x400000);
  });
});

/** What a safepoint does. */
function collectAsNeeded(collector: Collector): void {
  collector.collectIfNeeded();
  while (collector.isPressing) collector.continue();
}

describe("the end of memory", () => {
  /** Fills memory with a list until allocation fails; answers how many links it has. */
  function fill(heap: SampleHeap, at: number): number {
    const { memory, collector } = heap;
    for (let count = 0; ; count++) {
      const link = memory.allocate(classIndexOf.Array, Format.indexable, 62);
      if (link === 0) return count;
      memory.storePointer(0, link, heap.root(at));
      heap.setRoot(at, link);
      if (memory.words[State.attention] !== 0) {
        memory.words[State.attention] = 0;
        collectAsNeeded(collector);
      }
    }
  }

  it("answers 0 for sizes beyond all addresses, whatever is free", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    heap.oldArray(smallInteger(1), smallInteger(2));
    heap.keep(heap.oldArray(smallInteger(3)));
    heap.collector.collectFull();
    expect(memory.oldSpace.freeBytes).toBeGreaterThan(0);
    for (const slots of [0x3fffffff, 0x40000000, 0x7ffffffe, 0x7fffffff]) {
      expect(memory.allocateOld(classIndexOf.Array, Format.indexable, slots)).toBe(0);
      expect(memory.allocate(classIndexOf.Array, Format.indexable, slots)).toBe(0);
    }
    expect(verifyHeap(memory)).toBeUndefined();
  });

  it("answers 0, keeps the heap sound, and says once that space is low", () => {
    const heap = new SampleHeap(0x1000000);
    const { memory, collector } = heap;
    const at = heap.keep(nilOop);
    fill(heap, at);
    expect(memory.words[State.attention]).toBe(1);
    collectAsNeeded(collector);
    const more = fill(heap, at);
    expect(more).toBeLessThan(10);
    expectSound(heap);
    expect(collector.takeLowSpace()).toBe(true);
    expect(collector.takeLowSpace()).toBe(false);
    expect(memory.heapBytes + memory.edenUsedBytes).toBeGreaterThan(0x1000000 * 0.8);
  });

  it("keeps a reserve until it is released, and takes it back when there is room", () => {
    const heap = new SampleHeap(0x1000000);
    const { memory, collector } = heap;
    const at = heap.keep(nilOop);
    fill(heap, at);
    collector.collectFull();
    fill(heap, at);
    expect(memory.oldSpace.releaseReserve()).toBe(true);
    expect(memory.oldSpace.releaseReserve()).toBe(false);
    expect(fill(heap, at) * 256).toBeGreaterThan(memory.oldSpace.reserveBytes / 2);
    expectSound(heap);
    heap.setRoot(at, nilOop);
    collector.collectFull();
    expect(fill(heap, at)).toBeGreaterThan(30000);
    expect(memory.oldSpace.releaseReserve()).toBe(true);
    expectSound(heap);
  });

  it("refuses what could never fit", () => {
    const heap = new SampleHeap(0x1000000);
    for (const slots of [0x1000000, 0x10000000, 0x3fffffff]) {
      expect(heap.memory.allocate(classIndexOf.Array, Format.indexable, slots)).toBe(0);
    }
    heap.collector.collectIfNeeded();
    expect(heap.memory.allocate(classIndexOf.Array, Format.indexable, 1000)).not.toBe(0);
  });

  it("collects fully when old space has grown", () => {
    const heap = new SampleHeap();
    const { memory, collector } = heap;
    for (let n = 0; n < 100; n++) {
      memory.allocateOld(classIndexOf.ByteArray, Format.bytes, 0x20000);
      collector.collectIfNeeded();
    }
    expect(collector.statistics.fullCollections).toBeGreaterThan(0);
    expect(memory.heapBytes).toBeLessThan(0x2100000);
  });
});
