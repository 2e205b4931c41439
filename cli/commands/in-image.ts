/**
 * Commands that Smalltalk carries out: opens the image, hands it the words, and
 * runs it until it ends the session.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { version } from "../../package.json";
import { MemoryExhausted } from "../../vm/interpreter/contexts.ts";
import { MachineFault } from "../../vm/interpreter/machine-fault.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { NothingCanRun, type SnapshotKind, VirtualMachine } from "../../vm/virtual-machine.ts";
import { baseImagePath } from "../base-image.ts";
import { imageWords, parseSize, type Request, UsageError } from "../command-table.ts";
import { type ExitCode, exitCodes, Refused } from "../exit-codes.ts";
import { cloneImage, ImageSession, type SaveTarget } from "../image-session.ts";
import { NodeHost, OutputFailed } from "../node-host.ts";

export async function inImage(request: Request): Promise<ExitCode> {
  const { path, action, words } = programOf(request);
  const target = saveTarget(request, path);
  const memory = newMemory(request);
  const notes = () => ({ created: new Date().toISOString(), toolVersion: version });
  const image = path ?? baseImagePath;
  if (request.command.name === "repl" && path !== undefined && !existsSync(path)) {
    await cloneImage(baseImagePath, path, newMemory(request), notes());
    process.stderr.write(`made ${path}\n`);
  }
  const session = await ImageSession.open(image, memory, target, notes);
  try {
    for (const warning of session.warnings) process.stderr.write(`engram: ${warning.message}\n`);
    const host = new NodeHost(imageWords(request, action, words));
    const saves = target !== "nowhere";
    const machine = new VirtualMachine(
      memory,
      host,
      saves ? { saver: (kind) => save(session, kind) } : {},
    );
    const keeps = request.command.name === "repl" && target === "same";
    return await runMachine(machine, host, keeps);
  } finally {
    session.close();
  }
}

interface Program {
  /** Undefined for the base image. */
  readonly path: string | undefined;
  /** What the image is told to do, and the words it does it with. */
  readonly action: string;
  readonly words: readonly string[];
}

/** The image a request opens, and what it is to do. */
function programOf({ command, image, words }: Request): Program {
  const [first] = words;
  const path = image === undefined ? undefined : resolve(image);
  if (command.name === "repl") {
    if (first !== undefined && image !== undefined) {
      throw new UsageError("the image is named twice", command);
    }
    // The word tells the conversation that it is to be kept.
    const named = first ?? image;
    return named === undefined
      ? { path, action: "repl", words }
      : { path: resolve(named), action: "repl", words: [named] };
  }
  if (command.name !== "run") return { path, action: command.name, words };
  if (first === undefined) {
    if (image === undefined) throw new UsageError("run needs FILE", command);
    return { path, action: "start", words };
  }
  if (!first.endsWith(".image")) return { path, action: "run", words };
  if (image !== undefined) throw new UsageError("run needs one image or a script", command);
  return { path: resolve(first), action: "start", words: words.slice(1) };
}

function saveTarget({ command, options }: Request, path: string | undefined): SaveTarget {
  const onError = options.get("save-on-error");
  const save = options.get("save");
  if (onError !== undefined && save !== undefined) {
    throw new UsageError("--save and --save-on-error exclude each other", command);
  }
  if (typeof onError === "string") return { path: resolve(onError) };
  if (typeof save === "string") {
    const out = resolve(save);
    return out === path ? "same" : { path: out };
  }
  if (save === true && path === undefined) {
    throw new UsageError("--save needs an image; name one with -i", command);
  }
  // An image run as a program may save itself when it likes.
  const mayKeep = save === true || command.name === "repl" || command.name === "run";
  return mayKeep && path !== undefined ? "same" : "nowhere";
}

function save(session: ImageSession, kind: SnapshotKind): void {
  const { path } = session;
  session.save(kind);
  if (session.path === path) return;
  process.stderr.write(
    `engram: another file is called ${path} now; this session is saved as ${session.path}\n`,
  );
}

export function newMemory(request: Request): ObjectMemory {
  const limit = request.options.get("heap-limit");
  try {
    return new ObjectMemory(typeof limit === "string" ? parseSize(limit) : undefined, "shared");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const advice = "ask for less with --heap-limit";
    throw new Refused(`the host has not that much memory; ${advice}`, exitCodes.outOfMemory);
  }
}

async function runMachine(
  machine: VirtualMachine,
  host: NodeHost,
  keeps: boolean,
): Promise<ExitCode> {
  host.console.receiveInput = (bytes) =>
    host.console.isRaw ? machine.postKeys(bytes) : machine.postInput(bytes);
  host.console.whenResized = (columns, rows) =>
    machine.postEvent(["terminalResized", columns, rows]);
  const stopListening = listenForInterrupt(machine, host);
  const stopKeeping = keeps ? saveWhenTold(machine, host) : () => {};
  try {
    machine.start();
    return await machine.run();
  } catch (error) {
    if (error instanceof MemoryExhausted) {
      throw new Refused(`out of memory: ${error.message}`, exitCodes.outOfMemory);
    }
    if (error instanceof NothingCanRun) throw new Refused(error.message, exitCodes.failed);
    if (error instanceof MachineFault && error.cause instanceof OutputFailed) {
      throw new Refused(error.cause.message, exitCodes.failed);
    }
    // One that has another cause is our bug, and keeps its stack.
    if (error instanceof MachineFault && error.cause === undefined) {
      throw new Refused(error.message, exitCodes.badImage);
    }
    throw error;
  } finally {
    stopListening();
    stopKeeping();
    host.console.close();
  }
}

/** How soon a second Ctrl-C quits. */
const impatientMilliseconds = 2000;

/** The first Ctrl-C interrupts the active process, a second one soon after it quits. */
function listenForInterrupt(machine: VirtualMachine, host: NodeHost): () => void {
  let last = Number.NEGATIVE_INFINITY;
  const interrupt = () => {
    const now = performance.now();
    if (now - last < impatientMilliseconds) {
      host.console.close();
      process.exit(exitCodes.interrupted);
    }
    last = now;
    machine.interrupt();
  };
  process.on("SIGINT", interrupt);
  return () => process.off("SIGINT", interrupt);
}

/**
 * A conversation that is to be kept is saved as it stands when its terminal goes, or the system ends it.
 * Then the signal does what it does: Node fails at an orderly exit without its terminal.
 */
function saveWhenTold(machine: VirtualMachine, host: NodeHost): () => void {
  const end = (signal: NodeJS.Signals) => {
    const leave = (error?: Error) => {
      if (error !== undefined) process.stderr.write(`engram: not saved: ${error.message}\n`);
      if (signal !== "SIGHUP") host.console.close();
      process.kill(process.pid, signal);
    };
    machine.save("delta").then(() => leave(), leave);
  };
  const signals = ["SIGHUP", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}
