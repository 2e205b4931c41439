/**
 * Damaged and forged images: each opens as something that was saved, or is
 * refused with a code, and nothing else happens.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../image-format/crc32.ts";
import { ImageError } from "../../image-format/errors.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import {
  readFields,
  superblockFields,
  superblockSectorSize,
  trailerFields,
  trailerHashedSize,
  trailerSize,
  writeFields,
} from "../../image-format/layout.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { sha256 } from "../../image-format/sha256.ts";
import { now } from "../../image-format/steps.ts";
import { verifyImage } from "../../image-format/verify-image.ts";
import { fingerprint, Random, sampleHeap, sampleImage, sampleSave } from "./samples.ts";

const heaps = [1, 2, 3].map((seed) => sampleHeap(20, seed, [5]));

/** An image of two generations, the second full or a delta, and what each must open as. */
function sample(kind: "image" | "delta"): Uint8Array {
  const file = new MemoryFile();
  const image = now(ImageFile.create(file, sampleImage(heaps[0]!)));
  now(image.commit(sampleSave(kind, heaps[1]!)));
  return file.contents().slice();
}

const saved = new Set(heaps.map(fingerprint));

/** Opens bytes; answers the fingerprint of the heap or the code of the refusal. */
function openBytes(bytes: Uint8Array): string {
  let heap = new Uint8Array(0);
  try {
    now(
      ImageFile.open(new MemoryFile(bytes), {
        heap: (manifest) => {
          heap = new Uint8Array(Math.min(manifest.heapSize, 2 ** 24));
          return heap;
        },
      }),
    );
    return fingerprint(heap);
  } catch (error) {
    if (error instanceof ImageError) return error.code;
    throw error;
  }
}

function expectSavedOrRefused(bytes: Uint8Array, what: string): void {
  const outcome = openBytes(bytes);
  if (!outcome.startsWith("EIMG_")) expect(saved, what).toContain(outcome);
}

const samples = { full: sample("image"), delta: sample("delta") };

for (const [name, original] of Object.entries(samples)) {
  describe(`a damaged image with a ${name} generation`, () => {
    it("opens as a generation or is refused when any byte is changed", () => {
      const random = new Random(5);
      for (let round = 0; round < 1500; round++) {
        const bytes = original.slice();
        // Half of them where superblocks, tables, manifests and trailers are.
        const position = random.chance(0.5)
          ? random.choose([
              random.below(90),
              4096 + random.below(90),
              bytes.length - 1 - random.below(900),
            ])
          : random.below(bytes.length);
        for (let flips = 1 + random.below(3); flips > 0; flips--) {
          bytes[Math.min(bytes.length - 1, position + random.below(4))] = random.below(256);
        }
        expectSavedOrRefused(bytes, `round ${round}, byte ${position}`);
      }
    });

    it("opens as a generation or is refused wherever it is cut off", () => {
      const random = new Random(6);
      for (let round = 0; round < 600; round++) {
        expectSavedOrRefused(original.slice(0, random.below(original.length)), `round ${round}`);
      }
    });

    it("opens as a generation or is refused when parts are exchanged", () => {
      const random = new Random(7);
      const others = Object.values(samples);
      for (let round = 0; round < 600; round++) {
        const bytes = original.slice();
        const size = random.choose([64, 512, 4096, 16384]);
        const donor = random.choose(others);
        const from = random.below(donor.length / 512) * 512;
        const part = donor.subarray(from, from + size);
        const to = random.below(Math.max(1, (bytes.length - part.length) / 512)) * 512;
        bytes.set(part.subarray(0, bytes.length - to), to);
        expectSavedOrRefused(bytes, `round ${round}: ${size} bytes from ${from} to ${to}`);
      }
    });
  });
}

/** Makes the hashes of the newest generation and its superblock right again. */
function rehash(bytes: Uint8Array): void {
  const slot = 4096;
  const superblock = readFields(superblockFields, bytes, slot);
  const end = superblock.segmentOffset + superblock.segmentLength;
  const start = end - trailerSize;
  if (start < 8192 || end > bytes.length) return;
  const trailer = readFields(trailerFields, bytes, start);
  const described = start - trailer.tableLength - trailer.manifestLength;
  if (described >= 8192) {
    const hash = sha256(bytes.subarray(described, start + trailerHashedSize));
    writeFields(trailerFields, bytes, { ...trailer, hash }, start);
    writeFields(superblockFields, bytes, { ...superblock, segmentHash: hash }, slot);
  }
  const crc = crc32(bytes.subarray(slot, slot + superblockSectorSize - 4));
  const resealed = readFields(superblockFields, bytes, slot);
  writeFields(superblockFields, bytes, { ...resealed, crc }, slot);
}

describe("a forged image, whose hashes are right", () => {
  it("opens or is refused with a code, never anything else", () => {
    const random = new Random(8);
    const outcomes: Record<string, number> = {};
    for (let round = 0; round < 6000; round++) {
      const bytes = random.choose(Object.values(samples)).slice();
      const region = random.choose([
        4096 + 8 + random.below(80),
        bytes.length - trailerSize + random.below(trailerSize),
        bytes.length - 1 - random.below(800),
      ]);
      for (let flips = 1 + random.below(2); flips > 0; flips--) {
        const position = Math.min(bytes.length - 1, region + random.below(4));
        bytes[position] = random.choose([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
      }
      rehash(bytes);
      const outcome = openBytes(bytes);
      const kind = outcome.startsWith("EIMG_") ? outcome : "opened";
      outcomes[kind] = (outcomes[kind] ?? 0) + 1;
      try {
        now(verifyImage(new MemoryFile(bytes)));
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
      }
    }
    expect(outcomes.opened).toBeGreaterThan(1000);
    expect(outcomes.EIMG_VERSION).toBeGreaterThan(10);
    expect(outcomes.EIMG_CODEC).toBeGreaterThan(0);
  });
});
