/**
 * The host of a machine that runs in Node: its clocks, the terminal and the
 * standard streams, the file system, the environment.
 *
 * Standard output and error are written synchronously, so nothing a program
 * printed is lost whatever ends the process. Standard input is read only once
 * the image asks for it, and delivered as bytes; its end as no bytes.
 */

import { randomFillSync } from "node:crypto";
import * as fs from "node:fs";
import { homedir, tmpdir } from "node:os";
import type {
  Host,
  HostClock,
  HostConsole,
  HostFileError,
  HostFileInfo,
  HostFiles,
} from "../vm/host.ts";

/** Receives bytes of standard input; no bytes: the input has ended. */
export type InputReceiver = (bytes: Uint8Array) => void;

export class NodeHost implements Host {
  readonly kind = "node";
  readonly clock: HostClock = nodeClock;
  readonly console: NodeConsole = new NodeConsole();
  readonly files: HostFiles = new NodeFiles();
  readonly arguments: readonly string[];

  constructor(words: readonly string[]) {
    this.arguments = words;
  }

  random(into: Uint8Array): void {
    randomFillSync(into);
  }

  environment(name: string): string | undefined {
    return process.env[name];
  }

  environmentNames(): readonly string[] {
    return Object.keys(process.env);
  }
}

const nodeClock: HostClock = {
  // Node would have to load `performance`, which every start would pay.
  monotonicMilliseconds: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  utcMicroseconds: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  timeZoneOffsetMinutes: () => -new Date().getTimezoneOffset(),
};

/** What was printed cannot be written; the session ends. */
export class OutputFailed extends Error {
  constructor(stream: 1 | 2, code: string) {
    super(`standard ${stream === 1 ? "output" : "error"} cannot be written: ${code}`);
    this.name = "OutputFailed";
  }
}

export class NodeConsole implements HostConsole {
  /** Where input goes; set by who runs the machine. */
  receiveInput: InputReceiver | undefined;
  /** Who is told when the terminal has got another size. */
  whenResized: ((columns: number, rows: number) => void) | undefined;
  expectsInput = false;
  private started = false;

  write(stream: 1 | 2, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      try {
        done += fs.writeSync(stream, bytes, done);
      } catch (error) {
        const code = errorName(error);
        if (code === "EAGAIN") {
          waitMilliseconds(1);
          continue;
        }
        // The reader has gone away; as other programs do, go quietly.
        if (code === "EPIPE") process.exit(0);
        // So has the terminal, which a signal says.
        if (code === "EIO" && this.isRaw) return;
        throw new OutputFailed(stream, code);
      }
    }
  }

  isTerminal(stream: 0 | 1 | 2): boolean {
    return [process.stdin, process.stdout, process.stderr][stream]?.isTTY === true;
  }

  size(): { columns: number; rows: number } {
    return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
  }

  setRaw(raw: boolean): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(raw);
  }

  /** Whether each key comes as it is typed, Ctrl-C too. */
  get isRaw(): boolean {
    return process.stdin.isTTY && process.stdin.isRaw;
  }

  startInput(): void {
    if (this.started) return;
    this.started = true;
    this.expectsInput = true;
    process.stdin.on("data", (chunk: Buffer) => this.receiveInput?.(chunk));
    const end = () => {
      // No key ends raw input: the terminal has gone, which a signal says.
      if (this.isRaw) return;
      this.expectsInput = false;
      this.receiveInput?.(new Uint8Array(0));
    };
    process.stdin.on("end", end);
    process.stdin.on("error", end);
    process.stdout.on("resize", () => {
      const { columns, rows } = this.size();
      this.whenResized?.(columns, rows);
    });
    process.stdin.resume();
  }

  /** Gives the terminal back as it was and lets the process end. */
  close(): void {
    if (!this.started) return;
    this.setRaw(false);
    process.stdin.pause();
  }
}

function waitMilliseconds(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function errorName(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "EIO";
}

/** What the action answers, or the name of its error. */
function attempt<T>(action: () => T): T | HostFileError {
  try {
    return action();
  } catch (error) {
    return { error: errorName(error) };
  }
}

function attemptEffect(action: () => void): undefined | HostFileError {
  return attempt<undefined>(() => {
    action();
    return undefined;
  });
}

const constants = fs.constants;

const openFlags = {
  read: constants.O_RDONLY,
  write: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
  append: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  update: constants.O_RDWR | constants.O_CREAT,
} as const;

class NodeFiles implements HostFiles {
  open(path: string, mode: keyof typeof openFlags): number | HostFileError {
    return attempt(() => {
      const descriptor = fs.openSync(path, openFlags[mode]);
      if (fs.fstatSync(descriptor).isDirectory()) {
        fs.closeSync(descriptor);
        throw { code: "EISDIR" };
      }
      return descriptor;
    });
  }

  close(handle: number): void {
    attempt(() => fs.closeSync(handle));
  }

  read(handle: number, position: number, into: Uint8Array): number | HostFileError {
    return attempt(() => fs.readSync(handle, into, 0, into.length, position));
  }

  write(handle: number, position: number, bytes: Uint8Array): number | HostFileError {
    return attempt(() => {
      let done = 0;
      while (done < bytes.length) {
        done += fs.writeSync(handle, bytes, done, bytes.length - done, position + done);
      }
      return done;
    });
  }

  size(handle: number): number | HostFileError {
    return attempt(() => fs.fstatSync(handle).size);
  }

  truncate(handle: number, size: number): undefined | HostFileError {
    return attemptEffect(() => fs.ftruncateSync(handle, size));
  }

  sync(handle: number): undefined | HostFileError {
    return attemptEffect(() => fs.fsyncSync(handle));
  }

  info(path: string): HostFileInfo | HostFileError {
    return attempt(() => {
      const symbolicLink = fs.lstatSync(path).isSymbolicLink();
      const stat = fs.statSync(path);
      return {
        kind: stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other",
        size: stat.size,
        modified: stat.mtimeMs,
        created: stat.birthtimeMs,
        symbolicLink,
      };
    });
  }

  list(path: string): readonly string[] | HostFileError {
    return attempt(() => fs.readdirSync(path).sort());
  }

  makeDirectory(path: string): undefined | HostFileError {
    return attemptEffect(() => fs.mkdirSync(path));
  }

  removeFile(path: string): undefined | HostFileError {
    return attemptEffect(() => fs.unlinkSync(path));
  }

  removeDirectory(path: string): undefined | HostFileError {
    return attemptEffect(() => fs.rmdirSync(path));
  }

  rename(from: string, to: string): undefined | HostFileError {
    return attemptEffect(() => fs.renameSync(from, to));
  }

  workingDirectory(): string {
    return process.cwd();
  }

  homeDirectory(): string {
    return homedir();
  }

  temporaryDirectory(): string {
    return tmpdir();
  }
}
