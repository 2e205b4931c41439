/**
 * Bad images by the thousand: real ones, saved in the middle of running
 * programs, damaged or forged. Each must open as something sound or be refused
 * with a code, a place and advice, with nothing read outside the heap; and what
 * opens is run for some steps, which may fail in Smalltalk but never in the host.
 */

import { inspect } from "node:util";
import { nodeServices } from "../../cli/node-storage.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../image-format/cbor.ts";
import { crc32 } from "../../image-format/crc32.ts";
import { ImageError } from "../../image-format/errors.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import {
  readFields,
  superblockFields,
  superblockSectorSize,
  trailerFields,
  trailerHashedSize,
  trailerSize,
  writeFields,
} from "../../image-format/layout.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import type { HeapDescription } from "../../image-format/schema.ts";
import { sha256 } from "../../image-format/sha256.ts";
import { now } from "../../image-format/steps.ts";
import { MemoryExhausted } from "../../vm/interpreter/contexts.ts";
import { Stop } from "../../vm/interpreter/interpreter.ts";
import { MachineFault } from "../../vm/interpreter/machine-fault.ts";
import {
  describeProblem,
  type HeapProblem,
  type HeapProblemCode,
  verifyHeap,
} from "../../vm/memory/heap-verifier.ts";
import { forEachObject } from "../../vm/memory/heap-walker.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import { deltaSave, describeHeap, markCheckpoint, newImage, openHeap } from "../../vm/snapshot.ts";
import {
  Format,
  headerWords,
  oldBase,
  pageBytes,
  pastBase,
  State,
  survivorBytes,
} from "../../vm/spec/layouts.ts";
import { VirtualMachine } from "../../vm/virtual-machine.ts";
import { Random } from "../image-format/samples.ts";
import { miniMachine } from "../interpreter/mini-kernel.ts";
import { programs, startProgram } from "./captured-anywhere.ts";
import { HeapForger, type HeapIndex, indexHeap } from "./forged-heaps.ts";
import { runFor, saved } from "./sessions.ts";

const notes = { created: "", toolVersion: "test" };
const heapLimit = 0x4000000;
const superblockSize = 4096;

/** A sound image, and its heap taken apart for forging. */
export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly pages: Uint8Array;
  readonly index: HeapIndex;
  readonly description: HeapDescription;
  readonly fileId: Uint8Array;
}

function sampleOf(name: string, bytes: Uint8Array): Sample {
  const memory = new ObjectMemory(heapLimit);
  const file = now(openHeap(new MemoryFile(bytes), memory, { services: nodeServices }));
  return {
    name,
    bytes,
    pages: memory.bytes.slice(oldBase, oldBase + memory.pageCount * pageBytes),
    index: indexHeap(memory, memory.words[State.specialObjects]!),
    description: describeHeap(memory, notes),
    fileId: file.manifest.fileId,
  };
}

/** Processes that wait, closures that share a variable, an unwind block, deep frames. */
const busyProgram = `	| sema count processes vector |
	sema := Semaphore new setUp; yourself.
	count := 0.
	processes := Array new: 4.
	1 to: 4 do: [ :i |
		processes at: i put: ([ [ true ] whileTrue: [ sema wait. count := count + i ] ] newProcess: 40 + i) ].
	1 to: 4 do: [ :i | (processes at: i) resume ].
	Log := processes.
	[ [ 1 to: 100000 do: [ :n |
		sema signal.
		count := count + (n \\\\ 7) fib.
		vector := { n. count. [ :x | x + count + n ]. n @ count }.
		(vector at: 3) value: 3.
		(vector at: 4) x perform: #+ with: 3.
		(processes at: 1) suspend; resume.
		n \\\\ 10 = 0 ifTrue: [ Mini collect ].
		count foo: n bar: vector.
		(Point new) x: n y: count; becomeForward: n @ 3.
		50 deep ] ] value ] ensure: [ count := 0 ].
	^ count`;

const contextMethods = {
  Context: [
    "class newFor: code receiver: r closure: c\n\t^ (self newForCode: code) receiver: r closure: c; yourself",
    "class newForCode: code\n\t<primitive: #contextNew>\n\t^ #failed",
  ],
};

/** Small images of the same program: caught early and late, full and with a delta. */
export function smallSamples(): Sample[] {
  return [300, 2977, 9000].flatMap((steps) => {
    const machine = miniMachine(busyProgram, contextMethods, heapLimit);
    for (let left = steps; left > 0; left -= 100) machine.runSlice(Math.min(left, 100));
    const { memory } = machine;
    machine.prepareSnapshot("full", false);
    const storage = new MemoryFile();
    const fileId = new Uint8Array(16).fill(steps);
    const file = now(
      ImageFile.create(storage, newImage(memory, notes, fileId), { services: nodeServices }),
    );
    markCheckpoint(memory);
    const full = storage.contents().slice();
    machine.resumeAfterSnapshot();
    for (let turn = 0; turn < 20; turn++) machine.runSlice(100);
    machine.prepareSnapshot("delta", false);
    now(file.commit(deltaSave(memory, notes)));
    const delta = storage.contents().slice();
    return [
      sampleOf(`small, ${steps} steps`, full),
      sampleOf(`small, ${steps} steps, delta`, delta),
    ];
  });
}

const sampledPrograms = ["contexts", "critical-sections", "generators", "handlers-in-ensure"];
const beforeTheProgram = 3000;

/** Images of the whole kernel, caught in the middle of programs. */
export function largeSamples(image: Uint8Array): Sample[] {
  return programs()
    .filter(({ name }) => sampledPrograms.includes(name))
    .flatMap((program, number) => {
      const session = startProgram(image, program);
      runFor(session, beforeTheProgram);
      if (session.ended) return [];
      const bytes = saved(session, number % 2 === 0 ? "full" : "delta");
      return [sampleOf(`program ${program.name}`, bytes)];
    });
}

// Damage

export interface BadImage {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** A damaged or forged image made of one sample, or of several. */
export function badImage(random: Random, samples: readonly Sample[]): BadImage {
  const sample = random.choose(samples);
  const kind = random.below(100);
  if (kind < 8) return flipped(random, sample);
  if (kind < 11) return cut(random, sample);
  if (kind < 15) return spliced(random, sample, random.choose(samples));
  if (kind < 21) return forgedFields(random, sample);
  if (kind < 28) return forgedManifest(random, sample);
  return forgedHeap(random, sample);
}

function flipped(random: Random, { name, bytes }: Sample): BadImage {
  const bad = bytes.slice();
  const places: number[] = [];
  for (let flips = 1 + random.below(4); flips > 0; flips--) {
    const place = random.chance(0.4)
      ? random.choose([random.below(90), superblockSize + random.below(90)])
      : random.below(bad.length);
    const length = random.chance(0.3) ? 1 + random.below(64) : 1;
    for (let at = place; at < Math.min(bad.length, place + length); at++) {
      bad[at] = length === 1 ? bad[at]! ^ (1 << random.below(8)) : random.below(256);
    }
    places.push(place);
  }
  return { what: `${name}: bytes changed at ${places}`, bytes: bad };
}

function cut(random: Random, { name, bytes }: Sample): BadImage {
  const length = random.below(bytes.length);
  return { what: `${name}: cut to ${length}`, bytes: bytes.slice(0, length) };
}

function spliced(random: Random, sample: Sample, donor: Sample): BadImage {
  const bytes = sample.bytes.slice();
  const size = random.choose([64, 512, 4096, 65536]);
  const from = random.below(donor.bytes.length / 512) * 512;
  const part = donor.bytes.subarray(from, from + size);
  const to = random.below(bytes.length / 512) * 512;
  bytes.set(part.subarray(0, bytes.length - to), to);
  return { what: `${sample.name}: ${size} bytes of ${donor.name} from ${from} at ${to}`, bytes };
}

/** The slot whose superblock has the higher generation, and where its trailer is. */
function newest(bytes: Uint8Array): { slot: number; end: number; start: number } {
  const [a, b] = [0, superblockSize].map((slot) => readFields(superblockFields, bytes, slot));
  const slot = a!.generation >= b!.generation ? 0 : superblockSize;
  const { segmentOffset, segmentLength } = slot === 0 ? a! : b!;
  return { slot, start: segmentOffset, end: segmentOffset + segmentLength };
}

/** Makes a segment's hash and its superblock right. */
function reseal(bytes: Uint8Array, slot: number, start: number, end: number): void {
  const at = end - trailerSize;
  const trailer = readFields(trailerFields, bytes, at);
  const described = at - trailer.tableLength - trailer.manifestLength;
  const superblock = readFields(superblockFields, bytes, slot);
  const segment = { ...superblock, segmentOffset: start, segmentLength: end - start };
  if (described >= start) {
    const hash = sha256(bytes.subarray(described, at + trailerHashedSize));
    writeFields(trailerFields, bytes, { ...trailer, hash }, at);
    writeFields(superblockFields, bytes, { ...segment, segmentHash: hash }, slot);
  }
  const crc = crc32(bytes.subarray(slot, slot + superblockSectorSize - 4));
  const again = readFields(superblockFields, bytes, slot);
  writeFields(superblockFields, bytes, { ...again, crc }, slot);
}

const oddNumbers = [0, 1, 2, 7, 4095, 4096, 8192, 0x7fffffff, 0xffffffff];

/** Fields of the superblock or the trailer changed, with every checksum right. */
function forgedFields(random: Random, { name, bytes }: Sample): BadImage {
  const bad = bytes.slice();
  const { slot, start, end } = newest(bad);
  const inTrailer = random.chance(0.5);
  const fields = inTrailer ? trailerFields : superblockFields;
  const place = inTrailer ? end - trailerSize : slot;
  const field = random.choose(fields.filter((each) => each.type !== "bytes"));
  const values = readFields(fields, bad, place) as Record<string, number | Uint8Array>;
  const old = values[field.name] as number;
  const value = random.choose([...oddNumbers, old + 1, old - 1, old + 4096, random.below(1 << 24)]);
  values[field.name] = Math.max(value, 0);
  writeFields(fields, bad, values as never, place);
  if (inTrailer) reseal(bad, slot, start, end);
  const crc = crc32(bad.subarray(slot, slot + superblockSectorSize - 4));
  writeFields(superblockFields, bad, { ...readFields(superblockFields, bad, slot), crc }, slot);
  return { what: `${name}: ${field.name} ${old} to ${value}`, bytes: bad };
}

/** A manifest that says something else, with every checksum right. */
function forgedManifest(random: Random, { name, bytes }: Sample): BadImage {
  const { slot, start, end } = newest(bytes);
  const trailerAt = end - trailerSize;
  const trailer = readFields(trailerFields, bytes, trailerAt);
  const manifestAt = trailerAt - trailer.manifestLength;
  const manifest = new Map(
    decodeCbor(bytes.subarray(manifestAt, trailerAt)) as ReadonlyMap<string, CborValue>,
  );
  const key = random.choose([...manifest.keys(), "heapSize", "state", "roots", "primitives"]);
  const old = manifest.get(key)!;
  const number = random.choose([...oddNumbers, oldBase, oldBase + 8, random.below(1 << 30)]);
  const value = random.choose<() => CborValue>([
    () => (typeof old === "number" ? random.choose([old + 1, old + 8, old + 4096]) : number),
    () => number,
    () => "",
    () => [],
    () => null,
    () => [random.choose(["exit", "basicNew", "launchRockets", ""])],
    () => new Map([[random.choose(["specialObjects", "heapEnd", "x"]), number]]),
    () => new Map([["heapEnd", random.choose<CborValue>([-1, "2", oldBase + 4096, 2 ** 52])]]),
  ])();
  if (random.chance(0.1)) manifest.delete(key);
  else manifest.set(random.chance(0.05) ? "!unknown" : key, value);
  const what = `${name}: manifest ${key} ${inspect(old)} to ${inspect(value)}`;
  const encoded = encodeCbor(manifest);
  const length = manifestAt + encoded.length + trailerSize;
  const bad = new Uint8Array(Math.max(length, bytes.length));
  bad.set(bytes);
  bad.set(encoded, manifestAt);
  const at = manifestAt + encoded.length;
  writeFields(trailerFields, bad, { ...trailer, manifestLength: encoded.length }, at);
  reseal(bad, slot, start, at + trailerSize);
  return { what, bytes: bad };
}

/** Another heap in a file whose every checksum is right. */
function forgedHeap(random: Random, sample: Sample): BadImage {
  const pages = sample.pages.slice();
  const forger = new HeapForger(pages, sample.index, random);
  for (let changes = 1 + (random.chance(0.3) ? random.below(4) : 0); changes > 0; changes--) {
    forger.forge();
  }
  const file = new MemoryFile();
  now(
    ImageFile.create(
      file,
      {
        kind: "image",
        description: sample.description,
        fileId: sample.fileId,
        pages: [{ pageNumber: 0, bytes: pages }],
        pageCount: pages.length / pageBytes,
      },
      { services: nodeServices },
    ),
  );
  return { what: `${sample.name}: ${forger.changes.join("; ")}`, bytes: file.contents() };
}

// Judgement

/** What became of a bad image: a code of refusal, or how its run went. */
export type Verdict = "ran" | "ended" | "idle" | "fault" | "memory" | `EIMG_${string}`;

const slice = 200;
const longestOpenMilliseconds = 10_000;
/** A refused image has not yet said where its heap ends. */
const mostTouchedBytes = 0x400000;

let buffer: ArrayBuffer | undefined;

/** Memory of zeros; the one before is not to be used any more. */
function cleanMemory(): ObjectMemory {
  if (buffer !== undefined) {
    const bytes = new Uint8Array(buffer);
    const oldEnd = new Uint32Array(buffer)[State.oldEnd]!;
    bytes.fill(0, 0, pastBase + survivorBytes * 2);
    bytes.fill(0, oldBase, Math.min(Math.max(oldEnd, oldBase + mostTouchedBytes), bytes.length));
  }
  const memory = new ObjectMemory(heapLimit, buffer);
  buffer = memory.bytes.buffer as ArrayBuffer;
  return memory;
}

/** Opens an image, runs it if it may; throws an Error that describes what must not be. */
export function judge(image: BadImage, steps: number): Verdict {
  const memory = cleanMemory();
  const start = performance.now();
  let refusal: Verdict | undefined;
  try {
    now(openHeap(new MemoryFile(image.bytes), memory, { services: nodeServices }));
  } catch (error) {
    refusal = refusalOf(error, image);
  }
  const taken = performance.now() - start;
  if (taken > longestOpenMilliseconds) throw new Error(`${image.what}: ${taken} ms to open`);
  return refusal ?? runVerified(memory, image, steps);
}

function refusalOf(error: unknown, image: BadImage): Verdict {
  if (!(error instanceof ImageError)) {
    throw new Error(`${image.what}: opening threw something else`, { cause: error });
  }
  const { code, advice, place, message } = error;
  if (advice === "" || (Object.keys(place).length === 0 && !placeless.has(code))) {
    throw new Error(`${image.what}: a refusal without place or advice: ${message}`);
  }
  return code;
}

/** What a program may do to its own objects with reflection and become. */
const ofThePrograms: ReadonlySet<HeapProblemCode> = new Set<HeapProblemCode>([
  "BEHAVIOR",
  "CODE",
  "CONTEXT",
  "CLOSURE",
  "PROCESS",
]);

function isThePrograms({ code }: HeapProblem, image: BadImage): boolean {
  return ofThePrograms.has(code) || (code === "SPECIAL" && leadsToTables(image));
}

/** Whether damage has led an object to the machine's own tables: whoever has that can store there. */
function leadsToTables({ bytes }: BadImage): boolean {
  const memory = cleanMemory();
  now(openHeap(new MemoryFile(bytes), memory, { services: nodeServices }));
  const specialObjects = memory.words[State.specialObjects]!;
  const tables = [specialObjects, memory.special("symbolTable"), memory.special("classTable")];
  let leads = false;
  forEachObject(memory, (oop) => {
    const format = memory.format(oop);
    const refers = format <= Format.ephemeron || format >= Format.compiledCode;
    if (!refers || oop === specialObjects) return;
    const first = (oop >>> 2) + headerWords;
    const slots = memory.words.subarray(first, first + memory.slotCount(oop));
    leads ||= tables.some((table) => slots.includes(table));
  });
  return leads;
}

/** What is wrong with the file as a whole. */
const placeless: ReadonlySet<string> = new Set([
  "EIMG_TOO_SHORT",
  "EIMG_NOT_IMAGE",
  "EIMG_TEXT_MODE",
  "EIMG_NO_GENERATION",
]);

function runVerified(memory: ObjectMemory, image: BadImage, steps: number): Verdict {
  const machine = new VirtualMachine(memory, new SimulatedHost(["eval", "3 + 4"]));
  try {
    machine.start();
    for (let left = steps; left > 0; left -= slice) {
      const start = performance.now();
      const reason = machine.runSlice(slice);
      const taken = performance.now() - start;
      if (taken > longestOpenMilliseconds) throw new Error(`a slice took ${taken} ms`);
      if (reason === Stop.exit) return "ended";
      if (reason === Stop.idle && machine.idleMilliseconds === Number.POSITIVE_INFINITY) {
        return "idle";
      }
      if (reason === Stop.snapshot) return "ended";
    }
    const problem = verifyHeap(memory);
    if (problem !== undefined && !isThePrograms(problem, image)) {
      throw new Error(`a breach: ${describeProblem(problem)}`);
    }
    return "ran";
  } catch (error) {
    if (error instanceof MemoryExhausted) return "memory";
    if (error instanceof MachineFault && error.cause === undefined) return "fault";
    throw new Error(`${image.what}: running threw`, { cause: error });
  }
}

export interface CampaignResult {
  readonly images: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** So many bad images from a seed. */
export function runBadImages(
  seed: number,
  images: number,
  samples: readonly Sample[],
  steps: number,
): CampaignResult {
  const verdicts: Record<string, number> = {};
  const failures: string[] = [];
  for (let number = 0; number < images && failures.length < 20; number++) {
    const random = new Random(seed * 1_000_003 + number);
    const image = badImage(random, samples);
    try {
      const verdict = judge(image, steps);
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    } catch (error) {
      const { message, cause } = error as Error;
      failures.push(`image ${number}: ${message}\n${cause instanceof Error ? cause.stack : ""}`);
    }
  }
  return { images, verdicts, failures };
}
