/** A program that saves for ever, until it is killed: each line it prints acknowledges a save. */
import { writeSync } from "node:fs";
import { basename, dirname } from "node:path";
import { NodeFolder, nodeServices } from "../../cli/node-storage.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { pageSize } from "../../image-format/layout.ts";
import { now } from "../../image-format/steps.ts";
import { lockForWriting } from "../../image-format/storage.ts";
import { sampleSave } from "../image-format/samples.ts";

export const pageCount = 300;

/** The pages that the save with a number changes. */
function changedPages(serial: number): number[] {
  return [...Array(pageCount).keys()].filter((page) => Math.imul(serial, page + 7) % 5 === 0);
}

/** Makes the changes of a save; answers which pages they are in. */
export function changeHeap(heap: Uint8Array, serial: number): number[] {
  const words = new Uint32Array(heap.buffer);
  const pages = changedPages(serial);
  for (const page of pages) words.fill(serial, (page * pageSize) / 4, ((page + 1) * pageSize) / 4);
  return pages;
}

/** Opens an image and saves it again and again, in every way. */
export async function saveForEver(path: string): Promise<void> {
  const folder = new NodeFolder(dirname(path));
  const name = basename(path);
  now(lockForWriting(folder, name));
  let heap = new Uint8Array(0);
  const image = await ImageFile.open(folder.open(name, "write"), {
    services: nodeServices,
    heap: (manifest) => {
      heap = new Uint8Array(manifest.heapSize);
      return heap;
    },
  });
  for (let serial = Number(image.manifest.state.serial) + 1; ; serial++) {
    const pages = changeHeap(heap, serial);
    const full = sampleSave("image", heap, undefined, { serial });
    if (serial % 7 === 0) now(image.rewrite(folder, name, full));
    else if (serial % 3 === 0) now(image.commit(full));
    else now(image.commit(sampleSave("delta", heap, pages, { serial })));
    writeSync(1, `${serial}\n`);
  }
}

if (process.argv[2] === "save") await saveForEver(process.argv[3]!);
