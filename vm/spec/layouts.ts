/**
 * How everything lies in memory: oop tags, object headers, formats, known
 * classes and their slots, frames, and the map of linear memory.
 *
 * Words are 32 bits. An oop is a SmallInteger (low bit 1), a Character (low
 * bits 10) or the byte address of an object (a multiple of 8). A word index is
 * an address shifted right by two, unsigned.
 *
 * An object is a header of two words and its slots, padded to 8 bytes:
 *
 *   word 0  class index (18 bits) | format (5) | flags
 *   word 1  identity hash (22 bits) | slot count in words (10)
 *
 * A slot count of 1023 says that 8 bytes in front of the header hold the real
 * count: [ count | 0xffc00000 ]. Walking memory, a word 1 whose count field is
 * 1023 marks that prefix, and the object itself starts 8 bytes later.
 */

/** A tagged word. Signed, as an Int32Array delivers it. */
export type Oop = number;

// Tags

export const smallIntegerTag = 1;
export const characterTag = 2;
export const minSmallInteger = -0x40000000;
export const maxSmallInteger = 0x3fffffff;

export const isSmallInteger = (oop: Oop): boolean => (oop & 1) !== 0;
export const isCharacter = (oop: Oop): boolean => (oop & 3) === characterTag;
export const isImmediate = (oop: Oop): boolean => (oop & 3) !== 0;
export const isPointer = (oop: Oop): boolean => (oop & 3) === 0;
export const smallInteger = (value: number): Oop => (value << 1) | 1;
export const smallIntegerValue = (oop: Oop): number => oop >> 1;
export const fitsSmallInteger = (value: number): boolean =>
  value >= minSmallInteger && value <= maxSmallInteger && Number.isInteger(value);
export const character = (codePoint: number): Oop => (codePoint << 2) | characterTag;
export const characterValue = (oop: Oop): number => oop >>> 2;

// Header

export const classIndexBits = 18;
export const classIndexMask = 0x3ffff;
export const formatShift = 18;
export const formatMask = 31 << formatShift;
export const markBit = 1 << 23;
export const rememberedBit = 1 << 24;
export const immutableBit = 1 << 25;
export const ageShift = 26;
export const ageMask = 3 << ageShift;
/** Set by the collector on a weak object or ephemeron it has already queued. */
export const queuedBit = 1 << 28;

export const hashMask = 0x3fffff;
export const slotCountShift = 22;
/** In the slot count field: the real count stands in front of the header. */
export const overflowSlotCount = 1023;
export const overflowMarker = (overflowSlotCount << slotCountShift) | 0;
export const headerBytes = 8;
export const headerWords = 2;

/**
 * Formats, Spur's kinds. In formats from 12 on, the low bits count the unused
 * elements of the last word.
 */
export const Format = {
  empty: 0,
  fixed: 1,
  indexable: 2,
  indexableWithFixed: 3,
  weak: 4,
  ephemeron: 5,
  words64: 9,
  words32: 10,
  words16: 12, // to 13
  bytes: 16, // to 19
  compiledCode: 24,
} as const;
export type FormatValue = number;

/** Objects whose slots are all oops: formats 1 to 5. */
export const isPointerFormat = (format: number): boolean => format <= Format.ephemeron;

/** Class index 0 in a header: a scavenged object; word 1 is its new address. */
export const forwardedClassIndex = 0;

/**
 * Classes the machine knows, at fixed class indices, with the slots it relies
 * on in their order. A class's identity hash is its class index. Subclasses in
 * the kernel may add slots behind these; a test compares them. Where there is a format,
 * instances have it and no other slots: the machine makes them itself.
 */
export const knownClasses = [
  { name: "(forwarded)", slots: [] },
  { name: "(free)", slots: [] },
  { name: "SmallInteger", slots: [] },
  { name: "Character", slots: [] },
  { name: "BoxedFloat64", slots: [], format: Format.words64 },
  { name: "Array", slots: [], format: Format.indexable },
  { name: "ByteString", slots: [], format: Format.bytes },
  { name: "ByteSymbol", slots: [], format: Format.bytes },
  { name: "LargePositiveInteger", slots: [], format: Format.bytes },
  { name: "LargeNegativeInteger", slots: [], format: Format.bytes },
  {
    name: "FullBlockClosure",
    slots: ["outerContext", "compiledBlock", "numArgs", "receiver"],
    format: Format.indexableWithFixed,
  },
  { name: "CompiledMethod", slots: [], format: Format.compiledCode },
  { name: "CompiledBlock", slots: [], format: Format.compiledCode },
  {
    name: "Context",
    slots: ["sender", "pc", "stackp", "method", "closureOrNil", "receiver"],
    format: Format.indexableWithFixed,
  },
  {
    name: "Process",
    slots: ["nextLink", "suspendedContext", "priority", "myList", "name", "env", "terminating"],
  },
  { name: "Semaphore", slots: ["firstLink", "lastLink", "excessSignals"] },
  { name: "Message", slots: ["selector", "args", "lookupClass"] },
  { name: "Association", slots: ["key", "value"] },
  { name: "ByteArray", slots: [], format: Format.bytes },
  { name: "WideString", slots: [], format: Format.words32 },
  { name: "WideSymbol", slots: [], format: Format.words32 },
  { name: "MethodDictionary", slots: ["tally", "array"] },
  { name: "UndefinedObject", slots: [] },
  { name: "True", slots: [] },
  { name: "False", slots: [] },
  { name: "Metaclass", slots: ["superclass", "methodDict", "format"] },
  { name: "LinkedList", slots: ["firstLink", "lastLink"] },
  { name: "ProcessorScheduler", slots: ["quiescentProcessLists", "activeProcess"] },
  { name: "GlobalVariable", slots: ["key", "value"] },
  { name: "ClassVariable", slots: ["key", "value"] },
  { name: "UndeclaredVariable", slots: ["key", "value"] },
  { name: "Fraction", slots: ["numerator", "denominator"] },
  { name: "Point", slots: ["x", "y"] },
  { name: "Ephemeron", slots: ["key", "value"] },
  { name: "WeakArray", slots: [], format: Format.weak },
  { name: "ScaledDecimal", slots: ["fraction", "scale"] },
  { name: "SystemDictionary", slots: ["tally", "array"] },
  { name: "WordArray", slots: [], format: Format.words32 },
  { name: "DoubleByteArray", slots: [], format: Format.words16 },
  { name: "DoubleWordArray", slots: [], format: Format.words64 },
  { name: "Float32Array", slots: [], format: Format.words32 },
  { name: "Float64Array", slots: [], format: Format.words64 },
] as const;

export type KnownClassName = (typeof knownClasses)[number]["name"];

/** The class index of a known class. */
export const classIndexOf = Object.fromEntries(
  knownClasses.map((known, index) => [known.name, index]),
) as Record<KnownClassName, number>;

/** Two of them as plain numbers, which the bundler writes into the loop. */
export const floatClassIndex = 4;
export const arrayClassIndex = 5;

/** Class indices below this are for known classes, present and future. */
export const firstFreeClassIndex = 128;

/** Slots of Behavior, first in every class and metaclass. */
export const behaviorSlots = ["superclass", "methodDict", "format"] as const;
/** Slots of Class behind those of Behavior that the bootstrap fills in. */
export const ClassSlot = { superclass: 0, methodDict: 1, format: 2 } as const;

/**
 * A class's `format`, a SmallInteger: instance size in slots (16 bits) and the
 * Format of instances above it. For compiledCode, bytes, words: size 0.
 */
export const classFormat = (instanceSize: number, format: number): number =>
  instanceSize | (format << 16);
export const instanceSizeOf = (classFormatValue: number): number => classFormatValue & 0xffff;
export const instanceFormatOf = (classFormatValue: number): number => (classFormatValue >> 16) & 31;

export const ContextSlot = {
  sender: 0,
  pc: 1,
  stackp: 2,
  method: 3,
  closureOrNil: 4,
  receiver: 5,
  firstTemp: 6,
} as const;

export const ClosureSlot = {
  outerContext: 0,
  compiledBlock: 1,
  numArgs: 2,
  receiver: 3,
  firstCopied: 4,
} as const;

export const ProcessSlot = {
  nextLink: 0,
  suspendedContext: 1,
  priority: 2,
  myList: 3,
  name: 4,
  env: 5,
  terminating: 6,
} as const;

export const LinkedListSlot = { firstLink: 0, lastLink: 1 } as const;
export const SemaphoreSlot = { firstLink: 0, lastLink: 1, excessSignals: 2 } as const;
export const SchedulerSlot = { quiescentProcessLists: 0, activeProcess: 1 } as const;
export const AssociationSlot = { key: 0, value: 1 } as const;
export const MessageSlot = { selector: 0, args: 1, lookupClass: 2 } as const;
export const EphemeronSlot = { key: 0, value: 1 } as const;
/** Keys are the indexed slots behind these, probed linearly from the selector's identity hash. */
export const MethodDictionarySlot = { tally: 0, array: 1, firstKey: 2 } as const;

/**
 * Compiled code: two SmallInteger words, the literals, then bytecode words.
 *
 *   slot 0  literal count (16 bits) | primitive number (14 bits)
 *   slot 1  argument count (7) | temporary count (8) | operand depth (8) | flags
 *
 * The last literals of a CompiledMethod are, in this order: properties (nil or
 * an object that holds pragmas and more), source (String, packed bytes or nil), selector,
 * method class. The last two literals of a CompiledBlock: outer code, method class.
 * Temporary count excludes arguments.
 */
export const CodeSlot = { shape: 0, frame: 1, firstLiteral: 2 } as const;
export const primitiveShift = 16;
export const literalCountMask = 0xffff;
export const argumentCountMask = 0x7f;
export const temporaryCountShift = 7;
export const operandDepthShift = 15;
export const countMask8 = 0xff;
/** Flags of slot 1. */
export const CodeFlag = {
  block: 1 << 23,
  /** A block that contains `^`, or uses thisContext: its closures hold their outer context. */
  needsOuterContext: 1 << 24,
  /** A method whose first temporary receives the failure code of its primitive. */
  failureCode: 1 << 25,
} as const;
/** For blocks: how many copied values a closure carries stands in the primitive field of slot 0. */
export const MethodTail = { properties: 4, source: 3, selector: 2, methodClass: 1 } as const;
export const BlockTail = { outerCode: 2, methodClass: 1 } as const;

/**
 * A frame, in words from fp:
 *
 *   fp - 1 - n   receiver (for a block: its closure)
 *   fp - n …     arguments
 *   fp           link: the caller's fp as a SmallInteger (fp as word index), or this
 *                frame's Context, whose sender slot then holds the link, or for
 *                the bottom frame the sending context or nil
 *   fp + 1       method or block code
 *   fp + 2       pc while it calls: SmallInteger, words from the code's oop
 *   fp + 3 …     temporaries, then operands
 *
 * A register operand r of a bytecode is the word at fp + r, so arguments and
 * receiver are negative, temporaries start at 3. The receiver and arguments of a
 * callee are its caller's top operands; its answer replaces its receiver.
 */
export const FrameOffset = { link: 0, method: 1, pc: 2, firstTemp: 3 } as const;

// Map of linear memory, in bytes. Everything below oldBase is the machine's own
// and never part of an image.

export const pageBytes = 4096;
export const stateBase = 0x1000;
export const stackBase = 0x10000;
export const stackBytes = 0x100000;
/** Room kept above the stack limit: more than any frame and call window needs. */
export const stackMarginWords = 2048;
export const sendCacheBase = 0x200000;
export const sendCacheEntries = 0x10000;
export const lookupCacheBase = 0x300000;
export const lookupCacheEntries = 0x4000;
/** One byte a page of the whole address space; its bits say since when it has not been written. */
export const dirtyBase = 0x800000;
/** Written since the last checkpoint. */
export const dirtyBit = 1;
/** Written since the marker last looked. */
export const storedBit = 2;
/** What every store leaves. */
export const pageWritten = dirtyBit | storedBit;
export const dirtyBytes = 0x100000;
export const edenBase = 0x1000000;
export const edenBytes = 0x600000;
/** Above eden's soft end: allocation may go on here until the next safepoint. */
export const edenReserveBytes = 0x200000;
export const survivorBytes = 0x200000;
export const pastBase = edenBase + edenBytes + edenReserveBytes;
export const futureBase = pastBase + survivorBytes;
export const oldBase = 0x2000000;

/** The first three objects of every image stand at fixed addresses. */
export const nilOop: Oop = 0x2000000;
export const falseOop: Oop = 0x2000008;
export const trueOop: Oop = 0x2000010;

/** Whether it is nil, false or true, which the machine knows by where they are. */
export const isFixedObject = (oop: Oop): boolean => oop >= nilOop && oop <= trueOop;

/** Words of machine state, as indices from stateBase / 4. Plain numbers, which the bundler writes into the loop. */
export const edenFreeWord = 0x400;
export const edenSoftEndWord = 0x401;
export const edenHardEndWord = 0x402;
export const fpWord = 0x403;
export const savedBudgetWord = 0x404;
export const liveWord = 0x405;
export const budgetWord = 0x406;
export const attentionWord = 0x407;
export const specialObjectsWord = 0x408;
export const oldEndWord = 0x409;
export const argumentCountWord = 0x40a;
export const entryWord = 0x40b;
export const instructionWord = 0x40c;
export const resumeWord = 0x40d;

export const State = {
  /** Next free byte of eden. */
  edenFree: edenFreeWord,
  /** Reaching it asks for a scavenge at the next safepoint. */
  edenSoftEnd: edenSoftEndWord,
  /** Allocation beyond it goes to old space. */
  edenHardEnd: edenHardEndWord,
  /** fp of the active frame at a safepoint; 0 while the stack is empty. Its pc is in the frame. */
  fp: fpWord,
  /** Budget set aside while attention is asked for. */
  savedBudget: savedBudgetWord,
  /** Word index of the first dead word of the stack at a safepoint. */
  live: liveWord,
  /** Calls and backward jumps left before the next check. */
  budget: budgetWord,
  /** Set when something waits for the next safepoint; budget is then 0. */
  attention: attentionWord,
  /** The Array of special objects. */
  specialObjects: specialObjectsWord,
  /** End of the used part of old space; an address, so unsigned. */
  oldEnd: oldEndWord,
  /** What the dispatch loop leaves behind of a send: arguments, cache entry, and the instruction. */
  argumentCount: argumentCountWord,
  entry: entryWord,
  instruction: instructionWord,
  /** The bytecode with which the loop goes on with a send. */
  resume: resumeWord,
} as const;
