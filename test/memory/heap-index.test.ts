import { describe, expect, it } from "vitest";
import { ObjectList } from "../../vm/memory/heap-index.ts";
import { forEachObject } from "../../vm/memory/heap-walker.ts";
import { MarkBits } from "../../vm/memory/mark-bits.ts";
import { classIndexOf, Format, type Oop, oldBase, smallInteger } from "../../vm/spec/layouts.ts";
import { seeded } from "../compiler/random-programs.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

/** Where objects and free chunks begin in old space, as word indices. */
function beginnings(heap: SampleHeap): Set<number> {
  const { memory } = heap;
  const found = new Set<number>();
  const start = (oop: Oop): number => (oop >>> 2) - (memory.hasSlotCountInFront(oop) ? 2 : 0);
  forEachObject(memory, (oop) => {
    if (oop >>> 0 >= oldBase) found.add(start(oop));
  });
  memory.oldSpace.forEachListed((address) => found.add(address >>> 2));
  return found;
}

function expectStartsTrue(heap: SampleHeap): void {
  const { memory } = heap;
  const found = beginnings(heap);
  for (let page = 0; page < memory.pageCount; page++) {
    const start = memory.heapIndex.startFor(oldBase / 4096 + page);
    expect(found.has(start), `page ${page}`).toBe(true);
    expect(start).toBeLessThanOrEqual((oldBase >>> 2) + page * 1024);
  }
}

describe("the heap index", () => {
  it("knows for each page where to begin, whatever has been allocated and swept since", () => {
    const heap = new SampleHeap();
    const { memory, collector } = heap;
    const random = seeded(7);
    const below = (limit: number): number => Math.floor(random() * limit);
    for (let at = 0; at < 300; at++) heap.keep(nilOop);
    const allocate = (count: number): void => {
      for (let n = 0; n < count; n++) {
        const size = below(60) === 0 ? 1000 + below(3000) : below(40);
        const oop = memory.allocateOld(classIndexOf.Array, Format.indexable, size);
        heap.setRoot(below(300), oop);
      }
    };
    allocate(2000);
    collector.heapLoaded();
    for (let round = 0; round < 10; round++) {
      expectStartsTrue(heap);
      allocate(400);
      expectStartsTrue(heap);
      collector.collectFull();
      expect(memory.heapIndex.isValid).toBe(true);
    }
    expectStartsTrue(heap);
  });

  it("looks at each page once after a collection, however long the objects are", () => {
    const heap = new SampleHeap();
    const { memory, collector } = heap;
    const oop = memory.allocateOld(classIndexOf.Array, Format.indexable, 300_000);
    heap.keep(oop);
    collector.heapLoaded();
    collector.collectFull();
    let words = 0;
    class CountingBits extends MarkBits {
      override last(index: number, first: number): number {
        words += index - first;
        return super.last(index, first);
      }
    }
    const bits = new CountingBits();
    bits.clear(memory.heapBytes, memory.limit - oldBase);
    forEachObject(memory, (each) => {
      if (each >>> 0 >= oldBase) bits.set(each);
    });
    expect(memory.heapIndex.isValid).toBe(true);
    memory.heapIndex.collected(memory.words, bits);
    expectStartsTrue(heap);
    expect(words).toBeLessThanOrEqual(memory.heapBytes / 4);
  });

  it("lists the machine's objects that live", () => {
    const heap = new SampleHeap();
    const { memory, collector } = heap;
    const processes = [1, 2, 3].map(() =>
      memory.allocateOld(classIndexOf.Process, Format.fixed, 7),
    );
    heap.keep(processes[0]!);
    heap.keep(processes[2]!);
    collector.heapLoaded();
    const { oops } = memory.heapIndex.known.processes;
    expect([...oops.items.subarray(0, oops.count)]).toEqual(processes);
    collector.collectFull();
    expect([...oops.items.subarray(0, oops.count)]).toEqual([processes[0], processes[2]]);
  });

  it("is void once objects have moved or become others", () => {
    const heap = new SampleHeap();
    const { memory, collector } = heap;
    const some = heap.oldArray(smallInteger(1));
    const other = heap.oldArray(smallInteger(2));
    heap.keep(some);
    collector.heapLoaded();
    memory.exchangeIdentity(heap.array(some), heap.array(other));
    expect(memory.heapIndex.isValid).toBe(false);
    collector.heapLoaded();
    expect(memory.heapIndex.isValid).toBe(true);
    collector.compact();
    expect(memory.heapIndex.isValid).toBe(false);
  });
});

describe("a list of objects", () => {
  it("stays in order when others come to it", () => {
    const random = seeded(3);
    const list = new ObjectList();
    const other = new ObjectList();
    // Above the middle of the address space oops are negative.
    for (let at = 0; at < 2000; at++) {
      const oop = (0x7fff0000 + at * 64) | 0;
      (random() < 0.5 ? list : other).add(oop, at);
    }
    list.merge(other);
    expect(list.oops.count).toBe(2000);
    for (let at = 0; at < 2000; at++) {
      const found = list.indexOf((0x7fff0000 + at * 64) | 0);
      expect(list.values.items[found]).toBe(at);
    }
    expect(list.indexOf(0x7fff0008)).toBe(-1);
  });
});
