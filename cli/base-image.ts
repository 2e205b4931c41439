/**
 * The image that comes with the program, and how it is known again.
 *
 * It is verified when it is built, and the SHA-256 of the whole file is kept
 * beside it. Bytes that have this hash are the bytes that were verified: they are
 * opened without verifying the heap again, which takes ten times as long as
 * hashing. Any other bytes, in any file, are verified in full.
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { now } from "../image-format/steps.ts";
import type { StorageFile } from "../image-format/storage.ts";
import { ObjectMemory } from "../vm/memory/object-memory.ts";
import { openHeap } from "../vm/snapshot.ts";
import { NodeFile, nodeServices } from "./node-storage.ts";

export const baseImagePath = fileURLToPath(new URL("./engram.image", import.meta.url));

const markPath = `${baseImagePath}.sha256`;

/** Verifies the base image, and keeps the hash of what was verified. */
export function markBaseImage(): void {
  rmSync(markPath, { force: true });
  const file = new WitnessedFile(baseImagePath);
  const image = now(openHeap(file, new ObjectMemory(), { services: nodeServices, readOnly: true }));
  writeFileSync(markPath, `${file.hash()}\n`);
  image.close();
}

/** The base image, which tells when it has been read whether it is the one that was verified; or undefined if the path leads to anything else. */
export function markedBaseImage(
  path: string,
): { storage: StorageFile; isVerified: () => boolean } | undefined {
  if (path !== baseImagePath || !existsSync(path) || !existsSync(markPath)) return undefined;
  const storage = new WitnessedFile(path);
  return { storage, isVerified: () => readFileSync(markPath, "utf8").trim() === storage.hash() };
}

/** A file to be read only, that remembers where what was read of it lies: so what is hashed is what was opened, whatever happens to the file meanwhile. */
class WitnessedFile extends NodeFile {
  private readonly pieces: { readonly offset: number; readonly bytes: Uint8Array }[] = [];

  constructor(path: string) {
    super(path, "read");
  }

  override read(offset: number, into: Uint8Array): number {
    const count = super.read(offset, into);
    this.pieces.push({ offset, bytes: into.subarray(0, count) });
    return count;
  }

  /** The SHA-256 of the file, to be asked for once it is open: of what was read, as it lies there, and of what was left out. */
  hash(): string {
    const hash = createHash("sha256");
    let position = 0;
    const readOn = (end: number) => {
      const gap = new Uint8Array(Math.max(end - position, 0));
      hash.update(gap.subarray(0, super.read(position, gap)));
    };
    for (const { offset, bytes } of this.pieces.sort((some, other) => some.offset - other.offset)) {
      readOn(offset);
      hash.update(bytes);
      position = offset + bytes.length;
    }
    readOn(this.size());
    return hash.digest("hex");
  }
}
