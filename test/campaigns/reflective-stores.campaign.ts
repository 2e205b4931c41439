/** Random stores through reflection, then a save. `SEED` and `PROGRAMS` say which and how many. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { baseImage } from "../base-image.ts";
import { storeAndSave } from "../snapshot/reflective-stores.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const count = Number(process.env.PROGRAMS ?? 1000);

test(`${count} programs from seed ${seed}`, () => {
  const image = new Uint8Array(readFileSync(baseImage()));
  const complaints: string[] = [];
  let saved = 0;
  let quickSaves = 0;
  for (let n = 0; n < count; n++) {
    const outcome = storeAndSave(image, seed + n);
    if (outcome.saved) saved++;
    quickSaves += outcome.quickSaves;
    if (outcome.complaint !== undefined) complaints.push(`seed ${seed + n}: ${outcome.complaint}`);
  }
  process.stdout.write(
    `${count} programs from seed ${seed}: ${quickSaves} quick saves, ${saved} saved in full\n`,
  );
  expect(complaints).toEqual([]);
});
