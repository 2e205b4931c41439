/**
 * What an image file asks of the place it is stored in.
 *
 * Node's file descriptors, OPFS access handles, memory, and the simulated
 * disk of the tests are implementations of these interfaces. Reading and
 * writing are immediate everywhere; making durable, and everything a folder
 * does, may be a promise where the host has it so. A host that reads several
 * places at the same time offers that besides.
 *
 * An implementation that fails throws a StorageError with a reason. Image
 * code reaches storage only through GuardedFile and `guarded`, which turn
 * whatever was thrown into an ImageError: no text of the host leaks.
 */
import { ImageError, type ImageErrorCode } from "./errors.ts";
import { finish, type MaybePromise, type Steps, settled } from "./steps.ts";

/** A file open for reading, and for writing unless it was opened to be read only. */
export interface StorageFile {
  /** Answers the size in bytes. */
  size(): number;
  /** Fills as much of `into` as there is from `offset`; answers how many bytes. */
  read(offset: number, into: Uint8Array): number;
  /** The same, done beside other work; absent where the host would gain nothing. */
  readLater?(offset: number, into: Uint8Array): Promise<number>;
  /** Writes bytes at an offset; answers how many were written, which may be fewer than given. */
  write(offset: number, bytes: Uint8Array): number;
  /** Cuts the file off, or extends it with zeros. */
  truncate(sizeInBytes: number): void;
  /** Makes everything written durable; returns only when it is. */
  sync(): MaybePromise<void>;
  close(): void;
}

/** How a file is opened: "create" refuses a name that exists. */
export type OpenMode = "read" | "write" | "create";

/** A folder: names that stand for files. */
export interface StorageFolder {
  open(name: string, mode: OpenMode): MaybePromise<StorageFile>;
  exists(name: string): MaybePromise<boolean>;
  remove(name: string): MaybePromise<void>;
  /** Makes created, renamed and removed names durable. */
  sync(): MaybePromise<void>;
  /** Takes the lock that goes with a name, for one writer; refuses as "locked" if it is taken. */
  lock(name: string): MaybePromise<StorageLock>;
}

/** A folder in which a name can be given from one file to another, durably. OPFS has none. */
export interface RenamingFolder extends StorageFolder {
  /** Gives a file another name, replacing what had it, in one step that a crash cannot split. */
  rename(from: string, to: string): MaybePromise<void>;
}

export interface StorageLock {
  release(): MaybePromise<void>;
}

/** Why storage failed. */
export type StorageReason = "full" | "missing" | "exists" | "denied" | "locked" | "failed";

/** What an implementation of storage throws; `holder` says who has a lock. */
export class StorageError extends Error {
  readonly reason: StorageReason;
  readonly holder: string | undefined;

  constructor(reason: StorageReason, holder?: string) {
    super(`storage: ${reason}`);
    this.name = "StorageError";
    this.reason = reason;
    this.holder = holder;
  }
}

const codeOfReason: Record<StorageReason, ImageErrorCode | undefined> = {
  full: "EIMG_DISK_FULL",
  missing: "EIMG_MISSING",
  exists: "EIMG_EXISTS",
  denied: "EIMG_DENIED",
  locked: "EIMG_LOCKED",
  failed: undefined,
};

type StorageCode = "EIMG_READ" | "EIMG_WRITE" | "EIMG_SYNC";

/** The refusal for whatever storage threw; the code given is for plain failures. */
export function storageRefusal(error: unknown, code: StorageCode, file?: string): ImageError {
  if (error instanceof ImageError) return error;
  const place = file === undefined ? {} : { file };
  if (!(error instanceof StorageError)) return new ImageError(code, { place });
  // A failed sync is never merely a full disk: what it lost is unknown.
  const known = code === "EIMG_SYNC" ? undefined : codeOfReason[error.reason];
  return new ImageError(known ?? code, {
    place,
    ...(error.holder === undefined ? {} : { found: error.holder }),
  });
}

/** Inside steps: a call of storage, its failure turned into a refusal. */
export function* guarded<T>(
  code: StorageCode,
  call: () => MaybePromise<T>,
  file?: string,
): Steps<T> {
  try {
    return yield* settled<T>(call());
  } catch (error) {
    throw storageRefusal(error, code, file);
  }
}

/** Takes the writer's lock that goes with a name, or refuses and says who has it. */
export function lockForWriting(folder: StorageFolder, name: string): MaybePromise<StorageLock> {
  return finish(guarded("EIMG_WRITE", () => folder.lock(name), name));
}

/** Opens a file of a folder, or refuses. */
export function openFile(
  folder: StorageFolder,
  name: string,
  mode: OpenMode,
): MaybePromise<StorageFile> {
  return finish(guarded("EIMG_READ", () => folder.open(name, mode), name));
}

/** A file that does all of what it is asked or refuses. */
export class GuardedFile {
  private readonly file: StorageFile;
  private readonly loopShortWrites: boolean;

  constructor(file: StorageFile, loopShortWrites = true) {
    this.file = file;
    this.loopShortWrites = loopShortWrites;
  }

  size(): number {
    try {
      return this.file.size();
    } catch (error) {
      throw storageRefusal(error, "EIMG_READ");
    }
  }

  /** Fills `into` from an offset; the range must lie in the file. */
  readFully(offset: number, into: Uint8Array): Uint8Array {
    let done = 0;
    try {
      while (done < into.length) {
        const count = this.file.read(offset + done, done === 0 ? into : into.subarray(done));
        if (count <= 0) break;
        done += count;
      }
    } catch (error) {
      throw storageRefusal(error, "EIMG_READ");
    }
    if (done < into.length) {
      throw new ImageError("EIMG_READ", {
        place: { offset: offset + done },
        expected: `${into.length} bytes`,
        found: `${done}`,
      });
    }
    return into;
  }

  /** Whether `readFullyLater` does its work beside the caller's. */
  get readsLater(): boolean {
    return this.file.readLater !== undefined;
  }

  /** The same as `readFully`; nobody else may use `into` until the promise is settled. */
  async readFullyLater(offset: number, into: Uint8Array): Promise<void> {
    let done = 0;
    try {
      done = await this.file.readLater!(offset, into);
    } catch (error) {
      throw storageRefusal(error, "EIMG_READ");
    }
    if (done < into.length) this.readFully(offset + done, into.subarray(done));
  }

  writeFully(offset: number, bytes: Uint8Array): void {
    let done = 0;
    try {
      while (done < bytes.length) {
        const count = this.file.write(offset + done, done === 0 ? bytes : bytes.subarray(done));
        if (count <= 0) throw new StorageError("full");
        done += count;
        if (!this.loopShortWrites) break;
      }
    } catch (error) {
      throw storageRefusal(error, "EIMG_WRITE");
    }
  }

  truncate(sizeInBytes: number): void {
    try {
      this.file.truncate(sizeInBytes);
    } catch (error) {
      throw storageRefusal(error, "EIMG_WRITE");
    }
  }

  sync(): Steps<void> {
    return guarded("EIMG_SYNC", () => this.file.sync());
  }

  close(): void {
    try {
      this.file.close();
    } catch (error) {
      throw storageRefusal(error, "EIMG_WRITE");
    }
  }
}
