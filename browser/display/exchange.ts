/** Code in addresses, and files in zips: what goes out of the image, and what comes into it from other places. */
import { unzip, zip } from "./zip.ts";

const codeMark = "#code=";

/** The address that opens a Playground with that code. */
export function addressOf(code: string): string {
  const { origin, pathname } = location;
  return `${origin}${pathname}${codeMark}${encodeURIComponent(code)}`;
}

/** The code in the address of the page, which is taken out of it; undefined if there is none. */
export function takeCode(): string | undefined {
  if (!location.hash.startsWith(codeMark)) return undefined;
  const { hash, pathname, search } = location;
  history.replaceState(null, "", pathname + search);
  try {
    return decodeURIComponent(hash.slice(codeMark.length));
  } catch {
    return undefined;
  }
}

/** Gives the user a zip of files: paths and texts in turn. */
export function downloadZip(name: string, pairs: readonly string[]): void {
  const encoder = new TextEncoder();
  const files: [string, Uint8Array][] = [];
  for (let index = 0; index < pairs.length; index += 2) {
    files.push([pairs[index]!, encoder.encode(pairs[index + 1])]);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([zip(files)], { type: "application/zip" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const isSource = (path: string): boolean =>
  /\.(st|cs|gst|ston)$|(^|\/)\.(project|properties)$|\.filetree$|\/version$/.test(path);

/** Paths and texts in turn of the source files among those that were dropped or chosen; zips count as folders. */
export async function sourcesIn(files: readonly (readonly [string, File])[]): Promise<string[]> {
  const pairs: string[] = [];
  const decoder = new TextDecoder();
  for (const [path, file] of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const inside: [string, Uint8Array][] = path.endsWith(".zip")
      ? await unzip(bytes)
      : [[path, bytes]];
    for (const [name, content] of inside) {
      if (isSource(name)) pairs.push(name, decoder.decode(content));
    }
  }
  return pairs;
}

/** The files that a drop brings, those in folders too, with their paths. Must be asked before the event is over. */
export async function droppedFiles(transfer: DataTransfer): Promise<[string, File][]> {
  const dropped = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  // What a program drops has files and no entries.
  if (!entries.some((entry) => entry !== null)) return dropped.map((file) => [file.name, file]);
  const files: [string, File][] = [];
  for (const entry of entries) if (entry !== null) await collect(entry, entry.name, files);
  return files;
}

async function collect(
  entry: FileSystemEntry,
  path: string,
  files: [string, File][],
): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    files.push([path, file]);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader answers some at a time, none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const each of some) await collect(each, `${path}/${each.name}`, files);
  }
}
