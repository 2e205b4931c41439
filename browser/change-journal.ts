/**
 * The journal beside the image that runs: what the image accepts is in it
 * before the image hears that it is safe; a save that holds it clears it.
 *
 * Always: appends happen one after another, and a save waits for them.
 */
import type { CborValue } from "../image-format/cbor.ts";
import { ImageError } from "../image-format/errors.ts";
import { Journal } from "../image-format/journal.ts";
import type { StorageFolder } from "../image-format/storage.ts";

const kind = "change";

export class ChangeJournal {
  /** Why what a former journal had cannot be read; it has made way for a new one. */
  readonly defect: ImageError | undefined;
  private readonly journal: Journal;
  private readonly found: CborValue[];
  private last: Promise<void> = Promise.resolve();

  private constructor(journal: Journal, generation: number, defect: ImageError | undefined) {
    this.journal = journal;
    this.defect = defect ?? journal.damage ?? undefined;
    this.found = journal
      .entriesSince(generation)
      .filter((entry) => entry.kind === kind)
      .map((entry) => entry.fields.get("change") ?? null);
  }

  /** Opens the journal of that name for an image, whose lock the caller holds. */
  static async open(
    folder: StorageFolder,
    name: string,
    image: { readonly fileId: Uint8Array; readonly generation: number },
  ): Promise<ChangeJournal> {
    try {
      const journal = await Journal.openIn(folder, name, image.fileId);
      return new ChangeJournal(journal, image.generation, undefined);
    } catch (error) {
      if (!(error instanceof ImageError) || !error.code.startsWith("EIMG_JOURNAL")) throw error;
      // That of an image which is gone, or one that cannot be read.
      await folder.remove(name);
      const journal = await Journal.openIn(folder, name, image.fileId);
      const isLeftOver = error.code === "EIMG_JOURNAL_OWNER";
      return new ChangeJournal(journal, image.generation, isLeftOver ? undefined : error);
    }
  }

  /** Changes that were accepted and that no save has, the oldest first; they are told once. */
  takeFound(): CborValue[] {
    return this.found.splice(0);
  }

  /** Adds a change, made while that generation was the newest; done when it is durable. */
  write(change: CborValue, generation: number): Promise<void> {
    const entry = { generation, kind, fields: new Map([["change", change]]) };
    this.last = this.last.catch(() => undefined).then(() => this.journal.append(entry));
    return this.last;
  }

  /** What was written is in a save that was acknowledged. */
  async saved(): Promise<void> {
    await this.last.catch(() => undefined);
    const { entries, damage } = this.journal;
    if (entries.length > 0 || damage !== null) await this.journal.clear();
  }

  close(): void {
    this.journal.close();
  }
}
