/** Kills a saving browser, really, and opens what it left: KILLS says how often. */
import { expect, it } from "vitest";
import { loseByKills } from "../browser/kills.ts";

const kills = Number(process.env.KILLS ?? 100);

it(`loses nothing when the browser is killed ${kills} times`, async () => {
  expect(await loseByKills(kills)).toEqual([]);
});
