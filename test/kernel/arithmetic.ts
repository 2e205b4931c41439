/**
 * Cases of arithmetic with what the host's BigInt and Number make of them: the
 * lines that arithmetic.st reads, and those it should answer.
 */

export interface Case {
  readonly line: string;
  readonly expected: string;
}

interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

/** Numbers that only look random; the same for the same seed. */
class Source {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.word() % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  bits(count: number): bigint {
    let value = 0n;
    for (let left = count; left > 0; left -= 32) value = (value << 32n) | BigInt(this.word());
    return BigInt.asUintN(count, value);
  }

  /** Of any size, and often beside a boundary. */
  integer(mostBits = 300): bigint {
    const near = 1n << BigInt(this.of([0, 8, 16, 30, 31, 32, 53, 62, 63, 64, 128]));
    const size =
      this.below(4) === 0 ? near + BigInt(this.below(5) - 2) : this.bits(1 + this.below(mostBits));
    return this.below(2) === 0 ? size : -size;
  }

  float(): number {
    switch (this.below(5)) {
      case 0:
        return this.of([0, -0, 1, -1, 0.5, 5e-324, -5e-324, 1.7976931348623157e308, 0.1, 2 ** 53]);
      case 1:
        return Number(this.integer(80));
      case 2:
        return (this.word() - 0x80000000) / 2 ** this.below(40);
      default:
        return floatOf(this.bits(64));
    }
  }

  finite(): number {
    const value = this.float();
    return Number.isFinite(value) ? value : this.finite();
  }

  fraction(): Fraction {
    const d = this.integer(this.of([8, 40, 200]));
    return d === 0n ? this.fraction() : { n: this.integer(this.of([8, 40, 200])), d };
  }
}

const view = new DataView(new ArrayBuffer(8));

function floatOf(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

function bitsOf(value: number): string {
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).toUpperCase().padStart(16, "0");
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [abs(a), abs(b)];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** The nearest integer, the one farther from zero of two. */
function roundDivide(n: bigint, d: bigint): bigint {
  const size = (2n * abs(n) + abs(d)) / (2n * abs(d));
  return n < 0n === d < 0n ? size : -size;
}

function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function reduced({ n, d }: Fraction): Fraction {
  const divisor = gcd(n, d) * (d < 0n ? -1n : 1n);
  return { n: n / divisor, d: d / divisor };
}

function exact(value: number): Fraction {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const digits = (bits & 0xfffffffffffffn) | (exponent === 0 ? 0n : 1n << 52n);
  const n = value < 0 || Object.is(value, -0) ? -digits : digits;
  const shift = BigInt(Math.max(exponent, 1) - 1075);
  return shift >= 0n ? { n: n << shift, d: 1n } : { n, d: 1n << -shift };
}

/** The Float nearest to a fraction; of two, the even one. */
function nearest(fraction: Fraction): number {
  const { n, d } = reduced(fraction);
  const size = abs(n);
  const length = size.toString(2).length - d.toString(2).length;
  const shift = BigInt(Math.min(54 - length, 1074));
  const [top, bottom] = shift >= 0n ? [size << shift, d] : [size, d << -shift];
  let quotient = top / bottom;
  const twice = 2n * (top % bottom);
  const excess = BigInt(Math.max(quotient.toString(2).length - 53, 0));
  const half = 1n << (excess > 0n ? excess - 1n : 0n);
  if (excess > 0n) {
    const rest = quotient & ((1n << excess) - 1n);
    quotient >>= excess;
    if (rest > half || (rest === half && (twice > 0n || (quotient & 1n) === 1n))) quotient += 1n;
  } else if (twice > bottom || (twice === bottom && (quotient & 1n) === 1n)) quotient += 1n;
  const value = scaled(Number(quotient), Number(excess - shift));
  return n < 0n ? -value : value;
}

function scaled(value: number, exponent: number): number {
  const first = Math.trunc(exponent / 2);
  return value * 2 ** first * 2 ** (exponent - first);
}

/** A finite Float as Smalltalk prints it. */
export function printed(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e") as [string, string];
  const digits = mantissa.replace(".", "");
  const point = Number(exponent) + 1;
  const sign = value < 0 ? "-" : "";
  if (point < -3 || point > 6) {
    return `${sign}${digits[0]}.${digits.slice(1) || "0"}e${point - 1}`;
  }
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}.${digits.slice(point) || "0"}`;
}

const i = (value: bigint): string => `i${value}`;
const f = (value: number): string => `f${bitsOf(value)}`;
const q = ({ n, d }: Fraction): string => `q${n}/${d}`;
const shownFloat = (value: number): string => (Number.isNaN(value) ? "nan" : bitsOf(value));
const shownFraction = (fraction: Fraction): string => {
  const { n, d } = reduced(fraction);
  return d === 1n ? `${n}` : `${n}/${d}`;
};

const integerOperations: Record<string, (a: bigint, b: bigint) => bigint> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "//": floorDivide,
  "\\\\": (a, b) => a - b * floorDivide(a, b),
  "quo:": (a, b) => a / b,
  "rem:": (a, b) => a % b,
  "gcd:": gcd,
  "bitAnd:": (a, b) => a & b,
  "bitOr:": (a, b) => a | b,
  "bitXor:": (a, b) => a ^ b,
};
const dividing = new Set(["//", "\\\\", "quo:", "rem:"]);

function integers(source: Source): Case {
  const a = source.integer();
  const b = source.integer();
  const name = source.of(Object.keys(integerOperations));
  const line = `${name} ${i(a)} ${i(b)}`;
  if (b === 0n && dividing.has(name)) return { line, expected: "ZeroDivide" };
  return { line, expected: `${integerOperations[name]!(a, b)}` };
}

function shiftsAndPowers(source: Source): Case {
  const a = source.integer();
  const count = source.below(400) - 200;
  const power = source.below(40);
  const size = abs(a);
  return source.of<() => Case>([
    () => ({
      line: `bitShift: ${i(a)} i${count}`,
      expected: `${count < 0 ? a >> BigInt(-count) : a << BigInt(count)}`,
    }),
    () => ({ line: `raisedTo: ${i(a)} i${power}`, expected: `${a ** BigInt(power)}` }),
    () => ({ line: `sqrtFloor ${i(size)}`, expected: `${squareRoot(size)}` }),
    () => ({
      line: `highBit ${i(size)}`,
      expected: `${size === 0n ? 0 : size.toString(2).length}`,
    }),
    () => ({ line: `asFloat ${i(a)}`, expected: bitsOf(Number(a)) }),
  ])();
}

function digits(source: Source): Case {
  const a = source.integer();
  const base = 2 + source.below(35);
  const text = a.toString(base).toUpperCase();
  return source.below(2) === 0
    ? { line: `printStringBase: ${i(a)} i${base}`, expected: text }
    : { line: `parse s${text} i${base}`, expected: `${a}` };
}

const floatOperations: Record<string, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
};

function floats(source: Source): Case {
  const name = source.of(Object.keys(floatOperations));
  const a = source.float();
  const mixed = source.below(3) === 0;
  const integer = source.integer(120);
  const b = mixed ? Number(integer) : source.float();
  const line = `${name} ${f(a)} ${mixed ? i(integer) : f(b)}`;
  if (name === "/" && b === 0) return { line, expected: "ZeroDivide" };
  return { line, expected: shownFloat(floatOperations[name]!(a, b)) };
}

function floatsToIntegers(source: Source): Case {
  const a = source.finite();
  const { n, d } = exact(a);
  return source.of<() => Case>([
    () => ({ line: `floor ${f(a)}`, expected: `${floorDivide(n, d)}` }),
    () => ({ line: `ceiling ${f(a)}`, expected: `${-floorDivide(-n, d)}` }),
    () => ({ line: `truncated ${f(a)}`, expected: `${n / d}` }),
    () => ({ line: `rounded ${f(a)}`, expected: `${roundDivide(n, d)}` }),
    () => ({ line: `asTrueFraction ${f(a)}`, expected: shownFraction({ n, d }) }),
    () => ({ line: `sqrt ${f(Math.abs(a))}`, expected: bitsOf(Math.sqrt(Math.abs(a))) }),
  ])();
}

function floatTexts(source: Source): Case {
  if (source.below(2) === 0) {
    const a = source.finite();
    return { line: `printString ${f(a)}`, expected: printed(a) };
  }
  const head = source.bits(1 + source.below(70));
  const tail = source.bits(1 + source.below(70));
  const text = `${head}.${tail}e${source.below(660) - 340}`;
  return { line: `asNumber s${text}`, expected: bitsOf(Number(text)) };
}

const comparisons: Record<string, (sign: number) => boolean> = {
  "<": (sign) => sign < 0,
  "<=": (sign) => sign <= 0,
  ">": (sign) => sign > 0,
  ">=": (sign) => sign >= 0,
  "=": (sign) => sign === 0,
};

function sign(a: Fraction, b: Fraction): number {
  const [left, right] = [reduced(a), reduced(b)];
  const difference = left.n * right.d - right.n * left.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function comparison(source: Source): Case {
  const name = source.of(Object.keys(comparisons));
  const float = source.float();
  const whole = source.below(2) === 0;
  const close = Number.isFinite(float) && source.below(2) === 0;
  const other = close
    ? { n: exact(float).n + BigInt(source.below(3) - 1), d: exact(float).d }
    : source.fraction();
  const b: Fraction = whole ? { n: other.n / other.d, d: 1n } : other;
  const line = `${name} ${f(float)} ${whole ? i(b.n) : q(b)}`;
  if (Number.isNaN(float)) return { line, expected: "false" };
  const order = Number.isFinite(float) ? sign(exact(float), b) : Math.sign(float);
  return { line, expected: `${comparisons[name]!(order)}` };
}

function fractions(source: Source): Case {
  const a = source.fraction();
  const b = source.fraction();
  return source.of<() => Case>([
    () => ({
      line: `+ ${q(a)} ${q(b)}`,
      expected: shownFraction({ n: a.n * b.d + b.n * a.d, d: a.d * b.d }),
    }),
    () => ({
      line: `- ${q(a)} ${q(b)}`,
      expected: shownFraction({ n: a.n * b.d - b.n * a.d, d: a.d * b.d }),
    }),
    () => ({
      line: `* ${q(a)} ${q(b)}`,
      expected: shownFraction({ n: a.n * b.n, d: a.d * b.d }),
    }),
    () => ({
      line: `/ ${q(a)} ${q(b)}`,
      expected: b.n === 0n ? "ZeroDivide" : shownFraction({ n: a.n * b.d, d: a.d * b.n }),
    }),
    () => ({ line: `< ${q(a)} ${q(b)}`, expected: `${sign(a, b) < 0}` }),
    () => ({ line: `floor ${q(a)}`, expected: `${floorDivide(a.n, a.d)}` }),
    () => ({ line: `rounded ${q(a)}`, expected: `${roundDivide(a.n, a.d)}` }),
    () => ({ line: `asFloat ${q(a)}`, expected: bitsOf(nearest(a)) }),
  ])();
}

/** Numbers that are equal hash alike, whatever their classes. */
function hashes(source: Source): Case {
  const a = source.finite();
  const { n, d } = reduced(exact(a));
  return { line: `sameHash ${f(a)} ${d === 1n ? i(n) : q({ n, d })}`, expected: "true" };
}

const kinds = [
  integers,
  integers,
  shiftsAndPowers,
  digits,
  floats,
  floatsToIntegers,
  floatTexts,
  comparison,
  fractions,
  hashes,
];

/** So many cases; the same for the same seed. */
export function arithmeticCases(seed: number, count: number): Case[] {
  const source = new Source(seed);
  return Array.from({ length: count }, () => source.of(kinds)(source));
}

/** What of the answers is not as expected, in words. */
export function differences(cases: readonly Case[], answers: string): string[] {
  const lines = answers.split("\n");
  return cases.flatMap(({ line, expected }, index) =>
    lines[index] === expected ? [] : [`${line} is ${lines[index]}, not ${expected}`],
  );
}
