import { describe, expect, it } from "vitest";
import { ImageError } from "../../image-format/errors.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { pageSize } from "../../image-format/layout.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import type { Manifest } from "../../image-format/schema.ts";
import { now } from "../../image-format/steps.ts";
import { StorageError } from "../../image-format/storage.ts";
import { fingerprint, Random, sampleHeap, sampleImage, sampleSave } from "./samples.ts";

/** A file whose host reads several places at once, in any order, and not all that was asked. */
class ManyReadsFile extends MemoryFile {
  private readonly random: Random;
  failsAt = -1;
  underWay = 0;
  mostUnderWay = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(bytes: Uint8Array, seed: number) {
    super(bytes);
    this.random = new Random(seed);
  }

  async readLater(offset: number, into: Uint8Array): Promise<number> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await this.turn();
    this.underWay--;
    if (this.failsAt >= offset && this.failsAt < offset + into.length) {
      throw new StorageError("failed");
    }
    const short = this.random.chance(0.3) ? this.random.below(into.length) : into.length;
    return this.read(offset, into.subarray(0, short));
  }

  /** Those who wait go on one by one, whoever it hits. */
  private turn(): Promise<void> {
    setImmediate(() => {
      const [next] = this.waiting.splice(this.random.below(this.waiting.length), 1);
      next!();
    });
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** Larger than what is read in one go, with holes. */
const older = sampleHeap(1500, 1, [3, 700]);
const newer = sampleHeap(1500, 2, [3, 700]);

function twoGenerations(): Uint8Array {
  const file = new MemoryFile();
  const image = now(ImageFile.create(file, sampleImage(older)));
  now(image.commit(sampleSave("image", newer)));
  return file.contents().slice();
}

async function opened(file: ManyReadsFile) {
  let heap = new Uint8Array(0);
  const image = await ImageFile.open(file, {
    heap: (manifest: Manifest) => {
      heap = new Uint8Array(manifest.heapSize);
      return heap;
    },
  });
  return { image, heap: () => fingerprint(heap), generation: image.generation };
}

describe("a file read at several places at once", () => {
  it("gives the same heap, whichever read is done first", async () => {
    const bytes = twoGenerations();
    for (let seed = 1; seed <= 10; seed++) {
      const file = new ManyReadsFile(bytes, seed);
      const { heap, generation } = await opened(file);
      expect({ generation, heap: heap() }).toEqual({ generation: 2, heap: fingerprint(newer) });
      expect(file.mostUnderWay).toBeGreaterThan(1);
      expect(file.underWay).toBe(0);
    }
  });

  it("gives the generation before where the newest is damaged, and nothing of that one comes in late", async () => {
    const bytes = twoGenerations();
    const start = bytes.length / 2;
    for (let seed = 1; seed <= 10; seed++) {
      const damaged = bytes.slice();
      damaged[Math.floor(start / pageSize + 5) * pageSize + seed]! ^= 1;
      const file = new ManyReadsFile(damaged, seed);
      const { image, heap, generation } = await opened(file);
      expect(image.warnings.map(({ code }) => code)).toEqual(["EIMG_CHUNK_CRC"]);
      expect(generation).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(heap()).toBe(fingerprint(older));
      expect(file.underWay).toBe(0);
    }
  });

  it("is refused, with the reason, where any of the reads fails", async () => {
    const bytes = twoGenerations();
    for (let seed = 1; seed <= 10; seed++) {
      const file = new ManyReadsFile(bytes, seed);
      file.failsAt = bytes.length - seed * 500_000;
      const failure = await opened(file).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ImageError);
      expect(failure).toMatchObject({ code: "EIMG_READ" });
      expect(file.underWay).toBe(0);
    }
  });
});
