/**
 * The image reader turns bytes into superblocks, segments, and pages, or says
 * where and why it cannot.
 *
 * Nothing in a file is trusted: every offset, length and number is checked
 * before it is used or anything of its size is allocated, and every part is
 * compared with the checksum or hash that refers to it. Hash by hash, a
 * superblock vouches for its segment, and that for the one before it.
 */
import { sameBytes } from "./cbor.ts";
import { type CodecName, codecName, crcOf, hashOf, type ImageServices } from "./codec.ts";
import { ImageError, type ImageErrorCode, type Place } from "./errors.ts";
import type { SegmentReference, StoredSegment } from "./image-writer.ts";
import {
  chunkFields,
  chunkRowSize,
  chunkSize,
  firstSegmentOffset,
  formatVersion,
  hex,
  pageNumberSize,
  pageSize,
  pagesPerChunk,
  readFields,
  type Superblock,
  superblockFields,
  superblockMagic,
  superblockOffsets,
  superblockSectorSize,
  type Trailer,
  trailerFields,
  trailerHashedSize,
  trailerMagic,
  trailerSize,
} from "./layout.ts";
import { decodeManifest, isDelta, longestManifest, type Manifest } from "./schema.ts";
import { type Steps, settled } from "./steps.ts";
import type { GuardedFile } from "./storage.ts";

/** What reading needs besides the file. */
export interface ReadContext {
  readonly file: GuardedFile;
  readonly services: ImageServices;
  readonly checkHashes: boolean;
}

interface Chunk {
  readonly index: number;
  readonly offset: number;
  readonly storedLength: number;
  readonly crc: number;
  readonly codec: CodecName;
  readonly pages: Uint32Array;
}

/** A segment, described; its pages are still in the file. */
export interface Segment extends StoredSegment {
  readonly manifest: Manifest;
  readonly previous: SegmentReference | null;
  readonly chunks: readonly Chunk[];
}

/** Answers a superblock, null if its slot was never written, or what is wrong with it. */
export function readSuperblock(
  { file, services, checkHashes }: ReadContext,
  slot: 0 | 1,
): Superblock | ImageError | null {
  const offset = superblockOffsets[slot];
  const bytes = file.readFully(offset, new Uint8Array(superblockSectorSize));
  const place = { offset };
  if (bytes.every((byte) => byte === 0)) return null;
  const superblock = readFields(superblockFields, bytes);
  if (!sameBytes(superblock.magic, superblockMagic)) {
    const code = looksLikeText(bytes) ? "EIMG_TEXT_MODE" : "EIMG_NOT_IMAGE";
    return new ImageError(code, {
      place,
      expected: hex(superblockMagic),
      found: hex(superblock.magic),
    });
  }
  const crc = crcOf(services)(bytes.subarray(0, superblockSectorSize - 4));
  if (checkHashes && crc !== superblock.crc) {
    return new ImageError("EIMG_SUPERBLOCK", {
      place,
      expected: `checksum ${hex32(superblock.crc)}`,
      found: hex32(crc),
    });
  }
  if (superblock.version !== formatVersion) {
    return new ImageError("EIMG_VERSION", {
      place,
      expected: `${formatVersion}`,
      found: `${superblock.version}`,
    });
  }
  const { generation } = superblock;
  if (superblock.pageSize !== pageSize || !Number.isSafeInteger(generation) || generation === 0) {
    return new ImageError("EIMG_SUPERBLOCK", {
      place,
      expected: `pages of ${pageSize} bytes and a generation from 1`,
      found: `${superblock.pageSize} and ${generation}`,
    });
  }
  return superblock;
}

/** Whether a magic number lost its high bit, had its line ends changed, or was made UTF-8. */
function looksLikeText(bytes: Uint8Array): boolean {
  const start = hex(bytes.subarray(0, 12));
  return /^(89|09|c289|efbfbd|3f)454e47/.test(start);
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/** Reads and checks what describes a segment: trailer, manifest and chunk table. */
export function readSegment(context: ReadContext, reference: SegmentReference): Segment {
  const { file, services, checkHashes } = context;
  const { offset, length } = reference;
  const size = file.size();
  const isInside =
    offset % pageSize === 0 &&
    offset >= firstSegmentOffset &&
    length >= trailerSize &&
    length <= size &&
    offset <= size - length;
  if (!isInside) {
    throw new ImageError("EIMG_SEGMENT_RANGE", {
      place: { offset },
      expected: `a segment inside the ${size} bytes of the file`,
      found: `${length} bytes from ${offset}`,
    });
  }
  const trailerStart = offset + length - trailerSize;
  const trailerBytes = file.readFully(trailerStart, new Uint8Array(trailerSize));
  const trailer = readFields(trailerFields, trailerBytes);
  checkTrailer(trailer, trailerStart, length);
  const { tableLength, manifestLength } = trailer;
  const tableStart = trailerStart - manifestLength - tableLength;
  const described = file.readFully(tableStart, new Uint8Array(tableLength + manifestLength));
  if (checkHashes) {
    const hash = hashOf(services, described, trailerBytes.subarray(0, trailerHashedSize));
    for (const found of [trailer.hash, hash]) {
      if (sameBytes(found, reference.hash)) continue;
      throw new ImageError("EIMG_SEGMENT_HASH", {
        place: { offset },
        expected: hex(reference.hash),
        found: hex(found),
      });
    }
  }
  const tableBytes = described.subarray(0, tableLength);
  const manifestBytes = described.subarray(tableLength);
  const manifest = decodeManifest(manifestBytes, tableStart + tableLength);
  const dataLength = tableStart - offset;
  const chunks = new ChunkTableReader(manifest, tableBytes, tableStart, offset);
  return {
    reference,
    dataLength,
    chunkCount: trailer.chunkCount,
    tableBytes,
    manifestBytes,
    manifest,
    previous: previousOf(trailer),
    chunks: chunks.readAll(trailer.chunkCount, dataLength),
  };
}

function checkTrailer(trailer: Trailer, offset: number, length: number): void {
  const { chunkCount, tableLength, manifestLength } = trailer;
  const isGood =
    sameBytes(trailer.magic, trailerMagic) &&
    trailer.reserved === 0 &&
    manifestLength <= longestManifest &&
    tableLength + manifestLength <= length - trailerSize &&
    chunkCount * (chunkRowSize + pageNumberSize) <= tableLength;
  if (isGood) return;
  throw new ImageError("EIMG_TRAILER", {
    place: { offset },
    expected: "the trailer of a segment",
    found: "a wrong magic number or lengths that do not fit",
  });
}

function previousOf(trailer: Trailer): SegmentReference | null {
  if (trailer.previousOffset === 0) return null;
  return {
    offset: trailer.previousOffset,
    length: trailer.previousLength,
    hash: trailer.previousHash,
  };
}

/** Reads the rows of a chunk table, each checked against its segment and the heap. */
class ChunkTableReader {
  private readonly manifest: Manifest;
  private readonly table: Uint8Array;
  private readonly tableStart: number;
  private readonly seenPages: Uint8Array;
  private position = 0;
  private dataPosition: number;

  constructor(manifest: Manifest, table: Uint8Array, tableStart: number, dataStart: number) {
    this.manifest = manifest;
    this.table = table;
    this.tableStart = tableStart;
    this.dataPosition = dataStart;
    this.seenPages = new Uint8Array(manifest.heapSize / pageSize);
  }

  readAll(chunkCount: number, dataLength: number): Chunk[] {
    const dataEnd = this.dataPosition + dataLength;
    const chunks: Chunk[] = [];
    for (let index = 0; index < chunkCount; index++) chunks.push(this.readRow(index));
    if (this.position !== this.table.length) {
      throw this.refusal(chunkCount, "the end of the table", "more bytes");
    }
    if (this.dataPosition !== dataEnd) {
      throw this.refusal(chunkCount, `chunks up to byte ${dataEnd}`, `up to ${this.dataPosition}`);
    }
    return chunks;
  }

  private readRow(index: number): Chunk {
    const left = this.table.length - this.position;
    if (left < chunkRowSize) throw this.refusal(index, "another row", `${left} bytes`);
    const row = readFields(chunkFields, this.table, this.position);
    const { storedLength, crc, pageCount } = row;
    const rowSize = chunkRowSize + pageCount * pageNumberSize;
    if (pageCount < 1 || pageCount > pagesPerChunk || row.reserved !== 0 || left < rowSize) {
      throw this.refusal(index, `1 to ${pagesPerChunk} pages`, `${pageCount}`);
    }
    const codec = codecName(row.codec);
    if (codec === undefined)
      throw this.refusal(index, "a known codec", `${row.codec}`, "EIMG_CODEC");
    this.checkStoredLength(index, codec, storedLength, pageCount);
    const pages = this.readPageNumbers(index, pageCount);
    const chunk = { index, offset: this.dataPosition, storedLength, crc, codec, pages };
    this.dataPosition += storedLength;
    this.position += rowSize;
    return chunk;
  }

  private checkStoredLength(index: number, codec: CodecName, length: number, pages: number): void {
    const plainLength = pages * pageSize;
    if (codec === "zero") {
      // In a full segment a page is zero by being left out.
      if (isDelta(this.manifest.kind) && length === 0) return;
      throw this.refusal(index, "zero pages in a delta only, with nothing stored", `${length}`);
    }
    if (codec === "raw" ? length === plainLength : length > 0 && length < plainLength) return;
    throw this.refusal(index, `bytes for ${pages} pages, ${codec}`, `${length}`);
  }

  private readPageNumbers(index: number, count: number): Uint32Array {
    const start = this.table.byteOffset + this.position + chunkRowSize;
    const view = new DataView(this.table.buffer, start, count * pageNumberSize);
    const pages = new Uint32Array(count);
    for (let at = 0; at < count; at++) {
      const page = view.getUint32(at * pageNumberSize, true);
      if (page >= this.seenPages.length || this.seenPages[page] !== 0) {
        const expected = `pages below ${this.seenPages.length}, none twice`;
        throw this.refusal(index, expected, `page ${page}`);
      }
      this.seenPages[page] = 1;
      pages[at] = page;
    }
    return pages;
  }

  private refusal(
    chunk: number,
    expected: string,
    found: string,
    code: ImageErrorCode = "EIMG_CHUNK_TABLE",
  ): ImageError {
    const offset = this.tableStart + this.position;
    const { generation } = this.manifest;
    return new ImageError(code, { place: { generation, chunk, offset }, expected, found });
  }
}

/** Reads the segments of a generation, the newest first, down to the full one. */
export function readChain(context: ReadContext, superblock: Superblock): Segment[] {
  const { segmentOffset, segmentLength, segmentHash, fileId, generation } = superblock;
  const tip = { offset: segmentOffset, length: segmentLength, hash: segmentHash };
  const newest = readSegment(context, tip);
  if (newest.manifest.generation !== generation) {
    throw chainRefusal(newest, `generation ${generation}`, `${newest.manifest.generation}`);
  }
  const chain = [newest];
  for (let segment = newest; ; chain.push(segment)) {
    if (!sameBytes(segment.manifest.fileId, fileId)) {
      throw chainRefusal(segment, `fileId ${hex(fileId)}`, hex(segment.manifest.fileId));
    }
    if (!isDelta(segment.manifest.kind)) return chain;
    if (segment.previous === null) throw chainRefusal(segment, "a segment before a delta", "none");
    segment = readPrevious(context, segment, segment.previous);
  }
}

/** Reads the segment before another one, which must be of an earlier generation. */
export function readPrevious(
  context: ReadContext,
  segment: Segment,
  previous: SegmentReference,
): Segment {
  const before = readSegment(context, previous);
  const { generation } = segment.manifest;
  if (before.manifest.generation >= generation) {
    const found = `generation ${before.manifest.generation}`;
    throw chainRefusal(segment, `one before generation ${generation}`, found);
  }
  return before;
}

function chainRefusal(segment: Segment, expected: string, found: string): ImageError {
  const { reference, manifest } = segment;
  const place = { offset: reference.offset, generation: manifest.generation };
  return new ImageError("EIMG_CHAIN", { place, expected, found });
}

const largestRead = 8 * chunkSize;
/** How many reads may be under way at once, where the host has reads that do not make us wait. */
const readsAtOnce = 8;

/**
 * Reads every chunk of a chain, given newest first, and compares its checksum.
 * With a target, which must be zero, lays the pages out in it.
 */
export function* readPages(
  context: ReadContext,
  chain: readonly Segment[],
  target: Uint8Array | null,
): Steps<void> {
  const { heapSize, generation } = chain[0]!.manifest;
  if (target !== null && target.length < heapSize) {
    throw new ImageError("EIMG_HEAP_SIZE", {
      place: { generation },
      expected: `at most ${target.length} bytes of heap`,
      found: `${heapSize}`,
    });
  }
  const heap = target === null ? new Uint8Array(0) : target.subarray(0, heapSize);
  let sizeBefore = 0;
  for (const segment of chain.toReversed()) {
    // What a heap lost when it shrank must not come back when it grew again.
    heap.fill(0, segment.manifest.heapSize, Math.max(sizeBefore, segment.manifest.heapSize));
    sizeBefore = segment.manifest.heapSize;
    yield* new PageReader(context, segment, heap).readAll();
  }
}

/** Chunks that are read together. */
interface Run {
  readonly chunks: readonly Chunk[];
  /** The piece of the heap they are, one behind the other; null if they are not. */
  readonly piece: Uint8Array | null;
}

/**
 * Reads the chunks of one segment, those that lie together in file and heap in one go; where the host
 * can, some runs while others are checked.
 */
class PageReader {
  private readonly context: ReadContext;
  private readonly segment: Segment;
  private readonly heap: Uint8Array;
  private scratch: Uint8Array | null = null;

  constructor(context: ReadContext, segment: Segment, heap: Uint8Array) {
    this.context = context;
    this.segment = segment;
    this.heap = heap;
  }

  *readAll(): Steps<void> {
    const runs = this.runs();
    const reads: (Promise<void> | undefined)[] = [];
    try {
      for (const [index, run] of runs.entries()) {
        const ahead = Math.min(index + readsAtOnce, runs.length);
        while (reads.length < ahead) reads.push(this.startReading(runs[reads.length]!));
        yield* this.take(run, reads[index]);
      }
    } finally {
      // Nothing may come in late: the heap may be given to another generation.
      if (reads.some((read) => read !== undefined)) yield* settled(Promise.allSettled(reads));
    }
  }

  private runs(): Run[] {
    const { chunks } = this.segment;
    const runs: Run[] = [];
    for (let start = 0; start < chunks.length; ) {
      const end = this.endOfRun(start);
      const run = chunks.slice(start, end);
      const isPiece = end > start + 1 || this.liesInHeap(run[0]!);
      runs.push({ chunks: run, piece: isPiece ? this.pieceOf(run) : null });
      start = end;
    }
    return runs;
  }

  private pieceOf(run: readonly Chunk[]): Uint8Array {
    const start = run[0]!.pages[0]! * pageSize;
    const size = run.reduce((sum, chunk) => sum + chunk.storedLength, 0);
    return this.heap.subarray(start, start + size);
  }

  /** The index after the last chunk that can be read straight into the heap together. */
  private endOfRun(start: number): number {
    const { chunks } = this.segment;
    let size = 0;
    let index = start;
    for (; index < chunks.length && this.liesInHeap(chunks[index]!); index++) {
      const chunk = chunks[index]!;
      size += chunk.storedLength;
      const follows = index === start || chunk.pages[0] === chunks[index - 1]!.pages.at(-1)! + 1;
      if (!follows || size > largestRead) break;
    }
    return Math.max(index, start + 1);
  }

  /** Whether the stored bytes are one piece of the heap. */
  private liesInHeap({ codec, pages }: Chunk): boolean {
    const last = pages.length - 1;
    if (codec !== "raw" || (pages[last]! + 1) * pageSize > this.heap.length) return false;
    return pages.every((page, index) => page === pages[0]! + index);
  }

  /** Undefined for what is read when its turn comes. */
  private startReading({ chunks, piece }: Run): Promise<void> | undefined {
    const { file } = this.context;
    if (piece === null || !file.readsLater) return undefined;
    const read = file.readFullyLater(chunks[0]!.offset, piece);
    // A failure is told at its turn.
    read.catch(() => {});
    return read;
  }

  private *take({ chunks, piece }: Run, read: Promise<void> | undefined): Steps<void> {
    const first = chunks[0]!;
    if (piece === null) {
      yield* this.readOne(first);
      return;
    }
    if (read === undefined) this.context.file.readFully(first.offset, piece);
    else yield* settled(read);
    let position = 0;
    for (const chunk of chunks) {
      this.checkCrc(chunk, piece.subarray(position, position + chunk.storedLength));
      position += chunk.storedLength;
    }
  }

  private *readOne(chunk: Chunk): Steps<void> {
    this.scratch ??= new Uint8Array(chunkSize);
    const stored = this.scratch.subarray(0, chunk.storedLength);
    this.context.file.readFully(chunk.offset, stored);
    this.checkCrc(chunk, stored);
    const plain = yield* this.decode(chunk, stored);
    chunk.pages.forEach((page, index) => {
      const start = page * pageSize;
      if (start >= this.heap.length) return;
      if (plain === null) this.heap.fill(0, start, start + pageSize);
      else this.heap.set(plain.subarray(index * pageSize, (index + 1) * pageSize), start);
    });
  }

  /** Answers the plain pages; null stands for zeros. */
  private *decode(chunk: Chunk, stored: Uint8Array): Steps<Uint8Array | null> {
    if (chunk.codec === "zero") return null;
    if (chunk.codec === "raw") return stored;
    const { inflateRaw } = this.context.services;
    if (inflateRaw === undefined) {
      const expected = "a codec this host has";
      throw new ImageError("EIMG_CODEC", {
        place: this.placeOf(chunk),
        expected,
        found: chunk.codec,
      });
    }
    const size = chunk.pages.length * pageSize;
    let plain: Uint8Array | null = null;
    try {
      plain = yield* settled(inflateRaw(stored, size));
    } catch {
      // What a decompressor says of bad data differs by host; ours is below.
    }
    if (plain?.length === size) return plain;
    throw new ImageError("EIMG_CHUNK_DATA", {
      place: this.placeOf(chunk),
      expected: `${size} bytes`,
      found: plain === null ? "bad data" : `${plain.length}`,
    });
  }

  private checkCrc(chunk: Chunk, stored: Uint8Array): void {
    if (!this.context.checkHashes) return;
    const crc = crcOf(this.context.services)(stored);
    if (crc === chunk.crc) return;
    throw new ImageError("EIMG_CHUNK_CRC", {
      place: this.placeOf(chunk),
      expected: hex32(chunk.crc),
      found: hex32(crc),
    });
  }

  private placeOf(chunk: Chunk): Place {
    const { generation } = this.segment.manifest;
    return { generation, chunk: chunk.index, offset: chunk.offset };
  }
}
