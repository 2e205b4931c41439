/**
 * The fixed parts of an image file: superblocks, chunk tables, trailers.
 *
 * Numbers are little-endian. The tables below are the only place that says
 * where a field is; encoding, decoding and the README derive from them.
 */

export const pageSize = 4096;
export const pagesPerChunk = 16;
export const chunkSize = pageSize * pagesPerChunk;
export const formatVersion = 1;
export const fileIdSize = 16;
export const hashSize = 32;
/** Largest heap a 32-bit oop reaches. */
export const largestHeap = 2 ** 32;

/** Both superblocks come first; segments follow, each from a multiple of the page size. */
export const superblockSize = pageSize;
export const superblockOffsets = [0, superblockSize] as const;
export const firstSegmentOffset = 2 * superblockSize;

interface Field {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly type: "u8" | "u16" | "u32" | "u64" | "bytes";
  readonly doc: string;
}

/** Like PNG's: no text, and it shows lost high bits, changed line ends and DOS's end of file. */
export const superblockMagic = Uint8Array.of(0x89, 0x45, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** A superblock: all of it is in the first 512 bytes, which disks write whole; zeros follow. */
export const superblockFields = [
  { name: "magic", offset: 0, size: 8, type: "bytes", doc: "89 45 4E 47 0D 0A 1A 0A" },
  { name: "version", offset: 8, size: 4, type: "u32", doc: "format version" },
  { name: "pageSize", offset: 12, size: 4, type: "u32", doc: "bytes in a page" },
  { name: "fileId", offset: 16, size: 16, type: "bytes", doc: "names the file for ever" },
  { name: "generation", offset: 32, size: 8, type: "u64", doc: "counts the saves, from 1" },
  { name: "segmentOffset", offset: 40, size: 8, type: "u64", doc: "where its segment starts" },
  { name: "segmentLength", offset: 48, size: 8, type: "u64", doc: "how long that is" },
  { name: "segmentHash", offset: 56, size: 32, type: "bytes", doc: "the hash in its trailer" },
  { name: "crc", offset: 508, size: 4, type: "u32", doc: "CRC-32 of bytes 0 to 507" },
] as const satisfies readonly Field[];

/** What of a superblock is read: one sector. */
export const superblockSectorSize = 512;

export const trailerMagic = Uint8Array.of(0x89, 0x53, 0x45, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** A trailer: the last bytes of a segment. */
export const trailerFields = [
  { name: "magic", offset: 0, size: 8, type: "bytes", doc: "89 53 45 47 0D 0A 1A 0A" },
  { name: "chunkCount", offset: 8, size: 4, type: "u32", doc: "rows of the chunk table" },
  { name: "tableLength", offset: 12, size: 4, type: "u32", doc: "bytes of the chunk table" },
  { name: "manifestLength", offset: 16, size: 4, type: "u32", doc: "bytes of the manifest" },
  { name: "reserved", offset: 20, size: 4, type: "u32", doc: "zero" },
  { name: "previousOffset", offset: 24, size: 8, type: "u64", doc: "previous segment; 0 if none" },
  { name: "previousLength", offset: 32, size: 8, type: "u64", doc: "how long that is" },
  { name: "previousHash", offset: 40, size: 32, type: "bytes", doc: "the hash in its trailer" },
  {
    name: "hash",
    offset: 72,
    size: 32,
    type: "bytes",
    doc: "SHA-256 of chunk table, manifest, and bytes 0 to 71 of this trailer",
  },
] as const satisfies readonly Field[];

export const trailerSize = 104;
/** How much of the trailer its hash covers. */
export const trailerHashedSize = 72;

/** A row of the chunk table; `pageCount` page numbers of 4 bytes follow each. */
export const chunkFields = [
  { name: "storedLength", offset: 0, size: 4, type: "u32", doc: "bytes stored" },
  { name: "crc", offset: 4, size: 4, type: "u32", doc: "CRC-32 of the bytes stored" },
  { name: "codec", offset: 8, size: 1, type: "u8", doc: "number of the codec" },
  { name: "pageCount", offset: 9, size: 1, type: "u8", doc: "pages in it, 1 to 16" },
  { name: "reserved", offset: 10, size: 2, type: "u16", doc: "zero" },
] as const satisfies readonly Field[];

export const chunkRowSize = 12;
export const pageNumberSize = 4;

/** The values of a table of fields. */
export type FieldValues<Fields extends readonly Field[]> = {
  [F in Fields[number] as F["name"]]: F["type"] extends "bytes" ? Uint8Array : number;
};

export type Superblock = FieldValues<typeof superblockFields>;
export type Trailer = FieldValues<typeof trailerFields>;
export type ChunkRow = FieldValues<typeof chunkFields>;

/** Writes values where their table says, from `start`. */
export function writeFields<Fields extends readonly Field[]>(
  fields: Fields,
  into: Uint8Array,
  values: FieldValues<Fields>,
  start = 0,
): void {
  const view = new DataView(into.buffer, into.byteOffset + start);
  for (const { name, offset, type } of fields) {
    const value = (values as Record<string, number | Uint8Array>)[name]!;
    if (typeof value !== "number") into.set(value, start + offset);
    else if (type === "u64") {
      view.setUint32(offset, value % 2 ** 32, true);
      view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
    } else if (type === "u32") view.setUint32(offset, value, true);
    else if (type === "u16") view.setUint16(offset, value, true);
    else view.setUint8(offset, value);
  }
}

/** Reads values where their table says, from `start`. Byte fields are copies. */
export function readFields<Fields extends readonly Field[]>(
  fields: Fields,
  bytes: Uint8Array,
  start = 0,
): FieldValues<Fields> {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const values: Record<string, number | Uint8Array> = {};
  for (const { name, offset, size, type } of fields) {
    if (type === "bytes") values[name] = bytes.slice(start + offset, start + offset + size);
    else if (type === "u64") {
      values[name] = view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
    } else if (type === "u32") values[name] = view.getUint32(offset, true);
    else if (type === "u16") values[name] = view.getUint16(offset, true);
    else values[name] = view.getUint8(offset);
  }
  return values as FieldValues<Fields>;
}

/** The next offset at which a segment may start. */
export function alignToPage(offset: number): number {
  return Math.ceil(offset / pageSize) * pageSize;
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
