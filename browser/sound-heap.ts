/**
 * What the browser remembers of a stored image, so that its heap need not be verified each time.
 *
 * Beside NAME.image lies NAME.sound: the hash of the segment whose heap this build last found sound
 * there, either when it opened the image and verified it in full, or when it saved it, for before each
 * save the same is checked (`vm/memory/save-verifier.ts`). Such a segment, all of whose chunks have the
 * checksums it vouches for, is opened as it is; any other, and any of another build, is verified in
 * full. Only the page itself writes here: no forger has to be feared, as with a file from anywhere.
 *
 * Nothing depends on what is remembered: where it is lost, the image is verified.
 */
import type { ImageFile } from "../image-format/image-file.ts";
import type { StorageFile, StorageFolder } from "../image-format/storage.ts";

/** The bundler names the worker by a hash of all its code. */
const usualBuild = (): string => location.pathname;

export class SoundHeap {
  private readonly file: StorageFile;
  private readonly build: string;
  /** What the file says. */
  private noted: string;

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
    try {
      const file = await folder.open(name, (await folder.exists(name)) ? "write" : "create");
      const bytes = new Uint8Array(file.size());
      file.read(0, bytes);
      return new SoundHeap(file, build, new TextDecoder().decode(bytes));
    } catch {
      return undefined;
    }
  }

  /** Whether the heap of an image that has been read is the one last found sound. */
  isKnown(image: ImageFile): boolean {
    return this.describe(image) === this.noted;
  }

  /** The heap of an image was verified and found sound, or checked and saved. */
  async note(image: ImageFile): Promise<void> {
    const text = this.describe(image);
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

  close(): void {
    this.file.close();
  }

  private describe(image: ImageFile): string {
    return `${this.build} ${image.segmentHash}`;
  }
}
