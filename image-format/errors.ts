/**
 * Every way in which an image file can be refused, and the error that says so.
 *
 * A row is a stable code, what it means, what to do about it, and whether it
 * is damage. Damage in the newest generation lets the reader fall back to the
 * older one; the other refusals are about a sound file that this program
 * must not open, and there falling back would hide work from its owner.
 */

interface ImageErrorRow {
  readonly code: `EIMG_${string}`;
  readonly damage: boolean;
  readonly means: string;
  readonly advice: string;
}

const restore = "Open the previous generation, or restore the file from a copy.";
const update = "Open it with a newer version of this program.";
const storage = "Check the disk and its permissions, then save under another name.";

/** Every refusal. Codes are stable: programs and people search for them. */
export const imageErrors = [
  {
    code: "EIMG_TOO_SHORT",
    damage: true,
    means: "the file is too short to be an image",
    advice: "Check that the whole file arrived.",
  },
  {
    code: "EIMG_NOT_IMAGE",
    damage: true,
    means: "the file is not an image",
    advice: "Check the name of the file.",
  },
  {
    code: "EIMG_TEXT_MODE",
    damage: true,
    means: "the file was damaged by a transfer in text mode",
    advice: "Transfer the original again, in binary mode.",
  },
  {
    code: "EIMG_VERSION",
    damage: false,
    means: "the format version is not one this program reads",
    advice: update,
  },
  {
    code: "EIMG_SUPERBLOCK",
    damage: true,
    means: "a superblock is damaged",
    advice: restore,
  },
  {
    code: "EIMG_SEGMENT_RANGE",
    damage: true,
    means: "a segment lies outside the file",
    advice: restore,
  },
  {
    code: "EIMG_TRAILER",
    damage: true,
    means: "the trailer of a segment is damaged",
    advice: restore,
  },
  {
    code: "EIMG_SEGMENT_HASH",
    damage: true,
    means: "a segment does not have the hash that refers to it",
    advice: restore,
  },
  {
    code: "EIMG_CHAIN",
    damage: true,
    means: "the chain of segments is broken",
    advice: restore,
  },
  {
    code: "EIMG_CHUNK_TABLE",
    damage: true,
    means: "the chunk table of a segment is damaged",
    advice: restore,
  },
  {
    code: "EIMG_CHUNK_CRC",
    damage: true,
    means: "a chunk does not have its checksum",
    advice: restore,
  },
  {
    code: "EIMG_CHUNK_DATA",
    damage: true,
    means: "a chunk does not decompress to its pages",
    advice: restore,
  },
  {
    code: "EIMG_CODEC",
    damage: false,
    means: "a chunk has a codec this program cannot read",
    advice: update,
  },
  {
    code: "EIMG_CBOR",
    damage: true,
    means: "a value is not canonical CBOR of the allowed types",
    advice: restore,
  },
  {
    code: "EIMG_MANIFEST",
    damage: true,
    means: "a manifest key is missing or has a wrong value",
    advice: restore,
  },
  {
    code: "EIMG_CRITICAL_KEY",
    damage: false,
    means: "the manifest has a critical key this program does not know",
    advice: update,
  },
  {
    code: "EIMG_PRIMITIVES",
    damage: false,
    means: "the image needs primitives this program does not have",
    advice: update,
  },
  {
    code: "EIMG_HEAP",
    damage: true,
    means: "the heap of the image breaks a rule",
    advice: restore,
  },
  {
    code: "EIMG_HEAP_SIZE",
    damage: false,
    means: "the heap of the image is larger than the memory given to it",
    advice: "Open it with a higher heap limit.",
  },
  {
    code: "EIMG_NO_GENERATION",
    damage: true,
    means: "no generation in the file is whole",
    advice: "Restore the file from a copy.",
  },
  {
    code: "EIMG_GENERATION",
    damage: false,
    means: "the file does not hold the generation asked for",
    advice: "Ask for one of those the file lists.",
  },
  {
    code: "EIMG_JOURNAL",
    damage: true,
    means: "the journal is damaged",
    advice: "Keep it for inspection and start a new journal.",
  },
  {
    code: "EIMG_JOURNAL_OWNER",
    damage: false,
    means: "the journal belongs to another image",
    advice: "Put the journal back beside its own image.",
  },
  {
    code: "EIMG_READ",
    damage: false,
    means: "the storage could not read",
    advice: "Check the disk and its permissions.",
  },
  {
    code: "EIMG_FETCH",
    damage: false,
    means: "the image could not be downloaded",
    advice: "Check the address. A server elsewhere must allow the pages of other sites to read it.",
  },
  {
    code: "EIMG_WRITE",
    damage: false,
    means: "the storage could not write; the save failed",
    advice: storage,
  },
  {
    code: "EIMG_DISK_FULL",
    damage: false,
    means: "the storage is full; the save failed",
    advice: "Free some space, or save under another name on another disk.",
  },
  {
    code: "EIMG_SYNC",
    damage: false,
    means: "the storage could not make the save durable",
    advice: "Save under another name: this disk may have lost what was written.",
  },
  {
    code: "EIMG_POISONED",
    damage: false,
    means: "an earlier save failed in a way that leaves the file uncertain",
    advice: "Save under another name, or open the file again before saving to it.",
  },
  {
    code: "EIMG_BUSY",
    damage: false,
    means: "another save to the same file is still running",
    advice: "Wait for it to end.",
  },
  {
    code: "EIMG_READ_ONLY",
    damage: false,
    means: "the file is open for reading only",
    advice: "Save under another name.",
  },
  {
    code: "EIMG_LOCKED",
    damage: false,
    means: "another program has the file open for writing",
    advice: "Close it there, or open the file for reading only or as a clone.",
  },
  {
    code: "EIMG_MISSING",
    damage: false,
    means: "there is no such file",
    advice: "Check the name of the file.",
  },
  {
    code: "EIMG_EXISTS",
    damage: false,
    means: "there already is such a file",
    advice: "Choose another name, or remove the file.",
  },
  {
    code: "EIMG_DENIED",
    damage: false,
    means: "the file may not be opened",
    advice: "Check the permissions of the file and its folder.",
  },
] as const satisfies readonly ImageErrorRow[];

export type ImageErrorCode = (typeof imageErrors)[number]["code"];

/** Where in a file something is wrong; what is unknown is left out. */
export interface Place {
  readonly file?: string;
  readonly offset?: number;
  readonly generation?: number;
  readonly chunk?: number;
  readonly key?: string;
}

export interface Refusal {
  readonly place?: Place;
  readonly expected?: string;
  readonly found?: string;
}

const rows = new Map<string, ImageErrorRow>(imageErrors.map((row) => [row.code, row]));

/** A refusal: a stable code, the place, what was expected and found, and what to do. */
export class ImageError extends Error {
  readonly code: ImageErrorCode;
  readonly place: Place;
  readonly expected: string | undefined;
  readonly found: string | undefined;
  readonly advice: string;
  /** What was wrong with each generation, when none could be opened. */
  readonly causes: readonly ImageError[];

  constructor(code: ImageErrorCode, refusal: Refusal = {}, causes: readonly ImageError[] = []) {
    const row = rows.get(code)!;
    super(describe(row, refusal));
    this.name = "ImageError";
    this.code = code;
    this.place = refusal.place ?? {};
    this.expected = refusal.expected;
    this.found = refusal.found;
    this.advice = row.advice;
    this.causes = causes;
  }

  /** Answers whether the file is damaged, so that an older generation may stand in. */
  get isDamage(): boolean {
    return rows.get(this.code)!.damage;
  }
}

function describe(row: ImageErrorRow, { place, expected, found }: Refusal): string {
  const where: string[] = [];
  if (place?.file !== undefined) where.push(place.file);
  if (place?.generation !== undefined) where.push(`generation ${place.generation}`);
  if (place?.chunk !== undefined) where.push(`chunk ${place.chunk}`);
  if (place?.key !== undefined) where.push(`key "${place.key}"`);
  if (place?.offset !== undefined) where.push(`byte 0x${place.offset.toString(16)}`);
  const what: string[] = [];
  if (expected !== undefined) what.push(`expected ${expected}`);
  if (found !== undefined) what.push(`found ${found}`);
  return (
    `image: ${row.means}` +
    (where.length > 0 ? ` at ${where.join(", ")}` : "") +
    (what.length > 0 ? `: ${what.join(", ")}` : "") +
    ` (${row.code})`
  );
}

/** Stops before a broken invariant of ours can reach a file. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`image-format: ${message}`);
}
