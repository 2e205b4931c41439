import { describe, expect, it } from "vitest";
import { allInstances, allObjects, allReferencesTo } from "../../vm/memory/heap-walker.ts";
import { classIndexOf, Format, smallInteger } from "../../vm/spec/layouts.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

describe("walking the heap", () => {
  it("finds every instance of a class, old, surviving and in eden, and no other", () => {
    const heap = new SampleHeap();
    const { memory, classes } = heap;
    const aClass = heap.newClass(1, Format.fixed);
    expect(allInstances(memory, classes, aClass)).toEqual([]);
    const made = (keep: boolean) => {
      const instance = classes.instantiate(aClass, 0);
      if (keep) heap.keep(instance);
    };
    made(true);
    heap.collector.tenureAll();
    made(true);
    heap.collector.scavenge();
    made(true);
    heap.array(aClass);
    expect(allInstances(memory, classes, heap.root(0))).toEqual([]);
    expect(allInstances(memory, classes, aClass)).toEqual([0, 1, 2].map((at) => heap.root(at)));
  });

  it("skips free chunks and meets large objects", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    heap.oldArray(smallInteger(1));
    heap.keep(memory.allocateOld(classIndexOf.Array, Format.indexable, 5000));
    const before = allObjects(memory).length;
    heap.collector.collectFull();
    const after = allObjects(memory);
    expect(after.length).toBe(before - 1);
    expect(after).toContain(heap.root(0));
  });

  it("finds who refers to an object", () => {
    const heap = new SampleHeap();
    const target = heap.array();
    const young = heap.array(nilOop, target);
    const old = heap.oldArray(target, target);
    heap.array(nilOop);
    expect(allReferencesTo(heap.memory, target)).toEqual([old, young]);
  });
});
