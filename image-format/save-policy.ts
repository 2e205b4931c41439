/**
 * How to save next: a delta, a full segment, or the whole file anew.
 *
 * A delta costs what changed, but opening reads the full segment and every
 * delta after it. So a full segment is due when the deltas together are half
 * as long as the full one, or are many.
 *
 * All three keep the generation before. A delta and a full segment are
 * written where neither of the two newest generations has a byte, and only
 * then does the older of these give up its superblock: after that the one
 * saved and the one before are there. Rewriting takes the one before along
 * into the new file. It is due only when gaps that no save fits into have
 * made the file much larger than what it holds, and only where a folder makes
 * a rename durable; elsewhere the file is left large.
 */
import type { ImageUsage } from "./image-file.ts";
import { pageSize } from "./layout.ts";

export type SaveWay = "delta" | "full" | "rewrite";

const longestChain = 64;
/** A file normally holds two chains of 1.5 and the segment being written. */
const largestGrowth = 6;

export function chooseSave(
  usage: ImageUsage,
  changed: { readonly dirtyPages: number; readonly usedPages: number },
  canRewrite: boolean,
): SaveWay {
  const deltaSize = usage.chainSize - usage.fullSize + changed.dirtyPages * pageSize;
  const fullSize = Math.max(usage.fullSize, changed.usedPages * pageSize);
  if (usage.chainLength < longestChain && deltaSize * 2 <= fullSize) return "delta";
  return canRewrite && usage.fileSize > fullSize * largestGrowth ? "rewrite" : "full";
}
