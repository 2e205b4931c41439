/**
 * The two superblocks of a file: which generations they offer, or why none.
 */
import { ImageError } from "./errors.ts";
import { type ReadContext, readSuperblock } from "./image-reader.ts";
import { firstSegmentOffset, hex, type Superblock, superblockMagic } from "./layout.ts";
import type { GuardedFile } from "./storage.ts";

/** A superblock that is whole; what it refers to may yet not be. */
export interface Candidate {
  readonly slot: 0 | 1;
  readonly superblock: Superblock;
}

export interface Slots {
  /** The newest first. */
  readonly candidates: readonly Candidate[];
  /** What is wrong with the slots that offer none. */
  readonly defects: ImageError[];
}

/** Reads both superblocks; refuses a file that is no image or one of another version. */
export function readCandidates(context: ReadContext): Slots {
  if (context.file.size() < firstSegmentOffset) throw shortRefusal(context.file);
  const candidates: Candidate[] = [];
  const defects: ImageError[] = [];
  for (const slot of [0, 1] as const) {
    const superblock = readSuperblock(context, slot);
    if (!(superblock instanceof ImageError)) {
      if (superblock !== null) candidates.push({ slot, superblock });
    } else if (superblock.isDamage) defects.push(superblock);
    else throw superblock;
  }
  candidates.sort((some, other) => other.superblock.generation - some.superblock.generation);
  return { candidates, defects };
}

function shortRefusal(file: GuardedFile): ImageError {
  const size = file.size();
  const start = hex(file.readFully(0, new Uint8Array(Math.min(size, superblockMagic.length))));
  if (size > 0 && !hex(superblockMagic).startsWith(start)) {
    return new ImageError("EIMG_NOT_IMAGE", {
      place: { offset: 0 },
      expected: hex(superblockMagic),
      found: start,
    });
  }
  return new ImageError("EIMG_TOO_SHORT", {
    expected: `at least ${firstSegmentOffset} bytes`,
    found: `${size}`,
  });
}

/** The refusal of a file of which no generation could be opened. */
export function refuseAll(
  candidates: readonly Candidate[],
  defects: readonly ImageError[],
  asked: number | undefined,
): ImageError {
  const numbers = candidates.map(({ superblock }) => superblock.generation);
  if (asked !== undefined && !numbers.includes(asked)) {
    const found = numbers.length === 0 ? "none" : numbers.join(" and ");
    return new ImageError("EIMG_GENERATION", { expected: `${asked}`, found }, defects);
  }
  const magicWords = defects.find(({ code }) => code === "EIMG_TEXT_MODE") ?? defects[0];
  if (magicWords === undefined) {
    return new ImageError("EIMG_NOT_IMAGE", { expected: "a superblock", found: "zeros" });
  }
  if (defects.length === 1 || magicWords.code === "EIMG_TEXT_MODE") return magicWords;
  if (defects.every(({ code }) => code === "EIMG_NOT_IMAGE")) return magicWords;
  return new ImageError("EIMG_NO_GENERATION", { found: defects.map(each).join("; ") }, defects);
}

function each(defect: ImageError): string {
  return defect.message.replace(/^image: /, "");
}
