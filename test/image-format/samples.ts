/** Small images for tests: heaps whose every page tells which save wrote it. */
import { createHash } from "node:crypto";
import type { NewImage, Save } from "../../image-format/image-file.ts";
import type { PageRun } from "../../image-format/image-writer.ts";
import { pageSize } from "../../image-format/layout.ts";
import type { HeapDescription, ImageKind } from "../../image-format/schema.ts";

export const sampleFileId = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

export function sampleDescription(
  heapSize: number,
  state: HeapDescription["state"] = {},
): HeapDescription {
  return {
    created: "2025-01-02T03:04:05Z",
    tool: "test",
    toolVersion: "1",
    heapBase: 0x10000,
    heapSize,
    roots: { specialObjects: 0x10008 },
    primitives: ["smallIntegerAdd"],
    permissions: [],
    limits: {},
    state,
  };
}

/** The whole heap, or only the pages given, as runs. */
export function runsOf(heap: Uint8Array, pages?: readonly number[]): PageRun[] {
  if (pages === undefined) return [{ pageNumber: 0, bytes: heap }];
  return pages.map((pageNumber) => ({
    pageNumber,
    bytes: heap.subarray(pageNumber * pageSize, (pageNumber + 1) * pageSize),
  }));
}

export function sampleSave(
  kind: ImageKind,
  heap: Uint8Array,
  pages?: readonly number[],
  state: HeapDescription["state"] = {},
): Save {
  return {
    kind,
    description: sampleDescription(heap.length, state),
    pages: runsOf(heap, pages),
    pageCount: pages?.length ?? heap.length / pageSize,
  };
}

export function sampleImage(heap: Uint8Array, state: HeapDescription["state"] = {}): NewImage {
  return { ...sampleSave("image", heap, undefined, state), fileId: sampleFileId };
}

/** A heap of pages with distinct contents; page numbers in `zeroPages` stay zero. */
export function sampleHeap(
  pageCount: number,
  seed = 1,
  zeroPages: readonly number[] = [],
): Uint8Array {
  const heap = new Uint8Array(pageCount * pageSize);
  const words = new Uint32Array(heap.buffer);
  let word = seed;
  for (let index = 0; index < words.length; index++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    words[index] = word;
  }
  for (const page of zeroPages) heap.fill(0, page * pageSize, (page + 1) * pageSize);
  return heap;
}

/** Random numbers that are the same for the same seed (xorshift). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  }

  /** A number from 0 up to but not including `limit`. */
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000;
  }

  choose<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** Stands for bytes in comparisons, which for whole heaps are slow and unreadable. */
export function fingerprint(bytes: Uint8Array): string {
  return `${bytes.length}:${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}`;
}
