import { describe, expect, it } from "vitest";
import { classIndexOf, Format, type Oop, smallInteger } from "../../vm/spec/layouts.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

function exchange(heap: SampleHeap, some: Oop[], others: Oop[]): void {
  const from = heap.array(...some);
  const to = heap.array(...others);
  expect(heap.memory.becomeProblem(from, to, true)).toBeUndefined();
  heap.memory.exchangeIdentity(from, to);
}

function forward(heap: SampleHeap, some: Oop[], others: Oop[], copyHash = true): void {
  const from = heap.array(...some);
  const to = heap.array(...others);
  expect(heap.memory.becomeProblem(from, to, false)).toBeUndefined();
  heap.memory.forwardIdentity(from, to, copyHash);
}

describe("exchanging identities", () => {
  for (const [sizes, extra] of [
    ["equal", []],
    ["different", [smallInteger(8), smallInteger(9)]],
  ] as const) {
    it(`swaps contents and hashes behind every reference, with ${sizes} sizes`, () => {
      const heap = new SampleHeap();
      const { memory } = heap;
      const a = heap.keep(heap.array(smallInteger(1), ...extra));
      const b = heap.keep(heap.oldArray(smallInteger(2)));
      const hashA = memory.identityHash(heap.root(a));
      const hashB = memory.identityHash(heap.root(b));
      const holder = heap.oldArray(heap.root(a), heap.root(b));
      exchange(heap, [heap.root(a)], [heap.root(b)]);
      expect(heap.slots(heap.root(a))).toEqual([smallInteger(2)]);
      expect(heap.slots(heap.root(b))).toEqual([smallInteger(1), ...extra]);
      expect(memory.identityHash(heap.root(a))).toBe(hashB);
      expect(memory.identityHash(heap.root(b))).toBe(hashA);
      expect(heap.slots(holder)).toEqual([heap.root(a), heap.root(b)]);
    });
  }

  it("remembers an old object that has got a new one's slots", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const a = heap.keep(heap.array(heap.array(smallInteger(1))));
    const b = heap.keep(heap.oldArray(smallInteger(2)));
    exchange(heap, [heap.root(a)], [heap.root(b)]);
    heap.collector.scavenge();
    expect(heap.slots(memory.fetchPointer(0, heap.root(a)))).toEqual([]);
    expect(heap.slots(memory.fetchPointer(0, heap.root(b)))).toEqual([smallInteger(1)]);
  });

  it("takes pairs in their order", () => {
    const heap = new SampleHeap();
    const roots = [1, 2, 3].map((n) => heap.keep(heap.array(smallInteger(n))));
    const [x, y, z] = roots.map((at) => heap.root(at));
    exchange(heap, [x!, x!], [y!, z!]);
    expect(roots.map((at) => heap.slots(heap.root(at))[0])).toEqual([2, 3, 1].map(smallInteger));
  });

  it("lets two classes trade places with their indices", () => {
    const heap = new SampleHeap();
    const { memory, classes } = heap;
    const some = heap.keep(heap.newClass(1, Format.fixed));
    const other = heap.keep(heap.newClass(1, Format.fixed));
    memory.storePointer(3, heap.root(some), smallInteger(31));
    const instance = heap.keep(classes.instantiate(heap.root(some), 0));
    exchange(heap, [heap.root(some)], [heap.root(other)]);
    expect(classes.classOf(heap.root(instance))).toBe(heap.root(some));
    expect(memory.fetchPointer(3, heap.root(other))).toBe(smallInteger(31));
    expect(classes.knownIndexOf(heap.root(some))).toBe(memory.classIndex(heap.root(instance)));
    expect(classes.knownIndexOf(heap.root(other))).toBe(0);
  });

  it("refuses immediates, nil, immutable objects, code, Symbols and unfit classes", () => {
    const heap = new SampleHeap();
    const { memory, classes } = heap;
    const good = heap.array();
    const immutable = heap.array();
    memory.setImmutable(immutable, true);
    const code = memory.allocate(classIndexOf.CompiledMethod, Format.compiledCode, 8);
    const symbol = memory.newText("x", classIndexOf.ByteSymbol, classIndexOf.WideSymbol);
    const aClass = heap.newClass(1, Format.fixed);
    classes.instantiate(aClass, 0);
    const unfit = heap.newClass(2, Format.fixed);
    const reason = (one: Oop, other: Oop) =>
      memory.becomeProblem(heap.array(one), heap.array(other), true);
    expect(reason(good, heap.array())).toBeUndefined();
    expect(reason(smallInteger(1), good)).toBe("badArgument");
    expect(reason(good, nilOop)).toBe("badArgument");
    expect(reason(good, immutable)).toBe("immutable");
    expect(reason(code, good)).toBe("unsupported");
    expect(reason(symbol, good)).toBe("unsupported");
    expect(reason(aClass, unfit)).toBe("badArgument");
    expect(reason(good, aClass)).toBe("badArgument");
    expect(memory.becomeProblem(heap.array(good), heap.array(), true)).toBe("badArgument");
    expect(memory.becomeProblem(nilOop, heap.array(), true)).toBe("badReceiver");
  });
});

describe("forwarding identities", () => {
  it("redirects every reference, from new and old objects, roots and what the host holds", () => {
    const heap = new SampleHeap();
    const { memory } = heap;
    const gone = heap.oldArray(heap.array(smallInteger(1)));
    const at = heap.keep(gone);
    const young = heap.keep(heap.array(gone, smallInteger(4)));
    const old = heap.keep(heap.oldArray(nilOop, gone));
    const held = memory.hold(gone);
    const target = heap.keep(heap.array(smallInteger(2)));
    const free = memory.oldSpace.freeBytes;
    forward(heap, [gone], [heap.root(target)]);
    const now = heap.root(target);
    expect(heap.root(at)).toBe(now);
    expect(heap.slots(heap.root(young))).toEqual([now, smallInteger(4)]);
    expect(heap.slots(heap.root(old))).toEqual([nilOop, now]);
    expect(memory.heldOop(held)).toBe(now);
    expect(memory.oldSpace.freeBytes).toBe(free + 16);
    heap.collector.scavenge();
    expect(heap.slots(memory.fetchPointer(1, heap.root(old)))).toEqual([smallInteger(2)]);
  });

  it("copies the hash if asked to", () => {
    for (const copyHash of [true, false]) {
      const heap = new SampleHeap();
      const { memory } = heap;
      const at = heap.keep(heap.array());
      const target = heap.keep(heap.array());
      const hash = memory.identityHash(heap.root(at));
      const targetHash = memory.identityHash(heap.root(target));
      forward(heap, [heap.root(at)], [heap.root(target)], copyHash);
      expect(memory.identityHash(heap.root(at))).toBe(copyHash ? hash : targetHash);
    }
  });

  it("follows chains and ends in cycles", () => {
    const heap = new SampleHeap();
    const roots = [1, 2, 3].map((n) => heap.keep(heap.array(smallInteger(n))));
    const [x, y, z] = roots.map((at) => heap.root(at));
    forward(heap, [x!, y!], [y!, z!]);
    expect(roots.map((at) => heap.root(at))).toEqual([z, z, z]);
    const one = heap.keep(heap.array());
    const two = heap.keep(heap.array());
    const [a, b] = [heap.root(one), heap.root(two)];
    forward(heap, [a, b], [b, a]);
    expect([heap.root(one), heap.root(two)]).toEqual([a, a]);
  });

  for (const copyHash of [true, false]) {
    it(`gives instances the class that took their class's place, ${copyHash ? "" : "not "}copying hashes`, () => {
      const heap = new SampleHeap();
      const { memory, classes } = heap;
      const oldClass = heap.keep(heap.newClass(1, Format.fixed));
      const newClass = heap.keep(heap.newClass(1, Format.fixed));
      const one = heap.keep(classes.instantiate(heap.root(oldClass), 0));
      const two = heap.keep(classes.instantiate(heap.root(newClass), 0));
      const index = memory.classIndex(heap.root(copyHash ? one : two));
      forward(heap, [heap.root(oldClass)], [heap.root(newClass)], copyHash);
      expect(heap.root(oldClass)).toBe(heap.root(newClass));
      expect(classes.classOf(heap.root(one))).toBe(heap.root(newClass));
      expect(classes.classOf(heap.root(two))).toBe(heap.root(newClass));
      expect(classes.knownIndexOf(heap.root(newClass))).toBe(index);
    });
  }

  it("migrates instances and their class in one go", () => {
    const heap = new SampleHeap();
    const { memory, classes } = heap;
    const oldClass = heap.keep(heap.newClass(1, Format.fixed));
    const newClass = heap.keep(heap.newClass(2, Format.fixed));
    const before = heap.keep(classes.instantiate(heap.root(oldClass), 0));
    const after = heap.keep(classes.instantiate(heap.root(newClass), 0));
    const from = heap.array(heap.root(oldClass));
    const to = heap.array(heap.root(newClass));
    expect(memory.becomeProblem(from, to, false)).toBe("badArgument");
    forward(
      heap,
      [heap.root(before), heap.root(oldClass)],
      [heap.root(after), heap.root(newClass)],
    );
    expect(heap.root(before)).toBe(heap.root(after));
    expect(classes.classOf(heap.root(before))).toBe(heap.root(newClass));
  });
});
