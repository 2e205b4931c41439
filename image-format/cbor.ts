/**
 * The CBOR subset of manifests and journals (RFC 8949), strict.
 *
 * Values: integers from -2^31 to 2^53-1, text, byte strings, booleans, null,
 * arrays, and maps with text keys. Everything is in the one canonical form of
 * RFC 8949, section 4.2.1: shortest lengths, no indefinite lengths, keys in
 * the order of their encodings and so none twice. Whatever else stands in bytes
 * is refused; lengths and depth are bounded before anything is allocated.
 *
 * Written out here because each start of the command line reads a manifest: a
 * library for all of CBOR takes longer to load than that.
 */
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

/** Major types, the upper three bits of an item's first byte. */
const Major = { natural: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const;
/** First bytes of simple values. */
const Simple = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;

const deepest = 8;
const smallestInteger = -(2 ** 31);

/** Encodes a value canonically. */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new Writer();
  writer.putValue(value, 0);
  return writer.taken();
}

/** Decodes bytes that hold exactly one value, canonically encoded, or refuses them. */
export function decodeCbor(bytes: Uint8Array, startInFile = 0): CborValue {
  return new Reader(bytes, startInFile).takeAll();
}

export function sameBytes(some: Uint8Array, others: Uint8Array): boolean {
  return some.length === others.length && some.every((byte, index) => byte === others[index]);
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

class Writer {
  private bytes = new Uint8Array(1024);
  private size = 0;

  taken(): Uint8Array {
    return this.bytes.slice(0, this.size);
  }

  putValue(value: CborValue, depth: number): void {
    assert(depth <= deepest, "a value is nested too deeply for CBOR");
    if (value === null || typeof value === "boolean") {
      this.putByte(value === null ? Simple.null : value ? Simple.true : Simple.false);
    } else if (typeof value === "number") {
      assert(isStorableInteger(value), "only integers from -2^31 to 2^53-1 are stored");
      if (value < 0) this.putHead(Major.negative, -1 - value);
      else this.putHead(Major.natural, value);
    } else if (typeof value === "string") {
      this.putText(utf8Of(value));
    } else if (value instanceof Uint8Array) {
      this.putHead(Major.bytes, value.length);
      this.putBytes(value);
    } else if (Array.isArray(value)) {
      this.putHead(Major.array, value.length);
      for (const each of value) this.putValue(each, depth + 1);
    } else {
      assert(value instanceof Map, "only values of CborValue are stored");
      this.putMap(value, depth);
    }
  }

  private putMap(map: CborMap, depth: number): void {
    const entries = [...map].map(([key, value]) => ({ key: utf8Of(key), value }));
    entries.sort((some, other) => compareKeys(some.key, other.key));
    this.putHead(Major.map, entries.length);
    for (const { key, value } of entries) {
      this.putText(key);
      this.putValue(value, depth + 1);
    }
  }

  private putText(utf8: Uint8Array): void {
    this.putHead(Major.text, utf8.length);
    this.putBytes(utf8);
  }

  private putHead(major: number, argument: number): void {
    if (argument < 24) {
      this.putByte((major << 5) | argument);
      return;
    }
    const sizeExponent =
      argument < 2 ** 8 ? 0 : argument < 2 ** 16 ? 1 : argument < 2 ** 32 ? 2 : 3;
    this.putByte((major << 5) | (24 + sizeExponent));
    for (let place = (1 << sizeExponent) - 1; place >= 0; place--) {
      this.putByte(Math.floor(argument / 256 ** place) % 256);
    }
  }

  private putByte(byte: number): void {
    this.reserve(1);
    this.bytes[this.size++] = byte;
  }

  private putBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.size);
    this.size += bytes.length;
  }

  private reserve(more: number): void {
    if (this.size + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.size + more, 2 * this.bytes.length));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

function utf8Of(text: string): Uint8Array {
  assert(isStorableText(text), "text with an unpaired surrogate cannot be stored");
  return utf8Encoder.encode(text);
}

class Reader {
  private readonly bytes: Uint8Array;
  private readonly startInFile: number;
  private position = 0;

  constructor(bytes: Uint8Array, startInFile: number) {
    this.bytes = bytes;
    this.startInFile = startInFile;
  }

  takeAll(): CborValue {
    const value = this.takeValue(0);
    if (this.position < this.bytes.length) throw this.refusal("the end of the value", "more bytes");
    return value;
  }

  private takeValue(depth: number): CborValue {
    if (depth > deepest) throw this.refusal(`at most ${deepest} levels of nesting`, "more");
    const start = this.position;
    const head = this.takeByte();
    const major = head >> 5;
    if (major === Major.simple) return this.simpleValue(head, start);
    const argument = this.takeArgument(head & 31, start);
    switch (major) {
      case Major.natural:
        return argument;
      case Major.negative:
        return -1 - argument >= smallestInteger ? -1 - argument : this.refuseType(start);
      case Major.bytes:
        return new Uint8Array(this.takeBytes(argument, start));
      case Major.text:
        return this.decode(this.takeBytes(argument, start), start);
      case Major.array:
        return this.takeArray(argument, start, depth);
      case Major.map:
        return this.takeMap(argument, start, depth);
      default:
        return this.refuseType(start);
    }
  }

  private simpleValue(head: number, start: number): boolean | null {
    if (head === Simple.null) return null;
    return head === Simple.true || (head === Simple.false ? false : this.refuseType(start));
  }

  private takeArray(count: number, start: number, depth: number): CborValue[] {
    this.refuseBeyondEnd(count, start);
    const values: CborValue[] = [];
    for (let index = 0; index < count; index++) values.push(this.takeValue(depth + 1));
    return values;
  }

  private takeMap(count: number, start: number, depth: number): CborMap {
    this.refuseBeyondEnd(count * 2, start);
    const map = new Map<string, CborValue>();
    let before: Uint8Array | undefined;
    for (let index = 0; index < count; index++) {
      const keyStart = this.position;
      const head = this.takeByte();
      if (head >> 5 !== Major.text) {
        throw this.refusal("a text key", `type ${head >> 5}`, keyStart);
      }
      const key = this.takeBytes(this.takeArgument(head & 31, keyStart), keyStart);
      if (before !== undefined && compareKeys(before, key) >= 0) {
        throw this.refusal("keys in canonical order, none twice", "another order", keyStart);
      }
      before = key;
      map.set(this.decode(key, keyStart), this.takeValue(depth + 1));
    }
    return map;
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

  private decode(bytes: Uint8Array, start: number): string {
    try {
      return utf8Decoder.decode(bytes);
    } catch {
      throw this.refusal("UTF-8", "other bytes", start);
    }
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
    return new ImageError("EIMG_CBOR", {
      place: { offset: this.startInFile + at },
      expected,
      found,
    });
  }
}
