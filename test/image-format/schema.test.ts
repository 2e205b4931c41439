import { describe, expect, it } from "vitest";
import { type CborValue, decodeCbor, encodeCbor, isCborMap } from "../../image-format/cbor.ts";
import { ImageError } from "../../image-format/errors.ts";
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestKeys,
} from "../../image-format/schema.ts";
import { sampleDescription, sampleFileId } from "./samples.ts";

const manifest: Manifest = {
  ...sampleDescription(3 * 4096, { ticks: 5, __proto__note: "x" }),
  formatVersion: 1,
  pageSize: 4096,
  kind: "image",
  fileId: sampleFileId,
  generation: 7,
  parent: { fileId: sampleFileId, generation: 6 },
  extra: new Map([["note", "kept"]]),
};

function changed(change: (keys: Map<string, CborValue>) => void): Uint8Array {
  const keys = decodeCbor(encodeManifest(manifest));
  if (!isCborMap(keys)) throw new Error("not a map");
  const copy = new Map(keys);
  change(copy);
  return encodeCbor(copy);
}

function refusalOf(bytes: Uint8Array): ImageError {
  try {
    decodeManifest(bytes, 0x3000);
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error("accepted");
}

describe("a manifest", () => {
  it("comes back as it was", () => {
    expect(decodeManifest(encodeManifest(manifest), 0)).toEqual(manifest);
  });

  it("has room for a heap of 4 GiB, and names like __proto__", () => {
    const state = Object.fromEntries([["__proto__", 3]]);
    const large = { ...manifest, heapSize: 2 ** 32, state };
    const decoded = decodeManifest(encodeManifest(large), 0);
    expect(decoded.heapSize).toBe(2 ** 32);
    expect(Object.entries(decoded.state)).toEqual([["__proto__", 3]]);
  });

  for (const { key } of manifestKeys) {
    it(`is refused without ${key}, or with a wrong value of it`, () => {
      const place = { offset: 0x3000, key };
      const missing = refusalOf(changed((keys) => keys.delete(key)));
      expect(missing).toMatchObject({ code: "EIMG_MANIFEST", place, found: "nothing" });
      const wrong = refusalOf(changed((keys) => keys.set(key, false)));
      expect(wrong).toMatchObject({ code: "EIMG_MANIFEST", place, found: "false" });
    });
  }

  const wrongValues: [string, CborValue][] = [
    ["generation", 0],
    ["generation", -1],
    ["pageSize", 8192],
    ["heapSize", 4097],
    ["heapSize", 2 ** 32 + 4096],
    ["heapBase", 4],
    ["kind", "movie"],
    ["fileId", new Uint8Array(15)],
    ["parent", new Map([["generation", 1]])],
    ["roots", new Map([["a", "text"]])],
    ["roots", new Map([["a", -1]])],
    ["primitives", ["ok", 1]],
    ["state", new Map([["a", true]])],
    ["limits", []],
  ];

  for (const [key, value] of wrongValues) {
    it(`is refused with ${key} ${JSON.stringify(value)}`, () => {
      const refusal = refusalOf(changed((keys) => keys.set(key, value)));
      expect(refusal).toMatchObject({ code: "EIMG_MANIFEST", place: { key } });
    });
  }

  it("of a newer version, or with an unknown critical key, needs a newer program", () => {
    const newer = refusalOf(changed((keys) => keys.set("formatVersion", 2)));
    expect(newer.code).toBe("EIMG_VERSION");
    const critical = refusalOf(changed((keys) => keys.set("!encrypted", "aes")));
    expect(critical).toMatchObject({ code: "EIMG_CRITICAL_KEY", place: { key: "!encrypted" } });
    expect(critical.isDamage).toBe(false);
  });

  it("is refused when it is no map", () => {
    expect(refusalOf(encodeCbor([1])).code).toBe("EIMG_MANIFEST");
  });
});
