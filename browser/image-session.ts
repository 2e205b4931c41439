/**
 * The image that a worker runs: opening it into memory, saving it where it came
 * from or under another name, and copies of it.
 *
 * Who may save holds the lock of the file. In this storage no image is written
 * anew in place; a full save uses the gaps of the file.
 */
import type { CborValue } from "../image-format/cbor.ts";
import { ImageError } from "../image-format/errors.ts";
import { ImageFile } from "../image-format/image-file.ts";
import { MemoryFile } from "../image-format/memory-storage.ts";
import { chooseSave } from "../image-format/save-policy.ts";
import type { StorageLock } from "../image-format/storage.ts";
import { version } from "../package.json";
import { ObjectMemory } from "../vm/memory/object-memory.ts";
import {
  commitSave,
  deltaSave,
  dirtyPageCount,
  fullSave,
  markCheckpoint,
  newImage,
  openHeap,
  type SnapshotNotes,
} from "../vm/snapshot.ts";
import type { SnapshotKind } from "../vm/virtual-machine.ts";
import { isMarkedBaseImage } from "./base-image.ts";
import type { ChangeJournal } from "./change-journal.ts";
import { browserServices } from "./image-services.ts";
import type { ImageStore } from "./image-store.ts";
import { type ImageSource, type Opened, type OpenParameters, refusedOf } from "./protocol.ts";
import type { SoundHeap } from "./sound-heap.ts";

const services = browserServices;
/** Where a gigabyte of addresses cannot be had, as on small phones, less must do. */
const heapLimits = [0x40000000, 0x20000000, 0x10000000, 0x08000000];

const notes = (): SnapshotNotes => ({ created: new Date().toISOString(), toolVersion: version });

interface Target {
  readonly name: string;
  readonly file: ImageFile;
  /** Absent: the file is a copy in memory, and takes no saves. */
  readonly lock: StorageLock | undefined;
  /** What is accepted between saves; absent where saves are not taken. */
  readonly journal: ChangeJournal | undefined;
  /** Why there is no journal where there should be one, or what is wrong with it. */
  readonly journalDefect?: ImageError | undefined;
  /** What the heap is known by when it is opened again; absent where that cannot be kept. */
  readonly sound?: SoundHeap | undefined;
}

export class ImageSession {
  readonly memory: ObjectMemory;
  private readonly store: ImageStore;
  private target: Target;

  private constructor(store: ImageStore, memory: ObjectMemory, target: Target) {
    this.store = store;
    this.memory = memory;
    this.target = target;
  }

  /** Reads an image into memory and checks all of it, or refuses it. */
  static async open(store: ImageStore, parameters: OpenParameters): Promise<ImageSession> {
    const { source, as, generation } = parameters;
    if (as === "itself") {
      if (source.kind !== "stored") throw new ImageError("EIMG_READ_ONLY");
      return ImageSession.openStored(store, source.name, generation);
    }
    const session = await ImageSession.read(store, source, generation);
    if (as !== "readOnly") await session.saveAs(as.copy);
    return session;
  }

  /** Opens an image before it is known as what: a stored one as itself, another one without a place to save to. */
  static ahead(store: ImageStore, source: ImageSource): Promise<ImageSession> {
    return source.kind === "stored"
      ? ImageSession.openStored(store, source.name)
      : ImageSession.read(store, source);
  }

  private static async read(
    store: ImageStore,
    source: ImageSource,
    generation?: number,
  ): Promise<ImageSession> {
    const memory = newMemory();
    const file = await read(store, memory, source, generation);
    const name = source.kind === "stored" ? source.name : source.title;
    return new ImageSession(store, memory, { name, file, lock: undefined, journal: undefined });
  }

  private static async openStored(
    store: ImageStore,
    name: string,
    generation?: number,
  ): Promise<ImageSession> {
    const memory = newMemory();
    const lock = await store.lock(name);
    try {
      const storage = await store.open(name, "write");
      const sound = await store.sound(name);
      try {
        const file = await openHeap(storage, memory, {
          services,
          isVerified: (image) => sound?.isKnown(image) ?? false,
          ...(generation === undefined ? {} : { generation }),
        });
        await sound?.note(file);
        const journal = await openJournal(store, name, file);
        return new ImageSession(store, memory, { name, file, lock, ...journal, sound });
      } catch (error) {
        sound?.close();
        storage.close();
        throw error;
      }
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get opened(): Opened {
    const { name, file, lock, journalDefect } = this.target;
    const warnings = journalDefect === undefined ? [] : [journalDefect];
    return {
      name,
      generation: file.generation,
      created: file.manifest.created,
      isReadOnly: lock === undefined,
      warnings: [...file.warnings, ...warnings].map(refusedOf),
    };
  }

  /** Whether memory differs from what was saved last, as far as old objects tell. */
  get hasChanges(): boolean {
    return dirtyPageCount(this.memory) > 0;
  }

  get generation(): number {
    return this.target.file.generation;
  }

  /** Makes memory durable as it lies there; answers the generation. */
  async save(kind: SnapshotKind): Promise<number> {
    const { memory } = this;
    const { file, lock, journal, sound } = this.target;
    if (lock === undefined) throw new ImageError("EIMG_READ_ONLY");
    const changed = { dirtyPages: dirtyPageCount(memory), usedPages: memory.pageCount };
    const isDelta = kind === "delta" && chooseSave(file.usage(), changed, false) === "delta";
    const save = isDelta ? deltaSave(memory, notes()) : fullSave(memory, notes());
    const generation = await commitSave(memory, file, save);
    // Entries that cannot be cleared are told from later ones by their generation.
    await journal?.saved().catch((error: unknown) => console.error(error));
    await sound?.note(file);
    return generation;
  }

  /** Changes accepted after the last save of a session that was cut off. */
  takeFoundChanges(): CborValue[] {
    return this.target.journal?.takeFound() ?? [];
  }

  /** Makes a change durable that the image has accepted, if there is anything to keep it in. */
  async writeChange(change: CborValue): Promise<void> {
    await this.target.journal?.write(change, this.generation);
  }

  /** Makes memory durable in a file of its own, which takes the saves from now on. */
  async saveAs(name: string): Promise<void> {
    const { store, memory } = this;
    const lock = await store.lock(name);
    try {
      const file = await this.createFile(name);
      markCheckpoint(memory);
      const journal = await openJournal(store, name, file);
      await this.target.journal?.saved();
      const sound = await store.sound(name);
      await sound?.note(file);
      await this.letGo();
      this.target = { name, file, lock, ...journal, sound };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private async createFile(name: string): Promise<ImageFile> {
    const storage = await this.store.open(name, "create");
    try {
      return await ImageFile.create(storage, this.copy(), { services });
    } catch (error) {
      storage.close();
      await this.store.discard(name);
      throw error;
    }
  }

  /** Memory as a compressed image file, another image than this one. */
  async export(): Promise<Blob> {
    const file = new MemoryFile();
    await ImageFile.create(file, { ...this.copy(), codec: "deflate-raw" }, { services });
    return new Blob([file.contents() as Uint8Array<ArrayBuffer>]);
  }

  async close(): Promise<void> {
    await this.letGo();
  }

  private copy() {
    const { fileId, generation } = this.target.file.manifest;
    const newId = crypto.getRandomValues(new Uint8Array(16));
    return { ...newImage(this.memory, notes(), newId), parent: { fileId, generation } };
  }

  private async letGo(): Promise<void> {
    const { file, lock, journal, sound } = this.target;
    file.close();
    journal?.close();
    sound?.close();
    await lock?.release();
  }
}

/** Without a journal an image is still worth opening. */
async function openJournal(
  store: ImageStore,
  name: string,
  file: ImageFile,
): Promise<Pick<Target, "journal" | "journalDefect">> {
  try {
    const journal = await store.journal(name, file.manifest);
    return { journal, journalDefect: journal.defect };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { journal: undefined, journalDefect: error };
  }
}

async function read(
  store: ImageStore,
  memory: ObjectMemory,
  source: ImageSource,
  generation: number | undefined,
): Promise<ImageFile> {
  const bytes = await store.bytesOf(source);
  return openHeap(new MemoryFile(bytes), memory, {
    services,
    readOnly: true,
    isVerified: (image) => source.kind === "base" && isMarkedBaseImage(image),
    ...(generation === undefined ? {} : { generation }),
  });
}

function newMemory(): ObjectMemory {
  for (const limit of heapLimits) {
    try {
      return new ObjectMemory(limit);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new Error("the browser has no memory left for an image");
}
