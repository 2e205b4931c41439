/**
 * The value of a number literal, as Pharo's NumberParser has it: radix,
 * fraction, exponent (a power of the radix), scale; underscores between digits
 * mean nothing. From radix 14 on, small letters are digits too, e and d among
 * them.
 */

import type { Literal } from "./method-description.ts";

const parts =
  /^(-?)(\d+)(?:r(-?)([0-9A-Z]+)(?:\.([0-9A-Z]+))?|(?:\.(\d+))?)(?:[edq](-?\d+))?(?:s(\d*))?$/;
const highRadix = /^-?(?:1[4-9]|2\d|3[0-6])r/;

/** The literal, or what is wrong with it. */
export function numberLiteral(source: string): Literal | string {
  const plain = source.replaceAll("_", "");
  const text = highRadix.test(plain) ? capitalDigits(plain) : plain;
  const match = parts.exec(text);
  if (match === null) return "number expected";
  const [, sign, leading, radixSign, radixDigits, radixFraction, fraction, exponent, scale] = match;
  const negative = (sign === "-") !== (radixSign === "-");
  const radix = radixDigits === undefined ? 10 : Number(leading);
  if (radix < 2 || radix > 36) return "a radix between 2 and 36 expected";
  const fractionDigits = radixFraction ?? fraction ?? "";
  const digits = (radixDigits ?? leading!) + fractionDigits;
  const mantissa = digitsValue(digits, radix);
  if (mantissa === undefined) return `a digit below ${radix} expected`;
  const power = Number(exponent ?? 0) - fractionDigits.length;
  if (Math.abs(power) > 10_000) return "a smaller exponent expected";
  const base = BigInt(radix);
  const signed = negative ? -mantissa : mantissa;
  if (fractionDigits !== "" && scale === undefined) {
    if (radix === 10) return { kind: "float", value: Number(text.replace(/[dq]/, "e")) };
    return {
      kind: "float",
      value: (negative ? -1 : 1) * ratio(mantissa, base, power),
    };
  }
  const [numerator, denominator] =
    power >= 0 ? [signed * base ** BigInt(power), 1n] : reduced(signed, base ** BigInt(-power));
  if (scale !== undefined) {
    const places = scale === "" ? fractionDigits.length : Number(scale);
    return { kind: "scaledDecimal", numerator, denominator, scale: places };
  }
  if (denominator !== 1n)
    return { kind: "float", value: (negative ? -1 : 1) * ratio(mantissa, base, power) };
  return { kind: "integer", value: numerator };
}

function capitalDigits(text: string): string {
  const at = text.indexOf("r") + 1;
  return text.slice(0, at) + text.slice(at).toUpperCase();
}

function digitsValue(digits: string, radix: number): bigint | undefined {
  if (radix === 10) return BigInt(digits);
  for (let i = 0; i < digits.length; i++)
    if (!(Number.parseInt(digits[i]!, 36) < radix)) return undefined;
  if (radix === 16) return BigInt("0x" + digits);
  if (radix === 2) return BigInt("0b" + digits);
  let value = 0n;
  for (let i = 0; i < digits.length; i++)
    value = value * BigInt(radix) + BigInt(Number.parseInt(digits[i]!, 36));
  return value;
}

function reduced(numerator: bigint, denominator: bigint): [bigint, bigint] {
  let a = numerator < 0n ? -numerator : numerator;
  let b = denominator;
  while (b !== 0n) [a, b] = [b, a % b];
  return [numerator / a, denominator / a];
}

/** mantissa * base ** power, correctly rounded. */
function ratio(mantissa: bigint, base: bigint, power: number): number {
  if (mantissa === 0n) return 0;
  const numerator = power >= 0 ? mantissa * base ** BigInt(power) : mantissa;
  const denominator = power >= 0 ? 1n : base ** BigInt(-power);
  const shift = numerator.toString(2).length - denominator.toString(2).length - 66;
  const scaled =
    shift >= 0
      ? numerator / (denominator << BigInt(shift))
      : (numerator << BigInt(-shift)) / denominator;
  const exact =
    shift >= 0
      ? scaled * (denominator << BigInt(shift)) === numerator
      : scaled * denominator === numerator << BigInt(-shift);
  // A sticky bit makes the one rounding that follows the right one. Subnormal results round twice.
  const sticky = (scaled << 1n) | (exact ? 0n : 1n);
  return Number(sticky) * 2 ** (shift - 1);
}

/** Source text that reads as the number. */
export function numberSource(literal: Literal): string {
  switch (literal.kind) {
    case "integer":
      return literal.value.toString();
    case "float": {
      const text = Object.is(literal.value, -0) ? "-0.0" : String(literal.value);
      if (text.includes(".")) return text.replace("e+", "e");
      if (text.includes("e")) return text.replace(/e\+?/, ".0e");
      return text + ".0";
    }
    case "scaledDecimal": {
      const [digits, exponent] = decimalDigits(literal.numerator, literal.denominator);
      return `${digits}${exponent === 0 ? "" : `e-${exponent}`}s${literal.scale}`;
    }
    default:
      throw new Error(`${literal.kind} is not a number`);
  }
}

/** A literal's denominator divides a power of its radix; one that has no finite decimal expansion came from another radix. */
function decimalDigits(numerator: bigint, denominator: bigint): [string, number] {
  let exponent = 0;
  let scaled = numerator;
  while (scaled % denominator !== 0n) {
    exponent++;
    scaled *= 10n;
    if (exponent > 20_000) throw new Error("not a decimal fraction");
  }
  return [(scaled / denominator).toString(), exponent];
}
