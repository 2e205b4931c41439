/**
 * The CBOR subset of manifests and journals (RFC 8949), strict.
 *
 * Values: integers from -2^31 to 2^53-1, text, byte strings, booleans, null,
 * arrays, and maps with text keys. Everything is in the one canonical form of
 * RFC 8949, section 4.2.1: shortest lengths, no indefinite lengths, keys in
 * the order of their encodings and so none twice.
 *
 * cbor-x does the encoding and decoding, in the build that needs no `eval`.
 * By itself it accepts duplicate keys and non-canonical forms, so bytes are
 * first scanned here, which bounds lengths and depth before anything is
 * allocated, and what was decoded must encode to the same bytes again.
 */
import { Encoder } from "cbor-x/index-no-eval";
import { assert, ImageError } from "./errors.ts";

export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | CborMap;

export type CborMap = ReadonlyMap<string, CborValue>;

const deepest = 8;
const smallestInteger = -(2 ** 31);

const codec = new Encoder({ useRecords: false, tagUint8Array: false, mapsAsObjects: false });

/** Encodes a value canonically. */
export function encodeCbor(value: CborValue): Uint8Array {
  return new Uint8Array(codec.encode(forEncoder(value, 0)));
}

/** Decodes bytes that hold exactly one value, canonically encoded, or refuses them. */
export function decodeCbor(bytes: Uint8Array, startInFile = 0): CborValue {
  new Scanner(bytes, startInFile).scanAll();
  let value: CborValue;
  try {
    value = fromDecoder(codec.decode(bytes.slice()));
  } catch {
    throw notCanonical(startInFile, "a value cbor-x decodes");
  }
  if (!sameBytes(encodeCbor(value), bytes)) throw notCanonical(startInFile, "the canonical form");
  return value;
}

export function sameBytes(some: Uint8Array, others: Uint8Array): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) {
    if (some[index] !== others[index]) return false;
  }
  return true;
}

export function isCborMap(value: CborValue): value is CborMap {
  return value instanceof Map;
}

/** Answers whether text can be stored, that is, has no unpaired surrogates. */
export function isStorableText(text: string): boolean {
  // Not \p{Surrogate}: compiling that takes V8 some milliseconds, which every start would pay.
  return !/[\ud800-\udfff]/u.test(text);
}

/** Answers whether a number can be stored. */
export function isStorableInteger(value: number): boolean {
  return Number.isSafeInteger(value) && value >= smallestInteger && !Object.is(value, -0);
}

function forEncoder(value: CborValue, depth: number): unknown {
  assert(depth <= deepest, "a value is nested too deeply for CBOR");
  if (typeof value === "number") {
    assert(isStorableInteger(value), "only integers from -2^31 to 2^53-1 are stored");
    return value >= 2 ** 32 ? BigInt(value) : value;
  }
  if (typeof value === "string") {
    assert(isStorableText(value), "text with an unpaired surrogate cannot be stored");
    return value;
  }
  if (value === null || typeof value === "boolean") return value;
  // Buffers of Node are encoded as plain bytes too.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map((each) => forEncoder(each, depth + 1));
  assert(value instanceof Map, "only values of CborValue are stored");
  const keys = [...value.keys()].map((key) => ({ key, utf8: utf8Encoder.encode(key) }));
  keys.sort((some, other) => compareKeys(some.utf8, other.utf8));
  return new Map(
    keys.map(({ key }) => [forEncoder(key, depth + 1), forEncoder(value.get(key)!, depth + 1)]),
  );
}

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The order of encoded text keys: the shorter first, as its length comes first. */
function compareKeys(some: Uint8Array, other: Uint8Array): number {
  if (some.length !== other.length) return some.length - other.length;
  for (let index = 0; index < some.length; index++) {
    if (some[index] !== other[index]) return some[index]! - other[index]!;
  }
  return 0;
}

function fromDecoder(value: unknown): CborValue {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(fromDecoder);
  if (value instanceof Map) {
    return new Map([...value].map(([key, each]) => [String(key), fromDecoder(each)]));
  }
  return value as CborValue;
}

function notCanonical(offset: number, expected: string, found?: string): ImageError {
  return new ImageError("EIMG_CBOR", {
    place: { offset },
    expected,
    ...(found === undefined ? {} : { found }),
  });
}

/** Reads through encoded bytes without building anything; refuses what is not canonical. */
class Scanner {
  private readonly bytes: Uint8Array;
  private readonly startInFile: number;
  private position = 0;

  constructor(bytes: Uint8Array, startInFile: number) {
    this.bytes = bytes;
    this.startInFile = startInFile;
  }

  scanAll(): void {
    this.scanValue(0);
    if (this.position < this.bytes.length) throw this.refusal("the end of the value", "more bytes");
  }

  private scanValue(depth: number): void {
    if (depth > deepest) throw this.refusal(`at most ${deepest} levels of nesting`, "more");
    const start = this.position;
    const head = this.takeByte();
    const major = head >> 5;
    if (major === 7) {
      if (head < 0xf4 || head > 0xf6) this.refuseType(start);
      return;
    }
    const argument = this.takeArgument(head & 31, start);
    if (major === 1 && -1 - argument < smallestInteger) this.refuseType(start);
    if (major === 2) this.takeBytes(argument, start);
    else if (major === 3) this.takeText(argument, start);
    else if (major === 4) this.scanItems(argument, 1, start, depth);
    else if (major === 5) this.scanMap(argument, start, depth);
    else if (major === 6) this.refuseType(start);
  }

  private scanItems(count: number, smallest: number, start: number, depth: number): void {
    this.refuseBeyondEnd(count * smallest, start);
    for (let index = 0; index < count; index++) this.scanValue(depth + 1);
  }

  private scanMap(count: number, start: number, depth: number): void {
    this.refuseBeyondEnd(count * 2, start);
    let before: Uint8Array | undefined;
    for (let index = 0; index < count; index++) {
      const keyStart = this.position;
      const head = this.takeByte();
      if (head >> 5 !== 3) throw this.refusal("a text key", `type ${head >> 5}`, keyStart);
      const key = this.takeText(this.takeArgument(head & 31, keyStart), keyStart);
      if (before !== undefined && compareKeys(before, key) >= 0) {
        throw this.refusal("keys in canonical order, none twice", "another order", keyStart);
      }
      before = key;
      this.scanValue(depth + 1);
    }
  }

  private takeArgument(short: number, start: number): number {
    if (short < 24) return short;
    if (short > 27)
      throw this.refusal("a definite length", `additional information ${short}`, start);
    const size = 1 << (short - 24);
    let argument = 0;
    for (let index = 0; index < size; index++) argument = argument * 256 + this.takeByte();
    const smallest = size === 1 ? 24 : 2 ** (size * 4);
    if (argument < smallest) throw this.refusal("the shortest form", "a longer one", start);
    if (argument > Number.MAX_SAFE_INTEGER) this.refuseType(start);
    return argument;
  }

  private takeText(size: number, start: number): Uint8Array {
    const bytes = this.takeBytes(size, start);
    try {
      utf8Decoder.decode(bytes);
    } catch {
      throw this.refusal("UTF-8", "other bytes", start);
    }
    return bytes;
  }

  private takeBytes(size: number, start: number): Uint8Array {
    this.refuseBeyondEnd(size, start);
    this.position += size;
    return this.bytes.subarray(this.position - size, this.position);
  }

  private takeByte(): number {
    this.refuseBeyondEnd(1, this.position);
    return this.bytes[this.position++]!;
  }

  private refuseBeyondEnd(size: number, start: number): void {
    const left = this.bytes.length - this.position;
    if (size > left) throw this.refusal(`at most ${left} bytes more`, `${size}`, start);
  }

  private refuseType(start: number): never {
    throw this.refusal(
      "an integer from -2^31 to 2^53-1, text, bytes, boolean, null, array or map",
      `initial byte 0x${this.bytes[start]!.toString(16)}`,
      start,
    );
  }

  private refusal(expected: string, found: string, at = this.position): ImageError {
    return notCanonical(this.startInFile + at, expected, found);
  }
}
