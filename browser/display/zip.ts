/**
 * Zips: written without compression, read with it or without. What is damaged,
 * encrypted or beyond 4 GiB is refused.
 *
 * APPNOTE.TXT, .ZIP File Format Specification.
 */

const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endOfDirectory = 0x06054b50;
const sizes = { local: 30, central: 46, end: 22 } as const;
/** Names are in UTF-8. */
const utf8Flag = 0x0800;
const encryptedFlag = 0x0001;
/** The first day there is in a zip, 1980-01-01: the same files make the same bytes. */
const firstDay = 0x0021;

export type ZippedFile = readonly [path: string, bytes: Uint8Array];

export function zip(files: readonly ZippedFile[]): Blob {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let offset = 0;
  let directorySize = 0;
  for (const [path, bytes] of files) {
    const name = new TextEncoder().encode(path);
    const crc = crc32(bytes);
    const local = header(localHeader, sizes.local, 4, crc, bytes.length, name.length);
    const central = header(centralHeader, sizes.central, 6, crc, bytes.length, name.length);
    central.setUint16(4, 20, true);
    central.setUint32(42, offset, true);
    parts.push(local.buffer as ArrayBuffer, name, bytes as Uint8Array<ArrayBuffer>);
    directory.push(central.buffer as ArrayBuffer, name);
    offset += sizes.local + name.length + bytes.length;
    directorySize += sizes.central + name.length;
  }
  const end = new DataView(new ArrayBuffer(sizes.end));
  end.setUint32(0, endOfDirectory, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, directorySize, true);
  end.setUint32(16, offset, true);
  return new Blob([...parts, ...directory, end.buffer]);
}

/** What both headers of a file have in common begins at `at`. */
function header(
  mark: number,
  size: number,
  at: number,
  crc: number,
  length: number,
  nameLength: number,
): DataView {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, mark, true);
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, utf8Flag, true);
  view.setUint16(at + 8, firstDay, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, length, true);
  view.setUint32(at + 18, length, true);
  view.setUint16(at + 22, nameLength, true);
  return view;
}

export async function unzip(bytes: Uint8Array): Promise<[string, Uint8Array][]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - sizes.end;
  while (end >= 0 && view.getUint32(end, true) !== endOfDirectory) end--;
  if (end < 0) throw new Error("this is no zip");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const files: [string, Uint8Array][] = [];
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at, true) !== centralHeader) throw new Error("the zip is damaged");
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (!name.endsWith("/")) files.push([name, await fileAt(bytes, view, at)]);
    at +=
      sizes.central + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return files;
}

async function fileAt(bytes: Uint8Array, view: DataView, at: number): Promise<Uint8Array> {
  if ((view.getUint16(at + 8, true) & encryptedFlag) !== 0) throw new Error("the zip is encrypted");
  const method = view.getUint16(at + 10, true);
  const packedSize = view.getUint32(at + 20, true);
  const local = view.getUint32(at + 42, true);
  const start =
    local + sizes.local + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = bytes.subarray(start, start + packedSize);
  const content = method === 0 ? packed : await inflate(packed, method);
  if (crc32(content) !== view.getUint32(at + 16, true)) throw new Error("the zip is damaged");
  return content;
}

async function inflate(packed: Uint8Array, method: number): Promise<Uint8Array> {
  if (method !== 8)
    throw new Error(`the zip is packed by method ${method}, which nobody here knows`);
  const stream = new Blob([packed as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
