/**
 * Storage in the origin private file system, for a dedicated worker: the only
 * place where browsers give files synchronous access.
 *
 * `flush` is a true sync. Renaming is not durable, so a folder of OPFS offers
 * none, and an image in it is never written anew: full saves go into the gaps
 * of the same file. Creating and removing are made durable by the browser at
 * a time of its own; an image that was never saved may be gone after a crash.
 *
 * The lock is a Web Lock, which the browser releases when the tab goes away.
 */
import {
  type OpenMode,
  StorageError,
  type StorageFile,
  type StorageFolder,
  type StorageLock,
  type StorageReason,
} from "../image-format/storage.ts";

/** A FileSystemSyncAccessHandle, which the library for documents does not declare. */
export interface SyncAccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(sizeInBytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
}

/** What a folder tells of a file without opening it. */
export interface FileEntry {
  readonly name: string;
  readonly size: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly modified: number;
}

/** A folder of the browser: what a list of its files needs, and files as they are while another tab writes to them. */
export interface BrowserFolder extends StorageFolder {
  list(): Promise<FileEntry[]>;
  /** A copy of a file, whoever has it open; a writer may have been in the middle of it. */
  contents(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

const reasonOfName: Record<string, StorageReason> = {
  QuotaExceededError: "full",
  NotFoundError: "missing",
  TypeMismatchError: "denied",
  NotAllowedError: "denied",
  SecurityError: "denied",
  NoModificationAllowedError: "locked",
};

/** The storage error for whatever a browser threw. */
export function browserStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError(reasonOfName[String((error as { name?: unknown })?.name)] ?? "failed");
}

function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw browserStorageError(error);
  }
}

/** A file of OPFS, open in this worker and nowhere else. */
export class OpfsFile implements StorageFile {
  private readonly handle: SyncAccessHandle;
  private readonly isWritable: boolean;

  constructor(handle: SyncAccessHandle, isWritable: boolean) {
    this.handle = handle;
    this.isWritable = isWritable;
  }

  size(): number {
    return attempt(() => this.handle.getSize());
  }

  read(offset: number, into: Uint8Array): number {
    return attempt(() => this.handle.read(into, { at: offset }));
  }

  write(offset: number, bytes: Uint8Array): number {
    this.checkWritable();
    return attempt(() => this.handle.write(bytes, { at: offset }));
  }

  truncate(sizeInBytes: number): void {
    this.checkWritable();
    attempt(() => this.handle.truncate(sizeInBytes));
  }

  sync(): void {
    attempt(() => this.handle.flush());
  }

  close(): void {
    attempt(() => this.handle.close());
  }

  private checkWritable(): void {
    if (!this.isWritable) throw new StorageError("denied");
  }
}

/** A folder of OPFS. */
export class OpfsFolder implements BrowserFolder {
  private readonly directory: FileSystemDirectoryHandle;

  constructor(directory: FileSystemDirectoryHandle) {
    this.directory = directory;
  }

  /** The root of this origin's file system; refuses as "missing" where there is none. */
  static async root(): Promise<OpfsFolder> {
    const { storage } = navigator;
    if (typeof storage?.getDirectory !== "function") throw new StorageError("missing");
    try {
      return new OpfsFolder(await storage.getDirectory());
    } catch (error) {
      throw browserStorageError(error);
    }
  }

  /** A folder in this one, made if it is not there. */
  async folder(name: string): Promise<OpfsFolder> {
    try {
      return new OpfsFolder(await this.directory.getDirectoryHandle(name, { create: true }));
    } catch (error) {
      throw browserStorageError(error);
    }
  }

  async list(): Promise<FileEntry[]> {
    const entries: FileEntry[] = [];
    try {
      for await (const [name, handle] of this.directory.entries()) {
        if (handle.kind !== "file") continue;
        const file = await (handle as FileSystemFileHandle).getFile();
        entries.push({ name, size: file.size, modified: file.lastModified });
      }
    } catch (error) {
      throw browserStorageError(error);
    }
    return entries;
  }

  async contents(name: string): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const file = await (await this.directory.getFileHandle(name)).getFile();
      return new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      throw browserStorageError(error);
    }
  }

  async open(name: string, mode: OpenMode): Promise<OpfsFile> {
    if (mode === "create" && (await this.exists(name))) throw new StorageError("exists");
    try {
      const handle = await this.directory.getFileHandle(name, { create: mode === "create" });
      const access = await (handle as SyncFileHandle).createSyncAccessHandle();
      return new OpfsFile(access, mode !== "read");
    } catch (error) {
      throw browserStorageError(error);
    }
  }

  async exists(name: string): Promise<boolean> {
    try {
      await this.directory.getFileHandle(name);
      return true;
    } catch (error) {
      const failure = browserStorageError(error);
      if (failure.reason === "missing") return false;
      throw failure;
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await this.directory.removeEntry(name);
    } catch (error) {
      throw browserStorageError(error);
    }
  }

  sync(): void {}

  lock(name: string): Promise<StorageLock> {
    return webLock(`engram-image:${name}`);
  }
}

/** Takes a Web Lock without waiting for it, or refuses as "locked". */
export function webLock(name: string): Promise<StorageLock> {
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      if (lock === null) {
        reject(new StorageError("locked", "another tab or window"));
        return undefined;
      }
      return new Promise((release) => resolve({ release }));
    };
    navigator.locks
      .request(name, { ifAvailable: true }, hold)
      .catch((error: unknown) => reject(browserStorageError(error)));
  });
}
