import { describe, expect, it } from "vitest";
import { ImageError } from "../../image-format/errors.ts";
import { Journal, type JournalEntry, journalHeaderSize } from "../../image-format/journal.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { Random, sampleFileId } from "./samples.ts";
import { PowerCut, SimulatedDisk } from "./simulated-storage.ts";

function entry(number: number): JournalEntry {
  return {
    generation: 1 + Math.floor(number / 3),
    kind: "method",
    fields: new Map([["source", `m${number} ^ ${"x".repeat(number * 10)}`]]),
  };
}

function journalOf(count: number): MemoryFile {
  const file = new MemoryFile();
  const journal = now(Journal.open(file, sampleFileId));
  for (let number = 0; number < count; number++) now(journal.append(entry(number)));
  return file;
}

function reopen(bytes: Uint8Array): Journal {
  return now(Journal.open(new MemoryFile(bytes), sampleFileId));
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof ImageError) return error.code;
    throw error;
  }
  return "no error";
}

describe("a journal", () => {
  it("gives back its entries in order, and those since a generation", () => {
    const journal = reopen(journalOf(7).contents());
    expect(journal.entries).toEqual([0, 1, 2, 3, 4, 5, 6].map(entry));
    expect(journal.entriesSince(2)).toEqual([3, 4, 5, 6].map(entry));
    expect(journal.tornBytes).toBe(0);
  });

  it("ends before a torn tail, and goes on there", () => {
    const whole = journalOf(3).contents();
    const two = journalOf(2).contents().length;
    for (let size = two; size < whole.length; size++) {
      const file = new MemoryFile(whole.slice(0, size));
      const journal = now(Journal.open(file, sampleFileId));
      expect(journal.entries.length).toBe(2);
      expect(journal.tornBytes).toBe(size - two);
      now(journal.append(entry(5)));
      expect(reopen(file.contents()).entries).toEqual([0, 1, 5].map(entry));
    }
  });

  it("is damaged, not torn, when entries follow a broken one, and overwrites none", () => {
    const file = journalOf(4);
    file.write(journalHeaderSize + 30, Uint8Array.of(0xff));
    const journal = now(Journal.open(file, sampleFileId));
    expect(journal.damage?.code).toBe("EIMG_JOURNAL");
    expect(journal.entries).toEqual([]);
    expect(codeOf(() => journal.append(entry(1)))).toBe("EIMG_POISONED");
    now(journal.clear());
    now(journal.append(entry(1)));
    expect(reopen(file.contents()).entries).toEqual([entry(1)]);
  });

  it("notices an entry taken out, though every entry is whole", () => {
    const parts = [0, 1, 2, 3].map((count) => journalOf(count).contents().slice());
    const spliced = new Uint8Array([...parts[1]!, ...parts[3]!.subarray(parts[2]!.length)]);
    expect(reopen(spliced).entries).toEqual([entry(0)]);
  });

  it("forgets its entries when cleared", () => {
    const file = journalOf(3);
    const journal = now(Journal.open(file, sampleFileId));
    now(journal.clear());
    expect(file.size()).toBe(journalHeaderSize);
    now(journal.append(entry(4)));
    expect(reopen(file.contents()).entries).toEqual([entry(4)]);
  });

  it("is refused when it belongs to another image, or is no journal", () => {
    const bytes = journalOf(1).contents();
    const other = new Uint8Array(16).fill(9);
    expect(codeOf(() => Journal.open(new MemoryFile(bytes), other))).toBe("EIMG_JOURNAL_OWNER");
    expect(codeOf(() => reopen(new Uint8Array(100).fill(65)))).toBe("EIMG_JOURNAL");
  });

  it("refuses to go on after a failed sync", () => {
    const disk = new SimulatedDisk();
    const journal = now(Journal.openIn(disk, "a.journal", sampleFileId));
    disk.planFault("sync", 0);
    expect(codeOf(() => journal.append(entry(0)))).toBe("EIMG_SYNC");
    expect(codeOf(() => journal.append(entry(0)))).toBe("EIMG_POISONED");
    expect(journal.entries).toEqual([]);
  });

  it("loses no acknowledged entry in any power cut, and invents none", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const disk = new SimulatedDisk();
      disk.shortWrites = { random, unit: "bytes" };
      const acknowledged: number[] = [];
      const journal = now(Journal.openIn(disk, "a.journal", sampleFileId));
      const begun = disk.log.length;
      for (let number = 0; number < 6; number++) {
        now(journal.append(entry(number)));
        acknowledged.push(disk.log.length);
      }
      const cut = new PowerCut(new Map(), random);
      for (const [index, change] of disk.log.entries()) {
        cut.replay(change);
        const bytes = cut.sample().get("a.journal");
        if (index + 1 < begun) continue;
        const { entries } = reopen(bytes!);
        const atLeast = acknowledged.filter((length) => length <= index + 1).length;
        expect(entries).toEqual([0, 1, 2, 3, 4, 5].slice(0, entries.length).map(entry));
        expect(entries.length).toBeGreaterThanOrEqual(atLeast);
        expect(entries.length).toBeLessThanOrEqual(atLeast + 1);
      }
    }
  });

  it("opens or is refused with a code, whatever its bytes", () => {
    const random = new Random(4);
    const whole = journalOf(5).contents();
    for (let round = 0; round < 3000; round++) {
      const bytes = whole.slice(0, random.chance(0.3) ? random.below(whole.length) : undefined);
      for (let flips = random.below(3); flips > 0 && bytes.length > 0; flips--) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      try {
        const { entries } = reopen(bytes);
        expect(entries).toEqual([0, 1, 2, 3, 4].slice(0, entries.length).map(entry));
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
      }
    }
  });
});
