/**
 * Primitives of strings, Symbols and Characters.
 *
 * A string's elements are code points: bytes in ByteStrings and ByteSymbols,
 * words in WideStrings and WideSymbols. Case mapping maps one character to one
 * character; where Unicode maps it to several, it stays as it is.
 */

import type { ObjectMemory } from "../../memory/object-memory.ts";
import {
  character,
  characterValue,
  classIndexOf,
  Format,
  headerWords,
  isCharacter,
  isImmediate,
  isSmallInteger,
  nilOop,
  type Oop,
  smallInteger,
  smallIntegerValue,
} from "../../spec/layouts.ts";
import type { Machine, Primitive } from "../machine.ts";

/** Whether the oop's elements are Characters: a string of a known class. */
export function isText(memory: ObjectMemory, oop: Oop): boolean {
  return !isImmediate(oop) && memory.isString(oop);
}

/** A new ByteString or WideString of that many characters, as wide as the text given. */
export function newTextLike(memory: ObjectMemory, text: Oop, count: number): Oop {
  return memory.format(text) === Format.words32
    ? memory.allocate(classIndexOf.WideString, Format.words32, count)
    : memory.allocateBytes(classIndexOf.ByteString, count);
}

/** A view of a text's elements. */
function elements(memory: ObjectMemory, text: Oop): Uint8Array | Uint32Array {
  const count = memory.elementCount(text);
  if (memory.format(text) === Format.words32) {
    const body = (text >>> 2) + headerWords;
    return memory.unsignedWords.subarray(body, body + count);
  }
  const body = memory.bodyAddress(text);
  return memory.bytes.subarray(body, body + count);
}

/** Copies characters between texts of any width; false, with nothing copied, if one does not fit. */
export function copyCharacters(
  memory: ObjectMemory,
  to: Oop,
  toIndex: number,
  from: Oop,
  fromIndex: number,
  count: number,
): boolean {
  const target = elements(memory, to);
  const source = elements(memory, from).subarray(fromIndex, fromIndex + count);
  const narrowing = target instanceof Uint8Array && source instanceof Uint32Array;
  if (narrowing && source.some((point) => point > 255)) return false;
  target.set(source, toIndex);
  memory.markDirtyRange(target.byteOffset + toIndex * target.BYTES_PER_ELEMENT, source.byteLength);
  return true;
}

/** A new String of these code points, as narrow as they allow; 0 when memory is full. */
function newStringOf(memory: ObjectMemory, points: ArrayLike<number>): Oop {
  let wide = false;
  for (let index = 0; index < points.length && !wide; index++) wide = points[index]! > 255;
  const text = wide
    ? memory.allocate(classIndexOf.WideString, Format.words32, points.length)
    : memory.allocateBytes(classIndexOf.ByteString, points.length);
  if (text !== 0) elements(memory, text).set(points);
  return text;
}

const orNoMemory = (machine: Machine, oop: Oop): Oop =>
  oop === 0 ? machine.fail("noMemory") : oop;

/** A primitive on a text receiver that answers a new object. */
function ofText(make: (memory: ObjectMemory, text: Oop, machine: Machine) => Oop): Primitive {
  return (machine, at) => {
    const receiver = machine.memory.words[at]!;
    if (!isText(machine.memory, receiver)) return machine.fail("badReceiver");
    return orNoMemory(machine, make(machine.memory, receiver, machine));
  };
}

// Case and character properties

/** A small sharp s has a capital, which JavaScript writes SS. */
const sharpS = 0xdf;
const capitalSharpS = 0x1e9e;

const latinLower = new Uint32Array(256);
const latinUpper = new Uint32Array(256);
for (let point = 0; point < 256; point++) {
  latinLower[point] = mapCase(point, (text) => text.toLowerCase());
  latinUpper[point] = mapCase(point, (text) => text.toUpperCase());
}
latinUpper[sharpS] = capitalSharpS;

function mapCase(point: number, map: (text: string) => string): number {
  if (point > 0x10ffff) return point;
  const text = String.fromCodePoint(point);
  const mapped = map(text);
  const result = mapped.codePointAt(0)!;
  return mapped.length === (result > 0xffff ? 2 : 1) ? result : point;
}

const lower = (point: number): number =>
  point < 256 ? latinLower[point]! : mapCase(point, (text) => text.toLowerCase());
const upper = (point: number): number =>
  point < 256 ? latinUpper[point]! : mapCase(point, (text) => text.toUpperCase());

/** A text's code points, each mapped. */
function mapped(memory: ObjectMemory, text: Oop, map: (point: number) => number): Uint32Array {
  const points = new Uint32Array(elements(memory, text));
  for (let index = 0; index < points.length; index++) points[index] = map(points[index]!);
  return points;
}

const properties = [/^\p{L}/u, /^\p{Lu}/u, /^\p{Ll}/u, /^\p{Nd}/u, /^[\p{L}\p{Nd}]/u] as const;

const hasProperty = (point: number, property: number): boolean =>
  point <= 0x10ffff && properties[property]!.test(String.fromCodePoint(point));

/** Properties of Latin characters, a bit each. */
const latinProperties = new Uint8Array(256);
for (let point = 0; point < 256; point++) {
  properties.forEach((_, property) => {
    if (hasProperty(point, property)) latinProperties[point]! |= 1 << property;
  });
}

const categories =
  "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn".split(
    " ",
  );

const characterIs: Primitive = (machine, at) => {
  const { words } = machine.memory;
  const receiver = words[at]!;
  if (!isCharacter(receiver)) return machine.fail("badReceiver");
  const property = smallIntegerValue(words[at + 1]!);
  if (!isSmallInteger(words[at + 1]!) || properties[property] === undefined) {
    return machine.fail("badArgument");
  }
  const point = characterValue(receiver);
  return machine.memory.booleanOop(
    point < 256 ? (latinProperties[point]! & (1 << property)) !== 0 : hasProperty(point, property),
  );
};

const characterCode: Primitive = (machine, at) => {
  const receiver = machine.memory.words[at]!;
  return isCharacter(receiver)
    ? smallInteger(characterValue(receiver))
    : machine.fail("badReceiver");
};

/** Greatest code point a Character may have; those above Unicode's are for private use. */
const maximumCode = 0x1fffff;

const characterOf: Primitive = (machine, at) => {
  const code = machine.memory.words[at + 1]!;
  const point = smallIntegerValue(code);
  if (!isSmallInteger(code) || point < 0 || point > maximumCode) return machine.fail("badArgument");
  return character(point);
};

const characterMapped =
  (map: (point: number) => number): Primitive =>
  (machine, at) => {
    const receiver = machine.memory.words[at]!;
    if (!isCharacter(receiver)) return machine.fail("badReceiver");
    return character(map(characterValue(receiver)));
  };

const characterCategory: Primitive = (machine, at) => {
  const receiver = machine.memory.words[at]!;
  if (!isCharacter(receiver) || characterValue(receiver) > 0x10ffff) {
    return machine.fail("badReceiver");
  }
  const text = String.fromCodePoint(characterValue(receiver));
  const category = categories.find((name) => new RegExp(`^\\p{${name}}`, "u").test(text)) ?? "Cn";
  return orNoMemory(machine, machine.memory.newString(category));
};

// Elements

const stringAt: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const indexOop = memory.words[at + 1]!;
  if (isImmediate(receiver)) return machine.fail("badReceiver");
  if (!isSmallInteger(indexOop)) return machine.fail("badArgument");
  const index = smallIntegerValue(indexOop);
  if (index < 1 || index > memory.elementCount(receiver)) return machine.fail("badIndex");
  const format = memory.format(receiver);
  if (format === Format.words32) {
    return character(memory.unsignedWords[(receiver >>> 2) + headerWords + index - 1]!);
  }
  if (format < Format.bytes || format >= Format.compiledCode) return machine.fail("badReceiver");
  return character(memory.bytes[memory.bodyAddress(receiver) + index - 1]!);
};

const stringAtPut: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const indexOop = memory.words[at + 1]!;
  const value = memory.words[at + 2]!;
  if (isImmediate(receiver)) return machine.fail("badReceiver");
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  if (!isSmallInteger(indexOop)) return machine.fail("badIndex");
  const index = smallIntegerValue(indexOop);
  if (index < 1 || index > memory.elementCount(receiver)) return machine.fail("badIndex");
  if (!isCharacter(value)) return machine.fail("badArgument");
  const point = characterValue(value);
  const format = memory.format(receiver);
  if (format === Format.words32) {
    const word = (receiver >>> 2) + headerWords + index - 1;
    memory.unsignedWords[word] = point;
    memory.markDirtyRange(word * 4, 4);
    return value;
  }
  if (format < Format.bytes || format >= Format.compiledCode) return machine.fail("badReceiver");
  if (point > 255) return machine.fail("overflow");
  const address = memory.bodyAddress(receiver) + index - 1;
  memory.bytes[address] = point;
  memory.markDirtyRange(address, 1);
  return value;
};

// Comparing

const stringHash: Primitive = (machine, at) => {
  const receiver = machine.memory.words[at]!;
  if (!isText(machine.memory, receiver)) return machine.fail("badReceiver");
  const points = elements(machine.memory, receiver);
  // As hashText in the symbol table.
  let hash = 0x811c9dc5 | 0;
  for (let index = 0; index < points.length; index++) {
    hash = Math.imul(hash ^ points[index]!, 0x01000193);
  }
  return smallInteger((hash ^ (hash >>> 15)) & 0x3fffffff);
};

const stringEqual: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const argument = memory.words[at + 1]!;
  if (!isText(memory, receiver)) return machine.fail("badReceiver");
  if (receiver === argument) return memory.booleanOop(true);
  if (!isText(memory, argument)) return machine.fail("badArgument");
  if (memory.elementCount(receiver) !== memory.elementCount(argument)) {
    return memory.booleanOop(false);
  }
  const left = elements(memory, receiver);
  const right = elements(memory, argument);
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return memory.booleanOop(false);
  }
  return memory.booleanOop(true);
};

const stringCompare: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const argument = memory.words[at + 1]!;
  if (!isText(memory, receiver)) return machine.fail("badReceiver");
  if (!isText(memory, argument)) return machine.fail("badArgument");
  const sensitive = memory.words[at + 2] === memory.booleanOop(true);
  const left = elements(memory, receiver);
  const right = elements(memory, argument);
  const common = Math.min(left.length, right.length);
  for (let index = 0; index < common; index++) {
    let a = left[index]!;
    let b = right[index]!;
    if (a === b) continue;
    if (!sensitive) {
      a = lower(a);
      b = lower(b);
    }
    if (a !== b) return smallInteger(a < b ? -1 : 1);
  }
  return smallInteger(Math.sign(left.length - right.length));
};

// Searching

/** The start index an argument gives, from 0; -1 if it is none. */
function startIndex(oop: Oop): number {
  return isSmallInteger(oop) ? Math.max(smallIntegerValue(oop), 1) - 1 : -1;
}

const stringIndexOf: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const wanted = memory.words[at + 1]!;
  const start = startIndex(memory.words[at + 2]!);
  if (!isText(memory, receiver)) return machine.fail("badReceiver");
  if (start < 0) return machine.fail("badArgument");
  if (!isCharacter(wanted)) return smallInteger(0);
  return smallInteger(elements(memory, receiver).indexOf(characterValue(wanted), start) + 1);
};

const stringFind: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const key = memory.words[at + 1]!;
  const start = startIndex(memory.words[at + 2]!);
  const sensitive = memory.words[at + 3] === memory.booleanOop(true);
  if (!isText(memory, receiver)) return machine.fail("badReceiver");
  if (!isText(memory, key) || start < 0) return machine.fail("badArgument");
  const body = elements(memory, receiver);
  const wanted = elements(memory, key);
  if (wanted.length === 0) return smallInteger(0);
  return smallInteger(
    (sensitive
      ? findExactly(body, wanted, start)
      : findExactly(mapped(memory, receiver, lower), mapped(memory, key, lower), start)) + 1,
  );
};

function findExactly(
  body: Uint8Array | Uint32Array,
  wanted: Uint8Array | Uint32Array,
  start: number,
): number {
  const last = body.length - wanted.length;
  const first = wanted[0]!;
  for (let index = body.indexOf(first, start); index >= 0 && index <= last; ) {
    let matched = 1;
    while (matched < wanted.length && body[index + matched] === wanted[matched]) matched++;
    if (matched === wanted.length) return index;
    index = body.indexOf(first, index + 1);
  }
  return -1;
}

const stringIndexOfAny: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  const set = memory.words[at + 1]!;
  const start = startIndex(memory.words[at + 2]!);
  if (!isText(memory, receiver)) return machine.fail("badReceiver");
  if (!isText(memory, set) || start < 0) return machine.fail("badArgument");
  const body = elements(memory, receiver);
  const wanted = new Set(elements(memory, set));
  for (let index = start; index < body.length; index++) {
    if (wanted.has(body[index]!)) return smallInteger(index + 1);
  }
  return smallInteger(0);
};

const stringTranslate: Primitive = (machine, at) => {
  const memory = machine.memory;
  const { words } = memory;
  const receiver = words[at]!;
  const table = words[at + 3]!;
  if (!isText(memory, receiver)) return machine.fail("badReceiver");
  if (memory.isImmutable(receiver)) return machine.fail("immutable");
  if (!memory.isKindOfBytes(table) || memory.elementCount(table) !== 256) {
    return machine.fail("badArgument");
  }
  const body = elements(memory, receiver);
  const start = startIndex(words[at + 1]!);
  const stop = isSmallInteger(words[at + 2]!) ? smallIntegerValue(words[at + 2]!) : -1;
  if (start < 0 || stop > body.length || stop < start) return machine.fail("badIndex");
  const to = memory.bodyAddress(table);
  for (let index = start; index < stop; index++) {
    if (body[index]! < 256) body[index] = memory.bytes[to + body[index]!]!;
  }
  memory.markDirtyRange(body.byteOffset, body.byteLength);
  return receiver;
};

// Converting

const reversed = ofText((memory, text) => {
  const copy = newTextLike(memory, text, memory.elementCount(text));
  if (copy === 0) return 0;
  const target = elements(memory, copy);
  target.set(elements(memory, text));
  target.reverse();
  return copy;
});

const asWide = ofText((memory, text) => {
  const points = elements(memory, text);
  const wide = memory.allocate(classIndexOf.WideString, Format.words32, points.length);
  if (wide !== 0) elements(memory, wide).set(points);
  return wide;
});

const findSymbol: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  if (!isText(memory, receiver)) return machine.fail("badReceiver");
  const found = machine.symbols.find(memory.stringValue(receiver));
  return found === 0 ? nilOop : found;
};

const allSymbols: Primitive = (machine) => {
  const memory = machine.memory;
  const table = memory.special("symbolTable");
  const symbols: Oop[] = [];
  const size = table === nilOop ? 0 : memory.slotCount(table);
  for (let index = 0; index < size; index++) {
    const symbol = memory.fetchPointer(index, table);
    if (symbol !== nilOop) symbols.push(symbol);
  }
  return orNoMemory(machine, memory.newArray(symbols));
};

// UTF-8

function utf8Length(points: ArrayLike<number>): number {
  let count = 0;
  for (let index = 0; index < points.length; index++) {
    const point = points[index]!;
    count += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return count;
}

const utf8Encode = ofText((memory, text) => {
  const points = elements(memory, text);
  const result = memory.allocateBytes(classIndexOf.ByteArray, utf8Length(points));
  if (result === 0) return 0;
  const { bytes } = memory;
  let at = memory.bodyAddress(result);
  for (let index = 0; index < points.length; index++) {
    const point = points[index]!;
    if (point < 0x80) bytes[at++] = point;
    else {
      if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6);
      else {
        if (point < 0x10000) bytes[at++] = 0xe0 | (point >> 12);
        else {
          bytes[at++] = 0xf0 | (point >> 18);
          bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
        }
        bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      }
      bytes[at++] = 0x80 | (point & 0x3f);
    }
  }
  return result;
});

/** Smallest code point a sequence of that many bytes may mean. */
const smallestOf = [0, 0, 0x80, 0x800, 0x10000] as const;

/** The code points that bytes mean, or undefined if they are not valid UTF-8. */
function utf8Points(bytes: Uint8Array): Uint32Array | undefined {
  const points = new Uint32Array(bytes.length);
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at++]!;
    if (lead < 0x80) {
      points[count++] = lead;
      continue;
    }
    const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || at + length - 1 > bytes.length) return undefined;
    let point = lead & (0x7f >> length);
    for (let more = 1; more < length; more++) {
      const byte = bytes[at++]!;
      if ((byte & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (byte & 0x3f);
    }
    if (point < smallestOf[length]! || point > 0x10ffff) return undefined;
    if (point >= 0xd800 && point <= 0xdfff) return undefined;
    points[count++] = point;
  }
  return points.subarray(0, count);
}

const utf8Decode: Primitive = (machine, at) => {
  const memory = machine.memory;
  const receiver = memory.words[at]!;
  if (!memory.isKindOfBytes(receiver)) return machine.fail("badReceiver");
  const body = memory.bodyAddress(receiver);
  const points = utf8Points(memory.bytes.subarray(body, body + memory.elementCount(receiver)));
  if (points === undefined) return machine.fail("badReceiver");
  return orNoMemory(machine, newStringOf(memory, points));
};

export const stringPrimitives = {
  stringAt,
  stringAtPut,
  stringHash,
  stringEqual,
  stringCompare,
  stringIndexOf,
  stringFind,
  stringIndexOfAny,
  stringUppercase: ofText((memory, text) => newStringOf(memory, mapped(memory, text, upper))),
  stringLowercase: ofText((memory, text) => newStringOf(memory, mapped(memory, text, lower))),
  stringAsString: ofText((memory, text) => newStringOf(memory, elements(memory, text))),
  stringAsWide: asWide,
  stringReverse: reversed,
  internSymbol: ofText((memory, text, machine) => machine.symbols.intern(memory.stringValue(text))),
  findSymbol,
  allSymbols,
  utf8Encode,
  utf8Decode,
  utf8Size: ofText((memory, text) => smallInteger(utf8Length(elements(memory, text)))),
  stringTranslate,
  characterCode,
  characterValue: characterOf,
  characterIs,
  characterUppercase: characterMapped(upper),
  characterLowercase: characterMapped(lower),
  characterCategory,
} satisfies Record<string, Primitive>;
