/**
 * Every primitive. Kernel source names them: `<primitive: #name>`, or
 * `<primitive: #name error: code>` to have the failure code in a temporary.
 * A method's header holds the number. Numbers are in saved images: retire a
 * row, never reuse its number.
 *
 * A primitive that cannot act fails with a code and the method's own
 * bytecodes run: Smalltalk decides what the failure means.
 */

export interface PrimitiveRow {
  readonly number: number;
  readonly name: string;
  /** Arguments beside the receiver; -1: any number. */
  readonly arguments: number;
  readonly doc: string;
}

/** Why a primitive failed. The kernel sees these as Symbols. */
export const failureCodes = [
  "failed",
  "badReceiver",
  "badArgument",
  "badIndex",
  "badArgumentCount",
  "noMemory",
  "immutable",
  "notFound",
  "unsupported",
  "overflow",
  "staleHandle",
  "hostError",
  "syntaxError",
  "bufferFull",
] as const;
export type FailureCode = (typeof failureCodes)[number];

/** Numbers 1 to 99: control. They live in the interpreter, for they change frames. */
const control = [
  {
    number: 1,
    name: "blockValue",
    arguments: -1,
    doc: "value, value:, … with exactly the block's number of arguments",
  },
  { number: 2, name: "blockValueWithArguments", arguments: 1, doc: "valueWithArguments: anArray" },
  {
    number: 3,
    name: "perform",
    arguments: -1,
    doc: "perform: selector with: …; any number of arguments behind the selector",
  },
  {
    number: 4,
    name: "performWithArguments",
    arguments: 2,
    doc: "perform: selector withArguments: anArray",
  },
  {
    number: 5,
    name: "performInSuperclass",
    arguments: 3,
    doc: "perform: selector withArguments: anArray inSuperclass: aClass",
  },
  {
    number: 6,
    name: "executeMethod",
    arguments: 2,
    doc: "receiver withArgs: anArray executeMethod: aCompiledMethod",
  },
  { number: 7, name: "blockOnDo", arguments: 2, doc: "marks on:do: as handler; always fails" },
  {
    number: 8,
    name: "blockEnsure",
    arguments: 1,
    doc: "marks ensure: and ifCurtailed: as unwind block; always fails",
  },
  {
    number: 9,
    name: "blockValueNoSwitch",
    arguments: 0,
    doc: "value without a process switch at the block's entry",
  },
  {
    number: 10,
    name: "contextNextHandler",
    arguments: 0,
    doc: "the receiver or the nearest context below it in the sender chain that marks a handler, or nil",
  },
  {
    number: 11,
    name: "contextNextUnwind",
    arguments: 1,
    doc: "the nearest context from the receiver's sender on, before the argument (a Context or nil), that marks an unwind block, or nil",
  },
  {
    number: 12,
    name: "contextTerminateTo",
    arguments: 1,
    doc: "ends every context between the receiver and the argument, a Context in its sender chain or nil, and makes the argument its sender; answers the receiver",
  },
  {
    number: 13,
    name: "contextHasSender",
    arguments: 1,
    doc: "whether the argument is in the receiver's sender chain",
  },
  {
    number: 14,
    name: "contextNew",
    arguments: 1,
    doc: "Context class newForMethod: aCompiledCode: an empty context with room for its frame",
  },
  { number: 15, name: "contextSize", arguments: 0, doc: "number of live indexed slots (stackp)" },
  {
    number: 16,
    name: "contextAt",
    arguments: 1,
    doc: "indexed slot: arguments, temporaries, operands",
  },
  { number: 17, name: "contextAtPut", arguments: 2, doc: "stores an indexed slot" },
  {
    number: 18,
    name: "contextJump",
    arguments: 0,
    doc: "abandons the active context (no unwinding) and goes on in the receiver as it stands",
  },
  { number: 20, name: "processResume", arguments: 0, doc: "makes a suspended process ready" },
  {
    number: 21,
    name: "processSuspend",
    arguments: 0,
    doc: "takes a process off its list or stops the active one; answers the list it was on or nil",
  },
  {
    number: 22,
    name: "processYield",
    arguments: 0,
    doc: "lets others of the active process's priority run",
  },
  { number: 23, name: "semaphoreSignal", arguments: 0, doc: "signal" },
  { number: 24, name: "semaphoreWait", arguments: 0, doc: "wait" },
  { number: 25, name: "activeProcess", arguments: 0, doc: "the active process" },
  { number: 26, name: "mutexEnter", arguments: 0, doc: "unused" },
  {
    number: 30,
    name: "snapshot",
    arguments: 1,
    doc: "saves the image: #full, #delta; answers false when it has been saved, true when it has been resumed; fails with hostError and the message in `snapshotError`",
  },
  { number: 31, name: "exit", arguments: 1, doc: "ends the session with an exit code" },
  { number: 32, name: "collectGarbage", arguments: 0, doc: "full collection; answers free bytes" },
  { number: 33, name: "scavenge", arguments: 0, doc: "collects new space" },
  {
    number: 34,
    name: "signalAtMilliseconds",
    arguments: 2,
    doc: "signals the semaphore when the monotonic clock reaches the number of milliseconds; nil cancels",
  },
  {
    number: 35,
    name: "become",
    arguments: 1,
    doc: "anArray elementsExchangeIdentityWith: anotherArray",
  },
  {
    number: 36,
    name: "becomeForward",
    arguments: 2,
    doc: "anArray elementsForwardIdentityTo: anotherArray copyHash: aBoolean",
  },
  { number: 37, name: "flushCaches", arguments: 0, doc: "forgets every cached lookup" },
  {
    number: 38,
    name: "compactGarbage",
    arguments: 0,
    doc: "full collection with sliding compaction",
  },
  {
    number: 39,
    name: "snapshotError",
    arguments: 0,
    doc: "why the last snapshot failed, a String, or nil",
  },
] as const satisfies readonly PrimitiveRow[];

/** Numbers 100 to 199: objects, slots, classes, reflection, compiling. */
const objects = [] as const satisfies readonly PrimitiveRow[];

/** Numbers 200 to 299: numbers. */
const numbers = [] as const satisfies readonly PrimitiveRow[];

/** Numbers 300 to 399: collections, strings, symbols. */
const collections = [
  {
    number: 300,
    name: "replaceElements",
    arguments: 4,
    doc: "replaceFrom: start to: stop with: source startingAt: sourceStart; both of one element size, or both strings",
  },
  {
    number: 301,
    name: "copyFromTo",
    arguments: 2,
    doc: "a new Array, ByteArray or String of the elements from start to stop",
  },
  {
    number: 302,
    name: "concatenate",
    arguments: 1,
    doc: "a new Array or String of the receiver's elements and the argument's; both Arrays or both strings",
  },
  {
    number: 303,
    name: "rawEqual",
    arguments: 1,
    doc: "whether the argument is of the receiver's class and has the same bytes",
  },
  {
    number: 304,
    name: "rawHash",
    arguments: 0,
    doc: "hash of the receiver's bytes, 30 bits",
  },
  {
    number: 305,
    name: "identityIndexOf",
    arguments: 2,
    doc: "index of an element identical to the argument, from a start index on; 0 if there is none",
  },
  {
    number: 306,
    name: "identityScan",
    arguments: 1,
    doc: "in a hash table of keys: index of the argument or of the first free slot behind its hash; 0 if there is neither",
  },
  {
    number: 307,
    name: "sortAscending",
    arguments: 2,
    doc: "sorts the slots from start to stop: all SmallIntegers, or all byte strings",
  },
  {
    number: 308,
    name: "reverseInPlace",
    arguments: 0,
    doc: "reverses the elements of an Array or byte object",
  },
  {
    number: 309,
    name: "associationScan",
    arguments: 1,
    doc: "in a hash table of associations: index of the one with an identical key or of the first free slot; 0 if there is neither",
  },
  {
    number: 310,
    name: "stringAt",
    arguments: 1,
    doc: "the Character at an index",
  },
  {
    number: 311,
    name: "stringAtPut",
    arguments: 2,
    doc: "stores a Character; overflow if it needs a WideString",
  },
  {
    number: 312,
    name: "stringHash",
    arguments: 0,
    doc: "hash of a string's code points; equal for equal byte and wide strings",
  },
  {
    number: 313,
    name: "stringEqual",
    arguments: 1,
    doc: "whether both are strings of the same code points; badArgument unless the argument is a string",
  },
  {
    number: 314,
    name: "stringCompare",
    arguments: 2,
    doc: "-1, 0 or 1 by code points, ignoring case unless the second argument is true",
  },
  {
    number: 315,
    name: "stringIndexOf",
    arguments: 2,
    doc: "index of a Character from a start index on; 0 if there is none",
  },
  {
    number: 316,
    name: "stringFind",
    arguments: 3,
    doc: "index of a substring from a start index on, ignoring case unless the third argument is true; 0 if there is none",
  },
  {
    number: 317,
    name: "stringIndexOfAny",
    arguments: 2,
    doc: "index from a start index on of the first character that is in another string; 0 if there is none",
  },
  {
    number: 318,
    name: "stringUppercase",
    arguments: 0,
    doc: "a new String with every character in upper case",
  },
  {
    number: 319,
    name: "stringLowercase",
    arguments: 0,
    doc: "a new String with every character in lower case",
  },
  {
    number: 320,
    name: "stringAsString",
    arguments: 0,
    doc: "a new ByteString or WideString of the receiver's characters, as narrow as they allow",
  },
  {
    number: 321,
    name: "stringAsWide",
    arguments: 0,
    doc: "a new WideString of the receiver's characters",
  },
  {
    number: 322,
    name: "stringReverse",
    arguments: 0,
    doc: "a new String with the characters in reverse",
  },
  {
    number: 323,
    name: "internSymbol",
    arguments: 0,
    doc: "the Symbol of a string's characters",
  },
  {
    number: 324,
    name: "findSymbol",
    arguments: 0,
    doc: "the Symbol of a string's characters, or nil",
  },
  {
    number: 325,
    name: "allSymbols",
    arguments: 0,
    doc: "an Array of every Symbol",
  },
  {
    number: 326,
    name: "utf8Encode",
    arguments: 0,
    doc: "a ByteArray of a string in UTF-8",
  },
  {
    number: 327,
    name: "utf8Decode",
    arguments: 0,
    doc: "the String that bytes mean in UTF-8; badReceiver if they are not valid",
  },
  {
    number: 328,
    name: "utf8Size",
    arguments: 0,
    doc: "how many bytes a string takes in UTF-8",
  },
  {
    number: 329,
    name: "stringTranslate",
    arguments: 3,
    doc: "replaces the characters from start to stop that are below 256 by those of a table of 256 bytes",
  },
  {
    number: 330,
    name: "characterIs",
    arguments: 1,
    doc: "whether a Character has property n: 0 letter, 1 uppercase, 2 lowercase, 3 decimal digit, 4 letter or decimal digit",
  },
  {
    number: 331,
    name: "characterUppercase",
    arguments: 0,
    doc: "the Character in upper case, itself if it has none of a single character",
  },
  {
    number: 332,
    name: "characterLowercase",
    arguments: 0,
    doc: "the Character in lower case, itself if it has none of a single character",
  },
  {
    number: 333,
    name: "characterCategory",
    arguments: 0,
    doc: "the Unicode general category, a String of two letters",
  },
  {
    number: 340,
    name: "bytesIntegerAt",
    arguments: 4,
    doc: "integerAt: index size: byteCount signed: aBoolean bigEndian: aBoolean, if it is a SmallInteger",
  },
  {
    number: 341,
    name: "bytesIntegerAtPut",
    arguments: 4,
    doc: "stores a SmallInteger: index, size, value, bigEndian",
  },
  {
    number: 342,
    name: "bytesFloatAt",
    arguments: 3,
    doc: "the Float of 4 or 8 bytes at a byte index: index, size, bigEndian",
  },
  {
    number: 343,
    name: "bytesFloatAtPut",
    arguments: 4,
    doc: "stores a Float: index, size, value, bigEndian",
  },
  {
    number: 344,
    name: "floatArrayAt",
    arguments: 1,
    doc: "a Float of a Float32Array or Float64Array",
  },
  {
    number: 345,
    name: "floatArrayAtPut",
    arguments: 2,
    doc: "stores a Float or SmallInteger",
  },
  {
    number: 346,
    name: "bytesIndexOf",
    arguments: 2,
    doc: "index of a byte from a start index on; 0 if there is none",
  },
  {
    number: 347,
    name: "fillElements",
    arguments: 3,
    doc: "stores one object from start to stop: any in an Array, a byte in a ByteArray, a Character in a string",
  },
] as const satisfies readonly PrimitiveRow[];

/** Numbers 400 to 499: the host: time, console, files, session. */
const host = [] as const satisfies readonly PrimitiveRow[];

export const primitives = [...control, ...objects, ...numbers, ...collections, ...host] as const;

export type ControlPrimitiveName = (typeof control)[number]["name"];
export type ObjectPrimitiveName = (typeof objects)[number]["name"];
export type NumberPrimitiveName = (typeof numbers)[number]["name"];
export type CollectionPrimitiveName = (typeof collections)[number]["name"];
export type HostPrimitiveName = (typeof host)[number]["name"];
export type PrimitiveName = (typeof primitives)[number]["name"];

export const primitiveNumber: ReadonlyMap<string, number> = new Map(
  (primitives as readonly PrimitiveRow[]).map((row) => [row.name, row.number]),
);
