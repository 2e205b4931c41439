/**
 * Digests of bytes: CRC-32, MD5 (RFC 1321), SHA-1 (FIPS 180-4) and SHA-256.
 *
 * MD5 and SHA-1 pad a message to blocks of 64 bytes alike, but for the order
 * of bytes in a word, and then work through the blocks.
 */

import { sha256 } from "../../../image-format/sha256.ts";
import {
  classIndexOf,
  isImmediate,
  isSmallInteger,
  smallIntegerValue,
} from "../../spec/layouts.ts";
import type { Primitive } from "../machine.ts";

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** The message, a one bit, zeros, and the size in bits: whole blocks of 64 bytes. */
function padded(message: Uint8Array, littleEndian: boolean): DataView {
  const blocks = new Uint8Array((((message.length + 8) >>> 6) + 1) << 6);
  blocks.set(message);
  blocks[message.length] = 0x80;
  const view = new DataView(blocks.buffer);
  const low = (message.length << 3) >>> 0;
  const high = message.length >>> 29;
  view.setUint32(blocks.length - 8, littleEndian ? low : high, littleEndian);
  view.setUint32(blocks.length - 4, littleEndian ? high : low, littleEndian);
  return view;
}

function bytesOf(words: readonly number[], littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  for (let index = 0; index < words.length; index++) {
    view.setInt32(index * 4, words[index]!, littleEndian);
  }
  return new Uint8Array(view.buffer);
}

const sines = Int32Array.from({ length: 64 }, (_, index) =>
  Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32),
);
const md5Rotations = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21] as const;

function md5(message: Uint8Array): Uint8Array {
  const blocks = padded(message, true);
  let [a, b, c, d] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let at = 0; at < blocks.byteLength; at += 64) {
    const [a0, b0, c0, d0] = [a, b, c, d];
    for (let step = 0; step < 64; step++) {
      const round = step >>> 4;
      let mixed: number;
      let word: number;
      if (round === 0) [mixed, word] = [(b & c) | (~b & d), step];
      else if (round === 1) [mixed, word] = [(d & b) | (~d & c), (5 * step + 1) & 15];
      else if (round === 2) [mixed, word] = [b ^ c ^ d, (3 * step + 5) & 15];
      else [mixed, word] = [c ^ (b | ~d), (7 * step) & 15];
      const sum = (a + mixed + sines[step]! + blocks.getInt32(at + word * 4, true)) | 0;
      [a, d, c, b] = [d, c, b, (b + rotate(sum, md5Rotations[round * 4 + (step & 3)]!)) | 0];
    }
    [a, b, c, d] = [(a + a0) | 0, (b + b0) | 0, (c + c0) | 0, (d + d0) | 0];
  }
  return bytesOf([a, b, c, d], true);
}

function sha1(message: Uint8Array): Uint8Array {
  const blocks = padded(message, false);
  const schedule = new Int32Array(80);
  const hash = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  for (let at = 0; at < blocks.byteLength; at += 64) {
    for (let step = 0; step < 80; step++) {
      schedule[step] =
        step < 16
          ? blocks.getInt32(at + step * 4)
          : rotate(
              schedule[step - 3]! ^
                schedule[step - 8]! ^
                schedule[step - 14]! ^
                schedule[step - 16]!,
              1,
            );
    }
    let [a, b, c, d, e] = hash as [number, number, number, number, number];
    for (let step = 0; step < 80; step++) {
      let mixed: number;
      if (step < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
      else if (step < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
      else if (step < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else mixed = (b ^ c ^ d) + 0xca62c1d6;
      const next = (rotate(a, 5) + mixed + e + schedule[step]!) | 0;
      [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
    }
    [a, b, c, d, e].forEach((word, index) => {
      hash[index] = (hash[index]! + word) | 0;
    });
  }
  return bytesOf(hash, false);
}

const crcTable = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(message: Uint8Array): Uint8Array {
  let crc = -1;
  for (const byte of message) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return bytesOf([~crc], false);
}

const digestOf = [crc32, md5, sha1, sha256] as const;

const bytesDigest: Primitive = (machine, at) => {
  const { memory } = machine;
  const receiver = memory.words[at]!;
  const kind = memory.words[at + 1]!;
  if (isImmediate(receiver) || !memory.isKindOfBytes(receiver)) return machine.fail("badReceiver");
  const digest = isSmallInteger(kind) ? digestOf[smallIntegerValue(kind)] : undefined;
  if (digest === undefined) return machine.fail("badArgument");
  const first = memory.bodyAddress(receiver);
  const bytes = digest(memory.bytes.subarray(first, first + memory.elementCount(receiver)));
  const result = memory.allocateBytes(classIndexOf.ByteArray, bytes.length);
  if (result === 0) return machine.fail("noMemory");
  memory.bytes.set(bytes, memory.bodyAddress(result));
  return result;
};

export const digestPrimitives = { bytesDigest } satisfies Record<string, Primitive>;
