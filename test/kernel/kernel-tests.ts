/**
 * The SUnit tests of images/tests, run in sessions of a simulated host that has
 * files: plain, with collections as often as asked and the heap verified after
 * them, and saved and reopened on the way.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWhatIsStale } from "../../cli/build.mjs";
import { NodeHost } from "../../cli/node-host.ts";
import { nodeServices } from "../../cli/node-storage.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import type { Host, HostFiles } from "../../vm/host.ts";
import { Stop } from "../../vm/interpreter/interpreter.ts";
import { describeProblem, verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import { newImage, openHeap } from "../../vm/snapshot.ts";
import { VirtualMachine } from "../../vm/virtual-machine.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const heapLimit = 0x8000000;

/** The base image with the tests loaded. */
export async function testImage(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "engram-kernel-"));
  try {
    return new Uint8Array(readFileSync(await testImageFile(folder)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same as a file in a folder. */
export async function testImageFile(folder: string): Promise<string> {
  await buildWhatIsStale(["cli", "image"]);
  const image = join(folder, "tests.image");
  const words = ["cli/engram.cjs", "load", "images/tests", "--save", image];
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`the tests could not be loaded:\n${stderr}`);
  return image;
}

export interface Stress {
  /** A collection whenever that many calls and backward jumps have been done; 0: only when due. */
  readonly collectionEvery?: number;
  /** Every so many-th of these collections is full. */
  readonly fullEvery?: number;
  /** The heap is verified after every so many-th collection; 0: never. */
  readonly verifyEvery?: number;
  /** Saved and reopened whenever that many calls and backward jumps have been done; 0: never. */
  readonly reopenEvery?: number;
}

export interface KernelResult {
  readonly passed: number;
  /** What did not pass, and why. */
  readonly failures: readonly string[];
  readonly reopened: number;
}

const node = new NodeHost([]);

/** Files carry today's date, so time starts today; how it passes is simulated. */
class HostWithFiles extends SimulatedHost implements Host {
  readonly files: HostFiles = node.files;

  constructor(words: readonly string[]) {
    super(words);
    const start = node.clock.utcMicroseconds();
    const { monotonicMilliseconds } = this.clock;
    Object.assign(this.clock, {
      utcMicroseconds: () => start + Math.round(monotonicMilliseconds() * 1000),
    });
  }
}

const usualSlice = 20_000;
const stepsPerMillisecond = 2000;
const mostSteps = 2_000_000_000;

/** Runs the tests that the patterns match, all without any. */
export function runKernelTests(
  image: Uint8Array,
  patterns: readonly string[],
  { collectionEvery = 0, fullEvery = 10, verifyEvery = 0, reopenEvery = 0 }: Stress = {},
): KernelResult {
  let printed = "";
  let reopened = 0;
  let bytes = image;
  let words: readonly string[] = ["test", "--json", ...patterns];
  for (let steps = 0; steps < mostSteps; ) {
    const memory = new ObjectMemory(heapLimit);
    const file = now(openHeap(new MemoryFile(bytes), memory, { services: nodeServices }));
    const host = new HostWithFiles(words);
    const machine = new VirtualMachine(memory, host);
    if (collectionEvery > 0) machine.interpreter.stressInterval = 1;
    machine.interpreter.stressFullInterval = fullEvery;
    if (verifyEvery > 0) verifyAfterCollections(machine, verifyEvery);
    machine.start();
    let ended = false;
    for (const end = steps + (reopenEvery || mostSteps); steps < end && !ended; ) {
      const slice = collectionEvery || usualSlice;
      const reason = machine.runSlice(Math.min(slice, end - steps));
      steps += slice;
      // So that a test that does not end runs out of time.
      host.idle(slice / stepsPerMillisecond);
      ended = reason === Stop.exit;
      if (reason === Stop.idle && machine.idleMilliseconds === Number.POSITIVE_INFINITY) {
        throw new Error(`nothing can run; so far:\n${printed}${host.output(1)}${host.output(2)}`);
      }
    }
    printed += host.output(1);
    if (ended) return resultOf(printed, reopened);
    const copy = new MemoryFile();
    machine.prepareSnapshot("full", false);
    const save = newImage(memory, { created: "", toolVersion: "" }, file.manifest.fileId);
    now(ImageFile.create(copy, save, { services: nodeServices }));
    bytes = copy.contents().slice();
    words = [];
    reopened++;
  }
  throw new Error(`the tests do not end; so far:\n${printed}`);
}

/** While a class changes shape, when nothing is saved either, its instances do not fit it: that waits. */
function verifyAfterCollections(machine: VirtualMachine, every: number): void {
  const { memory } = machine;
  const { collector } = machine.interpreter;
  let collections = 0;
  for (const name of ["scavenge", "collectFull", "compact"] as const) {
    const collect = collector[name].bind(collector);
    collector[name] = () => {
      const result = collect();
      if (++collections >= every && machine.maySave) {
        collections = 0;
        const problem = verifyHeap(memory);
        if (problem !== undefined) throw new Error(`after ${name}: ${describeProblem(problem)}`);
      }
      return result;
    };
  }
}

interface TestRecord {
  readonly class: string;
  readonly selector: string;
  readonly outcome: string;
  readonly message: string | null;
}

function resultOf(printed: string, reopened: number): KernelResult {
  // Some tests write to the Transcript.
  const records = printed
    .split("\n")
    .filter((line) => line.startsWith('{"class":'))
    .map((line) => JSON.parse(line) as TestRecord);
  const bad = records.filter(({ outcome }) => outcome !== "pass" && outcome !== "skip");
  return {
    passed: records.length - bad.length,
    failures: bad.map(
      (each) => `${each.class}>>${each.selector}: ${each.outcome}: ${each.message ?? ""}`,
    ),
    reopened,
  };
}
