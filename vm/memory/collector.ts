/**
 * The collector: when to collect, and what a collection answers.
 *
 * Called at safepoints only, with `memory.roots` set. A scavenge is due when
 * eden has run full, a full collection when old space has grown by as much as it
 * held after the last one, or room for new space runs short; a request that found
 * no memory makes the full collection a compaction.
 */

import { edenBase, edenBytes, oldBase, State } from "../spec/layouts.ts";
import { Compactor } from "./compactor.ts";
import { Mourning } from "./ephemerons.ts";
import { sweep } from "./full-collector.ts";
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
  };
  /** Fewer available bytes than this after a full collection are low space. */
  lowSpaceBytes = 0x400000;
  private readonly memory: ObjectMemory;
  private readonly now: () => number;
  private readonly mourning: Mourning;
  private readonly scavenger: Scavenger;
  private readonly marker: Marker;
  private isLow = false;
  private lowSpaceWaits = false;
  private endAfterFull = oldBase;

  constructor(memory: ObjectMemory, now: () => number = () => performance.now()) {
    this.memory = memory;
    this.now = now;
    this.mourning = new Mourning(memory);
    this.scavenger = new Scavenger(memory, this.mourning);
    this.marker = new Marker(memory, this.mourning);
  }

  /** Does what is due, perhaps nothing. */
  collectIfNeeded(): CollectionResult | undefined {
    const words = this.memory.words;
    if (this.memory.oldSpace.requestFailed) return this.compact();
    if (this.isFullDue()) return this.collectFull();
    if (words[State.edenFree]! <= words[State.edenSoftEnd]!) return undefined;
    const result = this.scavenge();
    return this.isFullDue() ? this.collectFull() : result;
  }

  /** Collects new space. */
  scavenge(): CollectionResult {
    return this.timedScavenge(() => this.scavenger.scavenge());
  }

  /** Empties new space and the remembered set into old space: before a snapshot. */
  tenureAll(): CollectionResult {
    return this.timedScavenge(() => this.scavenger.tenureAll());
  }

  /** Collects everything; the living stay where they are in old space. */
  collectFull(): CollectionResult {
    return this.timedFull(() => sweep(this.memory));
  }

  /** Collects everything and slides the living together, in their order. */
  compact(): CollectionResult {
    return this.timedFull(() => this.slide());
  }

  private slide(): void {
    this.statistics.compactions++;
    new Compactor(this.memory).compact();
    this.memory.roots?.objectsMoved();
  }

  /**
   * Collects everything for a full save: compacts, unless in a large heap so
   * little is dead that moving everything behind it would not pay.
   */
  collectForSave(): CollectionResult {
    const { memory, marker } = this;
    return this.timedFull(() => {
      const deadBytes = memory.heapBytes - marker.liveWords * 4;
      const isWorthIt = memory.heapBytes < largeHeapBytes || deadBytes > memory.heapBytes >>> 6;
      if (isWorthIt) this.slide();
      else sweep(memory);
    });
  }

  /** To be called when an image's heap has been put in place: finds its free chunks. */
  heapLoaded(): void {
    const memory = this.memory;
    memory.oldSpace.rebuild();
    memory.oldSpace.limitEden();
    this.planNextFull();
  }

  /** Whether memory has run low since last asked. */
  takeLowSpace(): boolean {
    const waits = this.lowSpaceWaits;
    this.lowSpaceWaits = false;
    return waits;
  }

  private timedScavenge(collect: () => void): CollectionResult {
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

  private timedFull(finish: () => void): CollectionResult {
    const start = this.now();
    this.tenureAll();
    if (this.marker.mark()) {
      this.memory.classesDropped = true;
      this.memory.roots?.objectsMoved();
    }
    finish();
    const oldSpace = this.memory.oldSpace;
    oldSpace.requestFailed = false;
    oldSpace.limitEden();
    const taken = this.now() - start;
    const statistics = this.statistics;
    statistics.fullCollections++;
    statistics.fullMilliseconds += taken;
    statistics.longestFullMilliseconds = Math.max(statistics.longestFullMilliseconds, taken);
    const mournersWait = this.mourning.enqueue();
    this.planNextFull();
    this.noticeSpace();
    return { mournersWait };
  }

  private isFullDue(): boolean {
    const memory = this.memory;
    const end = memory.oldEnd;
    if (end > memory.oldSpace.fullCollectionAt) return true;
    const isShort = memory.words[State.edenSoftEnd]! < edenBase + edenBytes;
    return isShort && end - this.endAfterFull > shortageBytes;
  }

  private planNextFull(): void {
    const { memory } = this;
    const used = memory.heapBytes - memory.oldSpace.freeBytes;
    this.endAfterFull = memory.oldEnd;
    memory.oldSpace.fullCollectionAt = Math.max(
      memory.oldEnd,
      oldBase + used + Math.max(leastGrowthBytes, used),
    );
  }

  private noticeSpace(): void {
    const { oldSpace } = this.memory;
    const low = oldSpace.availableBytes < this.lowSpaceBytes;
    if (low && !this.isLow) this.lowSpaceWaits = true;
    this.isLow = low;
    if (!low) oldSpace.restoreReserve();
  }
}
