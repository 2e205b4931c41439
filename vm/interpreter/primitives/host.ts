/**
 * The host, as the image sees it: time, randomness, the console, the words of
 * the command, files, messages out and input in.
 *
 * File handles are numbers of one session. Whoever uses one names the session
 * it came from, and gets staleHandle if that is over. When a host operation
 * fails, `hostErrorName` tells why.
 */

import type { HostFileError, HostFiles, HostMessage } from "../../host.ts";
import {
  classIndexOf,
  falseOop,
  isSmallInteger,
  nilOop,
  type Oop,
  smallInteger,
  trueOop,
} from "../../spec/layouts.ts";
import type { HostPrimitiveName } from "../../spec/primitives.ts";
import type { EventField } from "../input-queue.ts";
import type { Machine, Primitive } from "../machine.ts";
import { answerInteger, integerOop, integerValue } from "./integer-values.ts";

/** Seconds from 1901-01-01, where Smalltalk's time starts, to 1970-01-01. */
const secondsTo1970 = 2177452800;

const lastErrors = new WeakMap<Machine, string>();

const openModes = ["read", "write", "append", "create", "update"] as const;
type OpenMode = (typeof openModes)[number];

function argument(machine: Machine, at: number, n: number): Oop {
  return machine.memory.words[at + n]!;
}

function stringArgument(machine: Machine, at: number, n: number): string | undefined {
  const oop = argument(machine, at, n);
  return machine.memory.isString(oop) ? machine.memory.stringValue(oop) : undefined;
}

function numberArgument(machine: Machine, at: number, n: number): number | undefined {
  const value = integerValue(machine.memory, argument(machine, at, n));
  return typeof value === "number" ? value : undefined;
}

/** The bytes of a byte object, in place. */
function bytesArgument(machine: Machine, at: number, n: number): Uint8Array | undefined {
  const { memory } = machine;
  const oop = argument(machine, at, n);
  if (!memory.isKindOfBytes(oop)) return undefined;
  const body = memory.bodyAddress(oop);
  return memory.bytes.subarray(body, body + memory.elementCount(oop));
}

function answerString(machine: Machine, text: string): Oop {
  return machine.memory.newString(text) || machine.fail("noMemory");
}

function answerArray(machine: Machine, elements: readonly Oop[]): Oop {
  if (elements.includes(0)) return machine.fail("noMemory");
  return machine.memory.newArray(elements) || machine.fail("noMemory");
}

// Time, randomness, console

const consoleWrite: Primitive = (machine, at) => {
  const stream = argument(machine, at, 1);
  const bytes = bytesArgument(machine, at, 2);
  if (bytes === undefined) return machine.fail("badArgument");
  if (stream !== smallInteger(1) && stream !== smallInteger(2)) return machine.fail("badArgument");
  machine.host.console.write(stream === smallInteger(1) ? 1 : 2, bytes);
  return machine.memory.words[at]!;
};

const consoleIsTerminal: Primitive = (machine, at) => {
  const stream = numberArgument(machine, at, 1);
  if (stream !== 0 && stream !== 1 && stream !== 2) return machine.fail("badArgument");
  return machine.host.console.isTerminal(stream) ? trueOop : falseOop;
};

const consoleSize: Primitive = (machine) => {
  const { columns, rows } = machine.host.console.size();
  return answerArray(machine, [smallInteger(columns), smallInteger(rows)]);
};

const consoleSetRaw: Primitive = (machine, at) => {
  machine.host.console.setRaw?.(argument(machine, at, 1) === trueOop);
  return machine.memory.words[at]!;
};

const consoleStartInput: Primitive = (machine, at) => {
  machine.host.console.startInput?.();
  return machine.memory.words[at]!;
};

const randomBytes: Primitive = (machine, at) => {
  const { memory } = machine;
  const bytes = bytesArgument(machine, at, 1);
  if (bytes === undefined) return machine.fail("badArgument");
  if (memory.isImmutable(argument(machine, at, 1))) return machine.fail("immutable");
  machine.host.random(bytes);
  memory.markDirtyRange(bytes.byteOffset, bytes.length);
  return argument(machine, at, 1);
};

// Input

const inputNext: Primitive = (machine) => {
  const input = machine.input.peek();
  if (input === undefined) return nilOop;
  const oop = fieldOop(machine, input);
  if (oop === 0) return machine.fail("noMemory");
  machine.input.next();
  return oop;
};

/** An object for plain data: String, number, Boolean, nil, ByteArray, or Array of these; 0 when memory is full. */
function fieldOop(machine: Machine, field: EventField): Oop {
  const { memory } = machine;
  if (field === null) return nilOop;
  switch (typeof field) {
    case "string":
      return memory.newString(field);
    case "number":
      return Number.isSafeInteger(field) ? integerOop(memory, field) : memory.newFloat(field);
    case "boolean":
      return field ? trueOop : falseOop;
  }
  if (field instanceof Uint8Array) return memory.newBytes(classIndexOf.ByteArray, field);
  const elements = field.map((each) => fieldOop(machine, each));
  return elements.includes(0) ? 0 : memory.newArray(elements);
}

/** Plain data for an object: the inverse of fieldOop; undefined for anything else. */
function fieldValue(machine: Machine, oop: Oop): EventField | undefined {
  const { memory } = machine;
  if (oop === nilOop) return null;
  if (oop === trueOop) return true;
  if (oop === falseOop) return false;
  if (memory.isString(oop)) return memory.stringValue(oop);
  if (memory.isFloat(oop)) return memory.floatValue(oop);
  const integer = integerValue(memory, oop);
  if (integer !== undefined) return typeof integer === "number" ? integer : undefined;
  const classIndex = memory.classIndex(oop);
  if (classIndex === classIndexOf.ByteArray) {
    const body = memory.bodyAddress(oop);
    return memory.bytes.slice(body, body + memory.elementCount(oop));
  }
  if (classIndex !== classIndexOf.Array) return undefined;
  const elements: EventField[] = [];
  for (let index = 0; index < memory.slotCount(oop); index++) {
    const element = fieldValue(machine, memory.fetchPointer(index, oop));
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return elements;
}

// Surroundings

const environmentAt: Primitive = (machine, at) => {
  const name = stringArgument(machine, at, 1);
  if (name === undefined) return machine.fail("badArgument");
  const value = machine.host.environment(name);
  return value === undefined ? nilOop : answerString(machine, value);
};

const hostPost: Primitive = (machine, at) => {
  const kind = stringArgument(machine, at, 1);
  const fields = fieldValue(machine, argument(machine, at, 2));
  if (kind === undefined || !Array.isArray(fields)) return machine.fail("badArgument");
  if (machine.host.post === undefined) return machine.fail("unsupported");
  const message: { kind: string; [field: string]: unknown } = { kind };
  for (let index = 0; index + 1 < fields.length; index += 2) {
    message[String(fields[index])] = fields[index + 1];
  }
  machine.host.post(message satisfies HostMessage);
  return machine.memory.words[at]!;
};

// Files

function isError(result: unknown): result is HostFileError {
  return typeof result === "object" && result !== null && "error" in result;
}

/** Fails for a host's error, remembering its name. */
function failWith(machine: Machine, result: HostFileError): 0 {
  lastErrors.set(machine, result.error);
  return machine.fail(result.error === "ENOENT" ? "notFound" : "hostError");
}

/** A primitive on a path. */
function onPath(
  act: (files: HostFiles, path: string, machine: Machine) => Oop | HostFileError,
): Primitive {
  return (machine, at) => {
    const files = machine.host.files;
    const path = stringArgument(machine, at, 1);
    if (files === undefined) return machine.fail("unsupported");
    if (path === undefined) return machine.fail("badArgument");
    const result = act(files, path, machine);
    return isError(result) ? failWith(machine, result) : result;
  };
}

/** A primitive on an open file: session, handle, then its own arguments. */
function onHandle(
  act: (files: HostFiles, handle: number, machine: Machine, at: number) => Oop | HostFileError,
): Primitive {
  return (machine, at) => {
    const files = machine.host.files;
    const handle = argument(machine, at, 2);
    if (files === undefined) return machine.fail("unsupported");
    if (numberArgument(machine, at, 1) !== machine.session) return machine.fail("staleHandle");
    if (!isSmallInteger(handle)) return machine.fail("badArgument");
    const result = act(files, handle >> 1, machine, at);
    return isError(result) ? failWith(machine, result) : result;
  };
}

/** Success without a value: nil. */
function done(result: undefined | HostFileError): Oop | HostFileError {
  return result ?? nilOop;
}

const fileOpen: Primitive = (machine, at) => {
  const files = machine.host.files;
  const path = stringArgument(machine, at, 1);
  const mode = stringArgument(machine, at, 2) as OpenMode | undefined;
  if (files === undefined) return machine.fail("unsupported");
  if (path === undefined || mode === undefined || !openModes.includes(mode)) {
    return machine.fail("badArgument");
  }
  const handle = files.open(path, mode);
  return isError(handle) ? failWith(machine, handle) : smallInteger(handle);
};

/** The part of a byte object that arguments 4 to 6 name, and the file position in argument 3. */
function transfer(
  machine: Machine,
  at: number,
): { position: number; bytes: Uint8Array } | undefined {
  const position = numberArgument(machine, at, 3);
  const bytes = bytesArgument(machine, at, 4);
  const first = numberArgument(machine, at, 5);
  const count = numberArgument(machine, at, 6);
  if (position === undefined || bytes === undefined || first === undefined || count === undefined) {
    return undefined;
  }
  if (position < 0 || first < 1 || count < 0 || first - 1 + count > bytes.length) return undefined;
  return { position, bytes: bytes.subarray(first - 1, first - 1 + count) };
}

const fileRead = onHandle((files, handle, machine, at) => {
  const part = transfer(machine, at);
  if (part === undefined) return machine.fail("badArgument");
  if (machine.memory.isImmutable(argument(machine, at, 4))) return machine.fail("immutable");
  const count = files.read(handle, part.position, part.bytes);
  machine.memory.markDirtyRange(part.bytes.byteOffset, part.bytes.length);
  return isError(count) ? count : answerInteger(machine, count);
});

const fileWrite = onHandle((files, handle, machine, at) => {
  const part = transfer(machine, at);
  if (part === undefined) return machine.fail("badArgument");
  const count = files.write(handle, part.position, part.bytes);
  return isError(count) ? count : answerInteger(machine, count);
});

const fileTruncate = onHandle((files, handle, machine, at) => {
  const size = numberArgument(machine, at, 3);
  if (size === undefined || size < 0) return machine.fail("badArgument");
  return done(files.truncate(handle, size));
});

const fileInfo = onPath((files, path, machine) => {
  const info = files.info(path);
  if (isError(info)) return info;
  const { memory } = machine;
  return answerArray(machine, [
    memory.newString(info.kind),
    integerOop(memory, info.size),
    integerOop(memory, Math.floor(info.modified)),
    integerOop(memory, Math.floor(info.created)),
    memory.booleanOop(info.symbolicLink),
  ]);
});

const fileRename: Primitive = (machine, at) => {
  const files = machine.host.files;
  const from = stringArgument(machine, at, 1);
  const to = stringArgument(machine, at, 2);
  if (files === undefined) return machine.fail("unsupported");
  if (from === undefined || to === undefined) return machine.fail("badArgument");
  const result = done(files.rename(from, to));
  return isError(result) ? failWith(machine, result) : result;
};

const fileDirectories: Primitive = (machine) => {
  const files = machine.host.files;
  if (files === undefined) return machine.fail("unsupported");
  const { memory } = machine;
  return answerArray(machine, [
    memory.newString(files.workingDirectory()),
    memory.newString(files.homeDirectory()),
    memory.newString(files.temporaryDirectory()),
  ]);
};

export const hostPrimitives: Record<HostPrimitiveName, Primitive> = {
  utcMicroseconds: (machine) =>
    answerInteger(
      machine,
      Math.floor(machine.host.clock.utcMicroseconds()) + secondsTo1970 * 1_000_000,
    ),
  monotonicMicroseconds: (machine) =>
    answerInteger(machine, Math.floor(machine.milliseconds() * 1000)),
  timeZoneOffsetMinutes: (machine) => smallInteger(machine.host.clock.timeZoneOffsetMinutes()),
  randomBytes,
  consoleWrite,
  consoleIsTerminal,
  consoleSize,
  consoleSetRaw,
  consoleStartInput,
  inputNext,
  environmentAt,
  environmentNames: (machine) =>
    answerArray(
      machine,
      machine.host.environmentNames().map((each) => machine.memory.newString(each)),
    ),
  hostArguments: (machine) =>
    answerArray(
      machine,
      machine.host.arguments.map((each) => machine.memory.newString(each)),
    ),
  hostKind: (machine) => answerString(machine, machine.host.kind),
  hostPost,
  sessionNumber: (machine) => answerInteger(machine, machine.session),
  hostErrorName: (machine) => {
    const name = lastErrors.get(machine);
    return name === undefined ? nilOop : answerString(machine, name);
  },
  fileOpen,
  fileClose: onHandle((files, handle) => {
    files.close(handle);
    return nilOop;
  }),
  fileRead,
  fileWrite,
  fileSize: onHandle((files, handle, machine) => {
    const size = files.size(handle);
    return isError(size) ? size : answerInteger(machine, size);
  }),
  fileTruncate,
  fileSync: onHandle((files, handle) => done(files.sync(handle))),
  fileInfo,
  fileList: onPath((files, path, machine) => {
    const names = files.list(path);
    if (isError(names)) return names;
    return answerArray(
      machine,
      names.map((each) => machine.memory.newString(each)),
    );
  }),
  fileMakeDirectory: onPath((files, path) => done(files.makeDirectory(path))),
  fileRemove: onPath((files, path) => done(files.removeFile(path))),
  fileRemoveDirectory: onPath((files, path) => done(files.removeDirectory(path))),
  fileRename,
  fileDirectories,
};
