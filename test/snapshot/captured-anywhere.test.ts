import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { baseImage } from "../base-image.ts";
import { captures, difference, programs, reference } from "./captured-anywhere.ts";

const seed = Number(process.env.SEED ?? 1);
const count = Number(process.env.CAPTURES ?? 66);

describe("a program captured at a random safepoint", () => {
  const image = new Uint8Array(readFileSync(baseImage()));
  const references = programs().map((program) => reference(image, program));

  it("comes in at least twenty kinds, and each prints something", () => {
    expect(references.length).toBeGreaterThanOrEqual(20);
    for (const each of references) expect(each.output).not.toBe("");
  });

  it("prints the same as if it had never been saved", () => {
    const differences: string[] = [];
    const generator = captures(references, seed);
    for (let n = 0; n < count; n++) {
      const found = difference(image, generator.next().value!);
      if (found !== undefined) differences.push(found);
    }
    expect(differences, `SEED=${seed}`).toEqual([]);
  });
});
