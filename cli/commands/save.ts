/** `engram save OUT`: the image, collected and compacted, as a file of its own. The image does not run. */

import { resolve } from "node:path";
import { version } from "../../package.json";
import { Collector } from "../../vm/memory/collector.ts";
import type { Request } from "../command-table.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { ImageSession, imagePath } from "../image-session.ts";
import { newMemory } from "./in-image.ts";

export async function save(request: Request): Promise<ExitCode> {
  const memory = newMemory(request);
  const notes = () => ({ created: new Date().toISOString(), toolVersion: version });
  const out = resolve(request.words[0]!);
  const session = await ImageSession.open(imagePath(request), memory, { path: out }, notes);
  try {
    const collector = new Collector(memory);
    collector.heapLoaded();
    collector.compact();
    session.save("full");
  } finally {
    session.close();
  }
  return exitCodes.ok;
}
