import { describe, expect, it } from "vitest";
import { ImageError } from "../../image-format/errors.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { lockForWriting, openFile } from "../../image-format/storage.ts";
import { fingerprint, sampleHeap, sampleImage, sampleSave } from "./samples.ts";
import { type Fault, SimulatedDisk } from "./simulated-storage.ts";

const name = "test.image";
const first = sampleHeap(40, 1);
const second = sampleHeap(40, 2);

function errorOf(call: () => unknown): unknown {
  try {
    call();
    return null;
  } catch (error) {
    return error;
  }
}

function heapOf(disk: SimulatedDisk): string {
  const image = now(ImageFile.open(new MemoryFile(disk.visible(name))));
  const heap = new Uint8Array(image.manifest.heapSize);
  now(image.readPagesInto(heap));
  return fingerprint(heap);
}

const ways = {
  delta: (image: ImageFile) => image.commit(sampleSave("delta", second, [...Array(40).keys()])),
  full: (image: ImageFile) => image.commit(sampleSave("image", second)),
  rewrite: (image: ImageFile, disk: SimulatedDisk) =>
    image.rewrite(disk, name, sampleSave("image", second)),
};

/** Saves with a fault at the n-th change, for every n until the save gets through. */
function failEverywhere(way: keyof typeof ways, fault: Fault, check: Check): number {
  for (let after = 0; ; after++) {
    const disk = new SimulatedDisk();
    now(ImageFile.writeTo(disk, name, sampleImage(first)));
    const image = now(ImageFile.open(disk.open(name, "write")));
    disk.planFault(fault, after);
    const error = errorOf(() => now(ways[way](image, disk)));
    if (!disk.clearFault()) {
      expect(heapOf(disk)).toBe(fingerprint(second));
      return after;
    }
    check(error, image, disk);
  }
}

type Check = (error: unknown, image: ImageFile, disk: SimulatedDisk) => void;

describe("a full disk", () => {
  for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
    it(`loses nothing in any phase of a ${way} save, and saving works once there is room`, () => {
      const phases = failEverywhere(way, "full", (error, image, disk) => {
        expect(error).toMatchObject({ name: "ImageError", code: "EIMG_DISK_FULL" });
        expect(heapOf(disk)).toBe(fingerprint(first));
        const again = errorOf(() => now(ways[way](image, disk)));
        if (again !== null) {
          expect(again).toMatchObject({ code: "EIMG_POISONED" });
          now(ways[way](now(ImageFile.open(disk.open(name, "write"))), disk));
        }
        expect(heapOf(disk)).toBe(fingerprint(second));
      });
      expect(phases).toBeGreaterThanOrEqual(3);
    });
  }

  it("keeps no space for a save that failed", () => {
    const disk = new SimulatedDisk();
    now(ImageFile.writeTo(disk, name, sampleImage(first)));
    const size = disk.visible(name)!.length;
    const image = now(ImageFile.open(disk.open(name, "write")));
    const save = sampleSave("image", sampleHeap(600, 3));
    disk.planFault("full", 2);
    expect(errorOf(() => image.commit(save))).toMatchObject({ code: "EIMG_DISK_FULL" });
    expect(disk.visible(name)!.length).toBe(size);
    disk.planFault("full", 2);
    expect(errorOf(() => image.rewrite(disk, name, save))).toMatchObject({
      code: "EIMG_DISK_FULL",
    });
    expect(disk.exists(`${name}.new`)).toBe(false);
  });
});

describe("a failed sync", () => {
  for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
    it(`is loud and final in any phase of a ${way} save`, () => {
      failEverywhere(way, "sync", (error, image, disk) => {
        expect(error).toMatchObject({ name: "ImageError", code: "EIMG_SYNC" });
        const changes = disk.log.length;
        for (const again of Object.values(ways)) {
          expect(errorOf(() => again(image, disk))).toMatchObject({
            code: "EIMG_POISONED",
            causes: [{ code: "EIMG_SYNC" }],
          });
        }
        expect(disk.log.length).toBe(changes);
      });
    });
  }
});

describe("storage", () => {
  it("shows no text of the host, whatever it throws", () => {
    const image = new MemoryFile();
    now(ImageFile.create(image, sampleImage(first)));
    const calls = {
      read: (file: MemoryFile) => ImageFile.open(file),
      size: (file: MemoryFile) => ImageFile.open(file),
      sync: (file: MemoryFile) => ImageFile.open(file),
      write: (file: MemoryFile) => ImageFile.create(file, sampleImage(first)),
    };
    for (const thrown of [new RangeError("/home/secret"), "secret", null]) {
      for (const method of ["read", "size", "sync", "write"] as const) {
        const file = new MemoryFile(method === "write" ? undefined : image.contents());
        file[method] = () => {
          throw thrown;
        };
        const error = errorOf(() => calls[method](file));
        expect(error).toBeInstanceOf(ImageError);
        expect(String(error)).not.toContain("secret");
      }
    }
  });

  it("takes no progress in a write for a full disk", () => {
    const file = new MemoryFile();
    now(ImageFile.create(file, sampleImage(first)));
    const image = now(ImageFile.open(file));
    file.write = () => 0;
    expect(errorOf(() => image.commit(sampleSave("image", second)))).toMatchObject({
      code: "EIMG_DISK_FULL",
    });
  });

  it("has one writer, and says who it is to the next", () => {
    const disk = new SimulatedDisk();
    const lock = now(lockForWriting(disk, name));
    expect(errorOf(() => lockForWriting(disk, name))).toMatchObject({
      code: "EIMG_LOCKED",
      found: "another program",
      place: { file: name },
    });
    now(lock.release());
    now(lockForWriting(disk, name));
  });

  it("refuses a missing file, and a name that is taken unless it may be replaced", () => {
    const disk = new SimulatedDisk();
    expect(errorOf(() => openFile(disk, name, "read"))).toMatchObject({ code: "EIMG_MISSING" });
    now(ImageFile.writeTo(disk, name, sampleImage(first)));
    expect(errorOf(() => ImageFile.writeTo(disk, name, sampleImage(second)))).toMatchObject({
      code: "EIMG_EXISTS",
    });
    now(ImageFile.writeTo(disk, name, sampleImage(second), { mayReplace: true }));
    expect(heapOf(disk)).toBe(fingerprint(second));
  });
});
