/**
 * The heaps this program has verified before, on this machine.
 *
 * A program that has just started takes longer to verify a small heap than for all else it
 * does. A heap found sound is known again by a SHA-256 of everything that was verified, all its
 * pages and where it is entered, and of the program that verified it: another build asks
 * for itself. Only what was verified in full when it was opened is noted, not what a machine saved.
 *
 * What is noted is kept in the user's cache, an empty file a heap. Where that cannot be had, heaps are
 * verified each time.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "../image-format/schema.ts";
import type { ObjectMemory } from "../vm/memory/object-memory.ts";
import { oldBase } from "../vm/spec/layouts.ts";

/** The bundler puts the hash of the program here. */
const build = "(hash of the program)";
/** Verifying a larger heap takes no longer than hashing it, as the verifier is compiled by then. */
const largestHeap = 0x2000000;
const mostNotes = 256;

const cache = (): string => process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const folder = (): string => join(cache(), "engram", "sound-heaps");

/** Not `recursive`: where nothing can be made, as in /proc, Node would try for ever. */
function makeFolder(): void {
  for (const each of [cache(), join(cache(), "engram"), folder()]) {
    if (!existsSync(each)) mkdirSync(each, { mode: 0o700 });
  }
}

/** Whether a heap, as it was read, has been found sound; asked once, and told if it then was. */
export class Soundness {
  private hash: string | undefined;
  private wasKnown = false;

  isKnown(memory: ObjectMemory, manifest: Manifest): boolean {
    const { heapSize, heapBase, roots, state } = manifest;
    if (heapSize > largestHeap) return false;
    const hash = createHash("sha256");
    hash.update(JSON.stringify([build, heapSize, heapBase, roots, state]));
    hash.update(memory.bytes.subarray(oldBase, oldBase + heapSize));
    this.hash = hash.digest("hex");
    this.wasKnown = existsSync(join(folder(), this.hash));
    return this.wasKnown;
  }

  /** It was verified, and found sound. */
  note(): void {
    if (this.hash === undefined || this.wasKnown) return;
    try {
      makeFolder();
      const notes = readdirSync(folder());
      if (notes.length >= mostNotes) for (const each of notes) rmSync(join(folder(), each));
      writeFileSync(join(folder(), this.hash), "");
    } catch {
      // Then it is verified again the next time.
    }
  }
}
