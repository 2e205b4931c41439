/**
 * The images that this browser keeps: files named NAME.image in one folder of the
 * origin's private file system, or of a database where there is none.
 *
 * Whoever changes a file holds its lock; lists and copies are made without.
 */
import { ImageError } from "../image-format/errors.ts";
import { ImageFile } from "../image-format/image-file.ts";
import { MemoryFile } from "../image-format/memory-storage.ts";
import {
  lockForWriting,
  openFile,
  StorageError,
  type StorageFile,
  type StorageLock,
  storageRefusal,
} from "../image-format/storage.ts";
import { verifyImage } from "../image-format/verify-image.ts";
import { ChangeJournal } from "./change-journal.ts";
import { browserServices } from "./image-services.ts";
import { IndexedDbFolder } from "./indexeddb-storage.ts";
import { type BrowserFolder, OpfsFolder } from "./opfs-storage.ts";
import {
  type Generation,
  type ImageSource,
  refusedOf,
  type StorageKind,
  type StoredImage,
} from "./protocol.ts";
import { SoundHeap } from "./sound-heap.ts";

const suffix = ".image";
/** What may lie beside an image: changes it has not saved, and what its heap is known by. */
const journalSuffix = ".journal";
const soundSuffix = ".sound";
const folderName = "engram-images";
const lockPrefix = "engram-image:";

/** How often a copy of a file that is being written is tried. */
const copyAttempts = 5;

export class ImageStore {
  readonly folder: BrowserFolder;

  private constructor(folder: BrowserFolder) {
    this.folder = folder;
  }

  /** Opens the storage asked for, or the best there is. */
  static async open(asked: StorageKind | undefined): Promise<ImageStore> {
    const hasOpfs =
      "FileSystemFileHandle" in globalThis &&
      "createSyncAccessHandle" in FileSystemFileHandle.prototype;
    if (asked !== "indexedDb" && hasOpfs) {
      try {
        const root = await OpfsFolder.root();
        return new ImageStore(await root.folder(folderName));
      } catch (error) {
        if (!(error instanceof StorageError) || asked === "opfs") throw error;
      }
    }
    return new ImageStore(await IndexedDbFolder.openDatabase(folderName));
  }

  /** The images, the one saved last first. */
  async list(): Promise<StoredImage[]> {
    const entries = await this.reading(() => this.folder.list());
    const { held = [] } = await navigator.locks.query();
    const locks = held.map((lock) => lock.name ?? "").filter((name) => name.startsWith(lockPrefix));
    return entries
      .filter(({ name }) => name.endsWith(suffix))
      .map(({ name, size, modified }) => ({
        name: name.slice(0, -suffix.length),
        sizeInBytes: size,
        modified,
        isOpen: locks.some((lock) => lock.endsWith(`:${name}`)),
      }))
      .sort((some, other) => other.modified - some.modified);
  }

  async remove(name: string): Promise<void> {
    const file = fileName(name);
    await this.locked(name, async () => {
      await this.folder.remove(file);
      await this.removeBeside(name);
    });
  }

  /** Removes what is left of an image that could not be made; its maker has the lock. */
  async discard(name: string): Promise<void> {
    await this.folder.remove(fileName(name));
  }

  /** Gives a file another name: a copy is made durable before the old one goes. */
  async rename(from: string, to: string): Promise<void> {
    await this.locked(from, () =>
      this.locked(to, async () => {
        await this.removeBeside(to);
        for (const suffix of [journalSuffix, soundSuffix]) {
          if (await this.folder.exists(besideName(from, suffix))) {
            await this.copy(besideName(from, suffix), besideName(to, suffix));
          }
        }
        await this.copy(fileName(from), fileName(to));
        await this.folder.remove(fileName(from));
        await this.removeBeside(from);
      }),
    );
  }

  private async copy(from: string, to: string): Promise<void> {
    const bytes = await this.folder.contents(from);
    const copy = await openFile(this.folder, to, "create");
    try {
      copy.write(0, bytes);
      await copy.sync();
    } finally {
      copy.close();
    }
  }

  private async removeBeside(name: string): Promise<void> {
    for (const suffix of [journalSuffix, soundSuffix]) {
      const file = besideName(name, suffix);
      if (await this.folder.exists(file)) await this.folder.remove(file);
    }
  }

  open(name: string, mode: "write" | "create"): Promise<StorageFile> {
    return Promise.resolve(openFile(this.folder, fileName(name), mode));
  }

  /** The journal of an image whose lock the caller holds. */
  journal(
    name: string,
    image: { readonly fileId: Uint8Array; readonly generation: number },
  ): Promise<ChangeJournal> {
    return ChangeJournal.open(this.folder, besideName(name, journalSuffix), image);
  }

  /** What the heap of an image is known by, whose lock the caller holds. */
  sound(name: string): Promise<SoundHeap | undefined> {
    return SoundHeap.open(this.folder, besideName(name, soundSuffix));
  }

  lock(name: string): Promise<StorageLock> {
    return Promise.resolve(lockForWriting(this.folder, fileName(name)));
  }

  /** A copy of the source, whoever has it open. */
  async bytesOf(source: ImageSource): Promise<Uint8Array<ArrayBuffer>> {
    if ("bytes" in source) return new Uint8Array(await source.bytes.arrayBuffer());
    if ("url" in source) return fetchImage(source.url);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.folder.contents(fileName(source.name));
      } catch (error) {
        const isBusy = error instanceof StorageError && error.reason === "failed";
        if (!isBusy || attempt === copyAttempts) {
          throw storageRefusal(error, "EIMG_READ", fileName(source.name));
        }
      }
    }
  }

  /** The generations that superblocks name, the newest first, each with what is wrong with it. */
  async generations(source: ImageSource): Promise<Generation[]> {
    const file = new MemoryFile(await this.bytesOf(source));
    const { generations } = await verifyImage(file, browserServices);
    return Promise.all(
      generations.map(async ({ generation, sizeInBytes, firstDefect }) => ({
        number: generation,
        created: firstDefect === null ? await created(file, generation) : "",
        sizeInBytes,
        defect: firstDefect === null ? undefined : refusedOf(firstDefect),
      })),
    );
  }

  private async locked(name: string, action: () => Promise<void>): Promise<void> {
    const lock = await this.lock(name);
    try {
      await action();
    } catch (error) {
      throw storageRefusal(error, "EIMG_WRITE", fileName(name));
    } finally {
      await lock.release();
    }
  }

  private async reading<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw storageRefusal(error, "EIMG_READ");
    }
  }
}

/** The name of the file of an image; refuses names that no file can have. */
function fileName(name: string): string {
  const isUsable =
    name.length > 0 && name.length <= 100 && !/[/\\:*?"<>|\p{Cc}]|^\.|^\s|\s$/u.test(name);
  if (isUsable) return name + suffix;
  throw new ImageError("EIMG_DENIED", {
    expected: 'a name of up to 100 characters without / \\ : * ? " < > |',
    found: JSON.stringify(name),
  });
}

/** The name of a file beside that of an image. */
function besideName(name: string, wanted: string): string {
  return fileName(name).slice(0, -suffix.length) + wanted;
}

async function created(file: StorageFile, generation: number): Promise<string> {
  const options = { services: browserServices, readOnly: true, generation, heap: "skip" } as const;
  return (await ImageFile.open(file, options)).manifest.created;
}

async function fetchImage(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const failure = (found: string) =>
    new ImageError("EIMG_FETCH", { place: { file: url }, expected: "an image", found });
  let response: Response;
  try {
    response = await fetch(url, { cache: "no-cache", credentials: "omit" });
  } catch {
    // The browser tells scripts no more than that.
    throw failure("no connection, or a server that does not let other sites' pages read it");
  }
  if (!response.ok) throw failure(`status ${response.status} of the server`);
  return new Uint8Array(await response.arrayBuffer());
}
