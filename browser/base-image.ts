/**
 * The image that comes with the page, and how it is known again.
 *
 * It was verified when it was built; the bundler puts the SHA-256 of the whole file here. Bytes
 * that have this hash are the bytes that were verified. Any others, of any file, are verified in
 * full, which takes twenty times as long as hashing.
 */

import { hex } from "../image-format/layout.ts";

const verifiedHash: string = import.meta.env.BASE_IMAGE_HASH ?? "";

/** Where it lies: beside the page. */
export const baseImageUrl = (): string => new URL("engram.image", document.baseURI).href;

/** Whether the bytes are those of the image that was verified when the page was built. */
export async function isBaseImage(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  if (verifiedHash === "" || globalThis.crypto?.subtle === undefined) return false;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))) === verifiedHash;
}
