/**
 * Heap to image and back.
 *
 * An image is old space, page by page, and a manifest that says where it is
 * entered. So saving is writing pages from where they lie, and opening is reading
 * them back to the same addresses: nothing is translated or copied. A delta
 * holds the pages written since the last checkpoint of the same file.
 *
 * Always: a heap is saved only when new space is empty and every process is
 * suspended in Contexts; a heap that was read is checked before anything in it
 * is used. Reading and writing without running in between gives the same bytes.
 */

import { ImageError } from "../image-format/errors.ts";
import {
  ImageFile,
  type NewImage,
  type OpenOptions,
  type Save,
} from "../image-format/image-file.ts";
import type { PageRun } from "../image-format/image-writer.ts";
import type { HeapDescription, Manifest } from "../image-format/schema.ts";
import { finish, type MaybePromise, type Steps, settled } from "../image-format/steps.ts";
import type { StorageFile } from "../image-format/storage.ts";
import { heapProblems, verifyHeap } from "./memory/heap-verifier.ts";
import type { ObjectMemory } from "./memory/object-memory.ts";
import {
  ClassSlot,
  CodeSlot,
  classIndexOf,
  headerWords,
  MethodDictionarySlot,
  nilOop,
  type Oop,
  oldBase,
  pageBytes,
  primitiveShift,
  State,
  smallIntegerValue,
} from "./spec/layouts.ts";
import { primitiveNumber, primitives } from "./spec/primitives.ts";

export const toolName = "engram";

/** What a save says beside what the heap itself tells. */
export interface SnapshotNotes {
  /** When, as ISO 8601; empty where the same bytes are wanted each time. */
  readonly created: string;
  readonly toolVersion: string;
}

const primitiveName = new Map<number, string>(primitives.map((row) => [row.number, row.name]));

/** What the manifest says of the heap as it is now. */
export function describeHeap(memory: ObjectMemory, notes: SnapshotNotes): HeapDescription {
  return {
    created: notes.created,
    tool: toolName,
    toolVersion: notes.toolVersion,
    heapBase: oldBase,
    heapSize: memory.pageCount * pageBytes,
    roots: { specialObjects: memory.words[State.specialObjects]! >>> 0 },
    primitives: usedPrimitives(memory),
    permissions: [],
    limits: {},
    state: { heapEnd: memory.oldEnd, clock: memory.savedClock },
  };
}

/** Names of the primitives that installed methods name, in order of their numbers. */
function usedPrimitives(memory: ObjectMemory): string[] {
  const used = new Set<number>();
  const classTable = memory.special("classTable");
  for (let index = memory.slotCount(classTable) - 1; index >= 0; index--) {
    const behavior = memory.fetchPointer(index, classTable);
    if (behavior !== nilOop) collectPrimitives(memory, behavior, used);
  }
  return [...used].sort((some, other) => some - other).map((number) => primitiveName.get(number)!);
}

function collectPrimitives(memory: ObjectMemory, behavior: Oop, used: Set<number>): void {
  const dictionary = memory.fetchPointer(ClassSlot.methodDict, behavior);
  if (dictionary === nilOop) return;
  const methods = memory.fetchPointer(MethodDictionarySlot.array, dictionary);
  // Of tens of thousands of slots, at each save, so read where they lie.
  const { words } = memory;
  const first = (methods >>> 2) + headerWords;
  const end = first + memory.slotCount(methods);
  for (let at = first; at < end; at++) {
    const method = words[at]!;
    if (method === nilOop || memory.classIndex(method) !== classIndexOf.CompiledMethod) continue;
    const shape = smallIntegerValue(words[(method >>> 2) + headerWords + CodeSlot.shape]!);
    if (shape >> primitiveShift !== 0) used.add(shape >> primitiveShift);
  }
}

/** A full save of the heap, as it lies in memory. */
export function fullSave(memory: ObjectMemory, notes: SnapshotNotes): Save {
  clearTail(memory);
  const pages = [{ pageNumber: 0, bytes: pagesOf(memory, 0, memory.pageCount) }];
  return {
    kind: "image",
    description: describeHeap(memory, notes),
    pages,
    pageCount: memory.pageCount,
  };
}

/** A save of the pages written since the last checkpoint. */
export function deltaSave(memory: ObjectMemory, notes: SnapshotNotes): Save {
  clearTail(memory);
  return {
    kind: "delta",
    description: describeHeap(memory, notes),
    pages: dirtyRuns(memory),
    pageCount: dirtyPageCount(memory),
  };
}

/** A full save as the first generation of a new file. */
export function newImage(memory: ObjectMemory, notes: SnapshotNotes, fileId: Uint8Array): NewImage {
  return { ...fullSave(memory, notes), fileId };
}

/** How many pages a delta would hold. */
export function dirtyPageCount(memory: ObjectMemory): number {
  let count = 0;
  const first = oldBase / pageBytes;
  for (let page = 0; page < memory.pageCount; page++) count += memory.isDirty(first + page) ? 1 : 0;
  return count;
}

/** From now on pages count as clean: a file holds them as they are. */
export function markCheckpoint(memory: ObjectMemory): void {
  memory.clearDirty();
}

/** Commits a save to its file and takes it as the checkpoint for the next delta. */
export function commitSave(
  memory: ObjectMemory,
  file: ImageFile,
  save: Save,
): MaybePromise<number> {
  const generation = file.commit(save);
  if (typeof generation === "number") {
    markCheckpoint(memory);
    return generation;
  }
  return generation.then((number) => {
    markCheckpoint(memory);
    return number;
  });
}

function* dirtyRuns(memory: ObjectMemory): Iterable<PageRun> {
  const first = oldBase / pageBytes;
  const end = memory.pageCount;
  const isDirty = (page: number) => memory.isDirty(first + page);
  for (let page = 0; page < end; page++) {
    if (!isDirty(page)) continue;
    const start = page;
    while (page < end && isDirty(page)) page++;
    yield { pageNumber: start, bytes: pagesOf(memory, start, page) };
  }
}

const pagesOf = (memory: ObjectMemory, start: number, end: number): Uint8Array =>
  memory.bytes.subarray(oldBase + start * pageBytes, oldBase + end * pageBytes);

/** What lies behind the heap in its last page is nobody's; in an image it is zero. */
function clearTail(memory: ObjectMemory): void {
  memory.bytes.fill(0, memory.oldEnd, oldBase + memory.pageCount * pageBytes);
}

export interface OpenHeapOptions extends Omit<OpenOptions, "heap"> {
  /** Asked when the heap has been read: is it known to be one that was checked before? */
  readonly isVerified?: (file: ImageFile) => boolean;
}

/**
 * Opens an image: reads its heap into empty memory and checks all of it, or
 * refuses it. The way every host opens an image; nothing in it has run yet. The
 * storage stays the caller's to close if the image is refused.
 */
export function openHeap(
  storage: StorageFile,
  memory: ObjectMemory,
  { isVerified = () => false, ...options }: OpenHeapOptions = {},
): MaybePromise<ImageFile> {
  return finish(opening(storage, memory, options, isVerified));
}

function* opening(
  storage: StorageFile,
  memory: ObjectMemory,
  options: OpenOptions,
  isVerified: (file: ImageFile) => boolean,
): Steps<ImageFile> {
  const heap = heapTarget(memory);
  const file = yield* settled(ImageFile.open(storage, { ...options, heap }));
  adoptHeap(memory, file.manifest, isVerified(file) ? "verified" : "unverified");
  return file;
}

/** Where the pages of an image are to be read to; for `ImageFile.open`. */
export function heapTarget(memory: ObjectMemory): (manifest: Manifest) => Uint8Array {
  return (manifest) => {
    checkManifest(manifest);
    return memory.bytes.subarray(oldBase);
  };
}

/** Refuses what this machine cannot run, before a page is read. */
function checkManifest(manifest: Manifest): void {
  if (manifest.heapBase !== oldBase) {
    throw refusal("heapBase", `0x${oldBase.toString(16)}`, `0x${manifest.heapBase.toString(16)}`);
  }
  const end = manifest.state.heapEnd;
  const heapSize = typeof end === "number" ? Math.ceil((end - oldBase) / pageBytes) * pageBytes : 0;
  if (heapSize !== manifest.heapSize || (end as number) % 8 !== 0) {
    throw refusal("state", "the end of the heap in its last page", `${end}`);
  }
  const clock = manifest.state.clock ?? 0;
  if (typeof clock !== "number" || clock < 0) {
    throw refusal("state", "the machine's clock in microseconds", `${clock}`);
  }
  const unknown = manifest.primitives.filter((name) => !primitiveNumber.has(name));
  if (unknown.length > 0) {
    throw new ImageError("EIMG_PRIMITIVES", { place: { key: "primitives" }, found: `${unknown}` });
  }
}

function refusal(key: string, expected: string, found: string): ImageError {
  return new ImageError("EIMG_MANIFEST", { place: { key }, expected, found });
}

/**
 * Takes over a heap whose pages have been read and checks all of it, or refuses
 * it. Only a heap known to be one that was checked before may be adopted as "verified".
 */
export function adoptHeap(
  memory: ObjectMemory,
  manifest: Manifest,
  state: "unverified" | "verified" = "unverified",
): void {
  const { specialObjects } = manifest.roots;
  const end = manifest.state.heapEnd as number;
  const isInHeap =
    specialObjects !== undefined &&
    specialObjects >= oldBase &&
    specialObjects < end &&
    specialObjects % 8 === 0;
  if (!isInHeap) throw refusal("roots", "specialObjects in the heap", `${specialObjects}`);
  memory.oldEnd = end;
  memory.savedClock = (manifest.state.clock ?? 0) as number;
  memory.words[State.specialObjects] = specialObjects;
  if (state === "unverified") checkHeap(memory);
  markCheckpoint(memory);
}

function checkHeap(memory: ObjectMemory): void {
  const problem = verifyHeap(memory, "loaded");
  if (problem === undefined) return;
  const { code, address, expected, found } = problem;
  throw new ImageError("EIMG_HEAP", {
    place: { offset: address },
    expected,
    found: `${found}: ${heapProblems[code]} (${code})`,
  });
}
