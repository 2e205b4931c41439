/**
 * The image that comes with the program, and how it is known again.
 *
 * It is verified when it is built, and the hash of its segment is kept beside it. A file whose
 * segment has this hash, and all of whose chunks have the checksums it vouches for, is the one that
 * was verified: it is opened without verifying the heap again, which takes ten times as long as all
 * else. Any other image, in any file, is verified in full.
 */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ImageFile } from "../image-format/image-file.ts";
import { ObjectMemory } from "../vm/memory/object-memory.ts";
import { openHeap } from "../vm/snapshot.ts";
import { NodeFile, nodeServices } from "./node-storage.ts";

export const baseImagePath = fileURLToPath(new URL("./engram.image", import.meta.url));

const markPath = `${baseImagePath}.mark`;

/** Verifies the base image, and keeps the hash of what was verified. */
export async function markBaseImage(): Promise<void> {
  rmSync(markPath, { force: true });
  const file = new NodeFile(baseImagePath, "read");
  const options = { services: nodeServices, readOnly: true };
  const image = await openHeap(file, new ObjectMemory(), options);
  writeFileSync(markPath, `${image.segmentHash}\n`);
  image.close();
}

/** Whether an image that has been read from a path is the base image as it was verified. */
export function isMarkedBaseImage(path: string, image: ImageFile): boolean {
  if (path !== baseImagePath || !existsSync(markPath)) return false;
  return readFileSync(markPath, "utf8").trim() === image.segmentHash;
}
