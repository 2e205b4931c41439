/**
 * How the pages of a chunk become stored bytes, and back.
 *
 * What a host does faster than we can (CRC-32, SHA-256) or what only it can do
 * (deflate) it gives as services. All of it is optional: a checksum or hash in
 * plain TypeScript stands in, and an image that needs a missing codec is refused.
 */
import { type Crc32, crc32 } from "./crc32.ts";
import { sha256 } from "./sha256.ts";
import type { MaybePromise } from "./steps.ts";

/** The codecs, by the number in the chunk table. Retire a row, never reuse its number. */
export const codecs = [
  { number: 0, name: "zero", doc: "Nothing is stored: the pages are all zeros." },
  { number: 1, name: "raw", doc: "The pages, one after the other." },
  { number: 2, name: "deflate-raw", doc: "The pages, compressed as in RFC 1951." },
] as const;

export type CodecName = (typeof codecs)[number]["name"];

const numbers = new Map<CodecName, number>(codecs.map((row) => [row.name, row.number]));
const names = new Map<number, CodecName>(codecs.map((row) => [row.number, row.name]));

export function codecNumber(name: CodecName): number {
  return numbers.get(name)!;
}

export function codecName(number: number): CodecName | undefined {
  return names.get(number);
}

/** What a host lends to the reading and writing of images. */
export interface ImageServices {
  readonly crc32?: Crc32;
  readonly sha256?: (...parts: readonly Uint8Array[]) => Uint8Array;
  /** Compresses as in RFC 1951. */
  readonly deflateRaw?: (bytes: Uint8Array) => MaybePromise<Uint8Array>;
  /** Decompresses; throws, or answers any other size, if the result is not `size` bytes. */
  readonly inflateRaw?: (bytes: Uint8Array, size: number) => MaybePromise<Uint8Array>;
}

export function crcOf(services: ImageServices): Crc32 {
  return services.crc32 ?? crc32;
}

/** The SHA-256 of parts, one after the other. */
export function hashOf(services: ImageServices, ...parts: readonly Uint8Array[]): Uint8Array {
  return (services.sha256 ?? sha256)(...parts);
}
