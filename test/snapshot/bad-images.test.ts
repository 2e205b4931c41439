/** A short run of the campaign of bad images, always the same one. */
import { describe, expect, it } from "vitest";
import { runBadImages, smallSamples } from "./bad-images.ts";

describe("a damaged or forged image", () => {
  it("is refused with a code, or opens and runs without harm to the host", () => {
    const { verdicts, failures } = runBadImages(1, 1500, smallSamples(), 1500);
    expect(failures).toEqual([]);
    expect(verdicts.ran).toBeGreaterThan(200);
    expect(verdicts.EIMG_HEAP).toBeGreaterThan(200);
    expect(verdicts.EIMG_MANIFEST).toBeGreaterThan(10);
    expect(verdicts.EIMG_CHUNK_CRC).toBeGreaterThan(10);
  });
});
