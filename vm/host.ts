/**
 * What the machine asks of its surroundings. Node, the browser and a
 * deterministic simulation implement this one interface; all input to an image
 * passes through it, so a session can be recorded and played again.
 *
 * No method may call back into the machine, and none blocks but `files`.
 */

export interface Host {
  readonly kind: "node" | "browser" | "simulated";
  readonly clock: HostClock;
  readonly console: HostConsole;
  /** Absent where there is no file system. */
  readonly files?: HostFiles;
  /** Fills the array with unpredictable bytes (predictable ones in a simulation). */
  random(into: Uint8Array): void;
  /** The words after the command, for the image to act on. */
  readonly arguments: readonly string[];
  /** A value of the surroundings by name, such as an environment variable. */
  environment(name: string): string | undefined;
  /** The names of those values. */
  environmentNames(): readonly string[];
  /** Lets that much time pass at once, where time is simulated; elsewhere absent, and the machine waits. */
  idle?(milliseconds: number): void;
  /** The host's turn between the machine's, as long as it likes; absent: its event loop runs once. */
  turn?(): Promise<void>;
  /** Whether the host would rather have its turn after this slice than when it is due. */
  readonly wantsTurn?: boolean;
  /** Something for the world outside the image: display patches, titles, files to download. Plain data. */
  post?(message: HostMessage): void;
}

export interface HostMessage {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface HostClock {
  /** Milliseconds from an arbitrary start, never going back; may have a fraction. */
  monotonicMilliseconds(): number;
  /** Microseconds since 1970-01-01T00:00Z. */
  utcMicroseconds(): number;
  /** Offset of local time from UTC now, in minutes, positive east of Greenwich. */
  timeZoneOffsetMinutes(): number;
}

export interface HostConsole {
  /** Writes bytes to stream 1 (standard output) or 2 (standard error). */
  write(stream: 1 | 2, bytes: Uint8Array): void;
  /** Whether the stream (0, 1 or 2) is a terminal that sends raw keys and understands ANSI sequences. */
  isTerminal(stream: 0 | 1 | 2): boolean;
  /** Columns and rows of the terminal, or of a usual one. */
  size(): { columns: number; rows: number };
  /** Whether input can still come; absent: it can. */
  readonly expectsInput?: boolean;
  /** Switches raw key input on or off where stream 0 is a terminal. */
  setRaw?(raw: boolean): void;
  /** From now on the host delivers input by the machine's `postInput`. Until asked, it need not read. */
  startInput?(): void;
}

/** Error names are those of POSIX: ENOENT, EEXIST, EACCES, ENOTDIR, EISDIR, ENOTEMPTY, ENOSPC, EINVAL, EIO. */
export type HostFileError = { readonly error: string };

export interface HostFileInfo {
  readonly kind: "file" | "directory" | "other";
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly created: number;
  readonly symbolicLink: boolean;
}

/** Synchronous files. Handles are small numbers of this session. */
export interface HostFiles {
  open(
    path: string,
    mode: "read" | "write" | "append" | "create" | "update",
  ): number | HostFileError;
  close(handle: number): void;
  /** Reads up to into.length bytes from the position; answers how many. */
  read(handle: number, position: number, into: Uint8Array): number | HostFileError;
  write(handle: number, position: number, bytes: Uint8Array): number | HostFileError;
  size(handle: number): number | HostFileError;
  truncate(handle: number, size: number): undefined | HostFileError;
  sync(handle: number): undefined | HostFileError;
  info(path: string): HostFileInfo | HostFileError;
  list(path: string): readonly string[] | HostFileError;
  makeDirectory(path: string): undefined | HostFileError;
  removeFile(path: string): undefined | HostFileError;
  removeDirectory(path: string): undefined | HostFileError;
  rename(from: string, to: string): undefined | HostFileError;
  workingDirectory(): string;
  homeDirectory(): string;
  temporaryDirectory(): string;
}
