/** `engram info`: what an image file says of itself. The image does not run. */

import { ImageFile } from "../../image-format/image-file.ts";
import { hex } from "../../image-format/layout.ts";
import { now } from "../../image-format/steps.ts";
import type { Request } from "../command-table.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { imagePath, naming, openImageFile } from "../image-session.ts";
import { nodeServices } from "../node-storage.ts";

export async function info(request: Request): Promise<ExitCode> {
  const path = imagePath(request, request.words[0]);
  const description = naming(path, () => describe(path));
  process.stdout.write(
    request.options.has("json") ? `${JSON.stringify(description)}\n` : asText(description),
  );
  return exitCodes.ok;
}

function describe(path: string) {
  const file = now(
    ImageFile.open(openImageFile(path, "read"), {
      services: nodeServices,
      readOnly: true,
      heap: "skip",
    }),
  );
  try {
    const { manifest, warnings } = file;
    return {
      path,
      formatVersion: manifest.formatVersion,
      kind: manifest.kind,
      fileId: hex(manifest.fileId),
      generation: manifest.generation,
      parent: manifest.parent && {
        fileId: hex(manifest.parent.fileId),
        generation: manifest.parent.generation,
      },
      created: manifest.created,
      tool: `${manifest.tool} ${manifest.toolVersion}`,
      heapBytes: manifest.heapSize,
      fileBytes: file.usage().fileSize,
      primitives: manifest.primitives,
      permissions: manifest.permissions,
      limits: manifest.limits,
      warnings: warnings.map((warning) => warning.message),
      generations: file.generations().map((each) => ({
        generation: each.manifest.generation,
        kind: each.manifest.kind,
        created: each.manifest.created,
        offset: each.offset,
        bytes: each.length,
        pages: each.pageCount,
        kept: each.isKept,
      })),
    };
  } finally {
    file.close();
  }
}

type Description = ReturnType<typeof describe>;

function asText(description: Description): string {
  const { parent, generations, warnings } = description;
  const lines = [
    ["image", description.path],
    ["format", `version ${description.formatVersion}`],
    ["file id", description.fileId],
    ["generation", `${description.generation}`],
    ["made from", parent === null ? "" : `generation ${parent.generation} of ${parent.fileId}`],
    ["saved", description.created],
    ["saved by", description.tool],
    ["heap", `${description.heapBytes} bytes`],
    ["file", `${description.fileBytes} bytes`],
    ["primitives", `${description.primitives.length}`],
    ["permissions", description.permissions.join(", ")],
    ...warnings.map((warning) => ["warning", warning]),
  ];
  const shown = lines.filter(([, value]) => value !== "");
  const head = shown.map(([name, value]) => `${name!.padEnd(12)}${value}\n`).join("");
  const rows = generations.map(
    (each) =>
      `  ${String(each.generation).padStart(6)}  ${each.kind.padEnd(6)} ${String(each.bytes).padStart(12)} bytes` +
      `${each.kept ? "" : "  (may be overwritten)"}${each.created === "" ? "" : `  ${each.created}`}\n`,
  );
  return `${head}generations\n${rows.join("")}`;
}
