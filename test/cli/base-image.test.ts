import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeImage } from "../../cli/image-session.ts";
import { nodeServices } from "../../cli/node-storage.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { openHeap } from "../../vm/snapshot.ts";
import { rememberedBit, trueOop } from "../../vm/spec/layouts.ts";
import { commandLine } from "./command-line.ts";

const { folder, engram } = commandLine(["cli", "image"]);
const built = join(import.meta.dirname, "../../dist");

/** A copy of the program with an image of its own. */
const at = (...names: string[]): string => join(folder(), ...names);
const program = () => at("cli", "engram.cjs");
const image = () => at("dist", "engram.image");
const mark = () => at("dist", "engram.image.mark");

const evaluate = (...words: string[]) =>
  engram([...words, "eval", "3 + 4"], { program: program() });

/** What an image file is known by. */
const markOf = (path: string): string =>
  now(ImageFile.open(new MemoryFile(readFileSync(path)))).segmentHash;

/** The base image with a flag that no heap on disk may have, and that breaks nothing. */
function writeUnsoundImage(): void {
  const memory = new ObjectMemory();
  now(openHeap(new MemoryFile(readFileSync(image())), memory, { services: nodeServices }));
  memory.words[trueOop >>> 2]! |= rememberedBit;
  writeImage(image(), memory, { created: "", toolVersion: "test" }, null, new Uint8Array(16));
}

beforeAll(() => {
  for (const part of ["cli/engram.cjs", "dist/engram.cjs", "dist/engram.cjs.cache"]) {
    cpSync(join(built, "..", part), at(part));
  }
});

describe("the base image", () => {
  beforeAll(() => mkdirSync(at("dist"), { recursive: true }));

  const restore = () => {
    cpSync(join(built, "engram.image"), image());
    cpSync(join(built, "engram.image.mark"), mark());
  };

  it("is marked with the hash of what was verified", () => {
    restore();
    expect(readFileSync(mark(), "utf8").trim()).toBe(markOf(image()));
  });

  it("is verified in full when it is not the one marked", async () => {
    restore();
    writeUnsoundImage();
    const { code, out, err } = await evaluate();
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toMatch(/HEADER.*EIMG_HEAP/);
  });

  it("is verified in full without a mark", async () => {
    restore();
    writeUnsoundImage();
    rmSync(mark());
    expect((await evaluate()).code).toBe(3);
    restore();
    rmSync(mark());
    expect(await evaluate()).toEqual({ code: 0, out: "7\n", err: "" });
  });

  it("is not verified again when it is the one marked", async () => {
    restore();
    writeUnsoundImage();
    writeFileSync(mark(), `${markOf(image())}\n`);
    expect(await evaluate()).toEqual({ code: 0, out: "7\n", err: "" });
  });

  it("is verified in full by `engram verify` and under another name, whatever the mark says", async () => {
    restore();
    writeUnsoundImage();
    writeFileSync(mark(), `${markOf(image())}\n`);
    expect((await engram(["verify"], { program: program() })).code).toBe(3);
    cpSync(image(), at("copy.image"));
    expect((await evaluate("-i", at("copy.image"))).code).toBe(3);
  });

  it("is refused with a changed byte, wherever in its content that is", async () => {
    restore();
    const sound = readFileSync(image());
    for (const place of [
      0,
      60,
      8192,
      8192 + 4096 * 17 + 1234,
      sound.length - 300,
      sound.length - 1,
    ]) {
      const damaged = Uint8Array.from(sound);
      damaged[place]! ^= 1;
      writeFileSync(image(), damaged);
      const { code, err } = await evaluate();
      expect({ place, code }).toEqual({ place, code: 3 });
      expect(err).toContain("EIMG_");
    }
  });
});
