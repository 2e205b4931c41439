/**
 * The tables and the example in the README are made from the code.
 * UPDATE_README=1 writes them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codecs } from "../../image-format/codec.ts";
import { imageErrors } from "../../image-format/errors.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { journalEntryFields, journalHeaderFields } from "../../image-format/journal.ts";
import {
  chunkFields,
  pageSize,
  superblockFields,
  trailerFields,
} from "../../image-format/layout.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { manifestKeys } from "../../image-format/schema.ts";
import { now } from "../../image-format/steps.ts";

const path = join(import.meta.dirname, "../../image-format/README.md");

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function fieldTable(
  fields: readonly { name: string; offset: number; size: number; doc: string }[],
): string {
  const rows = fields.map(({ offset, size, name, doc }) => [offset, size, name, doc]);
  return table(["byte", "size", "field", ""], rows);
}

/** The image of the example: a heap of three pages. */
function exampleImage(): MemoryFile {
  const heap = new Uint8Array(3 * pageSize);
  const word = new TextEncoder().encode("Engram! ");
  for (let start = 0; start < pageSize; start += word.length) heap.set(word, start);
  heap[2 * pageSize] = 0x2a;
  const file = new MemoryFile();
  const description = {
    created: "2025-01-02T03:04:05Z",
    tool: "engram",
    toolVersion: "0.1.0",
    heapBase: 4096,
    heapSize: heap.length,
    roots: { nil: 4096 },
    primitives: ["at:"],
    permissions: [],
    limits: {},
    state: { tick: -1 },
  };
  const fileId = Uint8Array.from({ length: 16 }, (_, index) => index * 0x11);
  const pages = [{ pageNumber: 0, bytes: heap }];
  now(ImageFile.create(file, { kind: "image", fileId, description, pages }));
  return file;
}

/** Like hexdump -C. */
function hexdump(bytes: Uint8Array): string {
  const lines: string[] = [];
  let before = "";
  const address = (offset: number) => offset.toString(16).padStart(8, "0");
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const row = [...bytes.subarray(offset, offset + 16)];
    const pairs = row.map((byte) => byte.toString(16).padStart(2, "0"));
    const digits = `${pairs.slice(0, 8).join(" ")}  ${pairs.slice(8).join(" ")}`;
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "."));
    if (digits === before) {
      if (lines.at(-1) !== "*") lines.push("*");
    } else lines.push(`${address(offset)}  ${digits.padEnd(48)}  |${text.join("")}|`);
    before = digits;
  }
  return [...lines, address(bytes.length)].join("\n");
}

const parts: Record<string, string> = {
  superblock: fieldTable(superblockFields),
  chunk: fieldTable(chunkFields),
  codec: table(
    ["codec", "name", ""],
    codecs.map(({ number, name, doc }) => [number, name, doc]),
  ),
  trailer: fieldTable(trailerFields),
  manifest: table(
    ["key", "type", ""],
    manifestKeys.map(({ key, type, doc }) => [key, type, doc]),
  ),
  errors: table(
    ["code", "damage", "means"],
    imageErrors.map(({ code, damage, means }) => [code, damage ? "yes" : "", means]),
  ),
  example: `\`\`\`\n${hexdump(exampleImage().contents())}\n\`\`\``,
  "journal header": fieldTable(journalHeaderFields),
  "journal entry": fieldTable(journalEntryFields),
};

function withParts(text: string): string {
  return text.replace(/(<!-- (.+) -->\n)[\s\S]*?<!-- end -->/g, (_, mark: string, name: string) => {
    expect(Object.keys(parts)).toContain(name);
    return `${mark}${parts[name]}\n<!-- end -->`;
  });
}

describe("the README of the image format", () => {
  it("has the tables and the example as the code makes them", () => {
    const text = readFileSync(path, "utf8");
    if (process.env.UPDATE_README) writeFileSync(path, withParts(text));
    expect(readFileSync(path, "utf8")).toBe(withParts(text));
    for (const part of Object.values(parts)) expect(withParts(text)).toContain(part);
  });

  it("shows an example that opens to the heap it describes", () => {
    const heap = new Uint8Array(3 * pageSize);
    now(now(ImageFile.open(exampleImage())).readPagesInto(heap));
    expect(new TextDecoder().decode(heap.subarray(0, pageSize))).toBe("Engram! ".repeat(512));
    expect(heap.subarray(pageSize).filter((byte) => byte !== 0)).toEqual(Uint8Array.of(0x2a));
  });

  it("names every file of the layer", () => {
    const text = readFileSync(path, "utf8");
    const files = import.meta.glob("../../image-format/*.ts");
    for (const file of Object.keys(files)) expect(text).toContain(file.split("/").at(-1));
  });
});
