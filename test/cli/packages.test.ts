/**
 * A project of several packages, as they are published, goes through every
 * format and comes out the same: its sources, and what its tests say.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLine } from "./command-line.ts";

const { engram, folder } = commandLine(["cli", "image"]);

const project = join(import.meta.dirname, "../packages/meridian");
const packages = ["Units", "Text", "Tables", "Ledger", "Tests"].map((name) => `Meridian-${name}`);

/** The texts of all Smalltalk files below a folder, by their paths. */
function sources(root: string): Map<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  return new Map(
    names
      .filter((name) => name.endsWith(".st"))
      .sort()
      .map((name) => [relative(root, join(root, name)), readFileSync(join(root, name), "utf8")]),
  );
}

/** Texts whose methods come in one order: FileTree and chunks keep theirs, not the author's. */
function inOneOrder(texts: ReadonlyMap<string, string>): Map<string, string[]> {
  const sections = (text: string) =>
    text
      .trim()
      .split(/\n\n(?=\{ #category)/)
      .sort();
  return new Map([...texts].map(([name, text]) => [name, sections(text)]));
}

/** All that the image knows of the packages: definitions, comments, protocols, pragmas, sources. */
async function description(image: string): Promise<string> {
  const script = join(import.meta.dirname, "describe-packages.st");
  const { code, out, err } = await engram(["-i", image, "run", script, ...packages]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}

/** Class, selector and outcome of each test. */
async function results(image: string): Promise<string[]> {
  const { out } = await engram(["-i", image, "test", "Meridian-Tests", "--json"]);
  return out
    .trim()
    .split("\n")
    .map((line) => {
      const { class: name, selector, outcome } = JSON.parse(line);
      return `${name} ${selector} ${outcome}`;
    })
    .sort();
}

async function loaded(path: string, image: string): Promise<string> {
  const outcome = await engram(["load", path, "--save", image]);
  expect(outcome, outcome.out).toMatchObject({ code: 0, err: "" });
  return image;
}

async function exported(image: string, format: string, to: string): Promise<void> {
  mkdirSync(join(folder(), to));
  const words = ["-i", image, "export", ...packages, to, "--format", format];
  expect(await engram(words)).toMatchObject({ code: 0 });
}

describe("a project", { timeout: 120_000 }, () => {
  it("goes from Tonel to each format and back", async () => {
    const original = await loaded(project, "original.image");
    const expected = await results(original);
    expect(expected.length).toBeGreaterThan(50);
    expect(expected.filter((each) => !each.endsWith(" pass"))).toEqual([]);
    const told = await description(original);
    const written = sources(join(project, "src"));
    for (const name of [...written.keys()]) if (name.startsWith("BaselineOf")) written.delete(name);
    const lines = [...written.values()].map((text) => text.trimEnd().split("\n").length);
    expect(lines.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(3000);
    for (const format of ["tonel", "filetree", "chunks"]) {
      await exported(original, format, format);
      const image = await loaded(format, `${format}.image`);
      expect(await results(image)).toEqual(expected);
      expect(await description(image)).toEqual(told);
      await exported(image, "tonel", `tonel-after-${format}`);
      const again = sources(join(folder(), `tonel-after-${format}`));
      expect(inOneOrder(again)).toEqual(inOneOrder(written));
      if (format === "tonel") expect(again).toEqual(written);
    }
  });

  it("is built and tested in its folder with one word", async () => {
    cpSync(project, join(folder(), "here"), { recursive: true });
    const inside = (word: string) => engram([word], { folder: "here" });
    expect(await inside("test")).toMatchObject({ code: 0, out: expect.stringMatching(/passed/) });
    expect(await inside("build")).toMatchObject({ code: 0 });
    expect(existsSync(join(folder(), "here/meridian.image"))).toBe(true);
    const words = ["-i", "here/meridian.image", "eval", "(3 meUnit: 'km') = 3000 metre"];
    expect((await engram(words)).out).toBe("true\n");
  });

  it("needs a file that says it is one", async () => {
    expect(await engram(["build"])).toMatchObject({ code: 2 });
  });
});

describe("load", () => {
  it("says where a file is wrong, loads the rest, and ends with 1", async () => {
    const source =
      "Class { #name : #Odd, #superclass : #Object, #category : #Odd }\n\n" +
      "Odd >> bad [\n\t^ )\n]\n\nOdd >> good [\n\t^ 1\n]\n";
    writeFileSync(join(folder(), "Odd.class.st"), source);
    const { code, out } = await engram(["load", "Odd.class.st", "--save", "odd.image"]);
    expect(code).toBe(1);
    expect(out).toMatch(/Odd\.class\.st:4:4: Odd: Variable or expression expected/);
    expect((await engram(["-i", "odd.image", "eval", "Odd new good"])).out).toBe("1\n");
  });

  it("runs the tests of what could be loaded, and ends with 1", async () => {
    const source =
      "Class { #name : #OddTest, #superclass : #TestCase, #category : #Odd }\n\n" +
      "OddTest >> testBad [\n\t^ )\n]\n\nOddTest >> testGood [\n\tself assert: 3 equals: 3\n]\n";
    writeFileSync(join(folder(), "OddTest.class.st"), source);
    const { code, out, err } = await engram(["test", "OddTest", "--load", "OddTest.class.st"]);
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining("1 run, 1 passed") });
    expect(err).toMatch(/OddTest\.class\.st:4:4: OddTest: Variable or expression expected/);
  });

  it("answers programs with what it found in each file", async () => {
    const { code, out } = await engram(["load", "Odd.class.st", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([
      { classes: 1, methods: 1, rejected: [{ line: 4, column: 4 }], undeclared: [] },
    ]);
  });

  it("refuses what is not there", async () => {
    expect(await engram(["load", "nowhere"])).toMatchObject({
      code: 1,
      out: expect.stringContaining("there is no such file or folder"),
    });
  });
});
