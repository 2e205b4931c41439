/** The long campaign of power cuts: SEED and STATES choose where it starts and how far it goes. */
import { expect, it } from "vitest";
import { runPowerCuts } from "../image-format/power-cut-campaign.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const states = Number(process.env.STATES ?? 20_000);

it(`loses nothing in ${states} power cuts (SEED=${seed})`, () => {
  const result = runPowerCuts({ seed, states });
  console.log(`seed ${seed}: ${result.states} states, ${JSON.stringify(result.seen)}`);
  expect(result.failures).toEqual([]);
});
