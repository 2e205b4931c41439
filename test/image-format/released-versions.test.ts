/**
 * Every released version of the format stays readable for ever: test/images
 * keeps a file of each. They are never written again; WRITE_VERSION=1 wrote
 * that of version 1.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeServices } from "../../cli/node-storage.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { pageSize } from "../../image-format/layout.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { fingerprint, sampleImage, sampleSave } from "./samples.ts";

const folder = join(import.meta.dirname, "../images");
const services = nodeServices;

/** A heap that compresses, saved in all ways there are; answers its two newest states. */
function heaps(): { before: Uint8Array; after: Uint8Array } {
  const before = new Uint8Array(40 * pageSize);
  for (let page = 0; page < 40; page += 3) {
    before.fill(page + 1, page * pageSize, (page + 1) * pageSize);
  }
  const after = before.slice();
  after.fill(0, 3 * pageSize, 4 * pageSize);
  after.fill(9, 5 * pageSize, 6 * pageSize);
  return { before, after };
}

if (process.env.WRITE_VERSION === "1") {
  const { before, after } = heaps();
  const file = new MemoryFile();
  const codec = "deflate-raw" as const;
  const extra = new Map([["later", "kept"]]);
  const full = { ...sampleImage(before, { serial: 1 }), codec, extra };
  const image = now(ImageFile.create(file, full, { services }));
  now(image.commit(sampleSave("delta", after, [3, 5], { serial: 2 })));
  writeFileSync(join(folder, "version-1.image"), file.contents());
}

it("reads an image of version 1", () => {
  const { before, after } = heaps();
  const file = new MemoryFile(readFileSync(join(folder, "version-1.image")));
  for (const [generation, heap] of [
    [1, before],
    [2, after],
  ] as const) {
    const image = now(ImageFile.open(file, { services, generation, readOnly: true }));
    const target = new Uint8Array(heap.length);
    now(image.readPagesInto(target));
    expect(fingerprint(target)).toBe(fingerprint(heap));
    expect(image.manifest.state).toEqual({ serial: generation });
    expect(image.manifest.extra).toEqual(new Map([["later", "kept"]]));
    expect(image.warnings).toEqual([]);
  }
});
