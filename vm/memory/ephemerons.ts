/**
 * Ephemerons, weak slots and mourning: what both collectors do with objects
 * they must not simply trace.
 *
 * A collector hands over each weak object and each ephemeron it reaches. When
 * everything strongly reachable has been traced, `settle` activates ephemerons
 * whose keys have been reached, traces on, and repeats that until nothing
 * changes. The ephemerons left have dead keys: they are fired, that is queued to
 * be mourned and from then on treated as ordinary objects (the queued bit),
 * so their keys live until the mourner lets go. After that, weak slots whose
 * objects were not reached become nil, and the weak objects that lost
 * something are queued too.
 *
 * The queue is an Array in the special object `mourningQueue`; the image takes it
 * by storing nil there. Mourners that memory has no room to queue wait here and
 * are roots.
 *
 * B. Hayes, "Ephemerons: a New Finalization Mechanism", 1997.
 */

import {
  ClassSlot,
  classIndexMask,
  classIndexOf,
  EphemeronSlot,
  Format,
  headerWords,
  instanceSizeOf,
  nilOop,
  type Oop,
  queuedBit,
  smallIntegerValue,
} from "../spec/layouts.ts";
import { IntStack } from "./int-stack.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** What a collector knows of reachability. */
export interface Tracer {
  /** Whether the object (not an immediate) has been reached. */
  isReached(oop: Oop): boolean;
  /** Where a reached object is now. */
  currentOop(oop: Oop): Oop;
  /** Traces all pointer slots of a reached object. */
  traceSlots(oop: Oop): void;
  /** Traces until nothing reached is left untraced. */
  drain(): void;
}

export class Mourning {
  private readonly memory: ObjectMemory;
  private readonly weaklings = new IntStack(256);
  private readonly ephemerons = new IntStack(256);
  private readonly settled = new IntStack(256);
  private readonly pending: IntStack;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
    this.pending = memory.pendingMourners;
  }

  addWeak(oop: Oop): void {
    this.weaklings.push(oop);
  }

  /** Whether the ephemeron must wait for its key; if so it is kept for `settle`. */
  defers(oop: Oop, tracer: Tracer): boolean {
    const index = oop >>> 2;
    if ((this.memory.words[index]! & queuedBit) !== 0) return false;
    const key = this.memory.words[index + headerWords + EphemeronSlot.key]!;
    if ((key & 3) !== 0 || tracer.isReached(key)) return false;
    this.ephemerons.push(oop);
    return true;
  }

  /** Forgets what was handed over and not settled. */
  forget(): void {
    this.weaklings.clear();
    this.ephemerons.clear();
    this.settled.clear();
  }

  /** Slots in front of the weak ones. */
  fixedSlotCount(oop: Oop): number {
    const words = this.memory.words;
    const table = this.tableIndex();
    const classIndex = words[oop >>> 2]! & classIndexMask;
    const classOop = words[table + headerWords + classIndex]!;
    // A scavenged class keeps its slots where it was.
    return instanceSizeOf(
      smallIntegerValue(words[(classOop >>> 2) + headerWords + ClassSlot.format]!),
    );
  }

  /** Decides over everything handed over. `written` is told of each object whose slots were settled. */
  settle(tracer: Tracer, written: (oop: Oop) => void): void {
    while (this.ephemerons.count > 0) {
      while (this.activateReached(tracer)) tracer.drain();
      this.fire(tracer);
    }
    const weaklings = this.weaklings;
    for (let at = 0; at < weaklings.count; at++) {
      const oop = weaklings.items[at]!;
      if (this.clearDeadSlots(oop, tracer)) this.pending.push(oop);
      this.settled.push(oop);
    }
    for (let at = 0; at < this.settled.count; at++) written(this.settled.items[at]!);
    weaklings.clear();
    this.settled.clear();
  }

  /** Appends the pending mourners to the image's queue; answers whether any mourner waits there. */
  enqueue(): boolean {
    const memory = this.memory;
    const queue = memory.special("mourningQueue");
    const waiting = queue === nilOop ? 0 : memory.slotCount(queue);
    const added = this.pending.count;
    if (added === 0) return waiting > 0;
    const larger = memory.allocateOld(classIndexOf.Array, Format.indexable, waiting + added);
    if (larger === 0) return waiting > 0;
    for (let at = 0; at < waiting; at++) {
      memory.storePointer(at, larger, memory.fetchPointer(at, queue));
    }
    for (let at = 0; at < added; at++) {
      memory.storePointer(waiting + at, larger, this.pending.items[at]!);
    }
    memory.setSpecial("mourningQueue", larger);
    this.pending.clear();
    return true;
  }

  private tableIndex(): number {
    return this.memory.special("classTable") >>> 2;
  }

  /** Traces the ephemerons whose keys have been reached; answers whether another pass is due. */
  private activateReached(tracer: Tracer): boolean {
    const list = this.ephemerons;
    // Each pass reverses the list, so that chains settle quickly in either order.
    const batch = list.items.slice(0, list.count).reverse();
    list.count = 0;
    let active = false;
    for (const oop of batch) {
      if (tracer.isReached(this.memory.fetchPointer(EphemeronSlot.key, oop))) {
        active = true;
        tracer.traceSlots(oop);
        tracer.drain();
        this.settled.push(oop);
      } else {
        list.push(oop);
      }
    }
    return active && list.count > 0;
  }

  /** Queues the ephemerons left, whose keys are dead, and traces them: which may reach more of them. */
  private fire(tracer: Tracer): void {
    const memory = this.memory;
    const firing = this.ephemerons.items.slice(0, this.ephemerons.count);
    this.ephemerons.count = 0;
    for (const oop of firing) {
      this.settled.push(oop);
      // The other collector may have been faster, or it was handed over twice.
      if ((memory.words[oop >>> 2]! & queuedBit) !== 0) continue;
      memory.words[oop >>> 2]! |= queuedBit;
      memory.markDirty(oop);
      this.pending.push(oop);
    }
    for (const oop of firing) tracer.traceSlots(oop);
    tracer.drain();
  }

  /** Follows or clears the weak slots; answers whether any was cleared. */
  private clearDeadSlots(oop: Oop, tracer: Tracer): boolean {
    const memory = this.memory;
    const words = memory.words;
    const first = (oop >>> 2) + headerWords;
    const end = first + memory.slotCount(oop);
    let cleared = false;
    for (let index = first + this.fixedSlotCount(oop); index < end; index++) {
      const value = words[index]!;
      if ((value & 3) !== 0 || value === nilOop) continue;
      let now = nilOop;
      if (tracer.isReached(value)) now = tracer.currentOop(value);
      else cleared = true;
      if (now !== value) {
        words[index] = now;
        memory.markDirtyRange(index * 4, 4);
      }
    }
    return cleared;
  }
}
