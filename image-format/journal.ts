/**
 * The journal: changes accepted since the last save, each on disk before it
 * was acknowledged, for recovery after a crash.
 *
 * A file beside the image, append-only: a header, then entries. An entry is
 * its length, a checksum, a link, and CBOR. The link is a hash over the link
 * before and the CBOR, so that no entry can be taken out, put in or moved.
 *
 * An interrupted append leaves a torn tail, which ends the journal: it was
 * never acknowledged. The next entry is written over it. But if there is a
 * whole entry after the broken one, that is damage: the entries before it are
 * there, and nothing is written until the journal is cleared.
 */
import {
  type CborMap,
  type CborValue,
  decodeCbor,
  encodeCbor,
  isCborMap,
  sameBytes,
} from "./cbor.ts";
import { type Crc32, crc32 } from "./crc32.ts";
import { ImageError } from "./errors.ts";
import { fileIdSize, hex, readFields, writeFields } from "./layout.ts";
import { sha256 } from "./sha256.ts";
import { finish, type MaybePromise, type Steps } from "./steps.ts";
import {
  GuardedFile,
  guarded,
  type StorageFile,
  type StorageFolder,
  storageRefusal,
} from "./storage.ts";

const magic = Uint8Array.of(0x89, 0x45, 0x4e, 0x4a, 0x0d, 0x0a, 0x1a, 0x0a);
const version = 1;
const linkSize = 16;

export const journalHeaderFields = [
  { name: "magic", offset: 0, size: 8, type: "bytes", doc: "89 45 4E 4A 0D 0A 1A 0A" },
  { name: "version", offset: 8, size: 4, type: "u32", doc: "journal version" },
  { name: "reserved", offset: 12, size: 4, type: "u32", doc: "zero" },
  { name: "fileId", offset: 16, size: 16, type: "bytes", doc: "of the image it belongs to" },
  { name: "crc", offset: 32, size: 4, type: "u32", doc: "CRC-32 of bytes 0 to 31" },
] as const;

export const journalHeaderSize = 36;

export const journalEntryFields = [
  { name: "length", offset: 0, size: 4, type: "u32", doc: "bytes of CBOR that follow" },
  { name: "crc", offset: 4, size: 4, type: "u32", doc: "CRC-32 of link and CBOR" },
  {
    name: "link",
    offset: 8,
    size: 16,
    type: "bytes",
    doc: "first half of the SHA-256 of the link before and the CBOR; that before the first entry is the fileId",
  },
] as const;

export const journalEntrySize = 24;

/** How long an entry may be. */
export const longestEntry = 2 ** 24;

/** A change: what kind it is and what it says, made while a generation was the newest. */
export interface JournalEntry {
  readonly generation: number;
  readonly kind: string;
  readonly fields: CborMap;
}

export class Journal {
  /** Every entry that was acknowledged, the oldest first, and perhaps one more. */
  readonly entries: readonly JournalEntry[];
  /** Bytes after the last entry that are not one: the tail of an interrupted append. */
  readonly tornBytes: number;
  /** What is wrong with the journal if it goes on after a broken entry. */
  readonly damage: ImageError | null;
  private readonly file: GuardedFile;
  private readonly written: JournalEntry[];
  private end: number;
  private link: Uint8Array;
  private readonly fileId: Uint8Array;
  private readonly crc32: Crc32;
  private poison: ImageError | null;

  private constructor(file: GuardedFile, fileId: Uint8Array, crc: Crc32, scan: Scan) {
    this.file = file;
    this.fileId = fileId;
    this.crc32 = crc;
    this.written = scan.entries;
    this.entries = this.written;
    this.tornBytes = file.size() - scan.end;
    this.end = scan.end;
    this.link = scan.link;
    this.damage = damageAfter(file, scan.end, crc);
    this.poison = this.damage;
  }

  /** Opens the journal of that name, or begins one. */
  static openIn(
    folder: StorageFolder,
    name: string,
    fileId: Uint8Array,
    services: { readonly crc32?: Crc32 } = {},
  ): MaybePromise<Journal> {
    return finish(Journal.openInSteps(folder, name, fileId, services.crc32 ?? crc32));
  }

  private static *openInSteps(
    folder: StorageFolder,
    name: string,
    fileId: Uint8Array,
    crc: Crc32,
  ): Steps<Journal> {
    const exists = yield* guarded("EIMG_READ", () => folder.exists(name), name);
    const mode = exists ? "write" : "create";
    const file = yield* guarded("EIMG_WRITE", () => folder.open(name, mode), name);
    const journal = yield* Journal.openSteps(new GuardedFile(file), fileId, crc);
    yield* guarded("EIMG_SYNC", () => folder.sync(), name);
    return journal;
  }

  /** Opens the journal of an image, or begins one in an empty file. */
  static open(
    file: StorageFile,
    fileId: Uint8Array,
    services: { readonly crc32?: Crc32 } = {},
  ): MaybePromise<Journal> {
    return finish(Journal.openSteps(new GuardedFile(file), fileId, services.crc32 ?? crc32));
  }

  private static *openSteps(file: GuardedFile, fileId: Uint8Array, crc: Crc32): Steps<Journal> {
    // Shorter than a header, it cannot have acknowledged anything.
    if (file.size() < journalHeaderSize) {
      file.writeFully(0, encodeHeader(fileId, crc));
    }
    // A killed program may have left entries that only the host's cache holds.
    yield* file.sync();
    checkHeader(file.readFully(0, new Uint8Array(journalHeaderSize)), fileId, crc);
    return new Journal(file, fileId, crc, scanEntries(file, fileId, crc));
  }

  /** The entries made while a generation, or one after it, was the newest. */
  entriesSince(generation: number): JournalEntry[] {
    return this.entries.filter((entry) => entry.generation >= generation);
  }

  /** Adds an entry; it is durable once this is acknowledged. */
  append(entry: JournalEntry): MaybePromise<void> {
    return finish(this.appendSteps(entry));
  }

  /** Forgets all entries: right only after a save that holds what they say was acknowledged. */
  clear(): MaybePromise<void> {
    return finish(this.clearSteps());
  }

  close(): void {
    this.file.close();
  }

  private *appendSteps(entry: JournalEntry): Steps<void> {
    this.checkSound();
    const { fileId } = this;
    const payload = encodeCbor(new Map<string, CborValue>(Object.entries({ ...entry, fileId })));
    if (payload.length > longestEntry) {
      const found = `${payload.length}`;
      throw new ImageError("EIMG_JOURNAL", { expected: `at most ${longestEntry} bytes`, found });
    }
    const link = nextLink(this.link, payload);
    const bytes = new Uint8Array(journalEntrySize + payload.length);
    bytes.set(payload, journalEntrySize);
    writeFields(journalEntryFields, bytes, { length: payload.length, crc: 0, link });
    const crc = this.crc32(bytes.subarray(8));
    writeFields(journalEntryFields, bytes, { length: payload.length, crc, link });
    this.file.writeFully(this.end, bytes);
    yield* this.sync();
    this.end += bytes.length;
    this.link = link;
    this.written.push(entry);
  }

  private *clearSteps(): Steps<void> {
    if (this.poison !== this.damage) this.checkSound();
    this.file.truncate(journalHeaderSize);
    yield* this.sync();
    this.poison = null;
    this.end = journalHeaderSize;
    this.link = this.fileId;
    this.written.length = 0;
  }

  private checkSound(): void {
    if (this.poison !== null) throw new ImageError("EIMG_POISONED", {}, [this.poison]);
  }

  private *sync(): Steps<void> {
    try {
      yield* this.file.sync();
    } catch (error) {
      this.poison = storageRefusal(error, "EIMG_SYNC");
      throw this.poison;
    }
  }
}

function encodeHeader(fileId: Uint8Array, crc: Crc32): Uint8Array {
  const header = new Uint8Array(journalHeaderSize);
  const fields = { magic, version, reserved: 0, fileId, crc: 0 };
  writeFields(journalHeaderFields, header, fields);
  writeFields(journalHeaderFields, header, { ...fields, crc: crc(header.subarray(0, 32)) });
  return header;
}

function checkHeader(bytes: Uint8Array, fileId: Uint8Array, crc: Crc32): void {
  const header = readFields(journalHeaderFields, bytes);
  if (!sameBytes(header.magic, magic) || header.crc !== crc(bytes.subarray(0, 32))) {
    const expected = "the header of a journal";
    throw new ImageError("EIMG_JOURNAL", { place: { offset: 0 }, expected });
  }
  if (header.version !== version) {
    const found = `${header.version}`;
    throw new ImageError("EIMG_VERSION", { place: { offset: 8 }, expected: `${version}`, found });
  }
  if (!sameBytes(header.fileId, fileId)) {
    const found = hex(header.fileId);
    throw new ImageError("EIMG_JOURNAL_OWNER", { expected: hex(fileId), found });
  }
}

interface Scan {
  readonly entries: JournalEntry[];
  readonly end: number;
  readonly link: Uint8Array;
}

/** Reads entries up to the first that is not whole. */
function scanEntries(file: GuardedFile, fileId: Uint8Array, crc: Crc32): Scan {
  const size = file.size();
  const entries: JournalEntry[] = [];
  let end = journalHeaderSize;
  let link = fileId;
  while (size - end >= journalEntrySize) {
    const head = file.readFully(end, new Uint8Array(journalEntrySize));
    const { length, crc: expected } = readFields(journalEntryFields, head);
    if (length > longestEntry || length > size - end - journalEntrySize) break;
    const bytes = file.readFully(end, new Uint8Array(journalEntrySize + length));
    const payload = bytes.subarray(journalEntrySize);
    const next = nextLink(link, payload);
    if (crc(bytes.subarray(8)) !== expected || !sameBytes(next, bytes.subarray(8, 24))) break;
    entries.push(decodeEntry(payload, end + journalEntrySize, fileId));
    link = next;
    end += bytes.length;
  }
  return { entries, end, link };
}

/** How many bytes looking for entries after a broken one may cost. */
const searchBudget = 2 ** 26;

/** Looks for a whole entry anywhere after where the entries end. */
function damageAfter(file: GuardedFile, end: number, crc: Crc32): ImageError | null {
  const tail = file.readFully(end, new Uint8Array(file.size() - end));
  let budget = searchBudget;
  for (let start = 1; start + journalEntrySize <= tail.length && budget > 0; start++) {
    const { length, crc: expected } = readFields(journalEntryFields, tail, start);
    const after = start + journalEntrySize + length;
    if (length === 0 || after > tail.length) continue;
    budget -= length;
    if (crc(tail.subarray(start + 8, after)) !== expected) continue;
    const found = `another entry at byte ${end + start}`;
    return new ImageError("EIMG_JOURNAL", { place: { offset: end }, expected: "an entry", found });
  }
  return null;
}

function nextLink(link: Uint8Array, payload: Uint8Array): Uint8Array {
  return sha256(link, payload).subarray(0, linkSize);
}

/** An entry whose hash is right but whose contents are not was never written by us. */
function decodeEntry(payload: Uint8Array, offset: number, fileId: Uint8Array): JournalEntry {
  const value = decodeCbor(payload, offset);
  if (isCborMap(value) && value.size === 4) {
    const owner = value.get("fileId");
    const generation = value.get("generation");
    const kind = value.get("kind");
    const fields = value.get("fields");
    if (
      owner instanceof Uint8Array &&
      owner.length === fileIdSize &&
      sameBytes(owner, fileId) &&
      typeof generation === "number" &&
      generation >= 0 &&
      typeof kind === "string" &&
      fields !== undefined &&
      isCborMap(fields)
    ) {
      return { generation, kind, fields };
    }
  }
  throw new ImageError("EIMG_JOURNAL", { place: { offset }, expected: "a journal entry" });
}
