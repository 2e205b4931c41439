/** What a browser remembers of the heap it has checked, on a simulated disk and with small images. */
import { beforeEach, expect, it } from "vitest";
import { SoundHeap } from "../../browser/sound-heap.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { sampleHeap, sampleImage, sampleSave } from "../image-format/samples.ts";
import { SimulatedDisk } from "../image-format/simulated-storage.ts";

const heap = sampleHeap(20);
let image: ImageFile;
let disk: SimulatedDisk;

beforeEach(() => {
  image = now(ImageFile.create(new MemoryFile(), sampleImage(heap)));
  disk = new SimulatedDisk();
});

async function reopened(build = "one"): Promise<SoundHeap> {
  return (await SoundHeap.open(disk, "my.sound", build))!;
}

/** An image that differs in something from the usual one. */
function other(changes: Partial<Parameters<typeof ImageFile.create>[1]> = {}): ImageFile {
  return now(ImageFile.create(new MemoryFile(), { ...sampleImage(heap), ...changes }));
}

it("knows a heap again that was noted, and each save of it that was", async () => {
  let sound = await reopened();
  expect(sound.isKnown(image)).toBe(false);
  await sound.note(image);
  expect((await reopened()).isKnown(image)).toBe(true);
  now(image.commit(sampleSave("delta", heap, [3])));
  sound = await reopened();
  expect(sound.isKnown(image)).toBe(false);
  await sound.note(image);
  expect((await reopened()).isKnown(image)).toBe(true);
});

it("knows no heap that differs in a bit, is entered elsewhere, or was checked by another build", async () => {
  await (await reopened()).note(image);
  const sound = await reopened();
  expect(sound.isKnown(other())).toBe(true);
  const changed = heap.slice();
  changed[changed.length - 1]! ^= 1;
  expect(sound.isKnown(other(sampleSave("image", changed)))).toBe(false);
  const { description } = sampleImage(heap);
  const elsewhere = { ...description, roots: { specialObjects: 0x10010 } };
  expect(sound.isKnown(other({ description: elsewhere }))).toBe(false);
  expect((await reopened("another")).isKnown(image)).toBe(false);
});

it("forgets rather than keep half of what it was to remember", async () => {
  const sound = await reopened();
  await sound.note(image);
  disk.planFault("full", 0);
  now(image.commit(sampleSave("delta", heap, [3])));
  await sound.note(image);
  disk.clearFault();
  expect((await reopened()).isKnown(image)).toBe(false);
});
