/**
 * A debug mode that proves the dirty table: pages it calls clean must not have
 * changed since they were hashed.
 */

import { oldBase, pageBytes } from "../spec/layouts.ts";
import type { ObjectMemory } from "./object-memory.ts";

const wordsPerPage = pageBytes >>> 2;

/** A hash of each page of old space that is clean now, undefined for a dirty one. */
export function hashCleanPages(memory: ObjectMemory): (number | undefined)[] {
  return Array.from({ length: memory.pageCount }, (_, page) =>
    isClean(memory, page) ? hashPage(memory, page) : undefined,
  );
}

/** Throws if a page that was clean then and is clean now has changed. */
export function provePagesUnchanged(
  memory: ObjectMemory,
  hashes: readonly (number | undefined)[],
): void {
  const count = Math.min(hashes.length, memory.pageCount);
  for (let page = 0; page < count; page++) {
    if (hashes[page] === undefined || !isClean(memory, page)) continue;
    if (hashPage(memory, page) !== hashes[page]) {
      throw new Error(`memory: page ${page} has changed, yet is not marked dirty`);
    }
  }
}

function isClean(memory: ObjectMemory, page: number): boolean {
  return !memory.isDirty(oldBase / pageBytes + page);
}

/** FNV-1a over the words of a page. */
function hashPage(memory: ObjectMemory, page: number): number {
  const first = (oldBase >>> 2) + page * wordsPerPage;
  let hash = 0x811c9dc5 | 0;
  for (let index = first; index < first + wordsPerPage; index++) {
    hash = Math.imul(hash ^ memory.words[index]!, 0x01000193);
  }
  return hash;
}
