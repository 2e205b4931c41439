/**
 * `node image-work.mjs NAME PLACE`: one measurement of work with images. The last
 * line it prints is an array of figures in JSON; lines before it are what the
 * image printed.
 *
 * What happens in the image is asked of BenchmarkImageWork, which times it as
 * the user would: the whole of a save, and not only its writing.
 */

import {
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { baseImagePath } from "../../cli/base-image.ts";
import { readSources } from "../../cli/commands/build.ts";
import { ImageSession } from "../../cli/image-session.ts";
import { NodeHost } from "../../cli/node-host.ts";
import { compileMethod } from "../../vm/compiler/compiler.ts";
import { readTonel } from "../../vm/compiler/tonel-reader.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { dirtyPageCount } from "../../vm/snapshot.ts";
import { pageBytes } from "../../vm/spec/layouts.ts";
import { VirtualMachine } from "../../vm/virtual-machine.ts";
import { commandLine, numbersIn, root, runNode } from "./engram-runner.ts";
import {
  type ImageFigure,
  type ImageWork,
  openInCommand,
  openTwice,
  type WorkPlace,
} from "./image-figures.ts";
import { median } from "./statistics.ts";

const notes = () => ({ created: "", toolVersion: "bench" });

const works: Record<ImageWork, (place: WorkPlace) => ImageFigure[] | Promise<ImageFigure[]>> = {
  open: openBase,
  save: saveBase,
  "large image": largeImage,
  objects: tenMillionObjects,
  compile: compileKernel,
  load: loadMethods,
};

/** A session that runs one expression in an image and notes what it saved. */
class Session {
  /** Of the last run. */
  memory!: ObjectMemory;
  readonly savedBytes: number[] = [];
  /** Milliseconds that a scavenge took on average. */
  scavengeMilliseconds = 0;
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Runs an expression that answers an Array of numbers; answers them. */
  async numbers(expression: string): Promise<number[]> {
    this.memory = new ObjectMemory();
    const { memory, path } = this;
    const session = await ImageSession.open(path, memory, "same", notes);
    const host = new PrintingHost(["eval", "--", expression]);
    const machine = new VirtualMachine(memory, host, {
      saver: (kind) => {
        const pages = kind === "full" ? memory.pageCount : dirtyPageCount(memory);
        this.savedBytes.push(pages * pageBytes);
        session.save(kind);
      },
    });
    try {
      machine.start();
      const code = await machine.run();
      if (code !== 0) throw new Error(`${expression} ended with ${code}: ${host.printed}`);
      const { scavengeMilliseconds, scavenges } = machine.interpreter.collector.statistics;
      this.scavengeMilliseconds = scavengeMilliseconds / scavenges;
    } finally {
      host.console.close();
      session.close();
    }
    return numbersIn(host.printed.trim());
  }
}

/** Keeps what the image prints on standard output. */
class PrintingHost extends NodeHost {
  printed = "";

  constructor(words: readonly string[]) {
    super(words);
    const { console } = this;
    const write = console.write.bind(console);
    const decoder = new TextDecoder();
    console.write = (stream, bytes) => {
      if (stream === 1) this.printed += decoder.decode(bytes, { stream: true });
      else write(stream, bytes);
    };
  }
}

function openBase({ quick, runs }: WorkPlace): ImageFigure[] {
  const inCommand: number[] = [];
  const afresh: number[] = [];
  const again: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < (quick ? 2 : 3 * runs); round++) {
    inCommand.push(openInCommand());
    const opened = openTwice(baseImagePath);
    afresh.push(opened.afresh);
    again.push(opened.again);
    theirs.push(elapsed(() => crc32(readFileSync(baseImagePath))));
  }
  const versus = { what: "reading the file, CRC-32", value: median(theirs) };
  return [
    { name: "open the base image in `engram eval`", value: median(inCommand), unit: "ms", versus },
    { name: "open the base image afresh", value: median(afresh), unit: "ms", versus },
    { name: "open the base image again", value: median(again), unit: "ms", versus },
  ];
}

async function open(image: string): Promise<void> {
  const session = await ImageSession.open(image, new ObjectMemory(), "nowhere", notes);
  session.close();
}

async function saveBase({ image, folder, quick, runs }: WorkPlace): Promise<ImageFigure[]> {
  const copy = join(folder, "save.image");
  copyFileSync(image, copy);
  const session = new Session(copy);
  const times = await session.numbers(`BenchmarkImageWork saves: ${quick ? 2 : 3 * runs}`);
  const fulls = times.filter((_, index) => index % 2 === 0);
  const deltas = times.filter((_, index) => index % 2 === 1);
  const [fullBytes, deltaBytes] = session.savedBytes;
  return [
    rawVersus("full save of the base image", median(fulls), session.memory, fullBytes!, folder),
    rawVersus("quick save of the base image", median(deltas), session.memory, deltaBytes!, folder),
  ];
}

async function largeImage({ image, folder, quick }: WorkPlace): Promise<ImageFigure[]> {
  const megabytes = quick ? 32 : 256;
  const copy = join(folder, "large.image");
  copyFileSync(image, copy);
  const session = new Session(copy);
  // A pair takes 16 bytes, its place in the array 4; 256 pairs lie on a page.
  const pairs = Math.floor((megabytes * 2 ** 20) / 20);
  const [full, delta] = await session.numbers(
    `BenchmarkImageWork saveObjects: ${pairs} touching: ${100 * 256}`,
  );
  const [fullBytes, deltaBytes] = session.savedBytes;
  const { memory } = session;
  const reading = elapsed(() => readFileSync(copy));
  const name = `${megabytes} MB`;
  return [
    rawVersus(`full save of ${name}`, full!, memory, fullBytes!, folder),
    rawVersus(`quick save of ${name}, 1 % touched`, delta!, memory, deltaBytes!, folder),
    {
      name: `open ${name}`,
      value: await elapsedLater(() => open(copy)),
      unit: "ms",
      versus: { what: "reading the file", value: reading },
    },
  ];
}

async function tenMillionObjects({ image, folder, quick }: WorkPlace): Promise<ImageFigure[]> {
  const millions = quick ? 1 : 10;
  const copy = join(folder, "objects.image");
  copyFileSync(image, copy);
  const session = new Session(copy);
  const times = await session.numbers(`BenchmarkImageWork collectObjects: ${millions * 1e6}`);
  times.push(...(await session.numbers(`BenchmarkImageWork discardObjects: ${millions * 1e6}`)));
  times.push(session.scavengeMilliseconds);
  const count = `${millions} M objects`;
  return [
    `build ${count}`,
    `collect with ${count} alive`,
    "compact when half of them are dead",
    "collect when all of them are dead",
    `${count} that die at once`,
    "a scavenge of these, on average",
  ].map((name, index) => ({ name, value: times[index]!, unit: "ms" }));
}

function compileKernel({ quick, runs }: WorkPlace): ImageFigure[] {
  const methods = readSources(join(root, "images/kernel"))
    .map(({ text }) => readTonel(text))
    .flatMap(({ methods, instVars, classInstVars }) =>
      methods.map(({ source, isClassSide }) => ({
        source,
        instanceVariables: isClassSide ? classInstVars : instVars,
      })),
    );
  const times: number[] = [];
  for (let round = 0; round < (quick ? 1 : runs); round++) {
    times.push(
      elapsed(() => {
        for (const { source, instanceVariables } of methods) {
          compileMethod(source, { instanceVariables, lookup: () => "global" });
        }
      }),
    );
  }
  const rate = methods.length / (median(times) / 1000);
  return [{ name: "compile the kernel", value: rate, unit: "methods/s" }];
}

/** What a user loads: files in chunks, with methods of the kernel in classes of new names. */
function loadMethods({ folder, quick }: WorkPlace): ImageFigure[] {
  const wanted = quick ? 500 : 10_000;
  const sources = join(folder, "sources");
  mkdirSync(sources);
  const classes = readSources(join(root, "images/kernel"))
    .map(({ text }) => readTonel(text))
    .filter(({ superclass, methods }) => superclass === "Object" && methods.length > 0);
  let methods = 0;
  for (let number = 0; methods < wanted; number++) {
    const { instVars, classVars, methods: those } = classes[number % classes.length]!;
    const own = those.filter(({ isClassSide }) => !isClassSide).slice(0, wanted - methods);
    const name = `Loaded${number}`;
    const definition = `Object subclass: #${name} instanceVariableNames: '${instVars.join(" ")}' classVariableNames: '${classVars.join(" ")}' package: 'Loaded'!`;
    const chunks = own.map(({ source }) => `${source.replaceAll("!", "!!")}!\n`);
    const text = `${definition}\n!${name} methodsFor: 'loaded'!\n${chunks.join("\n")} !\n`;
    writeFileSync(join(sources, `${name}.st`), text);
    methods += own.length;
  }
  const out = join(folder, "loaded.image");
  const value = elapsed(() => runNode([commandLine, "load", sources, "--save", out]));
  // The first time it is verified in full.
  openTwice(out);
  const versus = { what: "the base image", value: openTwice(baseImagePath).afresh };
  return [
    { name: `load ${methods} methods`, value, unit: "ms" },
    { name: "open what was loaded", value: openTwice(out).afresh, unit: "ms", versus },
  ];
}

const rawWrites = 3;

/**
 * Against writing as many bytes of the same memory to a file, and a sync. As a save writes to a
 * place the file has not used yet, each raw write has a new file, all kept until the last is written.
 */
function rawVersus(
  name: string,
  value: number,
  memory: ObjectMemory,
  bytes: number,
  folder: string,
): ImageFigure {
  const paths = Array.from({ length: rawWrites }, (_, index) => join(folder, `raw${index}`));
  const raw = median(paths.map((path) => elapsed(() => writeRaw(path, memory, bytes))));
  for (const path of paths) rmSync(path);
  return { name, value, unit: "ms", versus: { what: "write and sync", value: raw } };
}

function writeRaw(path: string, memory: ObjectMemory, bytes: number): void {
  const file = openSync(path, "w");
  for (let at = 0; at < bytes; ) {
    at += writeSync(file, memory.bytes, at, Math.min(2 ** 20, bytes - at));
  }
  fsyncSync(file);
  closeSync(file);
}

async function elapsedLater(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function elapsed(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

const [name, place] = process.argv.slice(2);
const figures = await works[name as ImageWork](JSON.parse(place!));
process.stdout.write(`${JSON.stringify(figures)}\n`);
