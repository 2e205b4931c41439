import { describe, expect, it } from "vitest";
import { type Protocol, soundProtocol } from "../../image-format/protocol.ts";
import { runPowerCuts } from "./power-cut-campaign.ts";

const seed = 7;

describe("power cuts", () => {
  it(`lose nothing acknowledged and mix nothing (seed ${seed})`, () => {
    const { failures, states, seen } = runPowerCuts({ seed, states: 2000 });
    expect(failures).toEqual([]);
    expect(states).toBeGreaterThanOrEqual(2000);
    expect(Object.keys(seen).sort()).toEqual([
      "decayed state opened",
      "decayed state refused",
      "delta",
      "first save",
      "full",
      "full failure",
      "generation before found",
      "kill",
      "lax state",
      "rewrite",
      "saves after a cut",
      "sync failure",
    ]);
  });

  const broken: Record<keyof Protocol, string> = {
    syncSegment: "a segment that is not durable before its superblock",
    syncSuperblock: "a superblock that is not durable before the acknowledgement",
    alternateSlots: "a superblock written over the newest one",
    syncBeforeRename: "a new file that is not durable before its name",
    syncFolder: "a name that is not durable before the acknowledgement",
    spareLiveSegments: "a segment written over another that is needed",
    loopShortWrites: "a short write that is ignored",
    checkHashes: "checksums that are not compared",
    syncOnOpen: "a generation opened that only the cache holds",
  };

  for (const step of Object.keys(broken) as (keyof Protocol)[]) {
    it(`would show ${broken[step]}`, () => {
      const protocol = { ...soundProtocol, [step]: false };
      const { failures } = runPowerCuts({ seed, states: 20_000, protocol, untilFailure: true });
      expect(failures).not.toEqual([]);
    });
  }
});
