import { describe, expect, it } from "vitest";
import { Mourning } from "../../vm/memory/ephemerons.ts";
import { verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { Marker } from "../../vm/memory/marker.ts";
import {
  classIndexOf,
  Format,
  isPointer,
  oldBase,
  rememberedBit,
  State,
  smallInteger,
} from "../../vm/spec/layouts.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

describe("a scavenge", () => {
  it("copies the living, updates the root and empties eden", () => {
    const heap = new SampleHeap();
    const inner = heap.array(smallInteger(7));
    const at = heap.keep(heap.array(inner, smallInteger(1), inner));
    heap.array(smallInteger(99));
    heap.collector.scavenge();
    const [first, second, third] = heap.slots(heap.root(at));
    expect(heap.root(at)).not.toBe(inner);
    expect(first).toBe(third);
    expect(second).toBe(smallInteger(1));
    expect(heap.slots(first!)).toEqual([smallInteger(7)]);
    expect(heap.memory.edenUsedBytes).toBe(0);
    expect(heap.memory.pastUsedBytes).toBe(16 + 24);
  });

  it("tenures what has survived two scavenges", () => {
    const heap = new SampleHeap();
    const at = heap.keep(heap.array(smallInteger(7)));
    heap.collector.scavenge();
    heap.collector.scavenge();
    expect(heap.memory.isYoung(heap.root(at))).toBe(true);
    heap.collector.scavenge();
    expect(heap.memory.isYoung(heap.root(at))).toBe(false);
    expect(heap.slots(heap.root(at))).toEqual([smallInteger(7)]);
    expect(heap.memory.pastUsedBytes).toBe(0);
  });

  it("keeps what only a remembered object refers to, and forgets it when nothing new is left in it", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const old = heap.oldArray(heap.array(smallInteger(3)));
    expect(memory.rememberedCount).toBe(1);
    heap.collector.scavenge();
    heap.collector.scavenge();
    expect(memory.rememberedCount).toBe(1);
    heap.collector.scavenge();
    expect(memory.rememberedCount).toBe(0);
    expect(memory.words[old >>> 2]! & rememberedBit).toBe(0);
    expect(heap.slots(memory.fetchPointer(0, old))).toEqual([smallInteger(3)]);
  });

  it("remembers a tenured object that refers to a younger one", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const at = heap.keep(heap.array(nilOop));
    heap.collector.scavenge();
    heap.collector.scavenge();
    memory.storePointer(0, heap.root(at), heap.array(smallInteger(5)));
    heap.collector.scavenge();
    expect(memory.isYoung(heap.root(at))).toBe(false);
    expect(memory.rememberedCount).toBe(1);
    heap.dropRoots();
    heap.collector.scavenge();
    const array = memory.remembered[0]!;
    expect(heap.slots(memory.fetchPointer(0, array))).toEqual([smallInteger(5)]);
  });

  it("tenures when future space is full", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const at = heap.keep(heap.array());
    for (let n = 0; n < 100_000; n++) {
      heap.setRoot(at, heap.array(heap.root(at), smallInteger(n), nilOop, nilOop));
      if (memory.words[State.edenFree]! > memory.words[State.edenSoftEnd]!) break;
    }
    const used = memory.edenUsedBytes;
    heap.collector.scavenge();
    expect(memory.pastUsedBytes).toBeLessThanOrEqual(0x200000);
    expect(memory.pastUsedBytes + heap.collector.statistics.tenuredBytes).toBe(used);
    let length = 0;
    for (
      let each = heap.root(at);
      memory.slotCount(each) > 0;
      each = memory.fetchPointer(0, each)
    ) {
      length++;
    }
    expect(length * 24 + 8).toBe(used);
  });

  it("copies a large new object with its prefix", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const large = memory.allocate(classIndexOf.Array, Format.indexable, 3000);
    const at = heap.keep(large);
    memory.storePointer(2999, large, heap.array(smallInteger(1)));
    heap.collector.scavenge();
    expect(memory.slotCount(heap.root(at))).toBe(3000);
    expect(heap.slots(memory.fetchPointer(2999, heap.root(at)))).toEqual([smallInteger(1)]);
    heap.collector.tenureAll();
    expect(memory.slotCount(heap.root(at))).toBe(3000);
    expect(heap.slots(memory.fetchPointer(2999, heap.root(at)))).toEqual([smallInteger(1)]);
  });

  it("keeps what the host holds", () => {
    const heap = new SampleHeap();
    const handle = heap.memory.hold(heap.array(smallInteger(4)));
    heap.collector.scavenge();
    expect(heap.slots(heap.memory.heldOop(handle))).toEqual([smallInteger(4)]);
    heap.collector.compact();
    expect(heap.slots(heap.memory.heldOop(handle))).toEqual([smallInteger(4)]);
  });
});

describe("tenuring all", () => {
  it("leaves new space and the remembered set empty", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const old = heap.oldArray(heap.array(heap.array(smallInteger(3))));
    const at = heap.keep(heap.weakArray(heap.array()));
    heap.collector.tenureAll();
    expect(memory.edenUsedBytes + memory.pastUsedBytes).toBe(0);
    expect(memory.rememberedCount).toBe(0);
    expect(memory.words[old >>> 2]! & rememberedBit).toBe(0);
    expect(memory.isYoung(heap.root(at))).toBe(false);
    expect(heap.slots(heap.root(at))).toEqual([nilOop]);
  });
});

describe("a full collection", () => {
  it("frees dead objects and uses their chunks again", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    heap.oldArray(smallInteger(1), smallInteger(2));
    const kept = heap.keep(heap.oldArray(smallInteger(3)));
    heap.collector.collectFull();
    const end = memory.oldEnd;
    expect(memory.oldSpace.freeBytes).toBe(16);
    const again = heap.oldArray(smallInteger(4), smallInteger(5));
    expect(memory.oldEnd).toBe(end);
    expect(again >>> 0).toBeLessThan(heap.root(kept) >>> 0);
  });

  it("gives a free tail back to the end", () => {
    const heap = new SampleHeap();
    const end = heap.memory.oldEnd;
    heap.oldArray(smallInteger(1), smallInteger(2));
    heap.collector.collectFull();
    expect(heap.memory.oldEnd).toBe(end);
  });

  it("collects cycles and follows long lists and long arrays", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const cycle = heap.oldArray(nilOop);
    memory.storePointer(0, cycle, heap.oldArray(cycle));
    const long = memory.allocateOld(classIndexOf.Array, Format.indexable, 5000);
    const at = heap.keep(long);
    for (let n = 0; n < 5000; n++) {
      memory.storePointer(
        n,
        long,
        heap.oldArray(n === 0 ? nilOop : memory.fetchPointer(n - 1, long)),
      );
    }
    heap.collector.collectFull();
    expect(memory.oldSpace.freeBytes).toBe(32);
    expect(heap.slots(memory.fetchPointer(4999, heap.root(at)))).toEqual([
      memory.fetchPointer(4998, heap.root(at)),
    ]);
  });

  it("drops a class that nothing refers to once its last instance is gone", () => {
    const heap = new SampleHeap();
    const { memory, classes } = heap;
    const at = heap.keep(classes.instantiate(heap.newClass(1, Format.fixed), 0));
    const index = memory.classIndex(heap.root(at));
    heap.collector.collectFull();
    expect(classes.at(index)).not.toBe(nilOop);
    heap.setRoot(at, nilOop);
    heap.collector.collectFull();
    expect(classes.at(index)).toBe(nilOop);
    expect(heap.movedCount).toBe(2);
    expect(classes.indexOf(heap.newClass(0, Format.empty))).toBe(index);
  });
});

describe("a compaction", () => {
  it("slides the living down in their order and rewrites every reference", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const start = memory.oldEnd;
    heap.oldArray(smallInteger(0));
    const first = heap.keep(heap.oldArray(smallInteger(1), nilOop));
    heap.oldArray();
    const second = heap.keep(heap.oldArray(heap.root(first), smallInteger(2), nilOop));
    memory.storePointer(1, heap.root(first), heap.root(second));
    heap.collector.compact();
    expect(heap.root(first) >>> 0).toBe(start);
    expect(heap.root(second) >>> 0).toBe(start + 16);
    expect(heap.slots(heap.root(first))).toEqual([smallInteger(1), heap.root(second)]);
    expect(heap.slots(heap.root(second))).toEqual([heap.root(first), smallInteger(2), nilOop]);
    expect(memory.oldEnd).toBe(start + 16 + 24);
    expect(memory.bytes.subarray(memory.oldEnd, memory.oldEnd + 64)).toEqual(new Uint8Array(64));
  });

  it("leaves nil, false and true and pages that do not change alone", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    heap.keep(memory.allocateOld(classIndexOf.Array, Format.indexable, 5000));
    heap.collector.collectFull();
    heap.oldArray(smallInteger(1));
    heap.keep(heap.oldArray(smallInteger(2)));
    memory.dirty.fill(0);
    heap.collector.compact();
    expect(memory.fetchPointer(0, heap.root(1))).toBe(smallInteger(2));
    const dirty = memory.dirty.subarray(oldBase >>> 12, (memory.oldEnd >>> 12) + 1);
    expect(dirty.lastIndexOf(0)).toBe(dirty.length - 2);
  });

  it("answers the same bytes when done twice", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    for (let n = 0; n < 500; n++) {
      const array = heap.array(heap.array(smallInteger(n)), nilOop);
      if (n % 3 === 0) heap.keep(array);
      memory.identityHash(array);
    }
    heap.collector.compact();
    const before = memory.bytes.slice(oldBase, memory.oldEnd);
    heap.collector.compact();
    expect(memory.bytes.slice(oldBase, memory.oldEnd)).toEqual(before);
  });
});

describe("a collection for a full save", () => {
  /** A heap of 24 MB with that many dead words in front of it. */
  const heapWithDead = (deadWords: number, megabytes = 24) => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const start = memory.oldEnd;
    memory.allocateOld(classIndexOf.WordArray, Format.words32, deadWords);
    const live = heap.keep(
      memory.allocateOld(classIndexOf.WordArray, Format.words32, megabytes * 0x40000),
    );
    return { heap, memory, start, live };
  };

  it("slides the living together when much is dead", () => {
    const { heap, memory, start, live } = heapWithDead(0x80000);
    heap.collector.collectForSave();
    expect(heap.root(live) >>> 0).toBe(start + 8);
    expect(memory.oldSpace.freeBytes).toBe(0);
    expect(verifyHeap(memory)).toBeUndefined();
  });

  it("moves and frees nothing in a large heap with little that is dead", () => {
    const { heap, memory, start, live } = heapWithDead(0x8000);
    const before = heap.root(live);
    heap.collector.collectForSave();
    expect(heap.root(live)).toBe(before);
    expect(memory.oldSpace.freeBytes).toBe(0);
    expect(verifyHeap(memory)).toBeUndefined();
    heap.collector.collectFull();
    expect(memory.oldSpace.freeBytes).toBe((before >>> 0) - 8 - start);
    expect(verifyHeap(memory)).toBeUndefined();
  });

  it("frees what has lost its class in a large heap with little that is dead", () => {
    const { heap, memory, start, live } = heapWithDead(0x8000);
    memory.classesDropped = true;
    heap.collector.collectForSave();
    expect(memory.oldSpace.freeBytes).toBe((heap.root(live) >>> 0) - 8 - start);
  });

  it("leaves nothing dead in a small heap", () => {
    const { heap, memory, start, live } = heapWithDead(2, 1);
    heap.collector.collectForSave();
    expect(heap.root(live) >>> 0).toBe(start + 8);
    expect(memory.oldSpace.freeBytes).toBe(0);
  });

  it("counts all that lives", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    for (let n = 0; n < 300; n++) heap.keep(heap.array(heap.array(smallInteger(n)), nilOop));
    heap.keep(memory.allocateOld(classIndexOf.Array, Format.indexable, 5001));
    heap.collector.compact();
    const end = memory.oldEnd;
    heap.oldArray(smallInteger(1));
    const marker = new Marker(memory, new Mourning(memory));
    marker.start();
    marker.finish();
    expect(marker.liveWords * 4).toBe(end - oldBase);
  });
});

for (const kind of ["scavenge", "collectFull", "compact"] as const) {
  describe(`weak objects and ephemerons in ${kind}`, () => {
    it("clears weak slots of the dead, keeps the others and queues the weak object once", () => {
      const heap = new SampleHeap();
      const living = heap.keep(heap.array());
      const weak = heap.keep(
        heap.weakArray(heap.root(living), heap.array(), smallInteger(3), heap.array()),
      );
      expect(heap.collector[kind]().mournersWait).toBe(true);
      expect(heap.slots(heap.root(weak))).toEqual([
        heap.root(living),
        nilOop,
        smallInteger(3),
        nilOop,
      ]);
      expect(heap.takeMourners()).toEqual([heap.root(weak)]);
      expect(heap.collector[kind]().mournersWait).toBe(false);
    });

    it("treats the fixed slots of a weak object as strong", () => {
      const heap = new SampleHeap();
      const weak = heap.keep(heap.classes.instantiate(heap.newClass(1, Format.weak), 1));
      heap.memory.storePointer(0, heap.root(weak), heap.array(smallInteger(1)));
      heap.memory.storePointer(1, heap.root(weak), heap.array(smallInteger(2)));
      heap.collector[kind]();
      const [fixed, weakSlot] = heap.slots(heap.root(weak));
      expect(heap.slots(fixed!)).toEqual([smallInteger(1)]);
      expect(weakSlot).toBe(nilOop);
    });

    it("settles an old weak object that refers to a new one", () => {
      const heap = new SampleHeap();
      const { memory } = heap;
      const weak = memory.allocateOld(classIndexOf.WeakArray, Format.weak, 2);
      heap.keep(weak);
      const living = heap.keep(heap.array());
      memory.storePointer(0, weak, heap.root(living));
      memory.storePointer(1, weak, heap.array());
      heap.collector[kind]();
      expect(heap.slots(heap.root(0))).toEqual([heap.root(living), nilOop]);
      expect(memory.rememberedCount > 0).toBe(memory.isYoung(heap.root(living)));
    });

    it("keeps an ephemeron's value while its key lives, even if the value refers to the key", () => {
      const heap = new SampleHeap();
      const key = heap.keep(heap.array(smallInteger(1)));
      const at = heap.keep(heap.ephemeron(heap.root(key), heap.array(heap.root(key))));
      expect(heap.collector[kind]().mournersWait).toBe(false);
      const [keyNow, value] = heap.slots(heap.root(at));
      expect(keyNow).toBe(heap.root(key));
      expect(heap.slots(value!)).toEqual([keyNow]);
    });

    it("fires an ephemeron once when only its value refers to its key", () => {
      const heap = new SampleHeap();
      const key = heap.array(smallInteger(1));
      const at = heap.keep(heap.ephemeron(key, heap.array(key)));
      expect(heap.collector[kind]().mournersWait).toBe(true);
      expect(heap.takeMourners()).toEqual([heap.root(at)]);
      const [keyNow, value] = heap.slots(heap.root(at));
      expect(heap.slots(keyNow!)).toEqual([smallInteger(1)]);
      expect(heap.slots(value!)).toEqual([keyNow]);
      expect(heap.collector[kind]().mournersWait).toBe(false);
    });

    it("follows chains of ephemerons in either order", () => {
      for (const reverse of [false, true]) {
        const heap = new SampleHeap();
        const keys = Array.from({ length: 50 }, (_, n) => heap.array(smallInteger(n)));
        const chain = keys.map((key, n) => heap.ephemeron(key, keys[n + 1] ?? nilOop));
        heap.keep(heap.array(...(reverse ? chain.reverse() : chain)));
        const first = heap.keep(keys[0]!);
        expect(heap.collector[kind]().mournersWait).toBe(false);
        heap.setRoot(first, nilOop);
        expect(heap.collector.collectFull().mournersWait).toBe(true);
        expect(heap.takeMourners().length).toBe(50);
      }
    });

    it("clears weak references to a key only after its ephemeron has been mourned", () => {
      const heap = new SampleHeap();
      const key = heap.array();
      const weak = heap.keep(heap.weakArray(key));
      const ephemeron = heap.keep(heap.ephemeron(key, nilOop));
      heap.collector[kind]();
      expect(isPointer(heap.slots(heap.root(weak))[0]!)).toBe(true);
      expect(heap.slots(heap.root(weak))[0]).not.toBe(nilOop);
      expect(heap.takeMourners()).toEqual([heap.root(ephemeron)]);
      heap.setRoot(ephemeron, nilOop);
      heap.collector.collectFull();
      expect(heap.slots(heap.root(weak))).toEqual([nilOop]);
    });
  });
}
