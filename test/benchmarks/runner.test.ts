import { expect, test } from "vitest";
import { numbersIn, runJavaScript, runNode } from "./engram-runner.ts";
import { geometricMean, median } from "./statistics.ts";

test("a median is the middle of the values, or between the middle two", () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test("a geometric mean multiplies", () => {
  expect(geometricMean([2, 8])).toBeCloseTo(4);
});

test("reads an Array of numbers as Smalltalk prints it, and nothing else", () => {
  expect(numbersIn("#(12.5 3 1.0e7)")).toEqual([12.5, 3, 1e7]);
  expect(() => numbersIn("nil")).toThrow(/not an Array/);
});

test("a program that fails is an error with what it complained of", () => {
  expect(() => runNode(["-e", "throw new Error('no')"])).toThrow(/Error: no/);
});

test("each run of JavaScript answers a time an iteration", () => {
  expect(runJavaScript("Sieve", 2, 1)).toHaveLength(2);
});
