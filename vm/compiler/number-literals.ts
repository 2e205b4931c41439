/**
 * Numerals and their values, as Pharo's NumberParser has them: radix, fraction,
 * exponent (a power of the radix) or scale; underscores behind a digit mean
 * nothing. Letters of either case are digits as far as the radix goes.
 */

import type { Literal } from "./method-description.ts";

/** A numeral without its sign in front. */
interface Numeral {
  readonly end: number;
  readonly radix: number;
  /** Whether a minus stands behind the radix. */
  readonly negative: boolean;
  readonly digits: string;
  readonly fraction: string;
  readonly exponent: number;
  /** Empty if it is as many places as there are in the fraction. */
  readonly scale: string | undefined;
}

interface NumeralProblem {
  readonly expected: string;
  readonly position: number;
}

const radixPrefix = /(\d+)r(-?)/y;
const restsOfNumerals = new Map<number, RegExp>();

/** Of a numeral in a radix, all that is behind its prefix. */
function restOfNumeral(radix: number): RegExp {
  let rest = restsOfNumerals.get(radix);
  if (rest === undefined) {
    const last = Math.min(radix, 36) - 1;
    const letters =
      last < 10 ? "" : `A-${digitCharacter(last)}a-${digitCharacter(last).toLowerCase()}`;
    const digit = `[0-${Math.min(last, 9)}${letters}]`;
    const digits = `${digit}(?:${digit}|_)*`;
    const suffix = "[edq](-?\\d[\\d_]*)|s(\\d[\\d_]*|(?![\\w\\p{L}\\p{Nl}]))";
    rest = new RegExp(`(${digits})(?:\\.(${digits}))?(?:${suffix})?`, "uy");
    restsOfNumerals.set(radix, rest);
  }
  return rest;
}

function digitCharacter(value: number): string {
  return value.toString(36).toUpperCase();
}

function matchAt(pattern: RegExp, source: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(source);
}

const plain = (digits: string): string => digits.replaceAll("_", "");

/** The numeral that begins with the digit at `start`, or what is wrong with it. */
export function scanNumeral(source: string, start: number): Numeral | NumeralProblem {
  const prefix = matchAt(radixPrefix, source, start);
  const radix = prefix === null ? 10 : Number(prefix[1]);
  if (radix < 2)
    return {
      expected: "an integer greater than 1 as valid radix expected",
      position: start + prefix![1]!.length,
    };
  const position = start + (prefix === null ? 0 : prefix[0].length);
  const rest = matchAt(restOfNumeral(radix), source, position);
  if (rest === null)
    return {
      expected: `a digit between 0 and ${digitCharacter(Math.min(radix, 36) - 1)} expected`,
      position,
    };
  const [text, digits, fraction, exponent, scale] = rest;
  return {
    end: position + text.length,
    radix,
    negative: prefix?.[2] === "-",
    digits: plain(digits!),
    fraction: plain(fraction ?? ""),
    exponent: Number(plain(exponent ?? "0")),
    scale: scale === undefined ? undefined : plain(scale),
  };
}

/** The literal, or what is wrong with it. */
export function numberLiteral(source: string): Literal | string {
  const signed = source.startsWith("-");
  const numeral = scanNumeral(source, signed ? 1 : 0);
  if ("expected" in numeral) return numeral.expected;
  const { radix, fraction, exponent, scale } = numeral;
  if (Math.abs(exponent) > 10_000) return "Exponent is larger than 10000 (Check Settings) expected";
  const negative = signed !== numeral.negative;
  const mantissa = digitsValue(numeral.digits + fraction, radix);
  const power = exponent - fraction.length;
  const base = BigInt(radix);
  const signedMantissa = negative ? -mantissa : mantissa;
  if (fraction !== "" && scale === undefined) {
    const value =
      radix === 10
        ? Number(`${numeral.digits}.${fraction}e${exponent}`)
        : ratio(mantissa, base, power);
    return { kind: "float", value: negative ? -value : value };
  }
  const [numerator, denominator] =
    power >= 0
      ? [signedMantissa * base ** BigInt(power), 1n]
      : reduced(signedMantissa, base ** BigInt(-power));
  if (scale !== undefined) {
    const places = scale === "" ? fraction.length : Number(scale);
    return { kind: "scaledDecimal", numerator, denominator, scale: places };
  }
  if (denominator !== 1n)
    return { kind: "float", value: (negative ? -1 : 1) * ratio(mantissa, base, power) };
  return { kind: "integer", value: numerator };
}

function digitsValue(digits: string, radix: number): bigint {
  if (radix === 10) return BigInt(digits);
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
      return `${decimalExpansion(literal.numerator, literal.denominator)}s${literal.scale}`;
    }
    default:
      throw new Error(`${literal.kind} is not a number`);
  }
}

/** A literal's denominator divides a power of its radix; one that has no finite decimal expansion came from another radix. */
function decimalExpansion(numerator: bigint, denominator: bigint): string {
  const sign = numerator < 0n ? "-" : "";
  let scaled = numerator < 0n ? -numerator : numerator;
  let places = 0;
  while (scaled % denominator !== 0n) {
    places++;
    scaled *= 10n;
    if (places > 20_000) throw new Error("not a decimal fraction");
  }
  const digits = (scaled / denominator).toString().padStart(places + 1, "0");
  const point = digits.length - places;
  return `${sign}${digits.slice(0, point)}${places === 0 ? "" : `.${digits.slice(point)}`}`;
}
