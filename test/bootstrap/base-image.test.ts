import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildImage, readSources } from "../../cli/commands/build.ts";
import { ImageSession } from "../../cli/image-session.ts";
import { readTonel } from "../../vm/compiler/tonel-reader.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";

const folder = mkdtempSync(join(tmpdir(), "engram-base-"));
const kernel = join(import.meta.dirname, "../../images/kernel");

afterAll(() => rmSync(folder, { recursive: true }));

describe("the base image", () => {
  it("is the same bytes each time it is built", async () => {
    const paths = [join(folder, "one.image"), join(folder, "two.image")] as const;
    await buildImage(readSources(kernel), paths[0]);
    await buildImage(readSources(kernel).reverse(), paths[1]);
    expect(readFileSync(paths[0]).equals(readFileSync(paths[1]))).toBe(true);
  });

  it("is sound", async () => {
    const notes = () => ({ created: "", toolVersion: "" });
    const image = join(folder, "one.image");
    const session = await ImageSession.open(image, new ObjectMemory(), "nowhere", notes);
    expect(session.warnings).toEqual([]);
    session.close();
  });
});

describe("the kernel's classes", () => {
  it("say in a comment what they are", () => {
    const silent = readSources(kernel).filter(({ text }) => {
      const { kind, comment } = readTonel(text);
      return kind === "class" && comment === "";
    });
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});
