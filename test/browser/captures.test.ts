import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { baseImage } from "../base-image.ts";
import { captures, programs, reference } from "../snapshot/captured-anywhere.ts";
import { openCrossing } from "./crossings.ts";

const seed = Number(process.env.SEED ?? 5);
const count = Number(process.env.CROSSINGS ?? 11);
const longestMilliseconds = 60_000 + count * 60_000;

it(
  "finishes in Node what was begun there and continued in Chromium",
  async () => {
    const image = new Uint8Array(readFileSync(baseImage()));
    const references = programs().map((program) => reference(image, program));
    const generator = captures(references, seed);
    const crossing = await openCrossing();
    const differences: string[] = [];
    try {
      for (let n = 0; n < count; n++) {
        const found = await crossing.difference(image, generator.next().value!);
        if (found !== undefined) differences.push(found);
      }
    } finally {
      await crossing.close();
    }
    expect(differences, `SEED=${seed}`).toEqual([]);
  },
  longestMilliseconds,
);
