/**
 * The manifest of a segment: what it says about its heap, in one table.
 *
 * Every key of the table is present in every manifest. A key that is not in
 * the table was written by a newer program: if it starts with "!" it is
 * critical, and who does not know it must not open the image; else it is kept
 * as it is and written again with the next save.
 */
import {
  type CborMap,
  type CborValue,
  decodeCbor,
  encodeCbor,
  isCborMap,
  isStorableInteger,
  isStorableText,
} from "./cbor.ts";
import { assert, ImageError } from "./errors.ts";
import { fileIdSize, formatVersion, largestHeap, pageSize } from "./layout.ts";

/** What a segment holds. An image and a core are full; a delta changes the segment before it. */
export const imageKinds = ["image", "delta", "core"] as const;
export type ImageKind = (typeof imageKinds)[number];

/** The generation that this one was made from; after cloning it is in another file. */
export interface Parent {
  readonly fileId: Uint8Array;
  readonly generation: number;
}

interface ValueTypes {
  kind: ImageKind;
  natural: number;
  text: string;
  fileId: Uint8Array;
  parent: Parent | null;
  texts: readonly string[];
  naturals: Readonly<Record<string, number>>;
  scalars: Readonly<Record<string, number | string>>;
}

interface ManifestRow {
  readonly key: string;
  readonly type: keyof ValueTypes;
  readonly doc: string;
  readonly accepts?: (value: number) => boolean;
}

const isFormatVersion = (value: number) => value === formatVersion;
const isPageSize = (value: number) => value === pageSize;
const isPositive = (value: number) => value > 0;
const isHeapBase = (value: number) => value < largestHeap && value % 8 === 0;
const isHeapSize = (value: number) => value <= largestHeap && value % pageSize === 0;

/** Every key of a manifest. */
export const manifestKeys = [
  { key: "formatVersion", type: "natural", doc: "1", accepts: isFormatVersion },
  { key: "kind", type: "kind", doc: "image, delta or core" },
  { key: "fileId", type: "fileId", doc: "16 bytes; the same as in the superblock" },
  { key: "generation", type: "natural", doc: "the same as in the superblock", accepts: isPositive },
  { key: "parent", type: "parent", doc: "fileId and generation this was made from, or null" },
  { key: "created", type: "text", doc: "when it was saved, as ISO 8601; may be empty" },
  { key: "tool", type: "text", doc: "the program that saved it" },
  { key: "toolVersion", type: "text", doc: "that program's version" },
  { key: "pageSize", type: "natural", doc: "4096", accepts: isPageSize },
  {
    key: "heapBase",
    type: "natural",
    doc: "the address of page 0; a multiple of 8",
    accepts: isHeapBase,
  },
  {
    key: "heapSize",
    type: "natural",
    doc: "bytes of heap; a multiple of the page size",
    accepts: isHeapSize,
  },
  { key: "roots", type: "naturals", doc: "oops by which the heap is entered, by name" },
  { key: "primitives", type: "texts", doc: "names of the primitives the image needs" },
  { key: "permissions", type: "texts", doc: "names of the permissions the image asks for" },
  { key: "limits", type: "naturals", doc: "limits the image is to run within, by name" },
  { key: "state", type: "scalars", doc: "integers and texts of the machine, by name" },
] as const satisfies readonly ManifestRow[];

type Rows = (typeof manifestKeys)[number];

/** A manifest; `extra` keeps the keys that are not in the table. */
export type Manifest = { readonly [R in Rows as R["key"]]: ValueTypes[R["type"]] } & {
  readonly extra: CborMap;
};

/** What the owner of the heap says of it; the file knows the rest. */
export type HeapDescription = Pick<
  Manifest,
  | "created"
  | "tool"
  | "toolVersion"
  | "heapBase"
  | "heapSize"
  | "roots"
  | "primitives"
  | "permissions"
  | "limits"
  | "state"
>;

/** How long a manifest may be. */
export const longestManifest = 2 ** 20;

const knownKeys: ReadonlySet<string> = new Set(manifestKeys.map((row) => row.key));

export function encodeManifest(manifest: Manifest): Uint8Array {
  const encoded = new Map<string, CborValue>(manifest.extra);
  for (const row of manifestKeys) {
    encoded.set(row.key, toCbor[row.type](manifest[row.key] as never));
  }
  const bytes = encodeCbor(encoded);
  // What was written must be readable, whoever made the values.
  checkManifest(encoded, 0);
  assert(bytes.length <= longestManifest, "the manifest is too long");
  return bytes;
}

/** Decodes a manifest, or refuses it and names the key. */
export function decodeManifest(bytes: Uint8Array, startInFile: number): Manifest {
  const decoded = decodeCbor(bytes, startInFile);
  if (!isCborMap(decoded)) {
    throw new ImageError("EIMG_MANIFEST", { place: { offset: startInFile }, expected: "a map" });
  }
  checkManifest(decoded, startInFile);
  const manifest: Record<string, unknown> = {};
  for (const { key, type } of manifestKeys) manifest[key] = fromCbor(type, decoded.get(key)!);
  manifest.extra = new Map([...decoded].filter(([key]) => !knownKeys.has(key)));
  return manifest as Manifest;
}

function checkManifest(decoded: CborMap, startInFile: number): void {
  for (const key of decoded.keys()) {
    if (key.startsWith("!") && !knownKeys.has(key)) {
      throw new ImageError("EIMG_CRITICAL_KEY", { place: { offset: startInFile, key } });
    }
  }
  for (const row of manifestKeys as readonly ManifestRow[]) {
    const value = decoded.get(row.key);
    const isGood =
      value !== undefined &&
      checks[row.type](value) &&
      (row.accepts === undefined || row.accepts(value as number));
    if (isGood) continue;
    const isNewer = row.key === "formatVersion" && isNatural(value);
    throw new ImageError(isNewer ? "EIMG_VERSION" : "EIMG_MANIFEST", {
      place: { offset: startInFile, key: row.key },
      expected: `${row.type} (${row.doc})`,
      found: value === undefined ? "nothing" : brief(value),
    });
  }
}

function brief(value: CborValue): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value !== "object" || value === null) return String(value);
  return value instanceof Uint8Array ? `${value.length} bytes` : "a structure";
}

const isNatural = (value: unknown): value is number =>
  typeof value === "number" && isStorableInteger(value) && value >= 0;
const isText = (value: unknown): value is string =>
  typeof value === "string" && isStorableText(value);
const isFileId = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === fileIdSize;
const isMapOf = (value: CborValue, isElement: (value: CborValue) => boolean): boolean =>
  isCborMap(value) && [...value.values()].every(isElement);

const checks: Record<keyof ValueTypes, (value: CborValue) => boolean> = {
  kind: (value) => imageKinds.some((kind) => kind === value),
  natural: isNatural,
  text: isText,
  fileId: isFileId,
  parent: (value) =>
    value === null ||
    (isCborMap(value) &&
      value.size === 2 &&
      isFileId(value.get("fileId")) &&
      isNatural(value.get("generation"))),
  texts: (value) => Array.isArray(value) && value.every(isText),
  naturals: (value) => isMapOf(value, isNatural),
  scalars: (value) => isMapOf(value, (each) => typeof each === "number" || isText(each)),
};

const toCbor: { [T in keyof ValueTypes]: (value: never) => CborValue } = {
  kind: (value: ImageKind) => value,
  natural: (value: number) => value,
  text: (value: string) => value,
  fileId: (value: Uint8Array) => value,
  parent: (value: Parent | null) => value && new Map<string, CborValue>(Object.entries(value)),
  texts: (value: readonly string[]) => value,
  naturals: (value: Record<string, number>) => new Map(Object.entries(value)),
  scalars: (value: Record<string, number | string>) => new Map(Object.entries(value)),
};

function fromCbor(type: keyof ValueTypes, value: CborValue): unknown {
  if (!isCborMap(value)) return value;
  const isRecord = type === "naturals" || type === "scalars" || type === "parent";
  assert(isRecord, "a map that is not a record");
  // Names come from a file: "__proto__" must be a name like any other.
  return Object.assign(Object.create(null), Object.fromEntries(value));
}

/** Answers whether a segment of this kind needs the one before it. */
export function isDelta(kind: ImageKind): boolean {
  return kind === "delta";
}
