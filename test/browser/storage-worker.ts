/** Runs in a browser's worker: saves and opens images in its storage, and answers what it saw. */
import { browserServices } from "../../browser/image-services.ts";
import { IndexedDbFolder } from "../../browser/indexeddb-storage.ts";
import { OpfsFolder } from "../../browser/opfs-storage.ts";
import { crc32 } from "../../image-format/crc32.ts";
import { ImageError } from "../../image-format/errors.ts";
import { ImageFile, type Save } from "../../image-format/image-file.ts";
import { Journal } from "../../image-format/journal.ts";
import {
  lockForWriting,
  openFile,
  type RenamingFolder,
  type StorageFolder,
} from "../../image-format/storage.ts";
import { verifyImage } from "../../image-format/verify-image.ts";

const services = browserServices;
const name = "test.image";
const fileId = new Uint8Array(16).fill(7);
const heap = new Uint8Array(300 * 4096);

function change(page: number, value: number): void {
  heap.fill(value, page * 4096, (page + 1) * 4096);
}

function save(kind: "image" | "delta", pages: readonly number[]): Save {
  const description = {
    created: "",
    tool: "test",
    toolVersion: "1",
    heapBase: 0,
    heapSize: heap.length,
    roots: {},
    primitives: [],
    permissions: [],
    limits: {},
    state: {},
  };
  const runs = pages.map((pageNumber) => ({
    pageNumber,
    bytes: heap.subarray(pageNumber * 4096, (pageNumber + 1) * 4096),
  }));
  return { kind, description, pages: runs, pageCount: runs.length, codec: "deflate-raw" };
}

const allPages = [...Array(300).keys()];

async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return "no error";
  } catch (error) {
    return error instanceof ImageError ? error.code : String(error);
  }
}

async function reopen(folder: StorageFolder) {
  let target = new Uint8Array(0);
  const file = await openFile(folder, name, "write");
  const image = await ImageFile.open(file, {
    services,
    heap: (manifest) => {
      target = new Uint8Array(manifest.heapSize);
      return target;
    },
  });
  return { image, file, isEqual: crc32(target) === crc32(heap) };
}

async function runIn(folder: StorageFolder, rewrite: RenamingFolder | null): Promise<unknown> {
  for (const each of [name, "test.journal"])
    if (await folder.exists(each)) await folder.remove(each);
  const missing = await codeOf(() => openFile(folder, name, "read"));
  const lock = await lockForWriting(folder, name);
  const locked = await codeOf(() => lockForWriting(folder, name));
  for (const page of allPages) change(page, page % 250);
  const file = await openFile(folder, name, "create");
  const first = await ImageFile.create(file, { ...save("image", allPages), fileId }, { services });
  const exists = await codeOf(() => openFile(folder, name, "create"));
  change(17, 1);
  await first.commit(save("delta", [17]));
  change(18, 0);
  await first.commit(save("delta", [18]));
  first.close();
  const second = await reopen(folder);
  for (let round = 0; round < 5; round++) {
    change(round, round + 100);
    await second.image.commit(save("image", allPages));
  }
  if (rewrite !== null) {
    change(40, 1);
    await second.image.rewrite(rewrite, name, save("image", allPages));
  }
  second.image.close();
  const third = await reopen(folder);
  const verification = await verifyImage(third.file, services);
  const generation = third.image.generation;
  third.image.close();
  const entry = { generation, kind: "method", fields: new Map([["source", "foo ^ 1"]]) };
  const journal = await Journal.openIn(folder, "test.journal", fileId);
  await journal.append(entry);
  journal.close();
  const entries = (await Journal.openIn(folder, "test.journal", fileId)).entriesSince(generation);
  await lock.release();
  const unlocked = await codeOf(async () => (await lockForWriting(folder, name)).release());
  return {
    missing,
    locked,
    exists,
    unlocked,
    areEqual: [second.isEqual, third.isEqual],
    generation,
    sound: verification.generations.map(({ firstDefect }) => firstDefect?.code ?? "sound"),
    entries: entries.length,
  };
}

addEventListener("message", async () => {
  try {
    const database = await IndexedDbFolder.openDatabase("engram-test");
    postMessage({
      opfs: await runIn(await OpfsFolder.root(), null),
      indexedDb: await runIn(database, database),
    });
  } catch (error) {
    postMessage({ failure: String(error instanceof Error ? error.stack : error) });
  }
});
