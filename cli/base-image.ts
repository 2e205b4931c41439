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
import { MemoryFile } from "../image-format/memory-storage.ts";
import { now } from "../image-format/steps.ts";
import { ObjectMemory } from "../vm/memory/object-memory.ts";
import { openHeap } from "../vm/snapshot.ts";
import { nodeServices } from "./node-storage.ts";

export const baseImagePath = fileURLToPath(new URL("./engram.image", import.meta.url));

const markPath = `${baseImagePath}.sha256`;

/** Verifies the base image, and keeps the hash of what was verified. */
export function markBaseImage(): void {
  rmSync(markPath, { force: true });
  const bytes = readFileSync(baseImagePath);
  const options = { services: nodeServices, readOnly: true };
  now(openHeap(new MemoryFile(bytes), new ObjectMemory(), options));
  writeFileSync(markPath, `${hashOf(bytes)}\n`);
}

/** The base image as it was verified, or undefined if the path leads to anything else. */
export function verifiedBaseImage(path: string): MemoryFile | undefined {
  if (path !== baseImagePath || !existsSync(path) || !existsSync(markPath)) return undefined;
  // What was hashed is what is opened, whatever happens to the file meanwhile.
  const bytes = readFileSync(path);
  if (readFileSync(markPath, "utf8").trim() !== hashOf(bytes)) return undefined;
  return new MemoryFile(bytes);
}

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
