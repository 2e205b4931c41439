/** Whoever comes for the first time needs the image that lies beside the page: it is on its way before anybody has asked. */
import { baseImageUrl } from "./base-image.ts";

/** Names the image used last. */
export const lastNameKey = "engram.image";

let fetched: Promise<Blob | undefined> | undefined;

/** Fetches the image if this looks like a first visit. */
export function expectFirstVisit(): void {
  const isNew =
    localStorage.getItem(lastNameKey) === null &&
    !new URLSearchParams(location.search).has("image");
  if (isNew) fetched = fetchBlob(baseImageUrl());
}

/** What was fetched, for whoever asks first; undefined if nothing was, or it could not be had. */
export async function takeFetchedImage(): Promise<Blob | undefined> {
  const blob = await fetched;
  fetched = undefined;
  return blob;
}

async function fetchBlob(url: string): Promise<Blob | undefined> {
  try {
    const response = await fetch(url, { cache: "no-cache", credentials: "omit" });
    return response.ok ? await response.blob() : undefined;
  } catch {
    return undefined;
  }
}
