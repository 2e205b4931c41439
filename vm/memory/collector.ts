/**
 * The collector: when to collect, and what a collection answers.
 *
 * Called at safepoints only, with `memory.roots` set. A scavenge is due when
 * eden has run full. A full collection is due when old space has grown by as much as it
 * held after the last one, or room runs short; it goes on in slices behind the
 * scavenges that follow: marking, then, at the remark, the choice between sweeping, in
 * slices too, and compaction, at once. How much a slice does depends on what has been
 * allocated, never on a clock.
 *
 * Where the program cannot be let run (no room, or it stores faster than pages are
 * cleaned) the collector is pressing: the machine calls it again and again, and serves
 * interrupts in between, until it is not.
 *
 * `collectFull`, `compact` and `collectForSave` do all of it at once, from the beginning.
 */

import { edenBase, edenBytes, oldBase, State } from "../spec/layouts.ts";
import { Compactor } from "./compactor.ts";
import { Mourning } from "./ephemerons.ts";
import { Marker } from "./marker.ts";
import type { ObjectMemory } from "./object-memory.ts";
import { Scavenger } from "./scavenger.ts";

/** What the machine must do after a collection. */
export interface CollectionResult {
  /** The mourning queue is not empty: signal the finalization semaphore. */
  readonly mournersWait: boolean;
}

/** From here on a heap is large: moving all of it takes a good part of a save. */
const largeHeapBytes = 0x1000000;
const leastGrowthBytes = 0x2000000;
/** Tenured since the last full collection that make another worth it when room is short. */
const shortageBytes = 0x100000;
/** As much marking as one safepoint may do. */
const mostUnits = 0x400000;

export class Collector {
  readonly statistics = {
    scavenges: 0,
    fullCollections: 0,
    compactions: 0,
    scavengeMilliseconds: 0,
    fullMilliseconds: 0,
    longestScavengeMilliseconds: 0,
    longestFullMilliseconds: 0,
    tenuredBytes: 0,
    /** Full collections given up. */
    abandoned: 0,
    /** The most work between two moments in which the machine could look up, in words scanned. */
    mostUnits: 0,
  };
  /** Fewer available bytes than this after a full collection are low space. */
  lowSpaceBytes: number;
  /** A slice of marking, in words scanned. */
  sliceUnits = 0x80000;
  /** A slice of sweeping, in bytes of heap. */
  sweepBytes = 0x4000000;
  private readonly memory: ObjectMemory;
  private readonly now: () => number;
  private readonly mourning: Mourning;
  private readonly scavenger: Scavenger;
  private readonly marker: Marker;
  private isLow = false;
  /** Memory is low and the reserve in use. */
  private isGone = false;
  private lowSpaceWaits = false;
  private endAfterFull = oldBase;
  /** End of old space when the last slice was done. */
  private endAfterSlice = oldBase;
  /** The program is to run before the next slice, though room is short. */
  private isRelenting = false;

  constructor(
    memory: ObjectMemory,
    now: () => number = () => performance.now(),
    markStack?: number,
  ) {
    this.memory = memory;
    this.now = now;
    this.mourning = new Mourning(memory);
    this.scavenger = new Scavenger(memory, this.mourning);
    // Weak objects and ephemerons met by one collector are not those met by the other.
    this.marker = new Marker(memory, new Mourning(memory), markStack);
    this.lowSpaceBytes = Math.min(Math.max((memory.limit - oldBase) >>> 4, 0x400000), 0x2000000);
    memory.endCollection = () => this.endCycle();
  }

  /** Does what is due, perhaps nothing. */
  collectIfNeeded(): CollectionResult | undefined {
    const words = this.memory.words;
    const isEdenFull = words[State.edenFree]! > words[State.edenSoftEnd]!;
    const scavenged = isEdenFull ? this.scavenge() : undefined;
    if (!this.isBusy) {
      if (!this.memory.oldSpace.requestFailed && !this.isFullDue()) return scavenged;
      this.startCycle();
      return this.slice(this.sliceUnits) ?? scavenged;
    }
    if (!isEdenFull && !this.isPressing && !this.hasGrown()) return undefined;
    return this.slice(this.unitsDue()) ?? scavenged;
  }

  /** Goes on with a full collection in progress, by one slice. */
  continue(): CollectionResult | undefined {
    return this.slice(this.sliceUnits);
  }

  /** Whether a full collection is in progress. */
  get isBusy(): boolean {
    return this.marker.isMarking || this.memory.oldSpace.sweeper.isSweeping;
  }

  /** Whether the program had better wait until the collector has done more. */
  get isPressing(): boolean {
    if (!this.marker.isMarking) return false;
    if (this.memory.oldSpace.requestFailed) return true;
    return !this.isRelenting && (this.isShort() || this.marker.isOutrun);
  }

  /** Lets the program run until the next remark though there is little room: on the reserve if need be. */
  relent(): void {
    const { oldSpace } = this.memory;
    this.isRelenting = true;
    if (oldSpace.requestFailed || this.isShort()) oldSpace.releaseReserve();
    oldSpace.requestFailed = false;
  }

  /**
   * There was no memory for an instruction. Answers whether a full collection will be
   * worth it; false if nothing has been allocated since the last.
   */
  recover(): boolean {
    const { oldSpace, oldEnd, edenUsedBytes } = this.memory;
    oldSpace.requestFailed = true;
    if (this.marker.isMarking || edenUsedBytes > 0 || oldEnd > this.endAfterFull) return true;
    if (oldSpace.freeBytes < shortageBytes) return false;
    // There would be enough in one piece.
    this.compact();
    return true;
  }

  /** Collects new space. */
  scavenge(): CollectionResult {
    this.memory.charge(this.memory.edenUsedBytes >>> 2);
    return this.timedScavenge(() => this.scavenger.scavenge());
  }

  /** Empties new space and the remembered set into old space: before a snapshot. */
  tenureAll(): CollectionResult {
    this.memory.oldSpace.sweeper.finish();
    return this.timedScavenge(() => this.scavenger.tenureAll());
  }

  /** Collects everything; the living stay where they are in old space. */
  collectFull(): CollectionResult {
    return this.collectAtOnce(() => this.sweepAtOnce());
  }

  /** Collects everything and slides the living together, in their order. */
  compact(): CollectionResult {
    return this.collectAtOnce(() => this.slide());
  }

  /**
   * Collects everything for a full save: compacts, unless in a large heap so
   * little is dead that moving everything behind it would not pay. Then what is dead
   * stays until the next collection, for looking for it would not pay either; as none of it has
   * been freed, it refers to nothing that is gone. But what lost its class must go.
   */
  collectForSave(): CollectionResult {
    const { memory } = this;
    return this.collectAtOnce(() => {
      const isLarge = memory.heapBytes >= largeHeapBytes;
      if (!isLarge || this.deadBytes > memory.heapBytes >>> 6) this.slide();
      else if (memory.classesDropped) this.sweepAtOnce();
    });
  }

  /**
   * To be called when an image's heap has been put in place: finds its free chunks, before anything
   * runs or, where nothing will be saved by what has changed since, before the first collection.
   */
  heapLoaded(when: "now" | "later" = "now"): void {
    const memory = this.memory;
    if (when === "now") memory.oldSpace.rebuild();
    else memory.oldSpace.awaitsRebuild = true;
    memory.oldSpace.limitEden();
    this.planNextFull(memory.heapBytes - memory.oldSpace.freeBytes);
  }

  /** Whether memory has run low since last asked. */
  takeLowSpace(): boolean {
    const waits = this.lowSpaceWaits;
    this.lowSpaceWaits = false;
    return waits;
  }

  // The cycle

  private startCycle(): void {
    // What only new objects refer to would all be left to the remark.
    this.tenureAll();
    this.endAfterSlice = this.memory.oldEnd;
    this.timed(() => this.marker.start());
  }

  /** Ends a cycle in progress so that identities may change and the heap be walked. */
  private endCycle(): void {
    this.memory.oldSpace.sweeper.finish();
    if (!this.marker.isMarking) return;
    this.marker.abandon();
    this.statistics.abandoned++;
  }

  private slice(units: number): CollectionResult | undefined {
    const { marker, memory, statistics } = this;
    if (!marker.isMarking) {
      this.timed(() => memory.oldSpace.sweeper.advance(this.sweepBytes));
      memory.charge(this.sweepBytes >>> 4);
      return undefined;
    }
    const before = marker.units;
    const isDone = this.timed(() => marker.advance(units));
    this.endAfterSlice = memory.oldEnd;
    const result = isDone ? this.remark(() => this.reclaim()) : undefined;
    statistics.mostUnits = Math.max(statistics.mostUnits, marker.units - before);
    memory.charge(marker.units - before);
    return result;
  }

  /** How much marking is due for what has been allocated, so that it ends before memory does. */
  private unitsDue(): number {
    if (!this.marker.isMarking || this.isPressing) return this.sliceUnits;
    const { memory, marker } = this;
    const allocatedWords = Math.max(memory.oldEnd - this.endAfterSlice, edenBytes) >>> 2;
    const roomWords = Math.max(memory.oldSpace.roomBytes >>> 3, 1);
    const due = allocatedWords * (1 + marker.unitsLeft / roomWords);
    return Math.max(Math.min(due, mostUnits), this.sliceUnits);
  }

  /** Objects made in old space need no scavenge to use up room. */
  private hasGrown(): boolean {
    return this.memory.oldEnd - this.endAfterSlice > edenBytes;
  }

  /** Decides over what was not reached, new space included. */
  private remark(reclaim: () => void): CollectionResult {
    return this.timed(() => {
      const { memory, marker, statistics } = this;
      this.tenureAll();
      if (marker.finish()) memory.classesDropped = true;
      // Code that died makes room for other code, whose sends are other sends.
      memory.roots?.objectsMoved();
      const liveBytes = marker.liveWords * 4;
      memory.heapIndex.collected(memory.words, marker.bits);
      reclaim();
      this.isRelenting = false;
      memory.oldSpace.requestFailed = false;
      memory.oldSpace.limitEden();
      statistics.fullCollections++;
      const mournersWait = this.mourning.enqueue();
      this.planNextFull(liveBytes);
      this.noticeSpace();
      return { mournersWait };
    });
  }

  private collectAtOnce(reclaim: () => void): CollectionResult {
    this.endCycle();
    this.memory.charge(this.memory.heapBytes >>> 2);
    this.tenureAll();
    this.marker.start();
    return this.remark(reclaim);
  }

  private get deadBytes(): number {
    return this.memory.heapBytes - this.marker.liveWords * 4;
  }

  /** Sweeps, unless room is short and moving what lives gives much of it back. */
  private reclaim(): void {
    const { memory } = this;
    const isScarce = memory.oldSpace.requestFailed || this.isShort();
    if (isScarce && this.deadBytes > memory.heapBytes >>> 3) this.slide();
    else this.startSweep();
  }

  private startSweep(): void {
    const { memory, marker } = this;
    memory.oldSpace.sweeper.start(marker.bits, marker.liveWords);
    memory.oldSpace.sweeper.advance(this.sweepBytes);
  }

  private sweepAtOnce(): void {
    this.startSweep();
    this.memory.oldSpace.sweeper.finish();
  }

  private slide(): void {
    const { memory, marker } = this;
    const { heapBytes } = memory;
    this.statistics.compactions++;
    memory.heapIndex.void();
    new Compactor(memory, marker.bits).compact();
    // The next cycle clears as far as the heap reaches then, and it may grow while that goes on.
    marker.bits.clear(heapBytes, memory.limit - oldBase);
    memory.roots?.objectsMoved();
  }

  // When

  private isFullDue(): boolean {
    const end = this.memory.oldEnd;
    if (end > this.memory.oldSpace.fullCollectionAt) return true;
    // In a large heap what little has come since is not worth it.
    const leastBytes = Math.max(shortageBytes, this.memory.heapBytes >>> 6);
    return this.isShort() && end - this.endAfterFull > leastBytes;
  }

  private isShort(): boolean {
    return this.memory.words[State.edenSoftEnd]! < edenBase + edenBytes;
  }

  /** The next one begins while there is room for what is allocated until it ends, if there is. */
  private planNextFull(liveBytes: number): void {
    const { memory } = this;
    const end = memory.oldEnd;
    const wanted = oldBase + liveBytes + Math.max(leastGrowthBytes, liveBytes);
    const latest = memory.limit - Math.max(leastGrowthBytes, liveBytes >>> 2);
    this.endAfterFull = end;
    // Later than that, room will run short first.
    const isLate = end + leastGrowthBytes > latest;
    memory.oldSpace.fullCollectionAt = isLate
      ? memory.limit
      : Math.max(Math.min(wanted, latest), end);
  }

  private noticeSpace(): void {
    const { oldSpace } = this.memory;
    const low = oldSpace.availableBytes < this.lowSpaceBytes;
    const gone = low && oldSpace.isReserveReleased;
    if ((low && !this.isLow) || (gone && !this.isGone)) this.lowSpaceWaits = true;
    this.isLow = low;
    this.isGone = gone;
    if (!low) oldSpace.restoreReserve();
  }

  // Statistics

  private timedScavenge(collect: () => void): CollectionResult {
    if (this.memory.oldSpace.awaitsRebuild) this.heapLoaded();
    const start = this.now();
    collect();
    const taken = this.now() - start;
    const statistics = this.statistics;
    statistics.scavenges++;
    statistics.tenuredBytes += this.scavenger.tenuredBytes;
    statistics.scavengeMilliseconds += taken;
    statistics.longestScavengeMilliseconds = Math.max(
      statistics.longestScavengeMilliseconds,
      taken,
    );
    return { mournersWait: this.mourning.enqueue() };
  }

  private timed<Result>(work: () => Result): Result {
    const start = this.now();
    const result = work();
    const taken = this.now() - start;
    const statistics = this.statistics;
    statistics.fullMilliseconds += taken;
    statistics.longestFullMilliseconds = Math.max(statistics.longestFullMilliseconds, taken);
    return result;
  }
}
