/** The selectors that published Smalltalk code sends most, all of which the kernel implements. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { baseImage } from "../base-image.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The 600 sent by most code bases, the most frequent first. */
const wanted = readFileSync(at("selectors.txt"), "utf8").trim().split("\n");

const implementedSelectors = `
| selectors |
selectors := IdentitySet new.
Smalltalk globals allClasses do: [ :each |
  selectors addAll: each selectors; addAll: each class selectors ].
Smalltalk writeOutput: (String lf join: (selectors asArray collect: [ :each | each asString ])) , String lf.
nil`;

describe("the kernel's selectors", () => {
  const words = ["-i", baseImage(), "eval", implementedSelectors];
  const output = execFileSync(process.execPath, [at("../../cli/engram.cjs"), ...words]);
  const implemented = new Set(output.toString().split("\n"));

  it("are a list of 600, each once", () => {
    expect(new Set(wanted).size).toBe(600);
  });

  it("are all implemented", () => {
    const missing = wanted.filter((each) => !implemented.has(each));
    expect(missing).toEqual([]);
  });
});
