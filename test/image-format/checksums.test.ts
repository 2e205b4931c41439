import { createHash } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../image-format/crc32.ts";
import { hex } from "../../image-format/layout.ts";
import { Sha256, sha256 } from "../../image-format/sha256.ts";
import { sampleHeap } from "./samples.ts";

const bytes = sampleHeap(2);

describe("CRC-32", () => {
  it("is the one of zlib, at every alignment and length", () => {
    for (let start = 0; start < 5; start++) {
      for (let length = 0; length < 70; length++) {
        const part = bytes.subarray(start, start + length);
        expect(crc32(part)).toBe(zlibCrc32(part));
      }
    }
    expect(crc32(bytes.subarray(3))).toBe(zlibCrc32(bytes.subarray(3)));
  });

  it("continues from the bytes before", () => {
    expect(crc32(bytes.subarray(100), crc32(bytes.subarray(0, 100)))).toBe(crc32(bytes));
  });
});

describe("SHA-256", () => {
  it("is the one of Node, at every length around its blocks", () => {
    for (let length = 0; length < 200; length++) {
      const part = bytes.subarray(0, length);
      expect(hex(sha256(part))).toBe(createHash("sha256").update(part).digest("hex"));
    }
  });

  it("does not depend on how its bytes come in parts", () => {
    for (const size of [1, 7, 63, 64, 65, 1000]) {
      const hash = new Sha256();
      for (let start = 0; start < bytes.length; start += size) {
        hash.update(bytes.subarray(start, start + size));
      }
      expect(hex(hash.digest())).toBe(hex(sha256(bytes)));
    }
  });
});
