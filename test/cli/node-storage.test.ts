import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeFolder, nodeServices } from "../../cli/node-storage.ts";
import { ImageError } from "../../image-format/errors.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { now } from "../../image-format/steps.ts";
import { lockForWriting, openFile } from "../../image-format/storage.ts";
import { fingerprint, sampleHeap, sampleImage, sampleSave } from "../image-format/samples.ts";

const name = "a.image";
let path: string;
let folder: NodeFolder;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "engram-"));
  folder = new NodeFolder(path);
});

afterEach(() => rmSync(path, { recursive: true }));

function refusalOf(call: () => unknown): ImageError {
  try {
    call();
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error("no refusal");
}

function openImage(): ImageFile {
  return now(ImageFile.open(now(openFile(folder, name, "write")), { services: nodeServices }));
}

async function heapOf(image: ImageFile): Promise<string> {
  const heap = new Uint8Array(image.manifest.heapSize);
  await image.readPagesInto(heap);
  return fingerprint(heap);
}

describe("storage in Node", () => {
  it("holds an image through saves of every kind", async () => {
    const heap = sampleHeap(60, 1, [7]);
    const codec = "deflate-raw" as const;
    now(
      ImageFile.writeTo(folder, name, { ...sampleImage(heap), codec }, { services: nodeServices }),
    );
    const image = openImage();
    heap.set(sampleHeap(1, 5), 3 * 4096);
    now(image.commit(sampleSave("delta", heap, [3])));
    heap.set(sampleHeap(1, 6), 4 * 4096);
    now(image.commit(sampleSave("image", heap)));
    heap.set(sampleHeap(1, 7), 5 * 4096);
    now(image.rewrite(folder, name, sampleSave("image", heap)));
    heap.set(sampleHeap(1, 8), 6 * 4096);
    now(image.commit(sampleSave("delta", heap, [6])));
    image.close();
    const opened = openImage();
    expect(opened.generation).toBe(5);
    expect(await heapOf(opened)).toBe(fingerprint(heap));
    opened.close();
    expect(readdirSync(path)).toEqual([name]);
  });

  it("tells a missing file, an existing one and a folder", () => {
    expect(refusalOf(() => openFile(folder, name, "read")).code).toBe("EIMG_MISSING");
    writeFileSync(join(path, name), "x");
    expect(refusalOf(() => openFile(folder, name, "create")).code).toBe("EIMG_EXISTS");
    const error = refusalOf(() => openFile(new NodeFolder(tmpdir()), ".", "write"));
    expect(error.code).toBe("EIMG_READ");
    expect(error.message).not.toContain("EISDIR");
  });

  it("does not change a file opened for reading", () => {
    now(ImageFile.writeTo(folder, name, sampleImage(sampleHeap(3))));
    const before = statSync(join(path, name)).mtimeMs;
    const file = now(openFile(folder, name, "read"));
    const image = now(ImageFile.open(file, { readOnly: true }));
    expect(refusalOf(() => image.commit(sampleSave("image", sampleHeap(3)))).code).toBe(
      "EIMG_READ_ONLY",
    );
    expect(statSync(join(path, name)).mtimeMs).toBe(before);
    image.close();
  });
});

describe("a lock in Node", () => {
  const lockPath = () => join(path, `${name}.lock`);

  it("keeps a second writer out and says which process has it", () => {
    const lock = now(lockForWriting(folder, name));
    const refusal = refusalOf(() => lockForWriting(folder, name));
    expect(refusal.code).toBe("EIMG_LOCKED");
    expect(refusal.found).toBe(`process ${process.pid} on ${hostname()}`);
    now(lock.release());
    expect(readdirSync(path)).toEqual([]);
    now(now(lockForWriting(folder, name)).release());
  });

  it("is taken over from a process that is gone", () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(lockPath(), `${hostname()} ${pid} 1`);
    now(now(lockForWriting(folder, name)).release());
    expect(readdirSync(path)).toEqual([]);
  });

  it("is taken over from a process that has ended and is not buried yet", async () => {
    if (!existsSync("/proc/self/stat")) return;
    // The long sleep is the parent by then, and asks nobody how they ended.
    const parent = spawn("sh", ["-c", "sleep 1 & echo $!; exec sleep 60"]);
    try {
      const pid = `${await once(parent.stdout, "data")}`.trim();
      const status = () => readFileSync(`/proc/${pid}/stat`, "utf8");
      await expect.poll(status, { timeout: 30_000 }).toContain(") Z ");
      writeFileSync(lockPath(), `${hostname()} ${pid} `);
      now(now(lockForWriting(folder, name)).release());
    } finally {
      parent.kill();
    }
  });

  it("is taken over when another process has the number by now", () => {
    if (!existsSync("/proc/self/stat")) return;
    writeFileSync(lockPath(), `${hostname()} ${process.pid} 1`);
    now(now(lockForWriting(folder, name)).release());
  });

  it("is left alone when its process is on another host, or it cannot be read yet", () => {
    for (const mark of [`elsewhere ${process.pid} 1`, ""]) {
      writeFileSync(lockPath(), mark);
      const refusal = refusalOf(() => lockForWriting(folder, name));
      expect(refusal.code).toBe("EIMG_LOCKED");
      expect(refusal.found).toContain(`if that has ended, remove ${name}.lock`);
      expect(readFileSync(lockPath(), "utf8")).toBe(mark);
    }
    expect(readdirSync(path)).toEqual([`${name}.lock`]);
  });
});
