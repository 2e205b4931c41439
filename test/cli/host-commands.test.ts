import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeImage } from "../../cli/image-session.ts";
import { NodeFolder } from "../../cli/node-storage.ts";
import { bootstrap } from "../../vm/bootstrap.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { smallKernel, smallOptions } from "../bootstrap/small-kernel.ts";
import { commandLine } from "./command-line.ts";

const { folder, engram } = commandLine(["cli"]);

/** An image whose program ends with exit code 42, or does what the methods given say. */
function writeSmallImage(
  name: string,
  methods = "Start class >> start [\n\tself exit: 42\n]",
): string {
  const memory = new ObjectMemory(0x4000000);
  bootstrap(memory, smallKernel(methods), smallOptions);
  const path = join(folder(), name);
  writeImage(path, memory, { created: "", toolVersion: "test" }, null, new Uint8Array(16).fill(5));
  return path;
}

describe("engram", () => {
  it("says how it is used", async () => {
    const { code, out, err } = await engram(["--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("eval EXPR…");
    expect((await engram(["help", "eval"])).out).toContain("--save-on-error FILE");
    expect((await engram(["--version"])).out).toMatch(/^engram \d+\.\d+\.\d+\n$/);
  });

  it("refuses what it does not understand with exit code 2, on standard error", async () => {
    for (const words of [[], ["frobnicate"], ["eval"], ["eval", "--frob", "3"], ["build", "x"]]) {
      const { code, out, err } = await engram(words);
      expect({ words, code, out }).toEqual({ words, code: 2, out: "" });
      expect(err).toMatch(/^engram: .+\nTry: engram .*--help\n$/);
    }
  });

  it("refuses a bad image with exit code 3 and a stable code", async () => {
    writeFileSync(join(folder(), "text.image"), "this is no image at all\n".repeat(1000));
    writeFileSync(join(folder(), "empty.image"), "");
    const cases = [
      ["missing.image", "EIMG_MISSING"],
      ["text.image", "EIMG_NOT_IMAGE"],
      ["empty.image", "EIMG_TOO_SHORT"],
    ] as const;
    for (const [image, refusal] of cases) {
      for (const command of [["info"], ["verify"], ["run"], ["save", "out.image"]]) {
        const { code, out, err } = await engram([image, ...command]);
        expect({ image, command, code }).toEqual({ image, command, code: 3 });
        expect(out + err).toContain(`(${refusal})`);
        expect(out + err).toContain(image);
      }
    }
  });

  it("runs an image to its exit code", async () => {
    const image = writeSmallImage("answer.image");
    expect(await engram([image])).toEqual({ code: 42, out: "", err: "" });
    expect((await engram(["run", image])).code).toBe(42);
    expect((await engram(["-i", image, "run"])).code).toBe(42);
    expect((await engram(["run"], { environment: { ENGRAM_IMAGE: image } })).code).toBe(42);
  });

  it("keeps a second program from writing to an image that is open", async () => {
    const image = writeSmallImage("locked.image");
    const lock = new NodeFolder(folder()).lock("locked.image");
    try {
      const { code, err } = await engram([image]);
      expect(code).toBe(3);
      expect(err).toContain("EIMG_LOCKED");
      expect(err).toContain(`process ${process.pid}`);
    } finally {
      lock.release();
    }
    expect((await engram([image])).code).toBe(42);
  });

  it("quits at the second Ctrl-C even if the image never yields", async () => {
    const image = writeSmallImage(
      "endless.image",
      "Start class >> start [\n\t[ true ] whileTrue: [ ]\n]",
    );
    const { code } = await engram([image], {
      whileRunning: (child) => {
        // It must have started: before, Ctrl-C ends it like any other program.
        const press = () => child.kill("SIGINT");
        const timers = [setTimeout(press, 2000), setTimeout(press, 2300)];
        child.on("close", () => timers.forEach(clearTimeout));
      },
    });
    expect(code).toBe(130);
  });
});

describe("engram info", () => {
  it("tells what an image holds without running it", async () => {
    const image = writeSmallImage("info.image");
    const { code, out } = await engram([image, "info", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      path: image,
      fileId: "05".repeat(16),
      generation: 1,
      kind: "image",
      primitives: ["exit"],
      generations: [{ generation: 1, kept: true }],
    });
    const text = (await engram(["info", image])).out;
    expect(text).toContain("generation  1\n");
    expect(text).toContain("05050505");
  });
});

describe("engram verify", () => {
  it("finds a sound image sound", async () => {
    const image = writeSmallImage("sound.image");
    const { code, out } = await engram([image, "verify"]);
    expect(code).toBe(0);
    expect(out).toContain("generation 1: 1 segments");
    expect(out).toContain("heap: sound");
  });

  it("finds a changed byte", async () => {
    const image = writeSmallImage("damaged.image");
    const bytes = readFileSync(image);
    bytes[20_000]! ^= 1;
    writeFileSync(image, bytes);
    const { code, out } = await engram([image, "verify", "--json"]);
    expect(code).toBe(3);
    const report = JSON.parse(out);
    expect(report.generations[0].firstDefect).toContain("EIMG_CHUNK_CRC");
    expect(report.heap).toContain("EIMG");
  });
});

describe("engram save", () => {
  it("writes the image as a file of its own", async () => {
    const image = writeSmallImage("from.image");
    expect((await engram([image, "save", "to.image"])).code).toBe(0);
    expect((await engram(["to.image"])).code).toBe(42);
    const { out } = await engram(["info", "to.image", "--json"]);
    const description = JSON.parse(out);
    expect(description.parent).toEqual({ fileId: "05".repeat(16), generation: 1 });
    expect(description.fileId).not.toBe("05".repeat(16));
  });
});

describe("engram build", () => {
  it("lists every error of the sources with its place", async () => {
    writeFileSync(
      join(folder(), "Bad.class.st"),
      "Class { #name : #Bad, #superclass : #Nobody }\n",
    );
    const { code, err } = await engram(["build", "Bad.class.st", "-o", "bad.image"]);
    expect(code).toBe(1);
    expect(err).toContain("Bad.class.st:1:1: superclass Nobody of Bad is missing");
  });

  it("refuses sources that are not there", async () => {
    const { code, err } = await engram(["build", "nowhere", "-o", "out.image"]);
    expect(code).toBe(1);
    expect(err).toContain("there is no nowhere");
  });
});
