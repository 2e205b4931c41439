/**
 * The image that comes with the page, and how it is known again.
 *
 * It was verified when it was built; the bundler puts the hash of its segment here. A file whose
 * segment has this hash, and all of whose chunks have the checksums it vouches for, is the one that
 * was verified. Any other is verified in full, which takes far longer.
 */

import type { ImageFile } from "../image-format/image-file.ts";

const mark: string = import.meta.env.BASE_IMAGE_MARK ?? "";

/** Where it lies: beside the page. */
export const baseImageUrl = (): string => new URL("engram.image", document.baseURI).href;

/** Whether an image that has been read is the one that was verified when the page was built. */
export function isMarkedBaseImage(image: ImageFile): boolean {
  return image.segmentHash === mark;
}
