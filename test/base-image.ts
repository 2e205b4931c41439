/** The base image that `npm run build` makes, for tests that need the whole kernel. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Its path; `BASE_IMAGE` names another one. */
export function baseImage(): string {
  const path =
    process.env.BASE_IMAGE ?? fileURLToPath(new URL("../dist/engram.image", import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  return path;
}
