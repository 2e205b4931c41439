/**
 * Verifying reads everything that a superblock refers to and reports, for
 * each of the two generations, the first defect and its place.
 */
import type { ImageServices } from "./codec.ts";
import { ImageError } from "./errors.ts";
import { type ReadContext, readChain, readPages } from "./image-reader.ts";
import { type Candidate, readCandidates } from "./image-slots.ts";
import { finish, type MaybePromise, type Steps } from "./steps.ts";
import { GuardedFile, type StorageFile } from "./storage.ts";

export interface Verification {
  /** The newest first. */
  readonly generations: readonly VerifiedGeneration[];
  /** What is wrong with a superblock that offers no generation. */
  readonly defects: readonly ImageError[];
}

export interface VerifiedGeneration {
  readonly generation: number;
  readonly segmentCount: number;
  readonly chunkCount: number;
  readonly sizeInBytes: number;
  readonly firstDefect: ImageError | null;
}

/** Verifies a file; refuses what is no image or of another version. */
export function verifyImage(
  file: StorageFile,
  services: ImageServices = {},
): MaybePromise<Verification> {
  return finish(verifySteps({ file: new GuardedFile(file), services, checkHashes: true }));
}

function* verifySteps(context: ReadContext): Steps<Verification> {
  const { candidates, defects } = readCandidates(context);
  const generations: VerifiedGeneration[] = [];
  for (const candidate of candidates) generations.push(yield* verifyGeneration(context, candidate));
  return { generations, defects };
}

function* verifyGeneration(
  context: ReadContext,
  { superblock }: Candidate,
): Steps<VerifiedGeneration> {
  const { generation } = superblock;
  const counts = { segmentCount: 0, chunkCount: 0, sizeInBytes: 0 };
  try {
    const chain = readChain(context, superblock);
    for (const { chunkCount, reference } of chain) {
      counts.segmentCount++;
      counts.chunkCount += chunkCount;
      counts.sizeInBytes += reference.length;
    }
    yield* readPages(context, chain, null);
    return { generation, ...counts, firstDefect: null };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { generation, ...counts, firstDefect: error };
  }
}
