/**
 * An image file: generations of a heap, each saved so that none is ever lost.
 *
 * Two superblocks name the two newest generations. A save writes a segment
 * where neither of these has a byte, makes it durable, then writes the older
 * superblock anew and makes that durable: an interruption at any point leaves
 * the newer superblock and all it refers to as they were. Space that only
 * forgotten generations used is written again, so the file stays small
 * without ever being replaced.
 *
 * Always: after a failure that leaves unknown what the storage holds, nothing
 * is written until the file is opened again. A failed sync is never retried,
 * for the host may call the second one a success though the data is gone.
 */
import type { ImageServices } from "./codec.ts";
import { assert, ImageError } from "./errors.ts";
import {
  type ReadContext,
  readChain,
  readPages,
  readPrevious,
  readSegment,
  type Segment,
} from "./image-reader.ts";
import { type Candidate, readCandidates, refuseAll } from "./image-slots.ts";
import {
  type ChunkCodec,
  copySegment,
  encodeSuperblock,
  longestSegment,
  type PageRun,
  type SegmentReference,
  writeSegment,
  writeSuperblock,
} from "./image-writer.ts";
import { alignToPage, firstSegmentOffset, formatVersion, hex, pageSize } from "./layout.ts";
import { type Protocol, soundProtocol } from "./protocol.ts";
import { replaceFile } from "./replace-file.ts";
import {
  type HeapDescription,
  type ImageKind,
  isDelta,
  type Manifest,
  type Parent,
} from "./schema.ts";
import { finish, type MaybePromise, type Steps } from "./steps.ts";
import {
  GuardedFile,
  guarded,
  type RenamingFolder,
  type StorageFile,
  storageRefusal,
} from "./storage.ts";

export interface ImageOptions {
  readonly services?: ImageServices;
  /** Only tests give one. */
  readonly protocol?: Protocol;
}

export interface OpenOptions extends ImageOptions {
  /** Refuses every save, and leaves the file as it is. */
  readonly readOnly?: boolean;
  /** Opens this generation or none, instead of the newest that is whole. */
  readonly generation?: number;
  /**
   * What to do with the pages: lay them out in memory of zeros, made for the
   * manifest given; check them, which is the default; or leave them unread.
   */
  readonly heap?: ((manifest: Manifest) => Uint8Array) | "check" | "skip";
}

/** A generation to be saved. */
export interface Save {
  /**
   * A delta holds the pages that changed since the newest generation, so those
   * of a save that failed too; the others hold all pages.
   */
  readonly kind: ImageKind;
  readonly description: HeapDescription;
  /** Runs of pages in ascending order, which must not change until the save is acknowledged. */
  readonly pages: Iterable<PageRun>;
  /** At most how many pages will come; knowing it lets a save use a gap in the file. */
  readonly pageCount?: number;
  readonly codec?: ChunkCodec;
}

/** The first generation of a file. */
export interface NewImage extends Save {
  readonly fileId: Uint8Array;
  readonly generation?: number;
  readonly parent?: Parent | null;
  readonly extra?: Manifest["extra"];
}

/** What a file tells of one of its generations without its heap being read. */
export interface GenerationInfo {
  readonly manifest: Manifest;
  readonly offset: number;
  readonly length: number;
  readonly pageCount: number;
  /** Whether a superblock names it; the others last only until their space is needed. */
  readonly isKept: boolean;
}

/** What the choice of how to save next depends on; see save-policy.ts. */
export interface ImageUsage {
  readonly fileSize: number;
  /** Bytes and number of the segments that make up the newest generation. */
  readonly chainLength: number;
  readonly chainSize: number;
  /** Bytes of its full segment alone. */
  readonly fullSize: number;
}

interface Link {
  readonly reference: SegmentReference;
  readonly manifest: Manifest;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

export class ImageFile {
  /** What was found wrong with newer generations before this one was chosen. */
  readonly warnings: readonly ImageError[];
  private file: GuardedFile;
  private readonly services: ImageServices;
  private readonly protocol: Protocol;
  private readonly readOnly: boolean;
  /** The newest generation: its segments, newest first. */
  private chain: readonly Link[];
  private slot: 0 | 1;
  private newestNumber: number;
  /** What the other superblock refers to; null while nobody looked. */
  private otherRanges: readonly Range[] | null;
  private readonly other: Candidate | undefined;
  private poison: ImageError | null = null;
  private busy = false;

  private constructor(
    file: GuardedFile,
    options: OpenOptions,
    opened: { slot: 0 | 1; chain: readonly Link[]; other?: Candidate | undefined },
    warnings: readonly ImageError[] = [],
  ) {
    this.file = file;
    this.services = options.services ?? {};
    this.protocol = options.protocol ?? soundProtocol;
    this.readOnly = options.readOnly ?? false;
    this.chain = opened.chain;
    this.slot = opened.slot;
    this.other = opened.other;
    this.otherRanges = opened.other === undefined ? [] : null;
    this.newestNumber = Math.max(
      opened.chain[0]!.manifest.generation,
      opened.other?.superblock.generation ?? 0,
    );
    this.warnings = warnings;
  }

  /** Opens the newest generation that is whole, all of it checked, or refuses the file. */
  static open(file: StorageFile, options: OpenOptions = {}): MaybePromise<ImageFile> {
    return finish(ImageFile.openSteps(file, options));
  }

  private static *openSteps(storage: StorageFile, options: OpenOptions): Steps<ImageFile> {
    const protocol = options.protocol ?? soundProtocol;
    const file = new GuardedFile(storage, protocol.loopShortWrites);
    // A killed program may have left a generation that only the host's cache holds.
    if (!options.readOnly && protocol.syncOnOpen) yield* file.sync();
    const context = readContext(file, options.services ?? {}, protocol);
    const { candidates, defects } = readCandidates(context);
    const heap = options.heap ?? "check";
    const asked = candidates.filter(
      ({ superblock }) =>
        options.generation === undefined || superblock.generation === options.generation,
    );
    for (const candidate of asked) {
      const other = candidates.find(({ slot }) => slot !== candidate.slot);
      try {
        const chain = readChain(context, candidate.superblock);
        if (heap !== "skip") yield* readHeap(context, chain, heap);
        const opened = { slot: candidate.slot, chain: chain.map(linkOf), other };
        return new ImageFile(file, options, opened, defects);
      } catch (error) {
        if (!(error instanceof ImageError && error.isDamage)) throw error;
        defects.push(error);
      }
    }
    throw refuseAll(candidates, defects, options.generation);
  }

  /** Writes a first generation into an empty file, which is an image once this is acknowledged. */
  static create(
    file: StorageFile,
    image: NewImage,
    options: ImageOptions = {},
  ): MaybePromise<ImageFile> {
    const { loopShortWrites } = options.protocol ?? soundProtocol;
    return finish(ImageFile.createSteps(new GuardedFile(file, loopShortWrites), image, options));
  }

  private static *createSteps(
    file: GuardedFile,
    image: NewImage,
    options: ImageOptions,
  ): Steps<ImageFile> {
    assert(file.size() === 0, "an image is created in an empty file");
    assert(!isDelta(image.kind), "the first generation is a full one");
    const services = options.services ?? {};
    const protocol = options.protocol ?? soundProtocol;
    const generation = image.generation ?? 1;
    const manifest = manifestOf(image, image.fileId, generation, image.parent ?? null, image.extra);
    const reference = yield* writeSegment(
      file,
      firstSegmentOffset,
      Number.POSITIVE_INFINITY,
      { manifest, pages: image.pages, previous: null, codec: image.codec ?? "raw" },
      services,
    );
    if (protocol.syncSegment) yield* file.sync();
    writeSuperblock(file, 0, encodeSuperblock(manifest, reference, services));
    if (protocol.syncSuperblock) yield* file.sync();
    return new ImageFile(file, options, { slot: 0, chain: [{ reference, manifest }] });
  }

  /**
   * Writes an image under a name, which until then has what it had before: for
   * exporting, publishing, saving under another name.
   */
  static writeTo(
    folder: RenamingFolder,
    name: string,
    image: NewImage,
    options: ImageOptions & { readonly mayReplace?: boolean } = {},
  ): MaybePromise<void> {
    return finish(ImageFile.writeToSteps(folder, name, image, options));
  }

  private static *writeToSteps(
    folder: RenamingFolder,
    name: string,
    image: NewImage,
    options: ImageOptions & { readonly mayReplace?: boolean },
  ): Steps<void> {
    if (!options.mayReplace && (yield* guarded("EIMG_READ", () => folder.exists(name), name))) {
      throw new ImageError("EIMG_EXISTS", { place: { file: name } });
    }
    const protocol = options.protocol ?? soundProtocol;
    const { file } = yield* replaceFile(folder, name, protocol, (fresh) =>
      ImageFile.createSteps(fresh, image, options),
    );
    file.close();
  }

  get manifest(): Manifest {
    return this.chain[0]!.manifest;
  }

  get generation(): number {
    return this.manifest.generation;
  }

  /**
   * What the newest generation is known again by: the hash of its segment, as hexadecimal digits. It
   * vouches for the manifest, for the checksum of each chunk, and for the segments before.
   */
  get segmentHash(): string {
    return hex(this.chain[0]!.reference.hash);
  }

  /** Lays the pages of the newest generation out in memory of zeros, each checked again. */
  readPagesInto(target: Uint8Array): MaybePromise<void> {
    return finish(readPages(this.context(), this.readSegments(), target));
  }

  /**
   * Saves a generation and answers its number, which acknowledges it: it will
   * survive whatever happens now. A save that fails leaves the newest
   * generation as it was.
   */
  commit(save: Save): MaybePromise<number> {
    return finish(this.writing(() => this.commitSteps(save)));
  }

  /**
   * Saves a full generation by writing the whole file anew beside the old one
   * and giving it the name. Only the generation before is taken along.
   */
  rewrite(folder: RenamingFolder, name: string, save: Save): MaybePromise<number> {
    return finish(this.writing(() => this.rewriteSteps(folder, name, save)));
  }

  /** The generations in the file, the newest first, as far back as they are whole. */
  generations(): GenerationInfo[] {
    const context = this.context();
    const infos: GenerationInfo[] = [];
    const { candidates } = readCandidates(context);
    const kept = new Set(candidates.map(({ superblock }) => superblock.segmentOffset));
    let segment = this.readSegments()[0]!;
    for (;;) {
      const { reference, manifest, chunks, previous } = segment;
      const pageCount = chunks.reduce((sum, chunk) => sum + chunk.pages.length, 0);
      const { offset, length } = reference;
      infos.push({ manifest, offset, length, pageCount, isKept: kept.has(offset) });
      if (previous === null) return infos;
      try {
        segment = readPrevious(context, segment, previous);
      } catch (error) {
        // Older ones give up their space without notice.
        if (error instanceof ImageError) return infos;
        throw error;
      }
    }
  }

  usage(): ImageUsage {
    const lengths = this.chain.map(({ reference }) => reference.length);
    return {
      fileSize: this.file.size(),
      chainLength: lengths.length,
      chainSize: lengths.reduce((sum, length) => sum + length, 0),
      fullSize: lengths.at(-1)!,
    };
  }

  close(): void {
    this.file.close();
  }

  private *writing(steps: () => Steps<number>): Steps<number> {
    if (this.readOnly) throw new ImageError("EIMG_READ_ONLY");
    if (this.busy) throw new ImageError("EIMG_BUSY");
    if (this.poison !== null) throw new ImageError("EIMG_POISONED", {}, [this.poison]);
    this.busy = true;
    try {
      return yield* steps();
    } finally {
      this.busy = false;
    }
  }

  private *commitSteps(save: Save): Steps<number> {
    const { file, services, protocol } = this;
    const manifest = this.nextManifest(save);
    const place = this.findPlace(save, manifest);
    const previous = this.chain[0]!.reference;
    const contents = { manifest, pages: save.pages, previous, codec: save.codec ?? "raw" };
    const sizeBefore = file.size();
    let reference: SegmentReference;
    try {
      reference = yield* writeSegment(file, place.start, place.end, contents, services);
    } catch (error) {
      this.trimTo(sizeBefore);
      throw error;
    }
    const slot = protocol.alternateSlots ? otherSlot(this.slot) : this.slot;
    yield* this.poisoning(function* () {
      if (protocol.syncSegment) yield* file.sync();
      writeSuperblock(file, slot, encodeSuperblock(manifest, reference, services));
      if (protocol.syncSuperblock) yield* file.sync();
    });
    const link = { reference, manifest };
    this.otherRanges = rangesOf(this.chain);
    this.adopt(slot, isDelta(save.kind) ? [link, ...this.chain] : [link]);
    this.trimTo(Math.max(...this.liveRanges().map(({ end }) => end)));
    return manifest.generation;
  }

  private *rewriteSteps(folder: RenamingFolder, name: string, save: Save): Steps<number> {
    assert(!isDelta(save.kind), "a rewritten file ends with a full segment");
    const manifest = this.nextManifest(save);
    const steps = (fresh: GuardedFile) => this.rewriteInto(fresh, manifest, save);
    const { file, written } = yield* replaceFile(folder, name, this.protocol, steps, (error) => {
      this.poison = error;
    });
    const replaced = this.file;
    this.file = file;
    this.otherRanges = rangesOf(written.previous);
    this.adopt(1, written.chain);
    letGo(() => replaced.close());
    return manifest.generation;
  }

  /** Copies the newest generation into slot 0, and writes the one to be saved into slot 1. */
  private *rewriteInto(
    fresh: GuardedFile,
    manifest: Manifest,
    save: Save,
  ): Steps<{ previous: Link[]; chain: Link[] }> {
    const { services } = this;
    const previous: Link[] = [];
    let offset = firstSegmentOffset;
    let before: SegmentReference | null = null;
    const segments = this.readSegments();
    // What decayed since it was opened must not be copied as if it were whole.
    yield* readPages(this.context(), segments, null);
    for (const segment of segments.toReversed()) {
      before = copySegment(this.file, segment, fresh, offset, before, services);
      previous.unshift({ reference: before, manifest: segment.manifest });
      offset = alignToPage(before.offset + before.length);
    }
    const contents = { manifest, pages: save.pages, previous: before, codec: save.codec ?? "raw" };
    const limit = Number.POSITIVE_INFINITY;
    const reference = yield* writeSegment(fresh, offset, limit, contents, services);
    const copied = previous[0]!;
    writeSuperblock(fresh, 0, encodeSuperblock(copied.manifest, copied.reference, services));
    writeSuperblock(fresh, 1, encodeSuperblock(manifest, reference, services));
    return { previous, chain: [{ reference, manifest }] };
  }

  private nextManifest(save: Save): Manifest {
    const { fileId, generation, extra } = this.manifest;
    return manifestOf(save, fileId, this.newestNumber + 1, { fileId, generation }, extra);
  }

  private adopt(slot: 0 | 1, chain: readonly Link[]): void {
    this.slot = slot;
    this.chain = chain;
    this.newestNumber = chain[0]!.manifest.generation;
  }

  /** Runs steps after whose failure nobody knows what the file holds. */
  private *poisoning(steps: () => Steps<void>): Steps<void> {
    try {
      yield* steps();
    } catch (error) {
      this.poison = storageRefusal(error, "EIMG_WRITE");
      throw error;
    }
  }

  /** The first gap in which the segment is sure to fit, else the end of what is in use. */
  private findPlace(save: Save, manifest: Manifest): Range {
    const end = Number.POSITIVE_INFINITY;
    if (!this.protocol.spareLiveSegments) return { start: firstSegmentOffset, end };
    const needed = save.pageCount === undefined ? end : longestSegment(save.pageCount, manifest);
    let start = firstSegmentOffset;
    for (const range of this.liveRanges().sort((some, other) => some.start - other.start)) {
      if (start + needed <= range.start) return { start, end: range.start };
      start = Math.max(start, alignToPage(range.end));
    }
    return { start, end };
  }

  /** Where the two generations are that a superblock names. */
  private liveRanges(): Range[] {
    this.otherRanges ??= this.rangesOfOther();
    return [...rangesOf(this.chain), ...this.otherRanges];
  }

  private rangesOfOther(): Range[] {
    const { superblock } = this.other!;
    const start = superblock.segmentOffset;
    const end = start + superblock.segmentLength;
    try {
      return rangesOf(readChain(this.context(), superblock));
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      // Spare what can be known of a damaged generation: someone may want to rescue it.
      return end <= this.file.size() ? [{ start, end }] : [];
    }
  }

  /** Gives space back; the file is as good with it. */
  private trimTo(sizeInBytes: number): void {
    letGo(() => {
      if (this.file.size() > sizeInBytes) this.file.truncate(sizeInBytes);
    });
  }

  private context(): ReadContext {
    return readContext(this.file, this.services, this.protocol);
  }

  private readSegments(): Segment[] {
    const context = this.context();
    return this.chain.map(({ reference }) => readSegment(context, reference));
  }
}

function readContext(file: GuardedFile, services: ImageServices, protocol: Protocol): ReadContext {
  return { file, services, checkHashes: protocol.checkHashes };
}

/** Lays out or checks the pages of a chain. */
function* readHeap(
  context: ReadContext,
  chain: readonly Segment[],
  heap: Exclude<OpenOptions["heap"], "skip" | undefined>,
): Steps<void> {
  if (heap === "check") return yield* readPages(context, chain, null);
  const target = heap(chain[0]!.manifest);
  try {
    yield* readPages(context, chain, target);
  } catch (error) {
    // An older generation may be laid out in the same memory.
    target.fill(0, 0, chain[0]!.manifest.heapSize);
    throw error;
  }
}

/** Does what no save depends on; it may fail. */
function letGo(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
  }
}

function linkOf({ reference, manifest }: Segment): Link {
  return { reference, manifest };
}

function rangesOf(chain: readonly Link[]): Range[] {
  return chain.map(({ reference: { offset, length } }) => ({
    start: offset,
    end: offset + length,
  }));
}

function otherSlot(slot: 0 | 1): 0 | 1 {
  return slot === 0 ? 1 : 0;
}

function manifestOf(
  { kind, description }: Save,
  fileId: Uint8Array,
  generation: number,
  parent: Parent | null,
  extra: Manifest["extra"] = new Map(),
): Manifest {
  return { ...description, formatVersion, pageSize, kind, fileId, generation, parent, extra };
}
