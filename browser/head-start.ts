/**
 * What the page needs is on its way before the page itself has been read: a worker has started, and
 * reads the image that will most likely be asked for.
 */
import { baseImageUrl } from "./base-image.ts";
import type { BaseImage } from "./protocol.ts";
import { VmClient } from "./vm-client.ts";

/** Names the image used last. */
export const lastNameKey = "engram.image";
/** What an image is called that nobody has named. */
export const usualName = "workspace";

/** Of the tab, or else of all of them. */
export const lastName = (): string | null =>
  sessionStorage.getItem(lastNameKey) ?? localStorage.getItem(lastNameKey);

/** Started, and nobody's yet. */
let first: VmClient | undefined;
let fetched: Promise<BaseImage> | undefined;

export function startEarly(): void {
  const client = new VmClient();
  first = client;
  const asked = new URLSearchParams(location.search);
  if (asked.has("image") || asked.has("embedded")) return;
  const name = lastName();
  if (name !== null) {
    client.expect({ kind: "stored", name });
    return;
  }
  fetched = fetchBaseImage(usualName);
  void fetched.then((image) => client.expect(image));
}

/** A client that was asked for nothing yet. */
export function takeClient(): VmClient {
  const client = first ?? new VmClient();
  first = undefined;
  return client;
}

/** The image that comes with the page, to be opened by that title. */
export async function takeBaseImage(title: string): Promise<BaseImage> {
  const image = (await fetched) ?? { kind: "base" as const, url: baseImageUrl() };
  fetched = undefined;
  return { ...image, title };
}

async function fetchBaseImage(title: string): Promise<BaseImage> {
  const image: BaseImage = { kind: "base", url: baseImageUrl(), title };
  try {
    const response = await fetch(image.url, { cache: "no-cache", credentials: "omit" });
    return response.ok ? { ...image, bytes: await response.blob() } : image;
  } catch {
    return image;
  }
}
