/**
 * Full collections in slices, with a random program between them, against a model
 * of what it can reach in host objects.
 */

import { describe, expect, it } from "vitest";
import { Collector } from "../../vm/memory/collector.ts";
import { describeProblem, verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { allInstances } from "../../vm/memory/heap-walker.ts";
import { hashCleanPages, provePagesUnchanged } from "../../vm/memory/page-check.ts";
import {
  classIndexOf,
  Format,
  formatShift,
  isSmallInteger,
  type Oop,
  oldBase,
  State,
  smallInteger,
  smallIntegerValue,
} from "../../vm/spec/layouts.ts";
import { seeded } from "../compiler/random-programs.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

function expectSound(heap: SampleHeap): void {
  const problem = verifyHeap(heap.memory);
  expect(problem && describeProblem(problem)).toBeUndefined();
}

/** A model object: its slot 0 holds its number, the others refer to others. */
interface Model {
  readonly number: number;
  readonly slots: (Model | undefined)[];
}

/** A program that makes a graph, changes it at random, and knows what it can reach. */
class Program {
  readonly heap = new SampleHeap(0x8000000);
  private readonly random: () => number;
  private readonly roots: (Model | undefined)[] = [];
  private count = 0;

  constructor(seed: number, rootCount = 500) {
    this.random = seeded(seed);
    for (let at = 0; at < rootCount; at++) {
      this.heap.keep(nilOop);
      this.roots.push(undefined);
    }
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private pick(): { oop: Oop; model: Model } | undefined {
    const at = this.below(this.roots.length);
    let model = this.roots[at];
    let oop = this.heap.root(at);
    for (let n = this.below(12); n > 0 && model !== undefined; n--) {
      const slot = this.below(model.slots.length);
      const next = model.slots[slot];
      if (next === undefined) break;
      oop = this.heap.memory.fetchPointer(slot + 1, oop);
      model = next;
    }
    return model && { oop, model };
  }

  /** Makes an object, often in old space, now and then one of many pages, in place of a root. */
  make(): void {
    const { memory } = this.heap;
    const choice = this.below(400);
    const size = choice === 0 ? 3000 : choice < 10 ? 1022 : 1 + this.below(6);
    const allocate = this.below(3) === 0 ? "allocate" : "allocateOld";
    const oop = memory[allocate](classIndexOf.Array, Format.indexable, size + 1);
    const model: Model = { number: ++this.count & 0xfffffff, slots: new Array(size) };
    memory.storePointer(0, oop, smallInteger(model.number));
    const other = this.pick();
    if (other !== undefined) {
      memory.storePointer(1, oop, other.oop);
      model.slots[0] = other.model;
    }
    const at = this.below(this.roots.length);
    this.heap.setRoot(at, oop);
    this.roots[at] = model;
  }

  /** Moves references about: what was reachable here is now reachable there only. */
  change(): void {
    const into = this.pick();
    const from = this.pick();
    if (into === undefined || from === undefined) return;
    const { memory } = this.heap;
    const to = this.below(into.model.slots.length);
    const slot = this.below(from.model.slots.length);
    memory.storePointer(to + 1, into.oop, memory.fetchPointer(slot + 1, from.oop));
    into.model.slots[to] = from.model.slots[slot];
    memory.storePointer(slot + 1, from.oop, nilOop);
    from.model.slots[slot] = undefined;
  }

  step(): void {
    if (this.below(10) < 3) this.make();
    else this.change();
  }

  /** Every object the program can reach is where it was stored. Answers how many there are. */
  check(): number {
    const oops = new Map<Model, Oop>();
    const { memory } = this.heap;
    const waiting: [Model, Oop][] = [];
    const see = (model: Model | undefined, oop: Oop) => {
      if (model === undefined) expect(oop).toBe(nilOop);
      else waiting.push([model, oop]);
    };
    this.roots.forEach((model, at) => {
      see(model, this.heap.root(at));
    });
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [model, oop] = next;
      if (oops.has(model)) {
        if (oops.get(model) !== oop) expect(oops.get(model)).toBe(oop);
        continue;
      }
      oops.set(model, oop);
      const number = memory.fetchPointer(0, oop);
      if (!isSmallInteger(number) || smallIntegerValue(number) !== model.number) {
        expect(smallIntegerValue(number)).toBe(model.number);
      }
      for (let slot = 0; slot < model.slots.length; slot++) {
        const value = memory.fetchPointer(slot + 1, oop);
        if (model.slots[slot] !== undefined || value !== nilOop) see(model.slots[slot], value);
      }
    }
    return oops.size;
  }
}

/** A heap with a chain of that many links in old space, kept by one root. */
function chainOf(length: number): { heap: SampleHeap; collector: Collector } {
  const heap = new SampleHeap(0x8000000);
  const collector = new Collector(heap.memory);
  collector.sliceUnits = 20_000;
  const at = heap.keep(nilOop);
  for (let n = 0; n < length; n++) heap.setRoot(at, heap.oldArray(smallInteger(n), heap.root(at)));
  return { heap, collector };
}

/** Starts a full collection that will take many slices. */
function start(collector: Collector, heap: SampleHeap): void {
  heap.memory.oldSpace.fullCollectionAt = oldBase;
  collector.collectIfNeeded();
  expect(collector.isBusy).toBe(true);
}

describe("a full collection in slices", () => {
  for (let seed = 1; seed <= 6; seed++) {
    it(`keeps what a random program reaches, seed ${seed}`, () => {
      const program = new Program(seed);
      const { heap } = program;
      const { memory } = heap;
      // A small mark stack overflows every so often.
      const collector = new Collector(memory, undefined, seed % 2 === 0 ? 8 : undefined);
      for (let cycle = 0; cycle < 6; cycle++) {
        for (let n = 0; n < 3000; n++) program.step();
        memory.oldSpace.fullCollectionAt = oldBase;
        const before = collector.statistics.fullCollections;
        collector.sliceUnits = 1000 + program.below(2000);
        let slices = 0;
        do {
          expect(slices).toBeLessThan(1000);
          memory.clearDirty();
          const hashes = hashCleanPages(memory);
          if (slices === 0) collector.collectIfNeeded();
          else collector.continue();
          if (program.below(4) === 0) collector.scavenge();
          provePagesUnchanged(memory, hashes);
          if (!collector.isPressing) for (let n = program.below(40); n > 0; n--) program.step();
          if (program.below(20) === 0) {
            expectSound(heap);
            program.check();
          }
          slices++;
        } while (collector.isBusy);
        expect(slices).toBeGreaterThan(3);
        expect(collector.statistics.fullCollections).toBe(before + 1);
        expectSound(heap);
        const living = program.check();
        // What floated is gone after another one.
        collector.collectFull();
        expectSound(heap);
        program.check();
        const arrays = allInstances(memory, heap.classes, heap.classes.at(classIndexOf.Array));
        // Beside them there are the tables of the sample heap.
        expect(arrays.length - living).toBeLessThan(6);
      }
    });
  }

  it("does no more between two safepoints than a slice", () => {
    const { heap, collector } = chainOf(300_000);
    start(collector, heap);
    const { statistics } = collector;
    while (statistics.fullCollections === 0) collector.continue();
    expect(statistics.mostUnits).toBeLessThan(2 * collector.sliceUnits);
    const whole = chainOf(300_000);
    whole.collector.sliceUnits = 0x7fffffff;
    whole.heap.memory.oldSpace.fullCollectionAt = oldBase;
    whole.collector.collectIfNeeded();
    expect(whole.collector.statistics.mostUnits).toBeGreaterThan(4 * collector.sliceUnits);
  });

  it("frees in slices what the whole collection would free", () => {
    const { heap, collector } = chainOf(200_000);
    heap.setRoot(0, nilOop);
    collector.sweepBytes = 0x1000;
    const kept = heap.keep(heap.oldArray(smallInteger(1)));
    start(collector, heap);
    while (collector.isBusy) collector.continue();
    const { memory } = heap;
    const free = memory.oldSpace.freeBytes;
    collector.collectFull();
    expect(memory.oldSpace.freeBytes).toBe(free);
    expect(free).toBeGreaterThan(200_000 * 16 - 1);
    expect(memory.fetchPointer(0, heap.root(kept))).toBe(smallInteger(1));
    expectSound(heap);
  });

  it("finds what is stored behind its back", () => {
    const { heap, collector } = chainOf(200_000);
    const { memory } = heap;
    const secret = heap.oldArray(smallInteger(42));
    const last = heap.oldArray(smallInteger(0), heap.root(0), secret);
    heap.setRoot(0, last);
    const first = heap.keep(heap.oldArray(nilOop));
    collector.sliceUnits = 2000;
    start(collector, heap);
    for (let n = 0; n < 3; n++) collector.continue();
    // From where it may not have been to where it has been, and back by way of the stack.
    memory.storePointer(0, heap.root(first), memory.fetchPointer(2, heap.root(0)));
    memory.storePointer(2, heap.root(0), nilOop);
    while (collector.isBusy) collector.continue();
    expect(heap.slots(memory.fetchPointer(0, heap.root(first)))).toEqual([smallInteger(42)]);
    expectSound(heap);
  });

  it("keeps the class of a new object that nothing else refers to", () => {
    const { heap, collector } = chainOf(200_000);
    const classOop = heap.newClass(1, Format.fixed);
    start(collector, heap);
    const index = heap.classes.indexOf(classOop);
    const instance = heap.keep(heap.memory.allocate(index, Format.fixed, 1));
    while (collector.isBusy) collector.continue();
    expect(heap.memory.classIndex(heap.root(instance))).toBe(index);
    expect(heap.classes.at(index)).toBe(classOop);
    expectSound(heap);
  });

  it("allocates from what it has swept before it grows", () => {
    const { heap, collector } = chainOf(200_000);
    const { memory } = heap;
    heap.setRoot(0, nilOop);
    heap.keep(heap.oldArray(smallInteger(1)));
    collector.sweepBytes = 0x1000;
    start(collector, heap);
    while (memory.oldSpace.sweeper.bytesToCome === 0) collector.continue();
    expect(memory.oldSpace.sweeper.isSweeping || memory.oldSpace.freeBytes > 0).toBe(true);
    const end = memory.oldEnd;
    for (let n = 0; n < 1000; n++) heap.keep(heap.oldArray(smallInteger(n), nilOop));
    expect(memory.oldEnd).toBe(end);
    expectSound(heap);
  });
});

describe("a collection in slices after a compaction", () => {
  it("takes nothing born where others lay before for marked", () => {
    const { heap, collector } = chainOf(200_000);
    const { memory } = heap;
    const before = memory.heapBytes;
    // What lived behind a large hole has moved down, and its marks stand where now nothing is.
    heap.setRoot(0, nilOop);
    const chain = heap.keep(nilOop);
    for (let n = 0; n < 200_000; n++) {
      heap.setRoot(chain, heap.oldArray(smallInteger(n), heap.root(chain)));
    }
    collector.compact();
    expect(memory.heapBytes).toBeLessThan(before * 1.2);
    const dead = memory.allocateOld(classIndexOf.WordArray, Format.words32, 500);
    memory.words.fill(-1, (dead >>> 2) + 2, (dead >>> 2) + 502);
    collector.sliceUnits = 5000;
    start(collector, heap);
    const kept = heap.keep(nilOop);
    for (let n = 0; n < 20_000; n++) {
      // Raw words that would pass for an object that refers to the middle of a dead one.
      const born = memory.allocateOld(classIndexOf.WordArray, Format.words32, 9);
      for (let slot = 0; slot < 9; slot++) {
        const header = classIndexOf.Array | (Format.indexable << formatShift);
        memory.words[(born >>> 2) + 2 + slot] = slot % 2 === 0 ? header : dead + 800;
      }
      heap.setRoot(kept, born);
      if (n % 500 === 0) collector.continue();
    }
    while (collector.isBusy) collector.continue();
    expectSound(heap);
    collector.compact();
    expectSound(heap);
  });
});

describe("weak objects and ephemerons under a collection in slices", () => {
  it("decides over them at the remark", () => {
    const { heap, collector } = chainOf(200_000);
    const { memory } = heap;
    const [dying, saved, key] = [1, 2, 3].map((n) => heap.oldArray(smallInteger(n)));
    const weak = heap.keep(heap.weakArray(dying!, saved!));
    const holder = heap.keep(heap.oldArray(saved!, key!));
    const ephemeron = heap.keep(heap.ephemeron(key!, heap.oldArray(key!)));
    collector.tenureAll();
    collector.sliceUnits = 5000;
    start(collector, heap);
    for (let n = 0; n < 5; n++) collector.continue();
    // The first to hold the one goes, the last to hold the other comes.
    const late = heap.keep(heap.array(memory.fetchPointer(0, heap.root(weak))));
    memory.storePointer(0, heap.root(holder), nilOop);
    memory.storePointer(1, heap.root(holder), nilOop);
    let mourners = false;
    while (collector.statistics.fullCollections === 0) {
      mourners = collector.continue()?.mournersWait === true || mourners;
    }
    expect(memory.fetchPointer(0, heap.root(weak))).toBe(memory.fetchPointer(0, heap.root(late)));
    expect(mourners).toBe(false);
    heap.setRoot(late, nilOop);
    collector.collectFull();
    expect(heap.slots(heap.root(weak))).toEqual([nilOop, nilOop]);
    expect(heap.takeMourners().sort()).toEqual([heap.root(weak), heap.root(ephemeron)].sort());
    expectSound(heap);
  });

  it("mourns an ephemeron once, whichever collector sees its key die", () => {
    const { heap, collector } = chainOf(200_000);
    const ephemeron = heap.keep(heap.ephemeron(heap.array(), smallInteger(1)));
    heap.keep(heap.weakArray(heap.array()));
    collector.sliceUnits = 5000;
    start(collector, heap);
    let queued = 0;
    while (collector.statistics.fullCollections === 0) {
      collector.continue();
      collector.scavenge();
      queued += heap.takeMourners().filter((oop) => oop === heap.root(ephemeron)).length;
    }
    collector.collectFull();
    queued += heap.takeMourners().filter((oop) => oop === heap.root(ephemeron)).length;
    expect(queued).toBe(1);
    expectSound(heap);
  });
});

describe("what ends a collection in slices", () => {
  it("gives it up when identities change, and can begin again", () => {
    const { heap, collector } = chainOf(200_000);
    const { memory } = heap;
    const some = heap.keep(heap.oldArray(smallInteger(1)));
    const other = heap.keep(heap.oldArray(smallInteger(2), nilOop, nilOop));
    start(collector, heap);
    const gone = heap.root(some);
    memory.forwardIdentity(heap.array(gone), heap.array(heap.root(other)), false);
    expect(collector.isBusy).toBe(false);
    expect(collector.statistics.abandoned).toBe(1);
    expect(heap.root(some)).toBe(heap.root(other));
    expectSound(heap);
    start(collector, heap);
    while (collector.isBusy) collector.continue();
    expect(memory.fetchPointer(0, heap.root(some))).toBe(smallInteger(2));
    expectSound(heap);
  });

  it("finishes sweeping before anybody walks the heap", () => {
    const { heap, collector } = chainOf(100_000);
    heap.setRoot(0, heap.oldArray(smallInteger(7)));
    collector.sweepBytes = 0x1000;
    start(collector, heap);
    while (!heap.memory.oldSpace.sweeper.isSweeping) collector.continue();
    expectSound(heap);
    const arrays = allInstances(heap.memory, heap.classes, heap.classes.at(classIndexOf.Array));
    expect(arrays.length).toBeLessThan(10);
    expect(heap.memory.oldSpace.sweeper.isSweeping).toBe(false);
  });

  it("leaves the bytes of a heap as they would be without it", () => {
    const build = (slices: number) => {
      const { heap, collector } = chainOf(100_000);
      if (slices > 0) start(collector, heap);
      for (let n = 1; n < slices; n++) collector.continue();
      heap.keep(heap.array(smallInteger(5), heap.root(0)));
      collector.tenureAll();
      return heap.memory.bytes.slice(oldBase, heap.memory.oldEnd);
    };
    const plain = build(0);
    for (const slices of [1, 2, 3]) expect(Buffer.compare(build(slices), plain)).toBe(0);
  });

  it("compacts to the same bytes wherever marking stands", () => {
    const build = (slices: number) => {
      const { heap, collector } = chainOf(100_000);
      heap.setRoot(0, heap.memory.fetchPointer(1, heap.root(0)));
      if (slices > 0) start(collector, heap);
      for (let n = 1; n < slices; n++) collector.continue();
      collector.compact();
      return heap.memory.bytes.slice(oldBase, heap.memory.oldEnd);
    };
    const plain = build(0);
    for (const slices of [1, 3]) expect(Buffer.compare(build(slices), plain)).toBe(0);
  });
});

describe("a collector that is pressed for room", () => {
  /** Fills memory with a list until no link can be made; calls `between` at each safepoint. */
  function fill(heap: SampleHeap, collector: Collector, between: () => void): void {
    const { memory } = heap;
    const at = heap.keep(nilOop);
    for (;;) {
      const link = memory.allocate(classIndexOf.Array, Format.indexable, 6);
      if (link === 0) return;
      memory.storePointer(0, link, heap.root(at));
      heap.setRoot(at, link);
      if (memory.words[State.attention] === 0) continue;
      memory.words[State.attention] = 0;
      collector.collectIfNeeded();
      between();
    }
  }

  it("asks the program to wait, slice by slice, and says then that space is low", () => {
    const heap = new SampleHeap(0x4000000);
    const collector = new Collector(heap.memory);
    let waits = 0;
    fill(heap, collector, () => {
      for (; collector.isPressing; waits++) {
        collector.continue();
        expect(collector.statistics.mostUnits).toBeLessThan(0x500000);
      }
    });
    expect(waits).toBeGreaterThan(3);
    collector.collectIfNeeded();
    while (collector.isPressing) collector.continue();
    expect(collector.takeLowSpace()).toBe(true);
    expectSound(heap);
  });

  it("lets the program run on the reserve when that is asked for", () => {
    const heap = new SampleHeap(0x4000000);
    const { memory } = heap;
    const collector = new Collector(memory);
    fill(heap, collector, () => {
      if (!collector.isPressing) return;
      const room = memory.oldSpace.roomBytes;
      collector.relent();
      expect(collector.isPressing).toBe(false);
      expect(memory.oldSpace.roomBytes).toBeGreaterThan(room + memory.oldSpace.reserveBytes / 2);
      while (collector.isBusy) collector.continue();
    });
    expectSound(heap);
  });
});
