/** A browser that is killed while it saves loses nothing that was acknowledged. The campaign kills more. */
import { expect, it } from "vitest";
import { loseByKills } from "./kills.ts";

it("loses nothing when the browser is killed while saving", async () => {
  expect(await loseByKills(2)).toEqual([]);
});
