import { beforeEach, describe, expect, it } from "vitest";
import { floatText } from "../../vm/interpreter/primitives/floats.ts";
import { parseInteger, quotientAsFloat } from "../../vm/interpreter/primitives/integers.ts";
import { numberPrimitives as primitives } from "../../vm/interpreter/primitives/numbers.ts";
import { isSmallInteger } from "../../vm/spec/layouts.ts";
import { PrimitiveHarness } from "./primitive-harness.ts";

let harness: PrimitiveHarness;
beforeEach(() => {
  harness = new PrimitiveHarness();
});

const interesting = [
  0n,
  1n,
  -1n,
  2n,
  -3n,
  7n,
  0x3fffffffn,
  0x40000000n,
  -0x40000000n,
  -0x40000001n,
  0xffffffffn,
  0x100000000n,
  2n ** 53n - 1n,
  2n ** 53n,
  -(2n ** 53n) - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  -(2n ** 64n),
  10n ** 40n,
  -(10n ** 200n) - 1n,
];

function floorDivide(a: bigint, b: bigint): bigint {
  const modulo = ((a % b) + b) % b;
  return (a - modulo) / b;
}

describe("arithmetic of Integers", () => {
  it("agrees with exact arithmetic over the edges of every representation", () => {
    for (const a of interesting) {
      for (const b of interesting) {
        expect(harness.call(primitives.numberAdd, a, b)).toBe(a + b);
        expect(harness.call(primitives.numberSubtract, a, b)).toBe(a - b);
        expect(harness.call(primitives.numberMultiply, a, b)).toBe(a * b);
        expect(harness.call(primitives.integerBitAnd, a, b)).toBe(a & b);
        expect(harness.call(primitives.integerBitOr, a, b)).toBe(a | b);
        expect(harness.call(primitives.integerBitXor, a, b)).toBe(a ^ b);
        expect(harness.call(primitives.numberLess, a, b)).toBe(a < b);
        expect(harness.call(primitives.numberEqual, a, b)).toBe(a === b);
        if (b === 0n) continue;
        expect(harness.call(primitives.integerFloorDivide, a, b)).toBe(floorDivide(a, b));
        expect(harness.call(primitives.integerModulo, a, b)).toBe(a - floorDivide(a, b) * b);
        expect(harness.call(primitives.integerQuotient, a, b)).toBe(a / b);
        expect(harness.call(primitives.integerRemainder, a, b)).toBe(a % b);
      }
    }
  });

  it("answers SmallIntegers where they fit and their least bytes where not", () => {
    expect(isSmallInteger(harness.oop(0x3fffffffn))).toBe(true);
    const large = harness.oop(0x40000000n);
    expect(isSmallInteger(large)).toBe(false);
    expect(harness.memory.elementCount(large)).toBe(4);
    expect(harness.memory.elementCount(harness.oop(2n ** 64n))).toBe(9);
    expect(harness.memory.elementCount(harness.oop(2n ** 40n - 1n))).toBe(5);
  });

  it("shifts both ways, to minus one for negative numbers", () => {
    for (const a of interesting) {
      for (const shift of [0n, 1n, 5n, 31n, 40n, 200n]) {
        expect(harness.call(primitives.integerBitShift, a, shift)).toBe(a << shift);
        expect(harness.call(primitives.integerBitShift, a, -shift)).toBe(a >> shift);
      }
    }
    expect(harness.call(primitives.integerBitShift, -5n, -(10n ** 30n))).toBe(-1n);
  });

  it("fails at once where a result could not fit in memory", () => {
    expect(harness.call(primitives.integerRaisedTo, 2n, 2n ** 40n)).toBe("!noMemory");
    expect(harness.call(primitives.integerRaisedTo, 10n ** 30n, 10n ** 30n)).toBe("!noMemory");
    expect(harness.call(primitives.integerBitShift, 1n, 2n ** 40n)).toBe("!noMemory");
    expect(harness.call(primitives.integerRaisedTo, -1n, 10n ** 30n + 1n)).toBe(-1n);
  });

  it("raises what lies beside a power of two exactly", () => {
    for (const base of [2n ** 53n - 1n, 2n ** 53n - 2n, 2n ** 52n, 2n ** 53n + 1n]) {
      expect(harness.call(primitives.integerRaisedTo, base, 5n)).toBe(base ** 5n);
    }
  });

  it("divides exactly or fails", () => {
    expect(harness.call(primitives.numberDivide, 12n, -4n)).toBe(-3n);
    expect(harness.call(primitives.numberDivide, 0n, -4n)).toBe(0n);
    expect(harness.call(primitives.numberDivide, 13n, 4n)).toBe("!failed");
    expect(harness.call(primitives.numberDivide, 13n, 0n)).toBe("!badArgument");
    expect(harness.call(primitives.numberDivide, 10n ** 40n, 10n ** 20n)).toBe(10n ** 20n);
  });

  it("finds common divisors, inverses, roots and powers", () => {
    expect(harness.call(primitives.integerGcd, -12n, 18n)).toBe(6n);
    expect(harness.call(primitives.integerGcd, 2n ** 100n * 3n, 2n ** 70n * 5n)).toBe(2n ** 70n);
    expect(harness.call(primitives.integerInverseModulo, 3n, 11n)).toBe(4n);
    expect(harness.call(primitives.integerInverseModulo, 4n, 8n)).toBe("!failed");
    expect(harness.call(primitives.integerRaisedToModulo, 2n, 1000n, 1000007n)).toBe(
      2n ** 1000n % 1000007n,
    );
    for (const root of [3n, 94906265n, 94906266n, 10n ** 20n + 7n, 10n ** 400n + 1n]) {
      for (const square of [root * root, root * root + 1n]) {
        expect(harness.call(primitives.integerSqrtFloor, square)).toBe(root);
      }
      expect(harness.call(primitives.integerSqrtFloor, root * root - 1n)).toBe(root - 1n);
    }
    expect(harness.call(primitives.integerHighBitOfMagnitude, -(2n ** 100n))).toBe(101n);
    expect(harness.call(primitives.integerLowBit, -(2n ** 100n))).toBe(101n);
  });

  it("prints and reads in every base", () => {
    for (const base of [2n, 3n, 10n, 16n, 36n]) {
      for (const value of interesting.filter((each) => each >= 0n)) {
        const text = value.toString(Number(base)).toUpperCase();
        expect(harness.call(primitives.integerPrint, value, base)).toBe(text);
        expect(harness.call(primitives.integerParse, text, base)).toBe(value);
      }
    }
    expect(parseInteger("1_000", 10)).toBe(1000);
    expect(parseInteger("12", 2)).toBeUndefined();
    expect(parseInteger("", 10)).toBeUndefined();
  });

  it("gives equal numbers equal hashes", () => {
    for (const value of [5n, -7n, 2n ** 31n, 2n ** 53n, 2n ** 100n]) {
      expect(harness.call(primitives.floatHash, Number(value))).toBe(
        harness.call(primitives.integerHash, value),
      );
    }
  });
});

describe("mixtures of Integers and Floats", () => {
  it("compute in Floats", () => {
    expect(harness.call(primitives.numberAdd, 1n, 0.5)).toBe(1.5);
    expect(harness.call(primitives.numberMultiply, 0.5, 2n ** 70n)).toBe(2 ** 69);
    expect(harness.call(primitives.numberDivide, 1.0, 0n)).toBe("!badArgument");
  });

  it("compare exactly", () => {
    expect(harness.call(primitives.numberEqual, 2n ** 53n + 1n, 2 ** 53)).toBe(false);
    expect(harness.call(primitives.numberLess, 2 ** 53, 2n ** 53n + 1n)).toBe(true);
    expect(harness.call(primitives.numberLess, 10n ** 400n, Number.POSITIVE_INFINITY)).toBe(true);
    expect(harness.call(primitives.numberLess, 10n ** 400n, Number.NaN)).toBe(false);
    expect(harness.call(primitives.numberNotEqual, Number.NaN, Number.NaN)).toBe(true);
    expect(harness.call(primitives.numberEqual, 1n, "1")).toBe("!badArgument");
  });
});

describe("Floats", () => {
  it("print the shortest digits", () => {
    const texts: [number, string][] = [
      [1, "1.0"],
      [-0, "-0.0"],
      [100, "100.0"],
      [1e100, "1.0e100"],
      [1e-10, "1.0e-10"],
      [1e15, "1.0e15"],
      [123456.789, "123456.789"],
      [1234567, "1.234567e6"],
      [0.001, "0.001"],
      [0.00012345, "0.00012345"],
      [0.000012345, "1.2345e-5"],
      [0.1 + 0.2, "0.30000000000000004"],
      [5e-324, "5.0e-324"],
      [-1.7976931348623157e308, "-1.7976931348623157e308"],
    ];
    for (const [value, text] of texts) expect(floatText(value)).toBe(text);
  });

  it("come apart and together again", () => {
    for (const value of [1, 1.5, -3.25, 5e-324, 1.7976931348623157e308, 1e-310]) {
      const exponent = harness.call(primitives.floatExponent, value) as bigint;
      const significand = harness.call(primitives.floatTimesTwoPower, value, -exponent) as number;
      expect(Math.abs(significand)).toBeGreaterThanOrEqual(1);
      expect(Math.abs(significand)).toBeLessThan(2);
      expect(harness.call(primitives.floatTimesTwoPower, significand, exponent)).toBe(value);
    }
    expect(harness.call(primitives.floatTruncated, -1e20)).toBe(-(10n ** 20n));
    expect(harness.call(primitives.floatTruncated, -0.5)).toBe(0n);
    expect(harness.call(primitives.floatTruncated, Number.NaN)).toBe("!badReceiver");
    expect(harness.call(primitives.floatWordAt, 1.0, 1n)).toBe(0x3ff00000n);
    expect(harness.call(primitives.floatAsIEEE32, 1.0)).toBe(0x3f800000n);
    expect(harness.call(primitives.floatFromIEEE32, null, 0x3f800000n)).toBe(1);
  });

  it("round once when they become subnormal", () => {
    // Two roundings would make this 2 times the least Float.
    expect(harness.call(primitives.floatTimesTwoPower, 1.4999999999999998, -1074n)).toBe(5e-324);
    expect(harness.call(primitives.floatTimesTwoPower, 1.5, -1075n)).toBe(5e-324);
    expect(harness.call(primitives.floatTimesTwoPower, 1.0, -1075n)).toBe(0);
  });

  it("read what they print", () => {
    expect(harness.call(primitives.floatParse, "1.5e-3")).toBe(0.0015);
    expect(harness.call(primitives.floatParse, "1.5q2")).toBe(150);
    expect(harness.call(primitives.floatParse, "Infinity")).toBe("!syntaxError");
  });

  it("are the nearest to a fraction", () => {
    expect(quotientAsFloat(1n, 3n)).toBe(1 / 3);
    expect(quotientAsFloat(10n ** 400n, 10n ** 399n)).toBe(10);
    expect(quotientAsFloat(-1n, 2n ** 1074n)).toBe(-5e-324);
    expect(quotientAsFloat(1n, 2n ** 1075n)).toBe(0);
    expect(quotientAsFloat(3n, 2n ** 1075n)).toBe(1e-323);
    expect(quotientAsFloat(10n ** 400n, 1n)).toBe(Number.POSITIVE_INFINITY);
    // Just above a tie: the sticky bit decides.
    expect(quotientAsFloat((2n ** 54n + 2n) * 10n ** 30n + 1n, 10n ** 30n)).toBe(2 ** 54 + 4);
  });
});

describe("common divisors of long Integers", () => {
  it("agree with Euclid's algorithm", () => {
    const euclid = (a: bigint, b: bigint): bigint => (b === 0n ? a : euclid(b, a % b));
    let seed = 12345n;
    const random = (bits: bigint): bigint => {
      let value = 0n;
      for (let n = 0n; n < bits; n += 32n) {
        seed = (seed * 6364136223846793005n + 1442695040888963407n) & (2n ** 64n - 1n);
        value = (value << 32n) | (seed >> 32n);
      }
      return value;
    };
    for (let round = 0; round < 60; round++) {
      const common = random(BigInt(round * 7));
      const a = random(BigInt(64 + round * 11)) * (common + 1n);
      const b = random(BigInt(64 + round * 5)) * (common + 1n);
      expect(harness.call(primitives.integerGcd, a, -b)).toBe(euclid(a, b));
    }
    // Neighbours in Fibonacci's sequence take the most steps.
    let [f, g] = [1n, 1n];
    for (let n = 0; n < 2000; n++) [f, g] = [g, f + g];
    expect(harness.call(primitives.integerGcd, f, g)).toBe(1n);
  });
});
