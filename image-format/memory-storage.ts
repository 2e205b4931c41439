/**
 * A file in memory: for downloads and uploads, and for hosts whose storage
 * takes whole files.
 */
import type { MaybePromise } from "./steps.ts";
import type { StorageFile } from "./storage.ts";

export class MemoryFile implements StorageFile {
  private buffer: Uint8Array;
  private sizeInBytes: number;

  /** The file holds a copy of the bytes. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.buffer = bytes.slice();
    this.sizeInBytes = bytes.length;
  }

  /** Answers a view of what the file holds now, valid until it is written to. */
  contents(): Uint8Array {
    return this.buffer.subarray(0, this.sizeInBytes);
  }

  size(): number {
    return this.sizeInBytes;
  }

  read(offset: number, into: Uint8Array): number {
    const bytes = this.contents().subarray(offset, offset + into.length);
    into.set(bytes);
    return bytes.length;
  }

  write(offset: number, bytes: Uint8Array): number {
    this.extend(offset + bytes.length);
    this.buffer.set(bytes, offset);
    return bytes.length;
  }

  truncate(sizeInBytes: number): void {
    this.extend(sizeInBytes);
    this.buffer.fill(0, sizeInBytes);
    this.sizeInBytes = sizeInBytes;
  }

  sync(): MaybePromise<void> {}

  close(): void {}

  private extend(sizeInBytes: number): void {
    if (sizeInBytes > this.buffer.length) {
      const larger = new Uint8Array(Math.max(sizeInBytes, this.buffer.length * 2));
      larger.set(this.contents());
      this.buffer = larger;
    }
    this.sizeInBytes = Math.max(this.sizeInBytes, sizeInBytes);
  }
}
