/**
 * The transcendental functions, so that their bits are the same on every host.
 *
 * The algorithms and constants are those of fdlibm 5.3; arguments too large for
 * its table-driven reduction are reduced exactly with BigInts instead.
 *
 * ====================================================
 * Copyright (C) 1993-2004 by Sun Microsystems, Inc. All rights reserved.
 *
 * Developed at SunSoft, a Sun Microsystems, Inc. business.
 * Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice
 * is preserved.
 * ====================================================
 */

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

function highWord(x: number): number {
  double[0] = x;
  return halves[1]!;
}

function lowWord(x: number): number {
  double[0] = x;
  return halves[0]!;
}

function withHighWord(x: number, high: number): number {
  double[0] = x;
  halves[1] = high;
  return double[0]!;
}

function withLowWordZero(x: number): number {
  double[0] = x;
  halves[0] = 0;
  return double[0]!;
}

/** Floor of the logarithm base 2 of the absolute value, which is finite and not zero. */
export function exponentOf(x: number): number {
  const biased = (highWord(x) >>> 20) & 0x7ff;
  return biased === 0 ? exponentOf(x * 2 ** 54) - 54 : biased - 1023;
}

/** x times two to the n, rounded once; n is between -10000 and 10000. */
export function timesTwoPower(x: number, n: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const exponent = exponentOf(x);
  const mantissa = exponent < -1000 ? x * 2 ** 200 * 2 ** (-exponent - 200) : x * 2 ** -exponent;
  const target = exponent + n;
  if (target > 1023) return mantissa * Number.POSITIVE_INFINITY;
  if (target >= -1074) return mantissa * 2 ** target;
  return target === -1075 ? (mantissa / 2) * 2 ** -1074 : mantissa * 0;
}

// Reduction to a quarter turn: x = n * pi/2 + first + second

interface Reduced {
  /** The quarter, 0 to 3. */
  readonly quarter: number;
  readonly first: number;
  readonly second: number;
}

const invPio2 = 0.6366197723675814;
const pio2High = 1.5707963267341256;
const pio2HighTail = 6.077100506506192e-11;
const pio2Middle = 6.077100506303966e-11;
const pio2MiddleTail = 2.0222662487959506e-21;
const pio2Low = 2.0222662487111665e-21;
const pio2LowTail = 8.4784276603689e-32;

function reduce(x: number): Reduced {
  const high = highWord(x) & 0x7fffffff;
  return high < 0x413921fb ? reduceMedium(x, high) : reduceHuge(x);
}

function reduceMedium(x: number, high: number): Reduced {
  const size = Math.abs(x);
  const n = Math.trunc(size * invPio2 + 0.5);
  let rest = size - n * pio2High;
  let tail = n * pio2HighTail;
  let first = rest - tail;
  const exponent = high >> 20;
  // Where leading digits cancelled, more of pi/2 comes in.
  if (exponent - ((highWord(first) >> 20) & 0x7ff) > 16) {
    let before = rest;
    tail = n * pio2Middle;
    rest = before - tail;
    tail = n * pio2MiddleTail - (before - rest - tail);
    first = rest - tail;
    if (exponent - ((highWord(first) >> 20) & 0x7ff) > 49) {
      before = rest;
      tail = n * pio2Low;
      rest = before - tail;
      tail = n * pio2LowTail - (before - rest - tail);
      first = rest - tail;
    }
  }
  const second = rest - first - tail;
  return x < 0
    ? { quarter: -n & 3, first: -first, second: -second }
    : { quarter: n & 3, first, second };
}

/** Bits of pi behind the point: enough to reduce the largest Float to 120 good bits. */
const piBits = 1400n;
let piDigits: bigint | undefined;

/** pi, scaled: J. Machin's formula. */
function scaledPi(): bigint {
  piDigits ??= (16n * arcCotangent(5n) - 4n * arcCotangent(239n)) >> 64n;
  return piDigits;
}

function arcCotangent(of: bigint): bigint {
  let term = (1n << (piBits + 64n)) / of;
  let sum = term;
  for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
    term /= of * of;
    sum += (sign * term) / n;
  }
  return sum;
}

function reduceHuge(x: number): Reduced {
  const size = Math.abs(x);
  const exponent = exponentOf(size) - 52;
  const mantissa = BigInt(size * 2 ** -exponent);
  const scaled = mantissa << (piBits + BigInt(exponent));
  const quarterTurn = scaledPi() >> 1n;
  // Rounded to the nearest quarter, so that the rest is at most pi/4.
  const n = (scaled + (quarterTurn >> 1n)) / quarterTurn;
  const rest = scaled - n * quarterTurn;
  const first = scaledToFloat(rest);
  const second = scaledToFloat(rest - floatToScaled(first));
  const quarter = Number(n & 3n);
  return x < 0
    ? { quarter: -quarter & 3, first: -first, second: -second }
    : { quarter, first, second };
}

function scaledToFloat(scaled: bigint): number {
  // The reduced argument of a Float is never below 2 ** -62, so 200 bits keep it whole.
  return Number(scaled >> (piBits - 200n)) * 2 ** -200;
}

function floatToScaled(value: number): bigint {
  return BigInt(value * 2 ** 200) << (piBits - 200n);
}

// Sine, cosine, tangent

const s1 = -0.16666666666666632;
const s2 = 0.00833333333332249;
const s3 = -0.0001984126982985795;
const s4 = 2.7557313707070068e-6;
const s5 = -2.5050760253406863e-8;
const s6 = 1.58969099521155e-10;

function kernelSin(x: number, y: number, hasTail: boolean): number {
  if ((highWord(x) & 0x7fffffff) < 0x3e400000) return x;
  const z = x * x;
  const v = z * x;
  const r = s2 + z * (s3 + z * (s4 + z * (s5 + z * s6)));
  return hasTail ? x - (z * (0.5 * y - v * r) - y - v * s1) : x + v * (s1 + z * r);
}

const c1 = 0.0416666666666666;
const c2 = -0.001388888888887411;
const c3 = 2.480158728947673e-5;
const c4 = -2.7557314351390663e-7;
const c5 = 2.087572321298175e-9;
const c6 = -1.1359647557788195e-11;

function kernelCos(x: number, y: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high < 0x3e400000) return 1;
  const z = x * x;
  const r = z * (c1 + z * (c2 + z * (c3 + z * (c4 + z * (c5 + z * c6)))));
  if (high < 0x3fd33333) return 1 - (0.5 * z - (z * r - x * y));
  let qx = 0.28125;
  if (high <= 0x3fe90000) {
    double[0] = 0;
    halves[1] = high - 0x00200000;
    qx = double[0]!;
  }
  const hz = 0.5 * z - qx;
  return 1 - qx - (hz - (z * r - x * y));
}

const tangentTerms = [
  0.3333333333333341, 0.13333333333320124, 0.05396825397622605, 0.021869488294859542,
  0.0088632398235993, 0.0035920791075913124, 0.0014562094543252903, 0.0005880412408202641,
  0.0002464631348184699, 7.817944429395571e-5, 7.140724913826082e-5, -1.8558637485527546e-5,
  2.590730518636337e-5,
] as const;
const pio4 = 0.7853981633974483;
const pio4Low = 3.061616997868383e-17;

/** The tangent, or minus its reciprocal where `odd`. */
function kernelTan(argument: number, argumentTail: number, odd: boolean): number {
  let x = argument;
  let y = argumentTail;
  const high = highWord(x);
  const size = high & 0x7fffffff;
  if (size < 0x3e300000) {
    if (!odd) return x;
    if (x === 0) return 1 / Math.abs(x);
    return minusReciprocal(x, y);
  }
  const large = size >= 0x3fe59428;
  if (large) {
    if (x < 0) {
      x = -x;
      y = -y;
    }
    x = pio4 - x + (pio4Low - y);
    y = 0;
  }
  const t = tangentTerms;
  const z = x * x;
  let w = z * z;
  let r = t[1] + w * (t[3] + w * (t[5] + w * (t[7] + w * (t[9] + w * t[11]))));
  const v = z * (t[2] + w * (t[4] + w * (t[6] + w * (t[8] + w * (t[10] + w * t[12])))));
  const s = z * x;
  r = y + z * (s * (r + v) + y);
  r += t[0] * s;
  w = x + r;
  if (large) {
    const sign = odd ? -1 : 1;
    return (1 - ((high >> 30) & 2)) * (sign - 2 * (x - ((w * w) / (w + sign) - r)));
  }
  return odd ? minusReciprocalOf(w, x, r) : w;
}

function minusReciprocal(x: number, y: number): number {
  return minusReciprocalOf(x + y, x, y);
}

/** -1 / (x + r) with w = x + r, to more digits than the division gives. */
function minusReciprocalOf(w: number, x: number, r: number): number {
  const z = withLowWordZero(w);
  const v = r - (z - x);
  const a = -1 / w;
  const t = withLowWordZero(a);
  const s = 1 + t * z;
  return t + a * (s + t * v);
}

export function sin(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high <= 0x3fe921fb) return kernelSin(x, 0, false);
  if (high >= 0x7ff00000) return Number.NaN;
  const { quarter, first, second } = reduce(x);
  switch (quarter) {
    case 0:
      return kernelSin(first, second, true);
    case 1:
      return kernelCos(first, second);
    case 2:
      return -kernelSin(first, second, true);
    default:
      return -kernelCos(first, second);
  }
}

export function cos(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high <= 0x3fe921fb) return kernelCos(x, 0);
  if (high >= 0x7ff00000) return Number.NaN;
  const { quarter, first, second } = reduce(x);
  switch (quarter) {
    case 0:
      return kernelCos(first, second);
    case 1:
      return -kernelSin(first, second, true);
    case 2:
      return -kernelCos(first, second);
    default:
      return kernelSin(first, second, true);
  }
}

export function tan(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high <= 0x3fe921fb) return kernelTan(x, 0, false);
  if (high >= 0x7ff00000) return Number.NaN;
  const { quarter, first, second } = reduce(x);
  return kernelTan(first, second, (quarter & 1) === 1);
}

// Arc functions

const pio2Up = 1.5707963267948966;
const pio2UpTail = 6.123233995736766e-17;

function arcRational(z: number): number {
  const p =
    z *
    (0.16666666666666666 +
      z *
        (-0.3255658186224009 +
          z *
            (0.20121253213486293 +
              z *
                (-0.04005553450067941 + z * (0.0007915349942898145 + z * 3.479331075960212e-5)))));
  const q =
    1 +
    z *
      (-2.403394911734414 +
        z * (2.0209457602335057 + z * (-0.6882839716054533 + z * 0.07703815055590194)));
  return p / q;
}

export function arcSin(x: number): number {
  const size = Math.abs(x);
  if (!(size <= 1)) return Number.NaN;
  if (size === 1) return x * pio2Up + x * pio2UpTail;
  if (size < 0.5) {
    if ((highWord(x) & 0x7fffffff) < 0x3e400000) return x;
    return x + x * arcRational(x * x);
  }
  const t = (1 - size) * 0.5;
  const r = arcRational(t);
  const s = Math.sqrt(t);
  let result: number;
  if ((highWord(x) & 0x7fffffff) >= 0x3fef3333) {
    result = pio2Up - (2 * (s + s * r) - pio2UpTail);
  } else {
    const w = withLowWordZero(s);
    const c = (t - w * w) / (s + w);
    const p = 2 * s * r - (pio2UpTail - 2 * c);
    const q = pio4 - 2 * w;
    result = pio4 - (p - q);
  }
  return x > 0 ? result : -result;
}

export function arcCos(x: number): number {
  const size = Math.abs(x);
  if (!(size <= 1)) return Number.NaN;
  if (size === 1) return x > 0 ? 0 : Math.PI + 2 * pio2UpTail;
  if (size < 0.5) {
    if ((highWord(x) & 0x7fffffff) <= 0x3c600000) return pio2Up + pio2UpTail;
    return pio2Up - (x - (pio2UpTail - x * arcRational(x * x)));
  }
  if (x < 0) {
    const z = (1 + x) * 0.5;
    const s = Math.sqrt(z);
    const w = arcRational(z) * s - pio2UpTail;
    return Math.PI - 2 * (s + w);
  }
  const z = (1 - x) * 0.5;
  const s = Math.sqrt(z);
  const df = withLowWordZero(s);
  const c = (z - df * df) / (s + df);
  const w = arcRational(z) * s + c;
  return 2 * (df + w);
}

const arcTanHigh = [
  0.4636476090008061, 0.7853981633974483, 0.982793723247329, 1.5707963267948966,
] as const;
const arcTanLow = [
  2.2698777452961687e-17, 3.061616997868383e-17, 1.3903311031230998e-17, 6.123233995736766e-17,
] as const;
const arcTanTerms = [
  0.3333333333333293, -0.19999999999876483, 0.14285714272503466, -0.11111110405462356,
  0.09090887133436507, -0.0769187620504483, 0.06661073137387531, -0.058335701337905735,
  0.049768779946159324, -0.036531572744216916, 0.016285820115365782,
] as const;

export function arcTan(argument: number): number {
  let x = argument;
  const high = highWord(x);
  const size = high & 0x7fffffff;
  if (size >= 0x44100000) {
    if (Number.isNaN(x)) return Number.NaN;
    return high > 0 ? arcTanHigh[3] + arcTanLow[3] : -arcTanHigh[3] - arcTanLow[3];
  }
  let id = -1;
  if (size < 0x3fdc0000) {
    if (size < 0x3e200000) return x;
  } else {
    x = Math.abs(x);
    if (size < 0x3ff30000) {
      if (size < 0x3fe60000) {
        id = 0;
        x = (2 * x - 1) / (2 + x);
      } else {
        id = 1;
        x = (x - 1) / (x + 1);
      }
    } else if (size < 0x40038000) {
      id = 2;
      x = (x - 1.5) / (1 + 1.5 * x);
    } else {
      id = 3;
      x = -1 / x;
    }
  }
  const t = arcTanTerms;
  const z = x * x;
  const w = z * z;
  const odd = z * (t[0] + w * (t[2] + w * (t[4] + w * (t[6] + w * (t[8] + w * t[10])))));
  const even = w * (t[1] + w * (t[3] + w * (t[5] + w * (t[7] + w * t[9]))));
  if (id < 0) return x - x * (odd + even);
  const result = arcTanHigh[id]! - (x * (odd + even) - arcTanLow[id]! - x);
  return high < 0 ? -result : result;
}

const piTail = 1.2246467991473532e-16;

/** The angle of the point (x, y). */
export function arcTan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (x === 1) return arcTan(y);
  const yNegative = highWord(y) < 0;
  const xNegative = highWord(x) < 0;
  const signed = (value: number): number => (yNegative ? -value : value);
  if (y === 0) return xNegative ? signed(Math.PI) : y;
  if (x === 0) return signed(pio2Up);
  if (!Number.isFinite(x)) {
    if (!Number.isFinite(y)) return signed(xNegative ? 3 * pio4 : pio4);
    return signed(xNegative ? Math.PI : 0);
  }
  if (!Number.isFinite(y)) return signed(pio2Up);
  const k = ((highWord(y) & 0x7fffffff) - (highWord(x) & 0x7fffffff)) >> 20;
  let z: number;
  let negative = xNegative;
  if (k > 60) {
    z = pio2Up + 0.5 * piTail;
    negative = false;
  } else if (xNegative && k < -60) z = 0;
  else z = arcTan(Math.abs(y / x));
  if (!negative) return signed(z);
  return yNegative ? z - piTail - Math.PI : Math.PI - (z - piTail);
}

// Exponential and logarithms

const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
const invLn2 = Math.LOG2E;
const p1 = 0.16666666666666602;
const p2 = -0.0027777777777015593;
const p3 = 6.613756321437934e-5;
const p4 = -1.6533902205465252e-6;
const p5 = 4.1381367970572385e-8;

export function exp(x: number): number {
  const size = highWord(x) & 0x7fffffff;
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019411) return 0;
  let high = 0;
  let low = 0;
  let k = 0;
  let reduced = x;
  if (size > 0x3fd62e42) {
    if (size < 0x3ff0a2b2) {
      if (x === 1) return Math.E;
      k = x < 0 ? -1 : 1;
      high = x - k * ln2High;
      low = k * ln2Low;
    } else {
      k = Math.trunc(invLn2 * x + (x < 0 ? -0.5 : 0.5));
      high = x - k * ln2High;
      low = k * ln2Low;
    }
    reduced = high - low;
  } else if (size < 0x3e300000) return 1 + x;
  const t = reduced * reduced;
  const c = reduced - t * (p1 + t * (p2 + t * (p3 + t * (p4 + t * p5))));
  if (k === 0) return 1 - ((reduced * c) / (c - 2) - reduced);
  const y = 1 - (low - (reduced * c) / (2 - c) - high);
  if (k === 1024) return y * 2 * 2 ** 1023;
  return k >= -1021 ? y * 2 ** k : y * 2 ** (k + 1000) * 2 ** -1000;
}

const lg1 = 0.6666666666666735;
const lg2 = 0.3999999999940942;
const lg3 = 0.2857142874366239;
const lg4 = 0.22222198432149784;
const lg5 = 0.1818357216161805;
const lg6 = 0.15313837699209373;
const lg7 = 0.14798198605116586;

export function ln(argument: number): number {
  let x = argument;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (!(x > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  if (highWord(x) < 0x00100000) {
    k = -54;
    x *= 2 ** 54;
  }
  let high = highWord(x);
  k += (high >> 20) - 1023;
  high &= 0x000fffff;
  const i = (high + 0x95f64) & 0x100000;
  x = withHighWord(x, high | (i ^ 0x3ff00000));
  k += i >> 20;
  const f = x - 1;
  if ((0x000fffff & (2 + high)) < 3) {
    if (f === 0) return k === 0 ? 0 : k * ln2High + k * ln2Low;
    const r = f * f * (0.5 - 0.3333333333333333 * f);
    return k === 0 ? f - r : k * ln2High - (r - k * ln2Low - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const t1 = w * (lg2 + w * (lg4 + w * lg6));
  const t2 = z * (lg1 + w * (lg3 + w * (lg5 + w * lg7)));
  const r = t2 + t1;
  if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
    const half = 0.5 * f * f;
    if (k === 0) return f - (half - s * (half + r));
    return k * ln2High - (half - (s * (half + r) + k * ln2Low) - f);
  }
  if (k === 0) return f - s * (f - r);
  return k * ln2High - (s * (f - r) - k * ln2Low - f);
}

const invLn10 = Math.LOG10E;
const log10Of2High = 0.30102999566361177;
const log10Of2Low = 3.694239077158931e-13;

export function log10(argument: number): number {
  let x = argument;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (!(x > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  if (highWord(x) < 0x00100000) {
    k = -54;
    x *= 2 ** 54;
  }
  const high = highWord(x);
  if (high === 0x3ff00000 && lowWord(x) === 0) return 0;
  k += (high >> 20) - 1023;
  const i = (k & 0x80000000) >>> 31;
  const y = k + i;
  x = withHighWord(x, (high & 0x000fffff) | ((0x3ff - i) << 20));
  const z = y * log10Of2Low + invLn10 * ln(x);
  return z + y * log10Of2High;
}
