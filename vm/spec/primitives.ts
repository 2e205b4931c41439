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
const collections = [] as const satisfies readonly PrimitiveRow[];

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
