/** The primitives of collections, strings and bytes, one by one. */

import { expect, test } from "vitest";
import type { Primitive } from "../../vm/interpreter/machine.ts";
import { collectionPrimitives as primitives } from "../../vm/interpreter/primitives/collections.ts";
import { hashText } from "../../vm/memory/symbol-table.ts";
import {
  character,
  characterValue,
  classIndexOf,
  Format,
  isCharacter,
  nilOop,
  type Oop,
  oldBase,
  rememberedBit,
  smallInteger,
  smallIntegerValue,
  stackBase,
} from "../../vm/spec/layouts.ts";
import { PrimitiveHarness } from "./primitive-harness.ts";

const harness = new PrimitiveHarness();
const { memory, machine } = harness;

/** Calls a primitive with oops; answers an oop, or the failure code behind an exclamation mark. */
function call(primitive: Primitive, ...operands: Oop[]): Oop | string {
  const at = stackBase >>> 2;
  operands.forEach((oop, index) => {
    memory.words[at + index] = oop;
  });
  harness.failure = undefined;
  return primitive(machine, at, operands.length - 1) || `!${harness.failure}`;
}

const int = smallInteger;
const char = (text: string): Oop => character(text.codePointAt(0)!);
const text = (value: string): Oop => memory.newString(value);
const array = (...values: number[]): Oop => memory.newArray(values.map(smallInteger));
const bytes = (...values: number[]): Oop =>
  memory.newBytes(classIndexOf.ByteArray, Uint8Array.from(values));
const integers = (oop: Oop | string): number[] | string =>
  typeof oop === "string"
    ? oop
    : Array.from({ length: memory.slotCount(oop) }, (_, index) =>
        smallIntegerValue(memory.fetchPointer(index, oop)),
      );
const byteList = (oop: Oop | string): number[] | string => {
  if (typeof oop === "string") return oop;
  const body = memory.bodyAddress(oop);
  return [...memory.bytes.slice(body, body + memory.elementCount(oop))];
};
const string = (oop: Oop | string): string =>
  typeof oop === "string" ? oop : memory.stringValue(oop);
const integer = (oop: Oop | string): number | string =>
  typeof oop === "string" ? oop : smallIntegerValue(oop);

test("copies a run of elements within one Array, up and down", () => {
  const up = array(1, 2, 3, 4, 5);
  call(primitives.replaceElements, up, int(2), int(5), up, int(1));
  expect(integers(up)).toEqual([1, 1, 2, 3, 4]);
  const down = array(1, 2, 3, 4, 5);
  call(primitives.replaceElements, down, int(1), int(4), down, int(2));
  expect(integers(down)).toEqual([2, 3, 4, 5, 5]);
});

test("copies nothing that does not lie within both", () => {
  const target = array(0, 0);
  for (const [start, stop, from] of [
    [1, 3, 1],
    [0, 1, 1],
    [1, 2, 0],
    [1, 2, 3],
  ]) {
    const result = call(
      primitives.replaceElements,
      target,
      int(start!),
      int(stop!),
      array(1, 2, 3),
      int(from!),
    );
    expect(result).toBe("!badIndex");
  }
  expect(integers(target)).toEqual([0, 0]);
});

test("copies bytes only among bytes, and nothing into the immutable", () => {
  expect(call(primitives.replaceElements, bytes(0, 0), int(1), int(2), array(1, 2), int(1))).toBe(
    "!badArgument",
  );
  const fixed = bytes(0, 0);
  memory.setImmutable(fixed, true);
  expect(call(primitives.replaceElements, fixed, int(1), int(1), bytes(9), int(1))).toBe(
    "!immutable",
  );
  const target = bytes(0, 0, 0);
  call(primitives.replaceElements, target, int(2), int(3), text("ab"), int(1));
  expect(byteList(target)).toEqual([0, 97, 98]);
});

test("copies narrow characters into a wide string, and wide ones into no narrow string", () => {
  const wide = text("λλλ");
  call(primitives.replaceElements, wide, int(1), int(2), text("ab"), int(1));
  expect(string(wide)).toBe("abλ");
  const narrow = text("xyz");
  expect(call(primitives.replaceElements, narrow, int(1), int(2), text("aλ"), int(1))).toBe(
    "!overflow",
  );
  expect(string(narrow)).toBe("xyz");
});

test("remembers an old Array when a run with a new object is copied into it", () => {
  const old = memory.allocateOld(classIndexOf.Array, Format.indexable, 3);
  memory.dirty.fill(0);
  const young = memory.newArray([text("a"), int(1)]);
  call(primitives.replaceElements, old, int(1), int(2), young, int(2));
  expect(memory.words[old >>> 2]! & rememberedBit).toBe(0);
  call(primitives.replaceElements, old, int(1), int(2), young, int(1));
  expect(memory.words[old >>> 2]! & rememberedBit).not.toBe(0);
  expect(memory.isDirty(old >>> 12)).toBe(true);
});

test("marks the pages of bytes stored into old space", () => {
  const old = memory.allocateOld(classIndexOf.ByteArray, Format.bytes, 4096);
  expect(old >>> 0).toBeGreaterThanOrEqual(oldBase);
  memory.dirty.fill(0);
  call(primitives.fillElements, old, int(7), int(5000), int(9000));
  const first = (memory.bodyAddress(old) + 4999) >>> 12;
  const last = (memory.bodyAddress(old) + 8999) >>> 12;
  for (let page = old >>> 12; page <= last; page++) {
    expect(memory.isDirty(page)).toBe(page >= first);
  }
});

test("fills Arrays with anything and raw objects only with what fits", () => {
  const target = array(1, 2, 3);
  call(primitives.fillElements, target, int(9), int(2), int(3));
  expect(integers(target)).toEqual([1, 9, 9]);
  expect(call(primitives.fillElements, bytes(1), int(256), int(1), int(1))).toBe("!badArgument");
  expect(call(primitives.fillElements, bytes(1), char("a"), int(1), int(1))).toBe("!badArgument");
  const word = text("abc");
  call(primitives.fillElements, word, char("z"), int(1), int(2));
  expect(string(word)).toBe("zzc");
  expect(call(primitives.fillElements, word, char("λ"), int(1), int(1))).toBe("!badArgument");
});

test("copies and joins Arrays and strings", () => {
  expect(integers(call(primitives.copyFromTo, array(1, 2, 3), int(2), int(3)))).toEqual([2, 3]);
  expect(integers(call(primitives.copyFromTo, array(1), int(2), int(1)))).toEqual([]);
  expect(call(primitives.copyFromTo, array(1), int(2), int(2))).toBe("!badIndex");
  expect(string(call(primitives.copyFromTo, text("aλb"), int(2), int(3)))).toBe("λb");
  expect(byteList(call(primitives.copyFromTo, bytes(1, 2, 3), int(1), int(2)))).toEqual([1, 2]);
  expect(integers(call(primitives.concatenate, array(1), array(2, 3)))).toEqual([1, 2, 3]);
  expect(string(call(primitives.concatenate, text("ab"), text("λ")))).toBe("abλ");
  expect(string(call(primitives.concatenate, text("λ"), text("ab")))).toBe("λab");
  expect(call(primitives.concatenate, text("ab"), array(1))).toBe("!badArgument");
});

test("sorts SmallIntegers and byte strings, and leaves other Arrays as they are", () => {
  expect(integers(call(primitives.sortAscending, array(3, -1, 0, 2), int(1), int(4)))).toEqual([
    -1, 0, 2, 3,
  ]);
  expect(integers(call(primitives.sortAscending, array(3, 2, 1), int(2), int(3)))).toEqual([
    3, 1, 2,
  ]);
  const words = memory.newArray(["b", "a", "B", "ab"].map(text));
  call(primitives.sortAscending, words, int(1), int(4));
  expect([0, 1, 2, 3].map((at) => string(memory.fetchPointer(at, words)))).toEqual([
    "B",
    "a",
    "ab",
    "b",
  ]);
  const mixed = memory.newArray([int(2), text("a")]);
  expect(call(primitives.sortAscending, mixed, int(1), int(2))).toBe("!badArgument");
  expect(memory.fetchPointer(0, mixed)).toBe(int(2));
});

test("probes a table from the key's hash around its end", () => {
  const table = memory.newArray([nilOop, nilOop, nilOop, nilOop, nilOop]);
  expect(integer(call(primitives.identityScan, table, int(7)))).toBe(3);
  expect(integer(call(primitives.identityScan, table, int(-1)))).toBe(5);
  memory.storePointer(4, table, int(4));
  expect(integer(call(primitives.identityScan, table, int(9)))).toBe(1);
  expect(integer(call(primitives.identityScan, table, int(4)))).toBe(5);
  const full = array(0, 1, 2);
  expect(integer(call(primitives.identityScan, full, int(3)))).toBe(0);
  const key = text("key");
  const pairs = memory.newArray([nilOop, nilOop, nilOop]);
  const place = integer(call(primitives.associationScan, pairs, key)) as number;
  memory.storePointer(place - 1, pairs, memory.newArray([key, int(1)]));
  expect(integer(call(primitives.associationScan, pairs, key))).toBe(place);
  expect(integer(call(primitives.associationScan, pairs, text("key")))).not.toBe(0);
});

test("finds what is identical from an index on", () => {
  const list = array(5, 6, 5);
  expect(integer(call(primitives.identityIndexOf, list, int(5), int(1)))).toBe(1);
  expect(integer(call(primitives.identityIndexOf, list, int(5), int(2)))).toBe(3);
  expect(integer(call(primitives.identityIndexOf, list, int(7), int(1)))).toBe(0);
});

test("reads and stores characters within a string", () => {
  expect(call(primitives.stringAt, text("aλ"), int(2))).toBe(char("λ"));
  expect(call(primitives.stringAt, text("ab"), int(3))).toBe("!badIndex");
  expect(call(primitives.stringAt, text("ab"), text("1"))).toBe("!badArgument");
  const word = text("ab");
  expect(call(primitives.stringAtPut, word, int(1), char("x"))).toBe(char("x"));
  expect(string(word)).toBe("xb");
  expect(call(primitives.stringAtPut, word, int(1), char("λ"))).toBe("!overflow");
  expect(call(primitives.stringAtPut, word, int(1), int(97))).toBe("!badArgument");
  expect(call(primitives.stringAtPut, word, int(0), char("x"))).toBe("!badIndex");
});

test("hashes a string as the symbol table does, whatever its width", () => {
  for (const value of ["", "a", "printOn:", "λx", "😀"]) {
    expect(integer(call(primitives.stringHash, text(value)))).toBe(hashText(value));
  }
  const wide = call(primitives.stringAsWide, text("abc")) as Oop;
  expect(memory.classIndex(wide)).toBe(classIndexOf.WideString);
  expect(integer(call(primitives.stringHash, wide))).toBe(hashText("abc"));
  expect(call(primitives.stringEqual, wide, text("abc"))).toBe(memory.booleanOop(true));
  expect(call(primitives.stringEqual, text("abc"), text("abd"))).toBe(memory.booleanOop(false));
  expect(call(primitives.stringEqual, text("abc"), int(3))).toBe("!badArgument");
});

test("compares by code points, and without case where asked", () => {
  const compare = (a: string, b: string, sensitive: boolean) =>
    integer(call(primitives.stringCompare, text(a), text(b), memory.booleanOop(sensitive)));
  expect(compare("abc", "abd", true)).toBe(-1);
  expect(compare("b", "ab", true)).toBe(1);
  expect(compare("ab", "abc", true)).toBe(-1);
  expect(compare("Z", "a", true)).toBe(-1);
  expect(compare("Z", "a", false)).toBe(1);
  expect(compare("ÄB", "äb", false)).toBe(0);
});

test("finds substrings, characters and any of several characters", () => {
  const find = (body: string, key: string, start: number, sensitive = true) =>
    integer(
      call(primitives.stringFind, text(body), text(key), int(start), memory.booleanOop(sensitive)),
    );
  expect(find("abcabc", "ca", 1)).toBe(3);
  expect(find("aab", "ab", 1)).toBe(2);
  expect(find("abcabc", "abc", 2)).toBe(4);
  expect(find("abc", "abcd", 1)).toBe(0);
  expect(find("abc", "", 1)).toBe(0);
  expect(find("xÄby", "äB", 1, false)).toBe(2);
  expect(find("xλy", "λ", 1)).toBe(2);
  expect(integer(call(primitives.stringIndexOf, text("abab"), char("b"), int(3)))).toBe(4);
  expect(integer(call(primitives.stringIndexOf, text("abab"), int(98), int(1)))).toBe(0);
  expect(integer(call(primitives.stringIndexOfAny, text("abc"), text("xcb"), int(1)))).toBe(2);
});

test("maps case one character to one", () => {
  expect(string(call(primitives.stringUppercase, text("straße")))).toBe("STRAẞE");
  expect(string(call(primitives.stringUppercase, text("ÿ")))).toBe("Ÿ");
  expect(string(call(primitives.stringLowercase, text("ÄBC")))).toBe("äbc");
  expect(call(primitives.characterUppercase, char("λ"))).toBe(char("Λ"));
  expect(call(primitives.characterUppercase, char("ß"))).toBe(char("ẞ"));
  expect(call(primitives.characterLowercase, char("Σ"))).toBe(char("σ"));
});

test("knows the Unicode properties of characters", () => {
  const is = (value: string, property: number) =>
    call(primitives.characterIs, char(value), int(property)) === memory.booleanOop(true);
  expect([is("a", 0), is("1", 0), is("λ", 0), is("-", 0)]).toEqual([true, false, true, false]);
  expect([is("A", 1), is("a", 1), is("a", 2), is("ª", 0)]).toEqual([true, false, true, true]);
  expect([is("7", 3), is("٣", 3), is("a", 3), is("_", 4)]).toEqual([true, true, false, false]);
  expect(string(call(primitives.characterCategory, char("λ")))).toBe("Ll");
  expect(string(call(primitives.characterCategory, char(" ")))).toBe("Zs");
});

test("makes Characters of codes and codes of Characters", () => {
  const made = call(primitives.characterValue, nilOop, int(955)) as Oop;
  expect(isCharacter(made)).toBe(true);
  expect(characterValue(made)).toBe(955);
  expect(integer(call(primitives.characterCode, made))).toBe(955);
  expect(call(primitives.characterValue, nilOop, int(-1))).toBe("!badArgument");
  expect(call(primitives.characterValue, nilOop, text("a"))).toBe("!badArgument");
});

test("writes and reads UTF-8, and refuses what is not", () => {
  for (const value of ["", "abc", "äλ", "€", "😀", "\u0000"]) {
    const encoded = call(primitives.utf8Encode, text(value)) as Oop;
    expect(byteList(encoded)).toEqual([...new TextEncoder().encode(value)]);
    expect(integer(call(primitives.utf8Size, text(value)))).toBe(memory.elementCount(encoded));
    expect(string(call(primitives.utf8Decode, encoded))).toBe(value);
  }
  for (const bad of [
    [0x80],
    [0xc3],
    [0xc0, 0x80],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xff],
    [0xc3, 0x28],
  ]) {
    expect(call(primitives.utf8Decode, bytes(...bad))).toBe("!badReceiver");
  }
});

test("makes a string as narrow as its characters allow", () => {
  const wide = call(primitives.stringAsWide, text("abc")) as Oop;
  const narrow = call(primitives.stringAsString, wide) as Oop;
  expect(memory.classIndex(narrow)).toBe(classIndexOf.ByteString);
  expect(string(narrow)).toBe("abc");
  expect(string(call(primitives.stringReverse, text("aλb")))).toBe("bλa");
});

test("translates narrow characters by a table", () => {
  const table = bytes(...Array.from({ length: 256 }, (_, code) => (code === 97 ? 98 : code)));
  const word = text("aaλa");
  call(primitives.stringTranslate, word, int(2), int(4), table);
  expect(string(word)).toBe("abλb");
  expect(call(primitives.stringTranslate, word, int(1), int(4), bytes(1))).toBe("!badArgument");
});

test("reads and stores integers of any size in bytes", () => {
  const yes = memory.booleanOop(true);
  const no = memory.booleanOop(false);
  const at = (source: Oop, index: number, size: number, signed: Oop, big: Oop) =>
    integer(call(primitives.bytesIntegerAt, source, int(index), int(size), signed, big));
  expect(at(bytes(1, 2, 3, 4), 1, 4, no, yes)).toBe(0x01020304);
  expect(at(bytes(1, 2, 3, 4), 2, 2, no, no)).toBe(0x0302);
  expect(at(bytes(255, 254), 1, 2, yes, yes)).toBe(-2);
  expect(at(bytes(255, 255, 255, 255), 1, 4, no, no)).toBe("!overflow");
  expect(at(bytes(255, 255, 255, 255), 1, 4, yes, no)).toBe(-1);
  expect(at(bytes(1, 2), 2, 2, no, no)).toBe("!badIndex");
  const target = bytes(0, 0, 0, 0);
  const put = (index: number, size: number, value: number, big: Oop) =>
    call(primitives.bytesIntegerAtPut, target, int(index), int(size), int(value), big);
  put(2, 2, 0x0102, yes);
  expect(byteList(target)).toEqual([0, 1, 2, 0]);
  put(1, 2, -2, no);
  expect(byteList(target)).toEqual([254, 255, 2, 0]);
  expect(put(1, 1, 256, no)).toBe("!badArgument");
  expect(put(1, 1, -129, no)).toBe("!badArgument");
  expect(put(4, 2, 1, no)).toBe("!badIndex");
});

test("reads and stores floats in bytes and in float arrays", () => {
  const target = bytes(0, 0, 0, 0, 0, 0, 0, 0, 0);
  const yes = memory.booleanOop(true);
  call(primitives.bytesFloatAtPut, target, int(2), int(8), memory.newFloat(1.5), yes);
  expect(byteList(target)).toEqual([0, 63, 248, 0, 0, 0, 0, 0, 0]);
  const read = call(primitives.bytesFloatAt, target, int(2), int(8), yes) as Oop;
  expect(memory.floatValue(read)).toBe(1.5);
  expect(call(primitives.bytesFloatAt, target, int(3), int(8), yes)).toBe("!badIndex");
  const singles = memory.allocate(classIndexOf.Float32Array, Format.words32, 2);
  call(primitives.floatArrayAtPut, singles, int(2), memory.newFloat(0.1));
  const single = call(primitives.floatArrayAt, singles, int(2)) as Oop;
  expect(memory.floatValue(single)).toBe(Math.fround(0.1));
  const doubles = memory.allocate(classIndexOf.Float64Array, Format.words64, 4);
  call(primitives.floatArrayAtPut, doubles, int(2), int(3));
  expect(memory.floatValue(call(primitives.floatArrayAt, doubles, int(2)) as Oop)).toBe(3);
  expect(call(primitives.floatArrayAt, doubles, int(3))).toBe("!badIndex");
  expect(call(primitives.floatArrayAtPut, doubles, int(1), text("1"))).toBe("!badArgument");
});

test("compares raw objects by class and content", () => {
  const equal = (a: Oop, b: Oop) => call(primitives.rawEqual, a, b);
  expect(equal(bytes(1, 2), bytes(1, 2))).toBe(memory.booleanOop(true));
  expect(equal(bytes(1, 2), bytes(1, 3))).toBe(memory.booleanOop(false));
  expect(equal(bytes(1, 2), bytes(1, 2, 0))).toBe(memory.booleanOop(false));
  expect(equal(bytes(97), text("a"))).toBe(memory.booleanOop(false));
  expect(equal(bytes(97), int(1))).toBe(memory.booleanOop(false));
  expect(call(primitives.rawHash, bytes(1, 2))).toBe(call(primitives.rawHash, bytes(1, 2)));
  expect(integer(call(primitives.bytesIndexOf, bytes(5, 6, 5), int(5), int(2)))).toBe(3);
  expect(integer(call(primitives.bytesIndexOf, bytes(5), int(5 + 256), int(1)))).toBe(0);
});

test("reverses in place", () => {
  expect(integers(call(primitives.reverseInPlace, array(1, 2, 3)))).toEqual([3, 2, 1]);
  expect(byteList(call(primitives.reverseInPlace, bytes(1, 2)))).toEqual([2, 1]);
});

test("steps a random generator as big numbers do", () => {
  const modulus = 2n ** 31n - 1n;
  const state = bytes(1, 2, 3, 4, 0, 0, 0, 0);
  let expected = 0x04030201n;
  const stateNow = () =>
    new DataView(Uint8Array.from(byteList(state) as number[]).buffer).getBigUint64(0, true);
  for (let step = 0; step < 200; step++) {
    expected = (expected * 16807n) % modulus;
    const bound = BigInt(1 + step * 20000);
    expect(call(primitives.randomStep, nilOop, state, int(Number(bound)))).toBe(
      int(Number((expected * bound) / modulus) + 1),
    );
    expect(stateNow()).toBe(expected);
  }
  expected = (expected * 16807n) % modulus;
  const fraction = call(primitives.randomStep, nilOop, state, int(0)) as Oop;
  expect(memory.floatValue(fraction)).toBe(Number(expected) / Number(modulus));
  expected = (expected * 16807n) % modulus;
  expect(integer(call(primitives.randomStep, nilOop, state, int(-1)))).toBe(Number(expected - 1n));
  expect(call(primitives.randomStep, nilOop, state, text("6"))).toBe("!badArgument");
  expect(call(primitives.randomStep, nilOop, bytes(1, 2, 3), int(6))).toBe("!badArgument");
});

test("starts a random generator from any state", () => {
  const state = bytes(0, 0, 0, 0, 0, 0, 0, 0);
  expect(integer(call(primitives.randomStep, nilOop, state, int(-1)))).toBe(16806);
});
