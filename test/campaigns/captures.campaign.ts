/** Programs captured at many random safepoints. `SEED` and `CAPTURES` say which and how many. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { baseImage } from "../base-image.ts";
import { captures, difference, programs, reference } from "../snapshot/captured-anywhere.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const count = Number(process.env.CAPTURES ?? 2000);

test(`${count} captures with seed ${seed}`, () => {
  const image = new Uint8Array(readFileSync(baseImage()));
  const references = programs().map((program) => reference(image, program));
  const generator = captures(references, seed);
  const differences: string[] = [];
  for (let n = 0; n < count; n++) {
    const found = difference(image, generator.next().value!);
    if (found !== undefined) differences.push(found);
  }
  process.stdout.write(`${count} captures, seed ${seed}: ${differences.length} differences\n`);
  expect(differences).toEqual([]);
});
