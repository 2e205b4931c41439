/**
 * The image writer turns pages into a segment, and a segment into a generation.
 *
 * Pages are streamed: what lies together in the heap is checksummed where it
 * is and written from there in large pieces; only chunks gathered from
 * scattered pages are copied, into one small staging buffer.
 *
 * Always: bytes are the same for the same pages and manifest, and nothing is
 * written at or beyond the limit given.
 */
import { type CodecName, codecNumber, crcOf, hashOf, type ImageServices } from "./codec.ts";
import { assert } from "./errors.ts";
import {
  chunkFields,
  chunkRowSize,
  chunkSize,
  formatVersion,
  hashSize,
  pageNumberSize,
  pageSize,
  pagesPerChunk,
  superblockFields,
  superblockMagic,
  superblockOffsets,
  superblockSectorSize,
  superblockSize,
  trailerFields,
  trailerHashedSize,
  trailerMagic,
  trailerSize,
  writeFields,
} from "./layout.ts";
import { encodeManifest, isDelta, type Manifest } from "./schema.ts";
import { type Steps, settled } from "./steps.ts";
import type { GuardedFile } from "./storage.ts";

/** Whole pages with consecutive numbers, counted from the base of the heap. */
export interface PageRun {
  readonly pageNumber: number;
  readonly bytes: Uint8Array;
}

/** Where a segment is and what its hash is: all that is needed to trust it. */
export interface SegmentReference {
  readonly offset: number;
  readonly length: number;
  readonly hash: Uint8Array;
}

export type ChunkCodec = Exclude<CodecName, "zero">;

export interface SegmentContents {
  readonly manifest: Manifest;
  /** Runs in ascending order of page numbers. They must not change while they are written. */
  readonly pages: Iterable<PageRun>;
  readonly previous: SegmentReference | null;
  readonly codec: ChunkCodec;
}

const largestWrite = 16 * chunkSize;

/** Writes a segment at an offset and answers where it is. Nothing is synced. */
export function* writeSegment(
  file: GuardedFile,
  offset: number,
  limit: number,
  contents: SegmentContents,
  services: ImageServices,
): Steps<SegmentReference> {
  const output = new Output(file, offset, limit);
  const chunks = new ChunkWriter(output, contents, services);
  yield* chunks.writeAll();
  const manifest = encodeManifest(contents.manifest);
  const described = {
    chunkCount: chunks.count,
    tableBytes: chunks.table(),
    manifestBytes: manifest,
  };
  return endSegment(output, described, contents.previous, services);
}

/** What describes the chunks of a segment, as it lies in a file. */
interface Description {
  readonly chunkCount: number;
  readonly tableBytes: Uint8Array;
  readonly manifestBytes: Uint8Array;
}

/** A segment as it lies in a file: its chunks, and the bytes of what describes them. */
export interface StoredSegment extends Description {
  readonly reference: SegmentReference;
  readonly dataLength: number;
}

/** Copies a segment between files as it is, except for where its previous segment now lies. */
export function copySegment(
  from: GuardedFile,
  segment: StoredSegment,
  to: GuardedFile,
  offset: number,
  previous: SegmentReference | null,
  services: ImageServices,
): SegmentReference {
  const output = new Output(to, offset, Number.POSITIVE_INFINITY);
  const buffer = new Uint8Array(Math.min(largestWrite, segment.dataLength));
  for (let done = 0; done < segment.dataLength; done += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, segment.dataLength - done));
    output.put(from.readFully(segment.reference.offset + done, piece));
    output.flush();
  }
  return endSegment(output, segment, previous, services);
}

function endSegment(
  output: Output,
  { chunkCount, tableBytes, manifestBytes }: Description,
  previous: SegmentReference | null,
  services: ImageServices,
): SegmentReference {
  const trailer = new Uint8Array(trailerSize);
  const fields = {
    magic: trailerMagic,
    chunkCount,
    tableLength: tableBytes.length,
    manifestLength: manifestBytes.length,
    reserved: 0,
    previousOffset: previous?.offset ?? 0,
    previousLength: previous?.length ?? 0,
    previousHash: previous?.hash ?? new Uint8Array(hashSize),
    hash: new Uint8Array(hashSize),
  };
  writeFields(trailerFields, trailer, fields);
  const hashed = trailer.subarray(0, trailerHashedSize);
  const hash = hashOf(services, tableBytes, manifestBytes, hashed);
  writeFields(trailerFields, trailer, { ...fields, hash });
  for (const part of [tableBytes, manifestBytes, trailer]) output.put(part);
  output.flush();
  return { offset: output.start, length: output.end - output.start, hash };
}

/** At most how long a segment of so many pages becomes, however its pages lie and compress. */
export function longestSegment(pageCount: number, manifest: Manifest): number {
  // A chunk is full unless it is the last one or the last of the zero pages.
  const chunkCount = Math.floor(pageCount / pagesPerChunk) + 2;
  return (
    pageCount * (pageSize + pageNumberSize) +
    chunkCount * chunkRowSize +
    encodeManifest(manifest).length +
    trailerSize
  );
}

/** Makes the superblock of a generation; it is written in one piece and durable after a sync. */
export function encodeSuperblock(
  manifest: Manifest,
  segment: SegmentReference,
  services: ImageServices,
): Uint8Array {
  const bytes = new Uint8Array(superblockSize);
  const fields = {
    magic: superblockMagic,
    version: formatVersion,
    pageSize,
    fileId: manifest.fileId,
    generation: manifest.generation,
    segmentOffset: segment.offset,
    segmentLength: segment.length,
    segmentHash: segment.hash,
    crc: 0,
  };
  writeFields(superblockFields, bytes, fields);
  const crc = crcOf(services)(bytes.subarray(0, superblockSectorSize - 4));
  writeFields(superblockFields, bytes, { ...fields, crc });
  return bytes;
}

/** Writes a superblock into one of the two slots. */
export function writeSuperblock(file: GuardedFile, slot: 0 | 1, bytes: Uint8Array): void {
  file.writeFully(superblockOffsets[slot], bytes);
}

/** Writes pieces one after the other; pieces that touch in memory become one write. */
class Output {
  readonly start: number;
  /** Where the next piece goes. */
  end: number;
  private readonly file: GuardedFile;
  private readonly limit: number;
  private pending: Uint8Array = new Uint8Array(0);

  constructor(file: GuardedFile, start: number, limit: number) {
    assert(start % pageSize === 0, "a segment starts at a multiple of the page size");
    this.file = file;
    this.start = start;
    this.end = start;
    this.limit = limit;
  }

  put(bytes: Uint8Array): void {
    assert(this.end + bytes.length <= this.limit, "a segment is longer than its place");
    if (!this.extendPending(bytes)) {
      this.flush();
      this.pending = bytes;
    }
    this.end += bytes.length;
  }

  /** Writes what is pending; what was put may change from now on. */
  flush(): void {
    const { pending } = this;
    if (pending.length > 0) this.file.writeFully(this.end - pending.length, pending);
    this.pending = new Uint8Array(0);
  }

  private extendPending(bytes: Uint8Array): boolean {
    const { buffer, byteOffset, length } = this.pending;
    const touches = buffer === bytes.buffer && byteOffset + length === bytes.byteOffset;
    if (!touches || length + bytes.length > largestWrite) return false;
    this.pending = new Uint8Array(buffer, byteOffset, length + bytes.length);
    return true;
  }
}

/** Groups pages into chunks, writes these, and remembers their rows. */
class ChunkWriter {
  count = 0;
  private readonly output: Output;
  private readonly contents: SegmentContents;
  private readonly services: ImageServices;
  private readonly rows: Uint8Array[] = [];
  private readonly staging = new Uint8Array(largestWrite);
  private staged = 0;
  private pageNumbers: number[] = [];
  private pages: Uint8Array[] = [];
  private zeroPageNumbers: number[] = [];

  constructor(output: Output, contents: SegmentContents, services: ImageServices) {
    this.output = output;
    this.contents = contents;
    this.services = services;
  }

  *writeAll(): Steps<void> {
    const { manifest, pages } = this.contents;
    const pageLimit = manifest.heapSize / pageSize;
    const keepsZeroPages = isDelta(manifest.kind);
    let next = 0;
    for (const { pageNumber, bytes } of pages) {
      assert(bytes.length % pageSize === 0, "pages are whole");
      assert(pageNumber >= next, "pages come in ascending order");
      next = pageNumber + bytes.length / pageSize;
      assert(next <= pageLimit, "pages lie in the heap");
      for (let index = 0; index * pageSize < bytes.length; index++) {
        const page = bytes.subarray(index * pageSize, (index + 1) * pageSize);
        if (!isZero(page)) yield* this.addPage(pageNumber + index, page);
        else if (keepsZeroPages) this.addZeroPage(pageNumber + index);
      }
    }
    yield* this.endChunk();
    this.endZeroChunk();
  }

  table(): Uint8Array {
    const table = new Uint8Array(this.rows.reduce((size, row) => size + row.length, 0));
    let position = 0;
    for (const row of this.rows) {
      table.set(row, position);
      position += row.length;
    }
    return table;
  }

  private *addPage(pageNumber: number, page: Uint8Array): Steps<void> {
    this.pageNumbers.push(pageNumber);
    this.pages.push(page);
    if (this.pages.length === pagesPerChunk) yield* this.endChunk();
  }

  private addZeroPage(pageNumber: number): void {
    this.zeroPageNumbers.push(pageNumber);
    if (this.zeroPageNumbers.length === pagesPerChunk) this.endZeroChunk();
  }

  private endZeroChunk(): void {
    if (this.zeroPageNumbers.length === 0) return;
    this.addRow("zero", new Uint8Array(0), this.zeroPageNumbers);
    this.zeroPageNumbers = [];
  }

  private *endChunk(): Steps<void> {
    if (this.pages.length === 0) return;
    const plain = this.together(this.pages);
    const { deflateRaw } = this.services;
    let codec: ChunkCodec = "raw";
    let stored = plain;
    if (this.contents.codec === "deflate-raw") {
      assert(deflateRaw !== undefined, "this host gave no deflateRaw");
      const deflated = yield* settled(deflateRaw(plain));
      if (deflated.length < plain.length) {
        codec = "deflate-raw";
        stored = deflated;
      }
    }
    this.addRow(codec, stored, this.pageNumbers);
    this.output.put(stored);
    this.pageNumbers = [];
    this.pages = [];
  }

  private addRow(codec: CodecName, stored: Uint8Array, pageNumbers: readonly number[]): void {
    const row = new Uint8Array(chunkRowSize + pageNumbers.length * pageNumberSize);
    writeFields(chunkFields, row, {
      storedLength: stored.length,
      crc: crcOf(this.services)(stored),
      codec: codecNumber(codec),
      pageCount: pageNumbers.length,
      reserved: 0,
    });
    const view = new DataView(row.buffer, chunkRowSize);
    for (const [index, page] of pageNumbers.entries()) {
      view.setUint32(index * pageNumberSize, page, true);
    }
    this.rows.push(row);
    this.count++;
  }

  /** The pages as one piece: where they are if they touch, else copied. */
  private together(pages: readonly Uint8Array[]): Uint8Array {
    const { buffer, byteOffset } = pages[0]!;
    const touch = pages.every(
      (page, index) => page.buffer === buffer && page.byteOffset === byteOffset + index * pageSize,
    );
    const size = pages.length * pageSize;
    if (touch) return new Uint8Array(buffer, byteOffset, size);
    if (this.staged + size > this.staging.length) {
      this.output.flush();
      this.staged = 0;
    }
    const copy = this.staging.subarray(this.staged, this.staged + size);
    for (const [index, page] of pages.entries()) copy.set(page, index * pageSize);
    this.staged += size;
    return copy;
  }
}

function isZero(page: Uint8Array): boolean {
  if (page.byteOffset % 4 !== 0) return page.every((byte) => byte === 0);
  const words = new Int32Array(page.buffer, page.byteOffset, page.length / 4);
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== 0) return false;
  }
  return true;
}
