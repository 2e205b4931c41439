/**
 * `engram build SOURCES… -o OUT`: a fresh image from sources.
 *
 * The first heap is made of the sources, then runs on a simulated host until it
 * saves itself and ends. Nothing of the surroundings gets in: the same sources
 * give the same bytes.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { version } from "../../package.json";
import { BootstrapError, bootstrap, type SourceFile } from "../../vm/bootstrap.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import { VirtualMachine } from "../../vm/virtual-machine.ts";
import { baseImagePath, markBaseImage } from "../base-image.ts";
import { type Request, UsageError } from "../command-table.ts";
import { type ExitCode, exitCodes, Refused } from "../exit-codes.ts";
import { writeImage } from "../image-session.ts";

export async function build(request: Request): Promise<ExitCode> {
  if (request.words.length === 0) return buildProject(request);
  const out = request.options.get("output");
  if (typeof out !== "string") throw new UsageError("build needs -o OUT", request.command);
  const path = resolve(out);
  await buildImage(request.words.flatMap(readSources), path);
  if (path === baseImagePath) await markBaseImage();
  return exitCodes.ok;
}

/** Loads the project of the folder into an image and saves it. */
async function buildProject(request: Request): Promise<ExitCode> {
  if (!existsSync(projectFile)) {
    throw new UsageError(`build needs SOURCES, or ${projectFile} here`, request.command);
  }
  const out = request.options.get("output") ?? `${projectName()}.image`;
  const { inImage } = await import("./in-image.ts");
  const save = { name: "save", value: "OUT", doc: "where the image goes" };
  return inImage({
    ...request,
    command: { ...request.command, options: [save] },
    options: new Map([...request.options, ["save", out]]),
  });
}

const projectFile = "engram.json";

function projectName(): string {
  let project: { readonly name?: unknown };
  try {
    project = JSON.parse(readFileSync(projectFile, "utf8"));
  } catch (error) {
    throw new Refused(`${projectFile}: ${(error as Error).message}`, exitCodes.failed);
  }
  return typeof project.name === "string" ? project.name : basename(resolve("."));
}

/** Builds an image of sources and writes it. */
export async function buildImage(sources: readonly SourceFile[], out: string): Promise<void> {
  const memory = new ObjectMemory();
  try {
    bootstrap(memory, sources);
  } catch (error) {
    if (error instanceof BootstrapError) throw new Refused(error.message, exitCodes.failed);
    throw error;
  }
  const host = new SimulatedHost();
  let failure: unknown = new Refused("the image ended without saving itself", exitCodes.failed);
  const machine = new VirtualMachine(memory, host, {
    saver: () => {
      try {
        writeImage(out, memory, { created: "", toolVersion: version }, null, idOf(sources));
        failure = undefined;
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  machine.start();
  const code = await machine.run();
  process.stderr.write(host.output(1) + host.output(2));
  if (failure !== undefined) throw failure;
  if (code !== 0) throw new Refused(`the image ended with ${code}`, exitCodes.failed);
}

/** An image built of sources is named by them. */
function idOf(sources: readonly SourceFile[]): Uint8Array {
  const hash = createHash("sha256");
  const sorted = [...sources].sort((some, other) => (some.path < other.path ? -1 : 1));
  for (const { path, text } of sorted) hash.update(`${path}\0${text}\0`);
  return hash.digest().subarray(0, 16);
}

/** Every Tonel file at or below a path, in the order of their names, each named from the path on. */
export function readSources(path: string): SourceFile[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new Refused(`there is no ${path}`, exitCodes.failed);
  if (stat.isFile()) return [{ path: path.split(sep).at(-1)!, text: readFileSync(path, "utf8") }];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".st"))
    .map((name) => ({
      path: relative(path, join(path, name)).split(sep).join("/"),
      text: readFileSync(join(path, name), "utf8"),
    }))
    .sort((some, other) => (some.path < other.path ? -1 : 1));
}
