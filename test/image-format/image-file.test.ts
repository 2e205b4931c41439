import { deflateRawSync, inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ImageServices } from "../../image-format/codec.ts";
import { ImageError } from "../../image-format/errors.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import type { PageRun } from "../../image-format/image-writer.ts";
import { firstSegmentOffset, pageSize, superblockOffsets } from "../../image-format/layout.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { chooseSave } from "../../image-format/save-policy.ts";
import type { Manifest } from "../../image-format/schema.ts";
import { now } from "../../image-format/steps.ts";
import { verifyImage } from "../../image-format/verify-image.ts";
import {
  fingerprint as print,
  runsOf,
  sampleFileId,
  sampleHeap,
  sampleImage,
  sampleSave,
} from "./samples.ts";
import { SimulatedDisk } from "./simulated-storage.ts";

const services: ImageServices = {
  deflateRaw: (bytes) => deflateRawSync(bytes),
  inflateRaw: (bytes, size) => inflateRawSync(bytes, { maxOutputLength: size }),
};

const room = (manifest: Manifest) => new Uint8Array(manifest.heapSize);

/** Opens a file and answers its newest generation with its heap. */
function reopen(file: MemoryFile, options: { generation?: number } = {}) {
  let heap = new Uint8Array(0);
  const image = now(
    ImageFile.open(file, {
      services,
      ...options,
      heap: (manifest) => {
        heap = room(manifest);
        return heap;
      },
    }),
  );
  return { image, heap, generation: image.generation };
}

function expectState(
  opened: ReturnType<typeof reopen>,
  generation: number,
  heap: Uint8Array,
): void {
  expect(opened.generation).toBe(generation);
  expect(print(opened.heap)).toBe(print(heap));
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof ImageError) return error.code;
    throw error;
  }
  return "no error";
}

describe("an image file", () => {
  it("gives back the heap and manifest of its first generation", () => {
    const heap = sampleHeap(40, 1, [0, 17, 18, 39]);
    const file = new MemoryFile();
    now(ImageFile.create(file, sampleImage(heap, { ticks: -5, note: "hello" })));
    const opened = reopen(file);
    expect(print(opened.heap)).toBe(print(heap));
    expect(opened.generation).toBe(1);
    expect(opened.image.manifest.state).toEqual({ ticks: -5, note: "hello" });
    expect(opened.image.manifest.fileId).toEqual(sampleFileId);
    expect(opened.image.warnings).toEqual([]);
  });

  it("leaves out pages that are all zero", () => {
    const file = new MemoryFile();
    now(ImageFile.create(file, sampleImage(new Uint8Array(1000 * pageSize))));
    expect(file.size()).toBeLessThan(firstSegmentOffset + 1000);
    expect(reopen(file).heap.every((byte) => byte === 0)).toBe(true);
  });

  it("applies deltas in order, zero pages among them", () => {
    const heap = sampleHeap(40);
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(heap)));
    for (const [seed, page] of [
      [2, 3],
      [3, 3],
      [4, 39],
    ] as const) {
      heap.set(sampleHeap(1, seed), page * pageSize);
      now(image.commit(sampleSave("delta", heap, [page])));
    }
    heap.fill(0, 5 * pageSize, 7 * pageSize);
    now(image.commit(sampleSave("delta", heap, [3, 5, 6])));
    expectState(reopen(file), 5, heap);
  });

  it("forgets the pages by which a heap shrank, even when it grows again", () => {
    const heap = sampleHeap(40);
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(heap)));
    now(image.commit(sampleSave("delta", heap.subarray(0, 20 * pageSize), [0])));
    heap.fill(0, 20 * pageSize);
    heap.set(sampleHeap(1, 9), 30 * pageSize);
    now(image.commit(sampleSave("delta", heap.subarray(0, 35 * pageSize), [30])));
    expect(print(reopen(file).heap)).toBe(print(heap.subarray(0, 35 * pageSize)));
  });

  it("keeps the generation before, which opens when asked for", () => {
    const first = sampleHeap(20, 1);
    const second = sampleHeap(20, 2);
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(first)));
    now(image.commit(sampleSave("image", second)));
    expectState(reopen(file), 2, second);
    expect(reopen(file, { generation: 1 })).toMatchObject({ generation: 1, heap: first });
    expect(codeOf(() => reopen(file, { generation: 7 }))).toBe("EIMG_GENERATION");
  });

  it("falls back to the generation before when the newest is damaged, and says why", () => {
    const first = sampleHeap(20, 1);
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(first)));
    now(image.commit(sampleSave("image", sampleHeap(20, 2))));
    const { offset } = image.generations()[0]!;
    file.write(offset + 5000, Uint8Array.of(1, 2, 3));
    const opened = reopen(file);
    expectState(opened, 1, first);
    expect(opened.image.warnings.map(({ code }) => code)).toEqual(["EIMG_CHUNK_CRC"]);
    expect(opened.image.warnings[0]!.place).toMatchObject({ generation: 2, chunk: 0, offset });
    now(opened.image.commit(sampleSave("image", sampleHeap(20, 3))));
    expectState(reopen(file), 3, sampleHeap(20, 3));
    expect(print(reopen(file, { generation: 1 }).heap)).toBe(print(first));
  });

  it("does not grow without end when every save is full", () => {
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(sampleHeap(50, 0))));
    for (let seed = 1; seed <= 30; seed++) {
      now(image.commit(sampleSave("image", sampleHeap(50, seed))));
      expectState(reopen(file), seed + 1, sampleHeap(50, seed));
      expect(print(reopen(file, { generation: seed }).heap)).toBe(print(sampleHeap(50, seed - 1)));
    }
    expect(file.size()).toBeLessThan(firstSegmentOffset + 3 * 51 * pageSize);
  });

  it("compresses chunks where that makes them shorter", () => {
    const heap = sampleHeap(64);
    for (let page = 0; page < 32; page++)
      heap.fill(page + 1, page * pageSize, (page + 1) * pageSize);
    const file = new MemoryFile();
    const image = { ...sampleImage(heap), codec: "deflate-raw" as const };
    now(ImageFile.create(file, image, { services }));
    expect(file.size()).toBeLessThan(firstSegmentOffset + 34 * pageSize);
    expect(print(reopen(file).heap)).toBe(print(heap));
    expect(codeOf(() => now(ImageFile.open(file)))).toBe("EIMG_CODEC");
  });

  it("waits for storage and codecs that answer promises", async () => {
    const waiting: ImageServices = {
      deflateRaw: async (bytes) => deflateRawSync(bytes),
      inflateRaw: async (bytes, size) => inflateRawSync(bytes, { maxOutputLength: size }),
    };
    const heap = new Uint8Array(64 * pageSize).fill(7);
    class SlowFile extends MemoryFile {
      override sync(): Promise<void> {
        return Promise.resolve();
      }
    }
    const file = new SlowFile();
    const compressed = { ...sampleImage(heap), codec: "deflate-raw" as const };
    const image = await ImageFile.create(file, compressed, { services: waiting });
    const saving = image.commit(sampleSave("delta", heap, [1]));
    expect(codeOf(() => image.commit(sampleSave("delta", heap, [2])))).toBe("EIMG_BUSY");
    expect(await saving).toBe(2);
    const target = new Uint8Array(heap.length);
    await (await ImageFile.open(file, { services: waiting })).readPagesInto(target);
    expect(print(target)).toBe(print(heap));
  });

  it("writes the same bytes for the same input", () => {
    const bytes = [1, 2].map(() => {
      const file = new MemoryFile();
      const image = now(ImageFile.create(file, sampleImage(sampleHeap(30))));
      now(image.commit(sampleSave("delta", sampleHeap(30, 2), [4, 9, 10])));
      return file.contents();
    });
    expect(print(bytes[0]!)).toBe(print(bytes[1]!));
  });

  it("writes the same bytes again when what was loaded is exported unchanged", () => {
    const file = new MemoryFile();
    now(ImageFile.create(file, sampleImage(sampleHeap(30, 1, [3, 4]), { a: 1 })));
    const { image, heap } = reopen(file);
    const { manifest } = image;
    const again = new MemoryFile();
    const { kind, fileId, generation, parent, extra } = manifest;
    const identity = { kind, fileId, generation, parent, extra };
    now(ImageFile.create(again, { ...identity, description: manifest, pages: runsOf(heap) }));
    expect(print(again.contents())).toBe(print(file.contents()));
  });

  it("does not depend on how its pages come in runs", () => {
    const heap = sampleHeap(50, 1, [7]);
    const files = [runsOf(heap), runsOf(heap, [...heap.keys()].slice(0, 50))].map((pages) => {
      const file = new MemoryFile();
      now(ImageFile.create(file, { ...sampleImage(heap), pages }));
      return file.contents();
    });
    expect(print(files[0]!)).toBe(print(files[1]!));
  });

  it("keeps what it does not know of a manifest, unless that is critical", () => {
    const heap = sampleHeap(4);
    const file = new MemoryFile();
    const extra = new Map([["colour", "green"]]);
    now(ImageFile.create(file, { ...sampleImage(heap), extra }));
    now(reopen(file).image.commit(sampleSave("delta", heap, [1])));
    expect(reopen(file).image.manifest.extra).toEqual(extra);
    const other = new MemoryFile();
    expect(
      codeOf(() =>
        ImageFile.create(other, { ...sampleImage(heap), extra: new Map([["!new", 1]]) }),
      ),
    ).toBe("EIMG_CRITICAL_KEY");
  });

  it("refuses to save when opened for reading only, and leaves the file alone", () => {
    const file = new MemoryFile();
    now(ImageFile.create(file, sampleImage(sampleHeap(4))));
    file.sync = () => {
      throw new Error("synced");
    };
    const image = now(ImageFile.open(file, { readOnly: true }));
    expect(codeOf(() => image.commit(sampleSave("image", sampleHeap(4))))).toBe("EIMG_READ_ONLY");
  });

  it("refuses a heap larger than the memory given for it", () => {
    const file = new MemoryFile();
    now(ImageFile.create(file, sampleImage(sampleHeap(4))));
    const heap = () => new Uint8Array(3 * pageSize);
    expect(codeOf(() => ImageFile.open(file, { heap }))).toBe("EIMG_HEAP_SIZE");
  });

  it("stops a page source that gives more than it promised before anything is overwritten", () => {
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(sampleHeap(50, 1))));
    now(image.commit(sampleSave("image", sampleHeap(50, 2))));
    now(image.commit(sampleSave("image", sampleHeap(50, 3))));
    const lying = { ...sampleSave("image", sampleHeap(80, 4)), pageCount: 1 };
    expect(() => image.commit(lying)).toThrow("longer than its place");
    expectState(reopen(file), 3, sampleHeap(50, 3));
    expect(print(reopen(file, { generation: 2 }).heap)).toBe(print(sampleHeap(50, 2)));
    expect(now(image.commit(sampleSave("image", sampleHeap(50, 5))))).toBe(4);
  });

  it("survives an exception of its page source", () => {
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(sampleHeap(50, 1))));
    function* failing(): Iterable<PageRun> {
      yield* runsOf(sampleHeap(50, 2), [0, 1, 2]);
      throw new Error("collector failed");
    }
    const save = { ...sampleSave("image", sampleHeap(50, 2)), pages: failing() };
    expect(() => image.commit(save)).toThrow("collector failed");
    expect(now(image.commit(sampleSave("image", sampleHeap(50, 3))))).toBe(2);
    expect(print(reopen(file).heap)).toBe(print(sampleHeap(50, 3)));
  });

  it("is not rewritten when what it would take along has decayed", () => {
    const disk = new SimulatedDisk();
    now(ImageFile.writeTo(disk, "a", sampleImage(sampleHeap(20, 1))));
    const image = now(ImageFile.open(disk.open("a", "write")));
    disk.visible("a")![firstSegmentOffset + 9]! ^= 1;
    const save = sampleSave("image", sampleHeap(20, 2));
    expect(codeOf(() => image.rewrite(disk, "a", save))).toBe("EIMG_CHUNK_CRC");
    expect(disk.exists("a.new")).toBe(false);
    expect(now(image.commit(save))).toBe(2);
  });

  it("lists its generations without reading pages", () => {
    const heap = sampleHeap(20);
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(heap)));
    now(image.commit(sampleSave("delta", heap, [3])));
    now(image.commit(sampleSave("delta", heap, [3, 4])));
    const opened = now(ImageFile.open(file, { heap: "skip" }));
    expect(
      opened.generations().map(({ manifest: { generation, kind }, pageCount, isKept }) => ({
        generation,
        kind,
        pageCount,
        isKept,
      })),
    ).toEqual([
      { generation: 3, kind: "delta", pageCount: 2, isKept: true },
      { generation: 2, kind: "delta", pageCount: 1, isKept: true },
      { generation: 1, kind: "image", pageCount: 20, isKept: false },
    ]);
  });

  it("reports the first defect of each generation when verified", () => {
    const file = new MemoryFile();
    const image = now(ImageFile.create(file, sampleImage(sampleHeap(40))));
    now(image.commit(sampleSave("image", sampleHeap(40, 2))));
    expect(now(verifyImage(file)).generations).toMatchObject([
      { generation: 2, segmentCount: 1, chunkCount: 3, firstDefect: null },
      { generation: 1, segmentCount: 1, chunkCount: 3, firstDefect: null },
    ]);
    const damaged = firstSegmentOffset + 17 * pageSize + 1;
    file.write(damaged, Uint8Array.of(0xff, 0xff));
    file.write(superblockOffsets[1] + 40, Uint8Array.of(0xff));
    const { generations, defects } = now(verifyImage(file));
    expect(defects.map(({ code }) => code)).toEqual(["EIMG_SUPERBLOCK"]);
    expect(generations.map(({ firstDefect }) => firstDefect?.place)).toEqual([
      { generation: 1, chunk: 1, offset: firstSegmentOffset + 16 * pageSize },
    ]);
  });
});

describe("the refusal of a file that is no image", () => {
  const image = new MemoryFile();
  now(ImageFile.create(image, sampleImage(sampleHeap(4))));

  function codeOfBytes(bytes: Uint8Array): string {
    return codeOf(() => ImageFile.open(new MemoryFile(bytes)));
  }

  it("tells an empty or short file, another file, and one damaged as text", () => {
    const bytes = image.contents();
    expect(codeOfBytes(new Uint8Array(0))).toBe("EIMG_TOO_SHORT");
    expect(codeOfBytes(bytes.slice(0, 100))).toBe("EIMG_TOO_SHORT");
    expect(codeOfBytes(new TextEncoder().encode("#!/bin/sh"))).toBe("EIMG_NOT_IMAGE");
    expect(codeOfBytes(new Uint8Array(50_000).fill(0x41))).toBe("EIMG_NOT_IMAGE");
    expect(codeOfBytes(new Uint8Array(50_000))).toBe("EIMG_NOT_IMAGE");
    const withoutReturns = bytes.filter((byte, index) => byte !== 13 || index > 100);
    expect(codeOfBytes(withoutReturns)).toBe("EIMG_TEXT_MODE");
    expect(codeOfBytes(new TextEncoder().encode(new TextDecoder().decode(bytes)))).toBe(
      "EIMG_TEXT_MODE",
    );
  });

  it("says where, what was expected and found, and what to do", () => {
    const bytes = image.contents().slice();
    bytes[firstSegmentOffset] = bytes[firstSegmentOffset]! ^ 1;
    try {
      now(ImageFile.open(new MemoryFile(bytes)));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: "EIMG_CHUNK_CRC",
        place: { generation: 1, chunk: 0, offset: firstSegmentOffset },
        advice: expect.stringContaining("previous generation"),
      });
      expect(String(error)).toMatch(
        /^ImageError: image: a chunk does not have its checksum at generation 1, chunk 0, byte 0x2000: expected [0-9a-f]{8}, found [0-9a-f]{8} \(EIMG_CHUNK_CRC\)$/,
      );
    }
  });
});

describe("the choice of how to save", () => {
  const full = 100 * pageSize;
  const usage = { fileSize: 2 * full, chainLength: 2, chainSize: full, fullSize: full };
  const changed = { dirtyPages: 10, usedPages: 100 };

  it("is a delta until deltas are half the heap or many", () => {
    expect(chooseSave(usage, changed, true)).toBe("delta");
    expect(chooseSave(usage, { ...changed, dirtyPages: 51 }, true)).toBe("full");
    expect(chooseSave({ ...usage, chainSize: 1.45 * full }, changed, true)).toBe("full");
    expect(chooseSave({ ...usage, chainLength: 64 }, changed, true)).toBe("full");
  });

  it("is a new file only when the old one has grown far beyond its contents, and it may be", () => {
    const grown = { ...usage, fileSize: 7 * full, chainLength: 64 };
    expect(chooseSave(grown, changed, true)).toBe("rewrite");
    expect(chooseSave(grown, changed, false)).toBe("full");
  });
});
