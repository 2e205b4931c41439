import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeImage } from "../../cli/image-session.ts";
import { nodeServices } from "../../cli/node-storage.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { openHeap } from "../../vm/snapshot.ts";
import { rememberedBit, trueOop } from "../../vm/spec/layouts.ts";
import { commandLine } from "./command-line.ts";

const { folder, engram } = commandLine(["cli", "image"]);
const at = (...names: string[]): string => join(folder(), ...names);
const image = () => at("my.image");
const notes = () => at("cache", "engram", "sound-heaps");

function makeImage(): void {
  cpSync(join(import.meta.dirname, "../../dist/engram.image"), image());
  rmSync(at("cache"), { recursive: true, force: true });
}

/** The image with a flag that no heap on disk may have, every checksum right. */
function breakHeap(): void {
  const memory = new ObjectMemory();
  now(openHeap(new MemoryFile(readFileSync(image())), memory, { services: nodeServices }));
  memory.words[trueOop >>> 2]! |= rememberedBit;
  writeImage(image(), memory, { created: "", toolVersion: "test" }, null, new Uint8Array(16));
}

const evaluate = (environment = {}) => engram(["-i", "my.image", "eval", "3 + 4"], { environment });

describe("the heaps found sound", () => {
  it("are noted once, and opened again", async () => {
    makeImage();
    for (let time = 1; time <= 2; time++) {
      expect(await evaluate()).toEqual({ code: 0, out: "7\n", err: "" });
      expect(readdirSync(notes())).toHaveLength(1);
    }
  });

  it("say nothing of a heap that differs in a bit", async () => {
    makeImage();
    await evaluate();
    breakHeap();
    const { code, err } = await evaluate();
    expect(code).toBe(3);
    expect(err).toMatch(/HEADER.*EIMG_HEAP/);
    expect(readdirSync(notes())).toHaveLength(1);
  });

  it("are not asked by `engram verify`", async () => {
    makeImage();
    breakHeap();
    await evaluate();
    expect((await engram(["-i", "my.image", "verify"])).code).toBe(3);
  });

  it("do not grow without end", async () => {
    makeImage();
    await evaluate();
    for (const each of readdirSync(notes())) rmSync(join(notes(), each));
    for (let count = 1; count <= 300; count++) writeFileSync(join(notes(), `${count}`), "");
    await evaluate();
    expect(readdirSync(notes())).toHaveLength(1);
  });

  it("are verified each time where nothing can be noted", async () => {
    makeImage();
    for (const place of ["/proc/none", "/dev/null", "my.image"]) {
      expect(await evaluate({ XDG_CACHE_HOME: place })).toEqual({ code: 0, out: "7\n", err: "" });
    }
  });
});
