/**
 * A disk with a write-back cache, whose power may fail at any moment.
 *
 * SimulatedDisk is what a program sees: everything written is there at once.
 * It logs every change. PowerCut replays a log, and answers what may be on
 * the platter if the power fails after some prefix of it: of what was not
 * synced, any sectors of any writes may have made it, in any order; sizes,
 * created names and renames too. What was cut off may hold zeros or garbage.
 *
 * The disk can also be full, fail a sync (then what was not yet on the platter
 * may never get there, though reading still shows it and the next sync
 * succeeds, as on Linux), write less than it was given, and see its program
 * killed.
 */
import {
  type OpenMode,
  type RenamingFolder,
  StorageError,
  type StorageFile,
  type StorageLock,
} from "../../image-format/storage.ts";
import type { Random } from "./samples.ts";

const sectorSize = 512;

/** What is on a platter: the files by name. */
export type Platter = ReadonlyMap<string, Uint8Array>;

export type DiskChange =
  | { type: "write"; inode: number; offset: number; bytes: Uint8Array }
  | { type: "truncate"; inode: number; size: number }
  | { type: "sync"; inode: number }
  | { type: "failedSync"; inode: number }
  | { type: "create"; name: string; inode: number }
  | { type: "rename"; from: string; to: string; inode: number }
  | { type: "remove"; name: string; inode: number }
  | { type: "syncFolder" };

export type Fault = "full" | "sync" | "kill";

/** What a killed program would have thrown, if it still could. */
export class Killed extends Error {}

class Contents {
  bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.slice();
  }

  write(offset: number, bytes: Uint8Array): void {
    this.extend(offset + bytes.length, 0);
    this.bytes.set(bytes, offset);
  }

  resize(size: number): void {
    this.extend(size, 0);
    this.bytes = this.bytes.slice(0, size);
  }

  extend(size: number, filler: number): void {
    if (size <= this.bytes.length) return;
    const larger = new Uint8Array(size).fill(filler);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

export class SimulatedDisk implements RenamingFolder {
  readonly log: DiskChange[] = [];
  /** When set, writes are cut short at random, between sectors or anywhere. */
  shortWrites: { readonly random: Random; readonly unit: "sectors" | "bytes" } | null = null;
  private readonly inodes: Contents[] = [];
  private readonly names = new Map<string, number>();
  private readonly locks = new Set<string>();
  private fault: { kind: Fault; after: number } | null = null;
  private sessions = 0;
  private readonly deadSessions = new Set<number>();

  constructor(platter: Platter = new Map()) {
    for (const [name, bytes] of platter) {
      this.names.set(name, this.inodes.length);
      this.inodes.push(new Contents(bytes));
    }
  }

  /** Lets the change after so many more fail; a failing sync is the first sync from there. */
  planFault(kind: Fault, after: number): void {
    this.fault = { kind, after };
  }

  /** Takes a planned fault back; answers whether it had struck. */
  clearFault(): boolean {
    const struck = this.fault === null;
    this.fault = null;
    return struck;
  }

  /** Starts another program: whatever a killed one still tries has no effect. */
  restart(): void {
    this.sessions++;
    this.locks.clear();
  }

  /** Answers a file as reading shows it, synced or not. */
  visible(name: string): Uint8Array | undefined {
    const inode = this.names.get(name);
    return inode === undefined ? undefined : this.inodes[inode]!.bytes;
  }

  open(name: string, mode: OpenMode): StorageFile {
    this.checkAlive(this.sessions);
    let inode = this.names.get(name);
    if (mode === "create") {
      if (inode !== undefined) throw new StorageError("exists");
      this.strike("write");
      inode = this.inodes.length;
      this.inodes.push(new Contents(new Uint8Array(0)));
      this.names.set(name, inode);
      this.log.push({ type: "create", name, inode });
    }
    if (inode === undefined) throw new StorageError("missing");
    return new SimulatedFile(this, inode, this.sessions);
  }

  exists(name: string): boolean {
    this.checkAlive(this.sessions);
    return this.names.has(name);
  }

  rename(from: string, to: string): void {
    this.strike("write");
    const inode = this.names.get(from);
    if (inode === undefined) throw new StorageError("missing");
    this.names.delete(from);
    this.names.set(to, inode);
    this.log.push({ type: "rename", from, to, inode });
  }

  remove(name: string): void {
    this.checkAlive(this.sessions);
    const inode = this.names.get(name);
    if (inode === undefined) throw new StorageError("missing");
    this.names.delete(name);
    this.log.push({ type: "remove", name, inode });
  }

  sync(): void {
    this.strike("sync");
    this.log.push({ type: "syncFolder" });
  }

  lock(name: string): StorageLock {
    if (this.locks.has(name)) throw new StorageError("locked", "another program");
    this.locks.add(name);
    return {
      release: () => {
        this.locks.delete(name);
      },
    };
  }

  contentsOf(inode: number): Contents {
    return this.inodes[inode]!;
  }

  /** How much of a write is done at once. */
  lengthWritten(length: number): number {
    if (this.shortWrites === null) return length;
    const { random, unit } = this.shortWrites;
    const smallest = unit === "sectors" ? sectorSize : 1;
    if (length <= smallest || !random.chance(0.2)) return length;
    return smallest * (1 + random.below(Math.floor((length - 1) / smallest)));
  }

  /** Whether the program was killed and no other started since. */
  get isDead(): boolean {
    return this.deadSessions.has(this.sessions);
  }

  checkAlive(session: number): void {
    if (session !== this.sessions || this.deadSessions.has(session)) throw new Killed();
  }

  /** Fails if a fault was planned for now. */
  strike(change: "write" | "sync"): void {
    this.checkAlive(this.sessions);
    const { fault } = this;
    if (fault === null) return;
    if (fault.after > 0) {
      fault.after--;
      return;
    }
    if (fault.kind === "sync" && change !== "sync") return;
    if (fault.kind === "full" && change !== "write") return;
    this.fault = null;
    if (fault.kind === "kill") {
      this.deadSessions.add(this.sessions);
      throw new Killed();
    }
    throw new StorageError(fault.kind === "full" ? "full" : "failed");
  }
}

class SimulatedFile implements StorageFile {
  private readonly disk: SimulatedDisk;
  private readonly inode: number;
  private readonly session: number;

  constructor(disk: SimulatedDisk, inode: number, session: number) {
    this.disk = disk;
    this.inode = inode;
    this.session = session;
  }

  size(): number {
    this.disk.checkAlive(this.session);
    return this.contents().bytes.length;
  }

  read(offset: number, into: Uint8Array): number {
    this.disk.checkAlive(this.session);
    const bytes = this.contents().bytes.subarray(offset, offset + into.length);
    into.set(bytes);
    return bytes.length;
  }

  write(offset: number, bytes: Uint8Array): number {
    this.disk.checkAlive(this.session);
    this.disk.strike("write");
    const written = bytes.slice(0, this.disk.lengthWritten(bytes.length));
    this.contents().write(offset, written);
    this.disk.log.push({ type: "write", inode: this.inode, offset, bytes: written });
    return written.length;
  }

  truncate(size: number): void {
    this.disk.checkAlive(this.session);
    this.contents().resize(size);
    this.disk.log.push({ type: "truncate", inode: this.inode, size });
  }

  sync(): void {
    this.disk.checkAlive(this.session);
    try {
      this.disk.strike("sync");
    } catch (error) {
      if (error instanceof StorageError) {
        this.disk.log.push({ type: "failedSync", inode: this.inode });
      }
      throw error;
    }
    this.disk.log.push({ type: "sync", inode: this.inode });
  }

  close(): void {
    this.disk.checkAlive(this.session);
  }

  private contents(): Contents {
    return this.disk.contentsOf(this.inode);
  }
}

type FileChange = Extract<DiskChange, { type: "write" | "truncate" }>;
type NameChange = Extract<DiskChange, { type: "create" | "rename" | "remove" }>;

/** Replays a log change by change, and answers what a power cut would leave. */
export class PowerCut {
  private readonly durable: Contents[] = [];
  private readonly pending: FileChange[][] = [];
  private readonly durableNames = new Map<string, number>();
  private pendingNames: NameChange[] = [];
  private readonly random: Random;

  constructor(platter: Platter, random: Random) {
    this.random = random;
    for (const [name, bytes] of platter) {
      this.durableNames.set(name, this.durable.length);
      this.durable.push(new Contents(bytes));
      this.pending.push([]);
    }
  }

  replay(change: DiskChange): void {
    switch (change.type) {
      case "write":
      case "truncate":
        this.pending[change.inode]!.push(change);
        break;
      case "sync":
        for (const each of this.pending[change.inode]!) apply(this.durable[change.inode]!, each);
        this.pending[change.inode] = [];
        break;
      case "failedSync":
        this.persistSome(this.durable[change.inode]!, this.pending[change.inode]!);
        this.pending[change.inode] = [];
        break;
      case "syncFolder":
        for (const each of this.pendingNames) applyName(this.durableNames, each);
        this.pendingNames = [];
        break;
      case "create":
        this.durable[change.inode] = new Contents(new Uint8Array(0));
        this.pending[change.inode] = [];
        this.pendingNames.push(change);
        break;
      default:
        this.pendingNames.push(change);
    }
  }

  /** One of the platters that a power cut now may leave. */
  sample(): Platter {
    const names = new Map(this.durableNames);
    for (const change of this.some(this.pendingNames)) applyName(names, change);
    const platter = new Map<string, Uint8Array>();
    for (const [name, inode] of names) {
      const contents = new Contents(this.durable[inode]!.bytes);
      this.persistSome(contents, this.pending[inode]!);
      platter.set(name, contents.bytes);
    }
    return platter;
  }

  /** None of some changes, all, the first few, or any, in their order. */
  private some<T>(changes: readonly T[]): readonly T[] {
    const way = this.random.below(4);
    if (way === 0) return [];
    if (way === 1) return changes;
    if (way === 2) return changes.slice(0, this.random.below(changes.length + 1));
    return changes.filter(() => this.random.chance(0.5));
  }

  private persistSome(contents: Contents, changes: readonly FileChange[]): void {
    const filler = this.random.choose([0, 0, 0xa5]);
    const tearing = this.random.choose([0, 0.02, 0.5, 0.98]);
    for (const change of this.some(changes)) {
      if (change.type === "truncate") apply(contents, change);
      else this.persistSectors(contents, change, tearing, filler);
    }
  }

  private persistSectors(
    contents: Contents,
    { offset, bytes }: Extract<DiskChange, { type: "write" }>,
    tearing: number,
    filler: number,
  ): void {
    for (let start = 0; start < bytes.length; ) {
      const end = Math.min(bytes.length, start + sectorSize - ((offset + start) % sectorSize));
      if (!this.random.chance(tearing)) {
        contents.extend(offset + end, filler);
        contents.write(offset + start, bytes.subarray(start, end));
      }
      start = end;
    }
  }
}

function apply(contents: Contents, change: FileChange): void {
  if (change.type === "write") contents.write(change.offset, change.bytes);
  else contents.resize(change.size);
}

function applyName(names: Map<string, number>, change: NameChange): void {
  if (change.type === "create") names.set(change.name, change.inode);
  else if (change.type === "rename") {
    if (names.get(change.from) === change.inode) names.delete(change.from);
    names.set(change.to, change.inode);
  } else if (names.get(change.name) === change.inode) names.delete(change.name);
}
