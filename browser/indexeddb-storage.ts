/**
 * Storage in IndexedDB, where there is no OPFS.
 *
 * A file is blocks of 64 KiB and a size. It is read whole when it is opened,
 * lives in memory, and `sync` writes the blocks that changed in one strictly
 * durable transaction, so a sync is all or nothing. Names change in
 * transactions too, so that unlike OPFS renaming is durable.
 */
import { MemoryFile } from "../image-format/memory-storage.ts";
import {
  type OpenMode,
  type RenamingFolder,
  StorageError,
  type StorageFile,
  type StorageLock,
} from "../image-format/storage.ts";
import {
  type BrowserFolder,
  browserStorageError,
  type FileEntry,
  webLock,
} from "./opfs-storage.ts";

const blockSize = 65536;
const blocksStore = "blocks";
const filesStore = "files";

/** What the store of files holds under a name: blocks are found by the file's number. */
interface FileRecord {
  readonly number: number;
  readonly size: number;
  /** When the size was recorded, in milliseconds since 1970. */
  readonly modified: number;
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(browserStorageError(request.error));
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(browserStorageError(transaction.error));
  });
}

function allBlocks(number: number): IDBKeyRange {
  return IDBKeyRange.bound([number, 0], [number, Number.MAX_SAFE_INTEGER]);
}

class IndexedDbFile implements StorageFile {
  private readonly database: IDBDatabase;
  private readonly number: number;
  private readonly isWritable: boolean;
  private readonly memory: MemoryFile;
  private readonly dirtyBlocks = new Set<number>();
  private syncedSize: number;

  constructor(database: IDBDatabase, number: number, bytes: Uint8Array, isWritable: boolean) {
    this.database = database;
    this.number = number;
    this.memory = new MemoryFile(bytes);
    this.syncedSize = bytes.length;
    this.isWritable = isWritable;
  }

  size(): number {
    return this.memory.size();
  }

  read(offset: number, into: Uint8Array): number {
    return this.memory.read(offset, into);
  }

  write(offset: number, bytes: Uint8Array): number {
    this.checkWritable();
    this.markDirty(Math.min(offset, this.memory.size()), offset + bytes.length);
    return this.memory.write(offset, bytes);
  }

  truncate(sizeInBytes: number): void {
    this.checkWritable();
    const size = this.memory.size();
    this.markDirty(Math.min(size, sizeInBytes), Math.max(size, sizeInBytes));
    this.memory.truncate(sizeInBytes);
  }

  async sync(): Promise<void> {
    if (this.dirtyBlocks.size === 0 && this.memory.size() === this.syncedSize) return;
    try {
      await this.writeDirtyBlocks();
    } catch (error) {
      throw browserStorageError(error);
    }
  }

  close(): void {}

  private async writeDirtyBlocks(): Promise<void> {
    const transaction = this.database.transaction([blocksStore, filesStore], "readwrite", {
      durability: "strict",
    });
    const finished = done(transaction);
    const contents = this.memory.contents();
    const blocks = transaction.objectStore(blocksStore);
    for (const block of this.dirtyBlocks) {
      const bytes = contents.slice(block * blockSize, (block + 1) * blockSize);
      if (bytes.length === 0) blocks.delete([this.number, block]);
      else blocks.put(bytes, [this.number, block]);
    }
    const size = contents.length;
    this.dirtyBlocks.clear();
    this.putSize(transaction.objectStore(filesStore), size);
    await finished;
    this.syncedSize = size;
  }

  /** Records the size under whatever name the file has by now. */
  private putSize(files: IDBObjectStore, size: number): void {
    const cursor = files.openCursor();
    cursor.onsuccess = () => {
      const found = cursor.result;
      if (found === null) return;
      const record = found.value as FileRecord;
      if (record.number === this.number) {
        found.update({ number: this.number, size, modified: Date.now() } satisfies FileRecord);
      } else found.continue();
    };
  }

  private markDirty(start: number, end: number): void {
    for (let block = Math.floor(start / blockSize); block * blockSize < end; block++) {
      this.dirtyBlocks.add(block);
    }
  }

  private checkWritable(): void {
    if (!this.isWritable) throw new StorageError("denied");
  }
}

/** All the files of a database. */
export class IndexedDbFolder implements RenamingFolder, BrowserFolder {
  private readonly database: IDBDatabase;
  private readonly name: string;

  private constructor(database: IDBDatabase, name: string) {
    this.database = database;
    this.name = name;
  }

  static async openDatabase(name: string): Promise<IndexedDbFolder> {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(blocksStore);
      request.result.createObjectStore(filesStore);
    };
    return new IndexedDbFolder(await settle(request), name);
  }

  async list(): Promise<FileEntry[]> {
    const files = this.database.transaction(filesStore).objectStore(filesStore);
    const records = settle(files.getAll() as IDBRequest<FileRecord[]>);
    const names = await settle(files.getAllKeys() as IDBRequest<string[]>);
    return (await records).map(({ size, modified }, index) => ({
      name: names[index]!,
      size,
      modified,
    }));
  }

  async contents(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const record = await this.find(name);
    if (record === undefined) throw new StorageError("missing");
    return this.readAll(record);
  }

  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    const record = await this.find(name);
    if (mode !== "create") {
      if (record === undefined) throw new StorageError("missing");
      const bytes = await this.readAll(record);
      return new IndexedDbFile(this.database, record.number, bytes, mode === "write");
    }
    if (record !== undefined) throw new StorageError("exists");
    const transaction = this.change();
    const finished = done(transaction);
    const files = transaction.objectStore(filesStore);
    const records = (await settle(files.getAll())) as FileRecord[];
    const number = 1 + Math.max(0, ...records.map((each) => each.number));
    // Blocks of a number may be left over from a file that a rename replaced.
    transaction.objectStore(blocksStore).delete(allBlocks(number));
    files.add({ number, size: 0, modified: Date.now() } satisfies FileRecord, name);
    await finished;
    return new IndexedDbFile(this.database, number, new Uint8Array(0), true);
  }

  async exists(name: string): Promise<boolean> {
    return (await this.find(name)) !== undefined;
  }

  async rename(from: string, to: string): Promise<void> {
    const transaction = this.change();
    const finished = done(transaction);
    const files = transaction.objectStore(filesStore);
    const moved: unknown = await settle(files.get(from));
    if (moved === undefined) throw new StorageError("missing");
    await this.removeBlocks(transaction, to);
    files.put(moved, to);
    files.delete(from);
    await finished;
  }

  async remove(name: string): Promise<void> {
    const transaction = this.change();
    const finished = done(transaction);
    await this.removeBlocks(transaction, name);
    transaction.objectStore(filesStore).delete(name);
    await finished;
  }

  /** Every change of a name is a durable transaction already. */
  sync(): void {}

  lock(name: string): Promise<StorageLock> {
    return webLock(`engram-image:${this.name}:${name}`);
  }

  private change(): IDBTransaction {
    return this.database.transaction([blocksStore, filesStore], "readwrite", {
      durability: "strict",
    });
  }

  private async removeBlocks(transaction: IDBTransaction, name: string): Promise<void> {
    const record = (await settle(transaction.objectStore(filesStore).get(name))) as
      | FileRecord
      | undefined;
    if (record !== undefined) {
      transaction.objectStore(blocksStore).delete(allBlocks(record.number));
    }
  }

  private find(name: string): Promise<FileRecord | undefined> {
    const files = this.database.transaction(filesStore).objectStore(filesStore);
    return settle(files.get(name) as IDBRequest<FileRecord | undefined>);
  }

  private async readAll({ number, size }: FileRecord): Promise<Uint8Array<ArrayBuffer>> {
    const blocks = this.database.transaction(blocksStore).objectStore(blocksStore);
    const stored = (await settle(blocks.getAll(allBlocks(number)))) as Uint8Array[];
    const keys = (await settle(blocks.getAllKeys(allBlocks(number)))) as [number, number][];
    const bytes = new Uint8Array(size);
    for (const [index, [, block]] of keys.entries()) {
      const start = block * blockSize;
      bytes.set(stored[index]!.subarray(0, Math.max(0, size - start)), start);
    }
    return bytes;
  }
}
