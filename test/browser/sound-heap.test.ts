/** What a browser remembers of the heap it has checked, on a simulated disk and with a small heap. */
import { expect, it } from "vitest";
import { SoundHeap } from "../../browser/sound-heap.ts";
import type { Manifest } from "../../image-format/schema.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { oldBase, pageBytes } from "../../vm/spec/layouts.ts";
import { SimulatedDisk } from "../image-format/simulated-storage.ts";

const memory = new ObjectMemory(0x4000000);
const manifest = {
  heapBase: oldBase,
  heapSize: 2 * pageBytes,
  roots: { specialObjects: oldBase + 8 },
  state: { heapEnd: oldBase + 2 * pageBytes },
} as unknown as Manifest;

async function reopened(disk: SimulatedDisk, build = "one"): Promise<SoundHeap> {
  return (await SoundHeap.open(disk, "my.sound", build))!;
}

it("knows a heap again that was verified when it was opened, or checked when it was saved", async () => {
  const disk = new SimulatedDisk();
  let sound = await reopened(disk);
  expect(await sound.isKnown(memory, manifest)).toBe(false);
  await sound.noteAsked();
  sound = await reopened(disk);
  expect(await sound.isKnown(memory, manifest)).toBe(true);
  memory.bytes[oldBase + 100]! ^= 1;
  await sound.noteSaved(memory, manifest);
  expect(await (await reopened(disk)).isKnown(memory, manifest)).toBe(true);
});

it("knows no heap that differs in a bit, is entered elsewhere, or was checked by another build", async () => {
  const disk = new SimulatedDisk();
  await (await reopened(disk)).noteSaved(memory, manifest);
  const sound = await reopened(disk);
  memory.bytes[oldBase + 2 * pageBytes - 1]! ^= 1;
  expect(await sound.isKnown(memory, manifest)).toBe(false);
  memory.bytes[oldBase + 2 * pageBytes - 1]! ^= 1;
  const elsewhere = { ...manifest, roots: { specialObjects: oldBase + 16 } };
  expect(await sound.isKnown(memory, elsewhere)).toBe(false);
  expect(await (await reopened(disk, "another")).isKnown(memory, manifest)).toBe(false);
  expect(await sound.isKnown(memory, manifest)).toBe(true);
});

it("forgets rather than keep half of what it was to remember", async () => {
  const disk = new SimulatedDisk();
  const sound = await reopened(disk);
  await sound.noteSaved(memory, manifest);
  disk.planFault("full", 0);
  memory.bytes[oldBase + 100]! ^= 1;
  await sound.noteSaved(memory, manifest);
  disk.clearFault();
  expect(await (await reopened(disk)).isKnown(memory, manifest)).toBe(false);
});
