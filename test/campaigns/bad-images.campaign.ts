/** The long campaign of bad images: SEED and IMAGES choose where it starts and how far it goes. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { largeSamples, runBadImages, smallSamples } from "../snapshot/bad-images.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const images = Number(process.env.IMAGES ?? 50_000);
const baseImage = new URL("../../dist/engram.image", import.meta.url);

it(`opens ${images} bad images soundly or refuses them (SEED=${seed})`, () => {
  const large = Math.ceil(images / 25);
  const results = [
    runBadImages(seed, images - large, smallSamples(), 4000),
    runBadImages(seed, large, largeSamples(readFileSync(baseImage)), 20_000),
  ];
  for (const { verdicts } of results) console.log(`seed ${seed}: ${JSON.stringify(verdicts)}`);
  expect(results.flatMap((each) => each.failures)).toEqual([]);
});
