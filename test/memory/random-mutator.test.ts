/**
 * A random program against memory and against a model of it in host objects.
 * Whatever is collected, compacted or becomes another, both must stay the same
 * graph, and the heap must verify.
 */

import { describe, expect, it } from "vitest";
import { describeProblem, verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { hashCleanPages, provePagesUnchanged } from "../../vm/memory/page-check.ts";
import {
  classIndexOf,
  Format,
  isSmallInteger,
  type Oop,
  oldBase,
  pageBytes,
  queuedBit,
  smallInteger,
  smallIntegerValue,
} from "../../vm/spec/layouts.ts";
import { seeded } from "../compiler/random-programs.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

type Kind = "plain" | "weak" | "ephemeron" | "bytes";
type Value = number | undefined | ModelObject;

interface ModelObject {
  kind: Kind;
  slots: Value[];
  hash: number;
  fired: boolean;
}

const rootCount = 40;

class Mutator {
  private readonly heap = new SampleHeap(0x2000000);
  private readonly random: () => number;
  /** What each root refers to. */
  private readonly roots: Value[] = new Array(rootCount).fill(undefined);

  constructor(seed: number) {
    this.random = seeded(seed);
    for (let at = 0; at < rootCount; at++) this.heap.keep(nilOop);
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      const choice = this.random();
      if (choice < 0.45) this.make();
      else if (choice < 0.85) this.store();
      else if (choice < 0.92) this.drop();
      else if (choice < 0.95) this.askHash();
      else if (choice < 0.97) this.become();
      else this.collect();
    }
    this.collect();
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** The same object in memory and in the model, found by the same path from a root. */
  private walk(): { oop: Oop; object: ModelObject } | undefined {
    const at = this.below(rootCount);
    let oop = this.heap.root(at);
    let object = this.roots[at];
    for (let n = this.below(6); n >= 0 && typeof object === "object"; n--) {
      const slot = this.below(object.slots.length);
      const next = object.slots[slot];
      if (object.kind === "bytes" || typeof next !== "object" || n === 0) return { oop, object };
      oop = this.heap.memory.fetchPointer(slot, oop);
      object = next;
    }
    return undefined;
  }

  private make(): void {
    const { memory } = this.heap;
    const kind = (["plain", "plain", "plain", "weak", "ephemeron", "bytes"] as const)[
      this.below(6)
    ]!;
    const large = this.below(100) === 0;
    const size = kind === "ephemeron" ? 2 : large ? 1500 : this.below(7);
    const slots: Value[] = new Array(size).fill(undefined);
    const allocate = this.below(5) === 0 ? "allocateOld" : "allocate";
    let oop: Oop;
    if (kind === "bytes") {
      oop = memory[allocate](classIndexOf.WordArray, Format.words32, size);
      for (let n = 0; n < size; n++) {
        slots[n] = this.below(1000);
        memory.words[(oop >>> 2) + 2 + n] = slots[n] as number;
      }
    } else if (kind === "weak") oop = memory[allocate](classIndexOf.WeakArray, Format.weak, size);
    else if (kind === "ephemeron") {
      oop = memory[allocate](classIndexOf.Ephemeron, Format.ephemeron, size);
    } else oop = memory[allocate](classIndexOf.Array, Format.indexable, size);
    const at = this.below(rootCount);
    this.heap.setRoot(at, oop);
    this.roots[at] = { kind, slots, hash: 0, fired: false };
  }

  private store(): void {
    const into = this.walk();
    if (into === undefined || into.object.kind === "bytes" || into.object.slots.length === 0)
      return;
    const slot = this.below(into.object.slots.length);
    const what = this.below(4) === 0 ? undefined : this.walk();
    const number = this.below(1000);
    this.heap.memory.storePointer(slot, into.oop, what?.oop ?? smallInteger(number));
    into.object.slots[slot] = what?.object ?? number;
  }

  private drop(): void {
    const at = this.below(rootCount);
    this.heap.setRoot(at, nilOop);
    this.roots[at] = undefined;
  }

  private askHash(): void {
    const found = this.walk();
    if (found !== undefined) found.object.hash = this.heap.memory.identityHash(found.oop);
  }

  private become(): void {
    const some = this.walk();
    const other = this.walk();
    if (some === undefined || other === undefined || some.object === other.object) return;
    const { memory } = this.heap;
    const from = this.heap.array(some.oop);
    const to = this.heap.array(other.oop);
    if (this.below(2) === 0) {
      expect(memory.becomeProblem(from, to, true)).toBeUndefined();
      memory.exchangeIdentity(from, to);
      // In the model too the two trade all they are.
      const was = { ...some.object };
      Object.assign(some.object, other.object);
      Object.assign(other.object, was);
    } else {
      const copyHash = this.below(2) === 0;
      expect(memory.becomeProblem(from, to, false)).toBeUndefined();
      memory.forwardIdentity(from, to, copyHash);
      if (copyHash && some.object.hash !== 0) other.object.hash = some.object.hash;
      this.redirect(some.object, other.object);
    }
    this.verify();
  }

  private redirect(from: ModelObject, to: ModelObject): void {
    const seen = new Set<ModelObject>();
    const visit = (values: Value[]) => {
      for (const [at, value] of values.entries()) {
        if (typeof value !== "object") continue;
        if (!seen.has(value)) {
          seen.add(value);
          visit(value.slots);
        }
        if (value === from) values[at] = to;
      }
    };
    visit(this.roots);
    visit(to.slots);
  }

  private collect(): void {
    const { memory, collector } = this.heap;
    const kind = (
      ["scavenge", "scavenge", "scavenge", "tenureAll", "collectFull", "compact"] as const
    )[this.below(6)]!;
    memory.dirty.fill(0);
    const hashes = hashCleanPages(memory);
    collector[kind]();
    provePagesUnchanged(memory, hashes);
    this.followCollection();
    if (kind === "collectFull" || kind === "compact") {
      // What a dead old object kept from the scavenge is dead now, and mourners are gone.
      this.heap.takeMourners();
      collector[kind]();
      this.followCollection();
      this.forgetTheDead();
    }
    this.heap.takeMourners();
    this.verify();
    this.compare();
  }

  private verify(): void {
    const problem = verifyHeap(this.heap.memory);
    expect(problem && describeProblem(problem)).toBeUndefined();
  }

  /** What is reachable in the model; with fire, once every ephemeron with a dead key has fired. */
  private reach(fire: boolean): Set<ModelObject> {
    const reached = new Set<ModelObject>();
    let waiting: ModelObject[] = [];
    const trace = (values: Value[]) => {
      const stack = values.filter((value) => typeof value === "object");
      for (let each = stack.pop(); each !== undefined; each = stack.pop()) {
        if (reached.has(each)) continue;
        reached.add(each);
        if (each.kind === "ephemeron" && !each.fired) waiting.push(each);
        else if (each.kind !== "weak") {
          stack.push(...each.slots.filter((value) => typeof value === "object"));
        }
      }
    };
    const isReached = (value: Value) => typeof value !== "object" || reached.has(value);
    trace(this.roots);
    while (waiting.length > 0) {
      let ready = waiting.filter((each) => isReached(each.slots[0]));
      if (ready.length === 0) {
        if (!fire) break;
        ready = waiting;
      }
      waiting = waiting.filter((each) => !ready.includes(each));
      for (const each of ready) trace(each.slots);
    }
    return reached;
  }

  /** What a full collection of old space does, in the model. */
  private forgetTheDead(): void {
    const reached = this.reach(false);
    for (const each of reached) {
      if (each.kind !== "weak") continue;
      each.slots = each.slots.map((value) =>
        typeof value !== "object" || reached.has(value) ? value : undefined,
      );
    }
  }

  /** A collection may leave what only old garbage refers to; but what it takes must be dead. */
  private followCollection(): void {
    const alive = this.reach(false);
    const reached = this.reach(true);
    const { memory } = this.heap;
    this.forEachPair((oop, object) => {
      if (object.kind === "ephemeron" && !object.fired) {
        object.fired = (memory.words[oop >>> 2]! & queuedBit) !== 0;
        const key = object.slots[0];
        if (object.fired) expect(typeof key === "object" && !alive.has(key)).toBe(true);
      }
      if (object.kind !== "weak") return;
      object.slots.forEach((value, at) => {
        if (typeof value !== "object" || memory.fetchPointer(at, oop) !== nilOop) return;
        expect(reached.has(value)).toBe(false);
        object.slots[at] = undefined;
      });
    });
  }

  private compare(): void {
    const { memory } = this.heap;
    this.forEachPair((oop, object) => {
      expect(memory.slotCount(oop)).toBe(object.slots.length);
      if (object.hash !== 0) expect(memory.identityHash(oop)).toBe(object.hash);
      object.slots.forEach((value, at) => {
        const word = memory.fetchPointer(at, oop);
        if (object.kind === "bytes") expect(word).toBe(value);
        else if (typeof value === "number") expect(smallIntegerValue(word)).toBe(value);
        else if (value === undefined) expect(word).toBe(nilOop);
        else expect(isSmallInteger(word) || word === nilOop).toBe(false);
      });
    });
  }

  /** Every reachable object with its model; the two graphs must have one shape. */
  private forEachPair(visit: (oop: Oop, object: ModelObject) => void): void {
    const oopOf = new Map<ModelObject, Oop>();
    const modelOf = new Map<Oop, ModelObject>();
    const waiting: [Oop, Value][] = this.roots.map((value, at) => [this.heap.root(at), value]);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [oop, value] = next;
      if (typeof value !== "object" || oop === nilOop) continue;
      expect(modelOf.get(oop) ?? value).toBe(value);
      if (oopOf.has(value)) {
        expect(oopOf.get(value)).toBe(oop);
        continue;
      }
      oopOf.set(value, oop);
      modelOf.set(oop, value);
      const slots = value.kind === "bytes" ? [] : value.slots;
      visit(oop, value);
      slots.forEach((each, at) => {
        waiting.push([this.heap.memory.fetchPointer(at, oop), each]);
      });
    }
  }
}

describe("memory under a random program", () => {
  for (let seed = 1; seed <= 12; seed++) {
    it(`keeps the graph of the model, seed ${seed}`, () => {
      new Mutator(seed).run(2500);
    });
  }
});

describe("the page check", () => {
  it("finds a clean page that was written", () => {
    const heap = new SampleHeap();
    const array = heap.oldArray(smallInteger(1));
    heap.memory.dirty.fill(0);
    const hashes = hashCleanPages(heap.memory);
    heap.memory.storePointer(0, array, smallInteger(2));
    provePagesUnchanged(heap.memory, hashes);
    heap.memory.dirty.fill(0);
    const page = Math.floor((array - oldBase) / pageBytes);
    expect(() => provePagesUnchanged(heap.memory, hashes)).toThrow(`page ${page}`);
  });
});
