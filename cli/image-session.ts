/**
 * The image file behind a session of the command line: where it is, opening it
 * into memory, and saving to it or to another.
 *
 * A symbolic link stands for the file it leads to, also where a save puts a new
 * file in its place. Only who may save to a file locks it. A session on the base image may be
 * saved under another name only.
 *
 * A save goes to the file that was opened, under its name. If that has been taken
 * away meanwhile it is made again; if another file has it by now, both are kept.
 */

import { randomBytes } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, parse, resolve } from "node:path";
import { ImageError } from "../image-format/errors.ts";
import { ImageFile } from "../image-format/image-file.ts";
import { chooseSave } from "../image-format/save-policy.ts";
import { now } from "../image-format/steps.ts";
import {
  lockForWriting,
  openFile,
  type StorageFile,
  type StorageLock,
} from "../image-format/storage.ts";
import type { ObjectMemory } from "../vm/memory/object-memory.ts";
import {
  commitSave,
  deltaSave,
  dirtyPageCount,
  fullSave,
  newImage,
  openHeap,
  type SnapshotNotes,
} from "../vm/snapshot.ts";
import { baseImagePath, isMarkedBaseImage } from "./base-image.ts";
import type { Request } from "./command-table.ts";
import { identityOf, NodeFolder, nodeServices } from "./node-storage.ts";
import { Soundness } from "./sound-heaps.ts";

/** The path of the image a request is about. */
export function imagePath(request: Request, named?: string): string {
  const image = named ?? request.image;
  return image === undefined ? baseImagePath : resolve(image);
}

/** The folder and the name of a file, whichever links lead there: everyone is to lock the same one. */
function placeOf(path: string): { readonly folder: NodeFolder; readonly name: string } {
  const real = existsSync(path) ? realpathSync(path) : path;
  return { folder: new NodeFolder(dirname(real)), name: basename(real) };
}

/** The lock of the one who may save there. */
function lockOf(path: string): StorageLock {
  const { folder, name } = placeOf(path);
  return now(lockForWriting(folder, name));
}

/** Opens an image file, or refuses it by its name. */
export function openImageFile(path: string, mode: "read" | "write"): StorageFile {
  const { folder, name } = placeOf(path);
  return now(openFile(folder, name, mode));
}

/** Runs an action; a refusal names the file by its whole path. */
export function naming<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw named(error, path);
  }
}

/** The same refusal, of a file by its path; anything else as it is. */
export function named(error: unknown, path: string): unknown {
  if (!(error instanceof ImageError)) return error;
  const { code, place, expected, found, causes } = error;
  const refusal = {
    place: { ...place, file: path },
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  };
  return new ImageError(code, refusal, causes);
}

/** How the host's timeline names the time that opening took. */
const openingMeasure = "open image";

/** Where a session saves: into the image it opened, under another name, or nowhere. */
export type SaveTarget = "same" | "nowhere" | { readonly path: string };

/** Reads an image into memory and checks all of it, but what is known to have been found sound before. */
async function openHeapOf(
  path: string,
  memory: ObjectMemory,
  target: SaveTarget,
): Promise<ImageFile> {
  const writable = target === "same";
  const storage = openImageFile(path, writable ? "write" : "read");
  const soundness = new Soundness();
  const file = await openHeap(storage, memory, {
    services: nodeServices,
    readOnly: !writable,
    isVerified: (image) =>
      isMarkedBaseImage(path, image) || soundness.isKnown(memory, image.manifest),
  });
  soundness.note();
  return file;
}

export class ImageSession {
  private currentPath: string;
  private readonly memory: ObjectMemory;
  private readonly notes: () => SnapshotNotes;
  private readonly target: SaveTarget;
  private readonly file: ImageFile;
  private readonly locks: StorageLock[];
  /** Of the file at that path, when it was ours last. */
  private identity: string | undefined;

  private constructor(
    path: string,
    memory: ObjectMemory,
    target: SaveTarget,
    notes: () => SnapshotNotes,
    file: ImageFile,
    lock: StorageLock | undefined,
  ) {
    this.currentPath = path;
    this.memory = memory;
    this.target = target;
    this.notes = notes;
    this.file = file;
    this.locks = lock === undefined ? [] : [lock];
    this.identity = identityOf(path);
  }

  get path(): string {
    return this.currentPath;
  }

  /** Opens an image into empty memory, checked, or refuses it. */
  static async open(
    path: string,
    memory: ObjectMemory,
    target: SaveTarget,
    notes: () => SnapshotNotes,
  ): Promise<ImageSession> {
    const start = performance.now();
    let lock: StorageLock | undefined;
    try {
      if (target === "same") lock = lockOf(path);
      const file = await openHeapOf(path, memory, target);
      performance.measure(openingMeasure, { start });
      return new ImageSession(path, memory, target, notes, file, lock);
    } catch (error) {
      if (lock !== undefined) now(lock.release());
      throw named(error, path);
    }
  }

  /** What was found wrong with newer generations than the one opened. */
  get warnings(): readonly ImageError[] {
    return this.file.warnings;
  }

  get generation(): number {
    return this.file.generation;
  }

  /** Saves memory as it is; answers when it is durable. */
  save(kind: "full" | "delta"): void {
    const { target } = this;
    if (target === "nowhere")
      throw new ImageError("EIMG_READ_ONLY", { place: { file: this.path } });
    naming(target === "same" ? this.path : target.path, () => {
      if (target === "same") this.saveHere(kind);
      else this.saveAs(target.path);
    });
  }

  private saveHere(kind: "full" | "delta"): void {
    const { memory, file } = this;
    const found = identityOf(this.path);
    if (found !== this.identity) {
      if (found !== undefined) this.moveToFreeName();
      this.rewrite();
      return;
    }
    const changed = { dirtyPages: dirtyPageCount(memory), usedPages: memory.pageCount };
    const way = chooseSave(file.usage(), changed, true);
    if (kind === "delta" && way === "delta") {
      now(commitSave(memory, file, deltaSave(memory, this.notes())));
    } else if (way === "rewrite") {
      this.rewrite();
    } else {
      now(commitSave(memory, file, fullSave(memory, this.notes())));
    }
  }

  /** Puts a new file at the path, with the newest generation of the present one and this. */
  private rewrite(): void {
    const { folder, name } = placeOf(this.path);
    now(this.file.rewrite(folder, name, fullSave(this.memory, this.notes())));
    this.memory.clearDirty();
    this.identity = identityOf(this.path);
  }

  /** Somebody else's file has the name. */
  private moveToFreeName(): void {
    const { dir, name, ext } = parse(this.path);
    for (let number = 2; ; number++) {
      const path = join(dir, `${name}-${number}${ext}`);
      if (existsSync(path)) continue;
      this.locks.push(lockOf(path));
      this.currentPath = path;
      return;
    }
  }

  private saveAs(path: string): void {
    const { fileId, generation } = this.file.manifest;
    writeImage(path, this.memory, this.notes(), { fileId, generation });
  }

  close(): void {
    this.file.close();
    for (const lock of this.locks) now(lock.release());
  }
}

/** Writes memory as a new image file, replacing what had the name in one step. */
export function writeImage(
  path: string,
  memory: ObjectMemory,
  notes: SnapshotNotes,
  parent: { fileId: Uint8Array; generation: number } | null,
  fileId: Uint8Array = randomBytes(16),
): void {
  const { folder, name } = placeOf(path);
  const lock = now(lockForWriting(folder, name));
  try {
    const image = { ...newImage(memory, notes, fileId), parent };
    now(ImageFile.writeTo(folder, name, image, { services: nodeServices, mayReplace: true }));
  } finally {
    now(lock.release());
  }
}

/** Makes a new image file that is a copy of another one, with an identity of its own. */
export async function cloneImage(
  from: string,
  to: string,
  memory: ObjectMemory,
  notes: SnapshotNotes,
): Promise<void> {
  if (existsSync(to)) throw new ImageError("EIMG_EXISTS", { place: { file: to } });
  const session = await ImageSession.open(from, memory, { path: to }, () => notes);
  try {
    session.save("full");
  } finally {
    session.close();
  }
}
