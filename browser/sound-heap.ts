/**
 * What the browser remembers of a stored image, so that its heap need not be verified each time.
 *
 * Beside NAME.image lies NAME.sound: the SHA-256 of the heap this build last found sound there, all
 * pages and where it is entered, either when it opened the image and verified it in full, or when it
 * saved it, for before each save the same is checked (`vm/memory/save-verifier.ts`). A heap that is the
 * same to the last bit is opened as it is; any other, and any of another build, is verified in full.
 *
 * Nothing depends on what is remembered: where it is lost, the image is verified.
 */
import { hex } from "../image-format/layout.ts";
import type { Manifest } from "../image-format/schema.ts";
import type { StorageFile, StorageFolder } from "../image-format/storage.ts";
import type { ObjectMemory } from "../vm/memory/object-memory.ts";
import { oldBase } from "../vm/spec/layouts.ts";

/** Verifying a larger heap takes no longer than hashing it, as the verifier is compiled by then. */
const largestHeap = 0x2000000;

/** The bundler names the worker by a hash of all its code. */
const usualBuild = (): string => location.pathname;

export class SoundHeap {
  private readonly file: StorageFile;
  private readonly build: string;
  /** What the file says. */
  private noted: string;
  /** What was last asked for. */
  private asked: string | undefined;

  private constructor(file: StorageFile, build: string, noted: string) {
    this.file = file;
    this.build = build;
    this.noted = noted;
  }

  /** What is remembered of the image whose lock the caller holds; undefined where nothing can be. */
  static async open(
    folder: StorageFolder,
    name: string,
    build: string = usualBuild(),
  ): Promise<SoundHeap | undefined> {
    if (globalThis.crypto?.subtle === undefined) return undefined;
    try {
      const file = await folder.open(name, (await folder.exists(name)) ? "write" : "create");
      const bytes = new Uint8Array(file.size());
      file.read(0, bytes);
      return new SoundHeap(file, build, new TextDecoder().decode(bytes));
    } catch {
      return undefined;
    }
  }

  /** Whether the heap, as it was read, is the one last found sound. */
  async isKnown(memory: ObjectMemory, manifest: Manifest): Promise<boolean> {
    this.asked = await this.describe(memory, manifest);
    return this.asked !== undefined && this.asked === this.noted;
  }

  /** The heap that was asked for was verified, and found sound. */
  async noteAsked(): Promise<void> {
    await this.write(this.asked);
  }

  /** The heap was checked, and saved as it is. */
  async noteSaved(memory: ObjectMemory, manifest: Manifest): Promise<void> {
    await this.write(await this.describe(memory, manifest));
  }

  close(): void {
    this.file.close();
  }

  private async describe(memory: ObjectMemory, manifest: Manifest): Promise<string | undefined> {
    const { heapSize, heapBase, roots, state } = manifest;
    if (heapSize > largestHeap) return undefined;
    const pages = memory.bytes.slice(oldBase, oldBase + heapSize);
    const hash = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", pages)));
    return JSON.stringify([this.build, heapSize, heapBase, roots, state, hash]);
  }

  private async write(text = ""): Promise<void> {
    if (text === this.noted) return;
    try {
      this.file.truncate(0);
      this.file.write(0, new TextEncoder().encode(text));
      await this.file.sync();
      this.noted = text;
    } catch {
      // Then it is verified again the next time.
    }
  }
}
