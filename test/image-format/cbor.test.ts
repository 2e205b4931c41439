import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { type CborValue, decodeCbor, encodeCbor } from "../../image-format/cbor.ts";
import { ImageError } from "../../image-format/errors.ts";
import { hex } from "../../image-format/layout.ts";
import { Random } from "./samples.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function refusalOf(text: string): ImageError {
  try {
    decodeCbor(bytesOf(text), 0x100);
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error(`accepted ${text}`);
}

describe("CBOR", () => {
  const examples: [CborValue, string][] = [
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [65535, "19ffff"],
    [65536, "1a00010000"],
    [2 ** 32 - 1, "1affffffff"],
    [2 ** 32, "1b0000000100000000"],
    [Number.MAX_SAFE_INTEGER, "1b001fffffffffffff"],
    [-1, "20"],
    [-(2 ** 31), "3a7fffffff"],
    [true, "f5"],
    [false, "f4"],
    [null, "f6"],
    ["", "60"],
    ["übergroß", "6ac3bc62657267726fc39f"],
    [Uint8Array.of(1, 2), "420102"],
    [[1, [2, "x"]], "820182026178"],
    [new Map(), "a0"],
    [
      new Map<string, CborValue>([
        ["bb", 2],
        ["z", 1],
        ["__proto__", 3],
      ]),
      "a3617a016262620269" + hex(new TextEncoder().encode("__proto__")) + "03",
    ],
  ];

  for (const [value, text] of examples) {
    it(`encodes and decodes ${text}`, () => {
      expect(hex(encodeCbor(value))).toBe(text);
      expect(decodeCbor(bytesOf(text))).toEqual(value);
    });
  }

  const refused: [string, string][] = [
    ["nothing", ""],
    ["more than a value", "0000"],
    ["a longer form than needed", "1817"],
    ["a 64-bit form that fits 32 bits", "1b00000000ffffffff"],
    ["an integer beyond 2^53", "1b0020000000000000"],
    ["an integer below -2^31", "3a80000000"],
    ["a float", "fb3ff0000000000000"],
    ["a half float", "f93c00"],
    ["undefined", "f7"],
    ["a simple value", "f820"],
    ["a tag", "c11a514b67b0"],
    ["a bignum", "c249010000000000000000"],
    ["an indefinite array", "9f01ff"],
    ["an indefinite text", "7f6161ff"],
    ["a break", "ff"],
    ["a text longer than the bytes", "7a7fffffff61"],
    ["a byte string longer than the bytes", "5b7fffffffffffffff00"],
    ["an array longer than the bytes", "9a7fffffff00"],
    ["a map longer than the bytes", "ba7fffffff6100"],
    ["a duplicate key", "a2616101616102"],
    ["keys in another order", "a2616201616101"],
    ["a longer key before a shorter", "a262616101616202"],
    ["a key that is no text", "a10102"],
    ["text that is not UTF-8", "62c328"],
    ["an unpaired surrogate", "63eda080"],
    ["a value cut off", "8201"],
    ["a reserved additional information", "1c"],
    ["nine levels of nesting", "8181818181818181818100"],
  ];

  for (const [what, text] of refused) {
    it(`refuses ${what}`, () => {
      const error = refusalOf(text);
      expect(error.code).toBe("EIMG_CBOR");
      expect(error.place.offset).toBeGreaterThanOrEqual(0x100);
    });
  }

  it("refuses deep nesting and huge lengths at once", () => {
    expect(refusalOf("81".repeat(500_000)).code).toBe("EIMG_CBOR");
    expect(refusalOf(`9a00ffffff${"00".repeat(1000)}`).code).toBe("EIMG_CBOR");
  });

  it("stops before it encodes what it would not decode", () => {
    for (const value of [-0, 1.5, 2 ** 53, -(2 ** 31) - 1, Number.NaN, "\ud800", undefined]) {
      expect(() => encodeCbor(value as CborValue)).toThrow();
    }
  });

  it("accepts only canonical bytes, whatever the bytes", () => {
    const random = new Random(3);
    const valid = encodeCbor(
      new Map<string, CborValue>([
        ["list", [1, -5, "text", null, true, Uint8Array.of(9)]],
        ["map", new Map([["inner", 70000]])],
      ]),
    );
    let accepted = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = valid.slice(
        0,
        random.below(4) === 0 ? random.below(valid.length + 1) : undefined,
      );
      for (let flips = random.below(3); flips > 0 && bytes.length > 0; flips--) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      try {
        expect(hex(encodeCbor(decodeCbor(bytes)))).toBe(hex(bytes));
        accepted++;
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
      }
    }
    expect(accepted).toBeGreaterThan(100);
  });

  it("runs without eval, as a strict content security policy demands", () => {
    const path = createRequire(import.meta.url).resolve("cbor-x/index-no-eval");
    expect(readFileSync(path, "utf8")).not.toMatch(/\beval\(|new Function\(/);
  });
});
