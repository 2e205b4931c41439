/**
 * `engram verify`: every checksum of both generations, then every object and
 * method of the one that would be opened. The image does not run.
 */

import { now } from "../../image-format/steps.ts";
import { type VerifiedGeneration, verifyImage } from "../../image-format/verify-image.ts";
import { openHeap } from "../../vm/snapshot.ts";
import type { Request } from "../command-table.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { imagePath, named, naming, openImageFile } from "../image-session.ts";
import { nodeServices } from "../node-storage.ts";
import { newMemory } from "./in-image.ts";

export async function verify(request: Request): Promise<ExitCode> {
  const path = imagePath(request, request.words[0]);
  const { generations, defects } = naming(path, () => {
    const file = openImageFile(path, "read");
    try {
      return now(verifyImage(file, nodeServices));
    } finally {
      file.close();
    }
  });
  const heap = await heapDefect(path, request);
  const report = {
    path,
    generations: generations.map((each) => ({
      ...each,
      firstDefect: each.firstDefect?.message ?? null,
    })),
    defects: defects.map((defect) => defect.message),
    heap,
  };
  const isSound =
    heap === null && defects.length === 0 && generations.every((each) => each.firstDefect === null);
  if (request.options.has("json")) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    for (const each of generations) process.stdout.write(describe(each));
    for (const defect of report.defects) process.stdout.write(`${defect}\n`);
    process.stdout.write(heap === null ? "heap: sound\n" : `${heap}\n`);
  }
  return isSound ? exitCodes.ok : exitCodes.badImage;
}

/** What opening the image would refuse, or null. */
async function heapDefect(path: string, request: Request): Promise<string | null> {
  const options = { services: nodeServices, readOnly: true };
  const file = openImageFile(path, "read");
  try {
    await openHeap(file, newMemory(request), options);
    return null;
  } catch (error) {
    return (named(error, path) as Error).message;
  } finally {
    file.close();
  }
}

function describe({
  generation,
  sizeInBytes,
  segmentCount,
  firstDefect,
}: VerifiedGeneration): string {
  const verdict = firstDefect === null ? "sound" : firstDefect.message;
  return `generation ${generation}: ${segmentCount} segments, ${sizeInBytes} bytes: ${verdict}\n`;
}
