import { describe, expect, it } from "vitest";
import * as functions from "../../vm/interpreter/primitives/float-functions.ts";

const arguments_ = [0, -0, 1, -1, 0.5, 0.25, 0.7, -0.9, 1e-9, 1e-300, 2, 3, 10, -10, 100.5, 1e5];

describe("functions of Floats", () => {
  it("have the bits fdlibm gives", () => {
    // Computed once with V8's port; every host must agree.
    expect(functions.sin(1)).toBe(0.8414709848078965);
    expect(functions.cos(1)).toBe(0.5403023058681398);
    expect(functions.tan(1)).toBe(1.5574077246549023);
    expect(functions.arcSin(0.7)).toBe(0.775397496610753);
    expect(functions.arcCos(-0.9)).toBe(2.6905658417935308);
    expect(functions.arcTan(2)).toBe(1.1071487177940904);
    expect(functions.exp(10)).toBe(22026.465794806718);
    expect(functions.ln(10)).toBe(Math.LN10);
    expect(functions.log10(1e15)).toBe(15);
    expect(functions.arcTan2(-1, -1)).toBe(-2.356194490192345);
  });

  it("stay within one unit of the host's", () => {
    const pairs: [(x: number) => number, (x: number) => number][] = [
      [functions.sin, Math.sin],
      [functions.cos, Math.cos],
      [functions.tan, Math.tan],
      [functions.arcSin, Math.asin],
      [functions.arcCos, Math.acos],
      [functions.arcTan, Math.atan],
      [functions.exp, Math.exp],
      [functions.ln, Math.log],
      [functions.log10, Math.log10],
    ];
    for (const [ours, theirs] of pairs) {
      for (const x of arguments_) {
        const expected = theirs(x);
        const result = ours(x);
        if (!Number.isFinite(expected)) expect(result).toBe(expected);
        else expect(Math.abs(result - expected)).toBeLessThanOrEqual(2 ** -52 * Math.abs(expected));
      }
    }
  });

  it("reduce huge angles exactly", () => {
    // Values from 420-digit decimal arithmetic.
    expect(functions.sin(1e22)).toBe(-0.8522008497671888);
    expect(functions.sin(1.4790646708361694e265)).toBe(-0.7914844365527041);
    expect(functions.cos(2 ** 1023)).toBeCloseTo(Math.cos(2 ** 1023), 14);
  });

  it("answer NaN, zero and infinity at the edges", () => {
    expect(functions.sin(Number.POSITIVE_INFINITY)).toBeNaN();
    expect(functions.ln(-1)).toBeNaN();
    expect(functions.ln(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(functions.exp(1000)).toBe(Number.POSITIVE_INFINITY);
    expect(functions.exp(-1000)).toBe(0);
    expect(Object.is(functions.sin(-0), -0)).toBe(true);
    expect(Object.is(functions.arcTan2(-0, 1), -0)).toBe(true);
    expect(functions.arcTan2(0, -1)).toBe(Math.PI);
  });
});
