import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { baseImage } from "../base-image.ts";
import { storeAndSave } from "./reflective-stores.ts";

const first = Number(process.env.SEED ?? 1);
const count = Number(process.env.PROGRAMS ?? 30);

describe("a program that stores where the machine relies on what stands there", () => {
  it("saves an image that opens, or none", () => {
    const image = new Uint8Array(readFileSync(baseImage()));
    const complaints: string[] = [];
    let saved = 0;
    for (let seed = first; seed < first + count; seed++) {
      const outcome = storeAndSave(image, seed);
      if (outcome.saved) saved++;
      if (outcome.complaint !== undefined) complaints.push(`seed ${seed}: ${outcome.complaint}`);
    }
    expect(complaints).toEqual([]);
    // Some are harmless and some are not, or nothing would be tried.
    expect(saved).toBeGreaterThan(0);
    expect(saved).toBeLessThan(count);
  });
});
