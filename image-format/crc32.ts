/**
 * CRC-32 (ISO 3309, as in PNG and zlib), sixteen bytes a step.
 *
 * Row k of the table advances a byte through k more zero bytes, so that
 * sixteen lookups, independent of each other, replace sixteen dependent ones.
 * Words are read in the machine's order, which is little-endian on every host.
 */

/** Answers the CRC-32 of some bytes, continued from that of the bytes before them. */
export type Crc32 = (bytes: Uint8Array, before?: number) => number;

const table = makeTable();

function makeTable(): Int32Array {
  const rows = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    rows[byte] = crc;
  }
  for (let index = 256; index < rows.length; index++) {
    const shorter = rows[index - 256]!;
    rows[index] = (shorter >>> 8) ^ rows[shorter & 255]!;
  }
  return rows;
}

function crcOfBytes(bytes: Uint8Array, start: number, end: number, before: number): number {
  let crc = before;
  for (let index = start; index < end; index++) {
    crc = (crc >>> 8) ^ table[(crc ^ bytes[index]!) & 255]!;
  }
  return crc;
}

export const crc32: Crc32 = (bytes, before = 0) => {
  const size = bytes.length;
  const start = -bytes.byteOffset & 3;
  if (size < start + 16) return ~crcOfBytes(bytes, 0, size, ~before) >>> 0;
  let crc = crcOfBytes(bytes, 0, start, ~before);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, ((size - start) >> 4) << 2);
  for (let index = 0; index < words.length; index += 4) {
    const a = words[index]! ^ crc;
    const b = words[index + 1]!;
    const c = words[index + 2]!;
    const d = words[index + 3]!;
    crc =
      table[0xf00 + (a & 255)]! ^
      table[0xe00 + ((a >>> 8) & 255)]! ^
      table[0xd00 + ((a >>> 16) & 255)]! ^
      table[0xc00 + (a >>> 24)]! ^
      table[0xb00 + (b & 255)]! ^
      table[0xa00 + ((b >>> 8) & 255)]! ^
      table[0x900 + ((b >>> 16) & 255)]! ^
      table[0x800 + (b >>> 24)]! ^
      table[0x700 + (c & 255)]! ^
      table[0x600 + ((c >>> 8) & 255)]! ^
      table[0x500 + ((c >>> 16) & 255)]! ^
      table[0x400 + (c >>> 24)]! ^
      table[0x300 + (d & 255)]! ^
      table[0x200 + ((d >>> 8) & 255)]! ^
      table[0x100 + ((d >>> 16) & 255)]! ^
      table[d >>> 24]!;
  }
  return ~crcOfBytes(bytes, start + words.byteLength, size, crc) >>> 0;
};
