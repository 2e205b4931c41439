/**
 * Storage in Node: file descriptors, folders, locks, and the services that
 * Node has built in.
 *
 * A lock is a file NAME.lock, made exclusively, that says which process on
 * which host holds it. One left behind by a process that is gone is taken
 * over: moved aside, which only one process can do, and looked at again.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  read,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import type { ImageServices } from "../image-format/codec.ts";
import {
  type OpenMode,
  type RenamingFolder,
  StorageError,
  type StorageFile,
  type StorageLock,
  type StorageReason,
} from "../image-format/storage.ts";

/** Checksums, hashes and compression that Node has built in. */
export const nodeServices: ImageServices = {
  crc32,
  sha256(...parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },
  deflateRaw: (bytes) => deflateRawSync(bytes),
  inflateRaw: (bytes, size) => inflateRawSync(bytes, { maxOutputLength: size }),
};

const reasonOfCode: Record<string, StorageReason> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EFBIG: "full",
  ENOENT: "missing",
  EEXIST: "exists",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
};

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}

function refusalOf(error: unknown): StorageError {
  return new StorageError(reasonOfCode[codeOf(error)] ?? "failed");
}

function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw refusalOf(error);
  }
}

/** A pipe that nobody writes to is not waited for: it is no image. */
const flagsOf: Record<OpenMode, string | number> = {
  read: constants.O_RDONLY | (constants.O_NONBLOCK ?? 0),
  write: "r+",
  create: "wx+",
};

/** A file descriptor. */
export class NodeFile implements StorageFile {
  private readonly descriptor: number;

  constructor(path: string, mode: OpenMode) {
    this.descriptor = attempt(() => openSync(path, flagsOf[mode]));
  }

  size(): number {
    return attempt(() => fstatSync(this.descriptor).size);
  }

  read(offset: number, into: Uint8Array): number {
    return attempt(() => readSync(this.descriptor, into, 0, into.length, offset));
  }

  readLater(offset: number, into: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.descriptor, into, 0, into.length, offset, (error, count) => {
        if (error === null) resolve(count);
        else reject(refusalOf(error));
      });
    });
  }

  write(offset: number, bytes: Uint8Array): number {
    return attempt(() => writeSync(this.descriptor, bytes, 0, bytes.length, offset));
  }

  truncate(sizeInBytes: number): void {
    attempt(() => ftruncateSync(this.descriptor, sizeInBytes));
  }

  sync(): void {
    attempt(() => fsyncSync(this.descriptor));
  }

  close(): void {
    attempt(() => closeSync(this.descriptor));
  }
}

/** A folder of the file system. */
export class NodeFolder implements RenamingFolder {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  open(name: string, mode: OpenMode): NodeFile {
    return new NodeFile(join(this.path, name), mode);
  }

  exists(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  rename(from: string, to: string): void {
    attempt(() => renameSync(join(this.path, from), join(this.path, to)));
  }

  remove(name: string): void {
    attempt(() => unlinkSync(join(this.path, name)));
  }

  sync(): void {
    // Windows has no way to sync a folder; its file system journals renames.
    if (process.platform === "win32") return;
    attempt(() => {
      const descriptor = openSync(this.path, "r");
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  lock(name: string): StorageLock {
    const path = join(this.path, `${name}.lock`);
    const mark = `${hostname()} ${process.pid} ${statusOf(process.pid)?.start ?? ""}`;
    const own = `${path}.${process.pid}`;
    // Linked into place, the lock is never seen without what it says.
    attempt(() => writeDurably(own, mark));
    try {
      takeLock(path, own);
    } finally {
      attempt(() => unlinkSync(own));
    }
    let isHeld = true;
    return {
      release: () => {
        // It may have gone with its folder.
        if (isHeld) attempt(() => rmSync(path, { force: true }));
        isHeld = false;
      },
    };
  }
}

/** Which file has a path: two paths or moments have the same one if this is equal. Undefined if none has it. */
export function identityOf(path: string): string | undefined {
  const status = attempt(() => statSync(path, { throwIfNoEntry: false }));
  return status && `${status.dev}:${status.ino}`;
}

/** After a power cut an empty lock would hold for ever: nobody could say whose it was. */
function writeDurably(path: string, text: string): void {
  const descriptor = openSync(path, "w");
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function takeLock(path: string, own: string): void {
  for (let tries = 0; tries < 3; tries++) {
    if (linkExclusively(own, path)) return;
    if (isHeld(path)) break;
    moveAside(path, `${own}.stale`);
  }
  throw new StorageError("locked", holderOf(path));
}

/** Gives a file another name; answers false if something has it. */
function linkExclusively(path: string, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
  }
  // Not every file system has links; a copy may be seen half written, which counts as held.
  try {
    copyFileSync(path, name, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw refusalOf(error);
  }
}

function readLock(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function isHeld(path: string): boolean {
  const mark = readLock(path);
  return mark !== null && isLive(mark);
}

/** Whether the process a lock names lives; of another host nobody can say, so it does. */
function isLive(mark: string): boolean {
  const [host, pid, start] = mark.split(" ");
  if (host !== hostname()) return true;
  const process = Number(pid);
  if (!Number.isInteger(process) || process <= 0) return false;
  const status = statusOf(process);
  if (status === undefined) return exists(process);
  return !isOver.has(status.state) && (start === "" || start === status.start);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** States of processes that do nothing any more, though nobody may have asked yet how they ended. */
const isOver: ReadonlySet<string> = new Set(["Z", "X"]);

/** What a process does and when it started, where the host tells: numbers of processes are used again. */
function statusOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return { state: fields[0]!, start: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

/** Who has a lock, and what to do where nobody here can say whether it still does. */
function holderOf(path: string): string {
  const [host, pid] = (readLock(path) ?? "").split(" ");
  const holder = pid === undefined ? "another process" : `process ${pid} on ${host}`;
  if (pid !== undefined && host === hostname()) return holder;
  return `${holder}; if that has ended, remove ${basename(path)}`;
}

/** Takes a stale lock away, unless it was replaced by a live one meanwhile. */
function moveAside(path: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (isHeld(aside)) {
    // Someone took over in between: give the lock back.
    linkExclusively(aside, path);
  }
  attempt(() => unlinkSync(aside));
}
