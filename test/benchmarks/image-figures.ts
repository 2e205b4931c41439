/** The measurements of work with images: their names, and each in a process of its own. */

import { fileURLToPath } from "node:url";
import { commandLine, runNode } from "./engram-runner.ts";

export interface ImageFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "methods/s";
  /** What the host itself needs for the same, in milliseconds. */
  readonly versus?: { readonly what: string; readonly value: number };
}

export const imageWork = ["open", "save", "large image", "objects", "compile", "load"] as const;
export type ImageWork = (typeof imageWork)[number];

export interface WorkPlace {
  /** An image with the kernel and the benchmarks; it is not changed. */
  readonly image: string;
  /** For files. */
  readonly folder: string;
  readonly quick: boolean;
  readonly runs: number;
}

const program = (name: string) =>
  fileURLToPath(new URL(`../../dist/bench/${name}.mjs`, import.meta.url));

/**
 * Milliseconds to open an image in a process that has done nothing else, where the host has to make
 * code of all that opens it, and to open it once more into other memory.
 */
export function openTwice(image: string): { readonly afresh: number; readonly again: number } {
  const [afresh, again] = runNode([program("open-twice"), image])
    .split("\n")
    .map(Number);
  return { afresh: afresh!, again: again! };
}

/** Milliseconds that opening the base image takes in the command line as it is shipped. */
export function openInCommand(): number {
  const reporter = fileURLToPath(
    new URL("../../test/benchmarks/report-opening.cjs", import.meta.url),
  );
  const lines = runNode(["--require", reporter, commandLine, "eval", "nil"]).split("\n");
  return Number(lines.at(-1));
}

export function runImageWork(name: ImageWork, place: WorkPlace): ImageFigure[] {
  const lines = runNode([program("image-work"), name, JSON.stringify(place)]).split("\n");
  return JSON.parse(lines.at(-1)!);
}
