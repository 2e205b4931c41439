/**
 * The campaign of power cuts: random saves on a simulated disk, and after
 * every single change of the disk the states a power cut may leave, each
 * opened and compared with what the program had been promised.
 *
 * A state passes if the file opens as the last acknowledged generation or the
 * one being written, byte for byte; if both generations that its superblocks
 * name are whole; and if the generation before is there. Some states get a
 * sector of garbage on top: these may fall back or be refused, but what opens
 * must be something that was once saved. Some states are saved to again, and
 * cut again.
 */
import { crc32 } from "node:zlib";
import { ImageError } from "../../image-format/errors.ts";
import { ImageFile, type NewImage, type Save } from "../../image-format/image-file.ts";
import type { PageRun } from "../../image-format/image-writer.ts";
import { pageSize } from "../../image-format/layout.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { type Protocol, soundProtocol } from "../../image-format/protocol.ts";
import { now } from "../../image-format/steps.ts";
import type { StorageFile } from "../../image-format/storage.ts";
import { verifyImage } from "../../image-format/verify-image.ts";
import { Random, sampleDescription, sampleFileId } from "./samples.ts";
import { type Fault, type Platter, PowerCut, SimulatedDisk } from "./simulated-storage.ts";

const imageName = "test.image";
const services = { crc32 };

/** What may be found after a power cut, from a certain change of the disk on. */
interface Guarantee {
  /** Changes logged when it was given. */
  readonly from: number;
  /** Saves that may be found; null stands for no image at all. */
  readonly allowed: readonly (string | null)[];
  /** The save that must be found as the generation before, if that is known. */
  readonly previous: string | null;
  /** Whether both superblocks must be whole. */
  readonly isStrict: boolean;
}

export interface CampaignResult {
  readonly states: number;
  readonly failures: readonly string[];
  /** How often each kind of thing happened: a campaign that saw none of one proves nothing of it. */
  readonly seen: Readonly<Record<string, number>>;
}

export interface CampaignOptions {
  readonly seed: number;
  readonly states: number;
  readonly protocol?: Protocol;
  /** Ends the campaign at the first failure. */
  readonly untilFailure?: boolean;
}

/** Runs scenarios until so many states were checked. */
export function runPowerCuts(options: CampaignOptions): CampaignResult {
  const campaign = new Campaign(options);
  campaign.run();
  return { states: campaign.states, failures: campaign.failures, seen: campaign.seen };
}

class Campaign {
  states = 0;
  readonly failures: string[] = [];
  readonly seen: Record<string, number> = {};
  private readonly options: CampaignOptions;
  private readonly protocol: Protocol;

  constructor(options: CampaignOptions) {
    this.options = options;
    this.protocol = options.protocol ?? soundProtocol;
  }

  run(): void {
    for (let scenario = 0; !this.isOver(); scenario++) {
      const random = new Random(this.options.seed * 100_003 + scenario);
      let platter: Platter | null = new Map();
      for (let depth = 0; depth < 4 && platter !== null && !this.isOver(); depth++) {
        platter = this.runScenario(platter, random, `scenario ${scenario}.${depth}`);
      }
    }
  }

  count(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  private isOver(): boolean {
    if (this.options.untilFailure && this.failures.length > 0) return true;
    return this.states >= this.options.states;
  }

  /** Runs saves, checks the cuts of them, and answers one of the states to go on from. */
  private runScenario(platter: Platter, random: Random, title: string): Platter | null {
    const scenario = new Scenario(this, platter, random, this.protocol);
    try {
      scenario.run();
    } catch (error) {
      this.failures.push(`${title}: ${describe(error)}`);
      return null;
    }
    const { log } = scenario.disk;
    const cut = new PowerCut(platter, random);
    let next: Platter | null = null;
    let current: readonly Guarantee[] = [];
    for (let done = 0; done <= log.length && !this.isOver(); done++) {
      if (done > 0) cut.replay(log[done - 1]!);
      const given = scenario.guarantees.filter(({ from }) => from === done);
      // Where one save ends and the next begins, both guarantees hold.
      if (given.length > 0) current = given;
      for (let sample = 0; sample < 3; sample++) {
        const state = cut.sample();
        const guarantee = current[sample % current.length]!;
        const failure = this.checkState(state, scenario, guarantee, random);
        this.states++;
        if (failure !== null) {
          const change = log[done - 1]?.type ?? "nothing";
          this.failures.push(`${title}, change ${done} of ${log.length} (${change}): ${failure}`);
        } else if (random.chance(0.05)) next = state;
      }
      current = current.slice(-1);
    }
    return next;
  }

  private checkState(
    platter: Platter,
    scenario: Scenario,
    guarantee: Guarantee,
    random: Random,
  ): string | null {
    const bytes = platter.get(imageName);
    if (bytes === undefined) {
      return guarantee.allowed.includes(null) ? null : "there is no image";
    }
    if (random.chance(0.1)) return this.checkDecayed(bytes, scenario, random);
    try {
      const opened = openState(bytes, this.protocol);
      if (!guarantee.allowed.includes(opened.state)) {
        return `found ${opened.state}, allowed ${guarantee.allowed.join(" or ")}`;
      }
      if (guarantee.isStrict) return this.checkStrictly(bytes, opened, guarantee);
      this.count("lax state");
      return null;
    } catch (error) {
      if (error instanceof ImageError && guarantee.allowed.includes(null)) return null;
      return describe(error);
    }
  }

  private checkStrictly(
    bytes: Uint8Array,
    opened: OpenedState,
    guarantee: Guarantee,
  ): string | null {
    const { generations, defects } = now(verifyImage(new MemoryFile(bytes), services));
    const broken = generations.find(({ firstDefect }) => firstDefect !== null);
    if (broken !== undefined) return `${describe(broken.firstDefect)} (generation kept)`;
    if (defects.length > 0) return describe(defects[0]);
    if (guarantee.previous === null) return null;
    const other = generations.find(({ generation }) => generation !== opened.generation);
    if (other === undefined) return "the generation before is gone";
    const before = openState(bytes, this.protocol, other.generation);
    this.count("generation before found");
    const allowed = [guarantee.previous, ...guarantee.allowed];
    if (allowed.includes(before.state)) return null;
    return `the generation before is ${before.state}, not ${guarantee.previous}`;
  }

  /** One sector turned into garbage: what opens must have been saved, as it opens. */
  private checkDecayed(bytes: Uint8Array, scenario: Scenario, random: Random): string | null {
    const decayed = bytes.slice();
    const sector = random.below(Math.max(1, decayed.length >> 9)) << 9;
    for (let index = 0; index < 8; index++) {
      decayed[Math.min(decayed.length - 1, sector + random.below(512))] = random.below(256);
    }
    try {
      const { state } = openState(decayed, this.protocol);
      this.count("decayed state opened");
      return scenario.everSaved.has(state) ? null : `decayed, found ${state}: never saved`;
    } catch (error) {
      this.count("decayed state refused");
      return error instanceof ImageError ? null : `decayed, threw ${describe(error)}`;
    }
  }
}

interface OpenedState {
  readonly generation: number;
  readonly state: string;
  readonly heap: Uint8Array;
}

function openState(bytes: Uint8Array, protocol: Protocol, generation?: number): OpenedState {
  return openFrom(new MemoryFile(bytes), protocol, generation).opened;
}

function openFrom(
  file: StorageFile,
  protocol: Protocol,
  generation?: number,
): { image: ImageFile; opened: OpenedState } {
  let heap = new Uint8Array(0);
  const image = now(
    ImageFile.open(file, {
      services,
      protocol,
      ...(generation === undefined ? {} : { generation }),
      heap: (manifest) => {
        heap = new Uint8Array(manifest.heapSize);
        return heap;
      },
    }),
  );
  const state = stateOf(Number(image.manifest.state.serial), image.generation, heap);
  return { image, opened: { generation: image.generation, state, heap } };
}

function stateOf(serial: number, generation: number, heap: Uint8Array): string {
  return `save ${serial} as generation ${generation} (${heap.length}:${crc32(heap).toString(16)})`;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Random saves by one program after another on one disk. */
class Scenario {
  readonly disk: SimulatedDisk;
  readonly guarantees: Guarantee[] = [];
  /** Every state that a save, finished or not, may have left in the file. */
  readonly everSaved = new Set<string>();
  private readonly campaign: Campaign;
  private readonly platter: Platter;
  private readonly random: Random;
  private readonly protocol: Protocol;
  private heap = new Uint8Array(0);
  private image: ImageFile | null = null;
  private acknowledged: string | null = null;
  private previous: string | null = null;
  private serial = 0;
  private readonly isStrict: boolean;

  constructor(campaign: Campaign, platter: Platter, random: Random, protocol: Protocol) {
    this.campaign = campaign;
    this.platter = platter;
    this.random = random;
    this.protocol = protocol;
    this.disk = new SimulatedDisk(platter);
    const shortWrites = random.choose(["none", "sectors", "sectors", "bytes"] as const);
    if (shortWrites !== "none") this.disk.shortWrites = { random, unit: shortWrites };
    // A superblock cut short inside its sector may be torn, and so be the one that is left.
    this.isStrict = shortWrites !== "bytes";
  }

  run(): void {
    this.begin();
    if (this.image === null) return;
    for (let saves = 1 + this.random.below(6); saves > 0 && this.image !== null; saves--) {
      if (this.random.chance(0.1)) this.reopen([this.acknowledged]);
      this.changeHeap();
      this.save();
    }
  }

  private guarantee(allowed: readonly (string | null)[], isStrict = this.isStrict): void {
    const previous = isStrict ? this.previous : null;
    this.guarantees.push({ from: this.disk.log.length, allowed, previous, isStrict });
  }

  /** Opens what an earlier power cut left, or makes a first image. */
  private begin(): void {
    const found = this.platter.get(imageName);
    this.guarantee([null]);
    if (found !== undefined) {
      this.reopenAfterCut(found);
      return;
    }
    this.heap = new Uint8Array((4 + this.random.below(12)) * pageSize);
    this.changeHeap();
    const image: NewImage = { ...this.nextSave(false), fileId: sampleFileId };
    const state = this.stateOfNext(1);
    this.guarantee([null, state], false);
    now(
      ImageFile.writeTo(this.disk, imageName, image, {
        services,
        protocol: this.protocol,
        mayReplace: true,
      }),
    );
    this.acknowledge(state);
    this.campaign.count("first save");
    this.reopen([state]);
  }

  private reopenAfterCut(found: Uint8Array): void {
    this.campaign.count("saves after a cut");
    for (const { generation } of now(verifyImage(new MemoryFile(found), services)).generations) {
      this.everSaved.add(openState(found, this.protocol, generation).state);
    }
    const { state } = openState(found, this.protocol);
    this.guarantees.length = 0;
    this.guarantee([state]);
    this.reopen([state]);
    this.serial = Number(this.image!.manifest.state.serial) + 1000;
  }

  /** Starts a program that opens the file; what it finds is from then on a guarantee. */
  private reopen(allowed: readonly (string | null)[]): void {
    this.disk.restart();
    const { image, opened } = openFrom(this.disk.open(imageName, "write"), this.protocol);
    if (!allowed.includes(opened.state)) {
      throw new Error(`opened ${opened.state}, allowed ${allowed.join(" or ")}`);
    }
    this.image = image;
    this.heap = opened.heap.slice();
    if (opened.state !== this.acknowledged) this.previous = null;
    this.acknowledged = opened.state;
    this.guarantee([opened.state]);
  }

  private acknowledge(state: string): void {
    this.previous = this.acknowledged;
    this.acknowledged = state;
    this.guarantee([state]);
  }

  private dirty: number[] = [];

  private changeHeap(): void {
    const { random } = this;
    this.serial++;
    if (random.chance(0.15)) {
      const resized = new Uint8Array((3 + random.below(14)) * pageSize);
      resized.set(this.heap.subarray(0, resized.length));
      this.heap = resized;
    }
    const pageCount = this.heap.length / pageSize;
    const words = new Uint32Array(this.heap.buffer);
    const dirty = new Set<number>();
    for (let count = 1 + random.below(5); count > 0; count--) {
      const page = random.below(pageCount);
      const word = random.chance(0.2) ? 0 : Math.imul(this.serial * 64 + page, 0x9e3779b1);
      words.fill(word, (page * pageSize) / 4, ((page + 1) * pageSize) / 4);
      dirty.add(page);
    }
    this.dirty = [...dirty].sort((some, other) => some - other);
  }

  private nextSave(isDelta: boolean): Save {
    const pages = isDelta ? this.dirty : [...new Uint8Array(this.heap.length / pageSize).keys()];
    const runs: PageRun[] = pages.map((pageNumber) => ({
      pageNumber,
      bytes: this.heap.subarray(pageNumber * pageSize, (pageNumber + 1) * pageSize),
    }));
    return {
      kind: isDelta ? "delta" : "image",
      description: sampleDescription(this.heap.length, { serial: this.serial }),
      pages: runs,
      ...(this.random.chance(0.8) ? { pageCount: runs.length } : {}),
    };
  }

  private stateOfNext(generation: number): string {
    const state = stateOf(this.serial, generation, this.heap);
    this.everSaved.add(state);
    return state;
  }

  private save(): void {
    const image = this.image!;
    const way = this.random.choose(["delta", "delta", "delta", "full", "full", "rewrite"] as const);
    const fault = this.planFault();
    const before = this.acknowledged;
    const next = this.stateOfNext(image.generation + 1);
    const save = this.nextSave(way === "delta");
    this.guarantee([before, next]);
    try {
      if (way === "rewrite") now(image.rewrite(this.disk, imageName, save));
      else now(image.commit(save));
    } catch (error) {
      this.recover(error, fault, [before, next]);
      return;
    }
    this.disk.clearFault();
    this.campaign.count(way);
    this.acknowledge(next);
  }

  private planFault(): Fault | null {
    if (!this.random.chance(0.35)) return null;
    const fault = this.random.choose(["full", "sync", "kill", "kill"] as const);
    this.disk.planFault(fault, this.random.below(9));
    return fault;
  }

  private recover(error: unknown, fault: Fault | null, allowed: readonly (string | null)[]): void {
    if (!this.disk.clearFault() || fault === null) throw error;
    if (fault === "kill") {
      if (!this.disk.isDead) throw error;
      this.campaign.count("kill");
      this.reopen(allowed);
      return;
    }
    if (!(error instanceof ImageError)) throw error;
    const expected = { full: ["EIMG_DISK_FULL"], sync: ["EIMG_SYNC"] }[fault];
    if (!expected.includes(error.code)) throw error;
    this.campaign.count(`${fault} failure`);
    if (fault === "sync") {
      this.endAfterFailedSync(allowed);
      return;
    }
    // A full disk may have struck before or after the superblock; both show when opened again.
    if (this.isPoisoned()) this.previous = null;
    this.guarantee(allowed, false);
    this.reopen(allowed);
  }

  /** After a failed sync nobody may go on with the file; what was acknowledged is still there. */
  private endAfterFailedSync(allowed: readonly (string | null)[]): void {
    this.guarantee(allowed, false);
    if (!this.isPoisoned()) this.campaign.failures.push("a failed sync was forgotten");
    this.image = null;
  }

  private isPoisoned(): boolean {
    const { length } = this.disk.log;
    try {
      now(this.image!.commit({ ...this.nextSave(false), pages: failingPages() }));
    } catch (error) {
      if (error instanceof ImageError && error.code === "EIMG_POISONED") return true;
      if (!(error instanceof NotPoisoned)) throw error;
    }
    // Probing must not have changed anything.
    if (this.disk.log.length !== length) throw new Error("a refused save changed the disk");
    return false;
  }
}

class NotPoisoned extends Error {}

function failingPages(): Iterable<PageRun> {
  return {
    [Symbol.iterator]: () => {
      throw new NotPoisoned();
    },
  };
}
