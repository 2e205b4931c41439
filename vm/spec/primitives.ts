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
    arguments: -1,
    doc: "marks ensure: and ifCurtailed:, whose first two slots are an unwind block and whether it has been started; always fails",
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
  {
    number: 30,
    name: "snapshot",
    arguments: 1,
    doc: "saves the image: #full, #delta; answers false when it has been saved, true when it has been resumed, nil when saving failed (then `snapshotError` says why)",
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
  {
    number: 40,
    name: "holdSnapshots",
    arguments: 1,
    doc: "true: the heap is about to break a rule for a while, so saving waits; false: it may go on. Calls nest",
  },
  {
    number: 41,
    name: "unwindRunner",
    arguments: 0,
    doc: "marks the method that runs unwind blocks; always fails",
  },
  {
    number: 42,
    name: "contextNextUnwindOrRunner",
    arguments: 0,
    doc: "the next context below that marks an unwind block, or runs one; nil if there is none",
  },
  {
    number: 43,
    name: "processStep",
    arguments: 0,
    doc: "runs the receiver, a suspended process, for one bytecode; answers it, or the list or semaphore it would now be in; or the answer of the snapshot it asked for",
  },
  {
    number: 44,
    name: "mirrorPerformInSuperclass",
    arguments: 4,
    doc: "performInSuperclass with the first argument as receiver",
  },
  {
    number: 45,
    name: "mirrorExecuteMethod",
    arguments: 3,
    doc: "executeMethod with the first argument as receiver",
  },
] as const satisfies readonly PrimitiveRow[];

/** Numbers 100 to 199: objects, slots, classes, reflection, compiling. */
const objects = [
  {
    number: 100,
    name: "basicNew",
    arguments: 0,
    doc: "a new instance without indexed slots; noMemory",
  },
  {
    number: 101,
    name: "basicNewSized",
    arguments: 1,
    doc: "a new instance with that many indexed slots; badArgument, badReceiver if it has none, noMemory",
  },
  {
    number: 102,
    name: "basicAt",
    arguments: 1,
    doc: "indexed slot: an object, or the unsigned integer in a raw one; badIndex",
  },
  {
    number: 103,
    name: "basicAtPut",
    arguments: 2,
    doc: "stores an indexed slot; badIndex, badArgument, immutable",
  },
  { number: 104, name: "basicSize", arguments: 0, doc: "number of indexed slots" },
  {
    number: 105,
    name: "instVarAt",
    arguments: 1,
    doc: "slot, the named ones before the indexed ones; badIndex",
  },
  { number: 106, name: "instVarAtPut", arguments: 2, doc: "stores a slot; badIndex, immutable" },
  { number: 107, name: "identityHash", arguments: 0, doc: "the identity hash, a SmallInteger" },
  {
    number: 108,
    name: "shallowCopy",
    arguments: 0,
    doc: "a copy that shares what the receiver holds; noMemory",
  },
  {
    number: 109,
    name: "isReadOnly",
    arguments: 0,
    doc: "whether stores into the receiver are refused",
  },
  {
    number: 110,
    name: "setReadOnly",
    arguments: 1,
    doc: "allows or refuses stores; answers how it was before",
  },
  {
    number: 111,
    name: "changeClassTo",
    arguments: 1,
    doc: "makes the receiver an instance of the argument's class, of the same shape; badArgument, immutable",
  },
  { number: 112, name: "sizeInMemory", arguments: 0, doc: "bytes the receiver takes" },
  {
    number: 113,
    name: "pointersTo",
    arguments: 0,
    doc: "Array of the objects that refer to the receiver",
  },
  {
    number: 114,
    name: "allInstances",
    arguments: 0,
    doc: "Array of the instances of the receiver, a class",
  },
  {
    number: 115,
    name: "registerClass",
    arguments: 0,
    doc: "enters the receiver, a class, into the class table: its identity hash is then its index",
  },
  {
    number: 116,
    name: "lookupChanged",
    arguments: 1,
    doc: "forgets cached lookups of a selector, or all for nil",
  },
  {
    number: 117,
    name: "allObjects",
    arguments: 0,
    doc: "an Array of all objects; after a full collection, of the living ones",
  },
  { number: 118, name: "codeSize", arguments: 0, doc: "words of compiled code" },
  {
    number: 119,
    name: "codeSlotAt",
    arguments: 1,
    doc: "one of the describing words (1, 2) or literals (from 3) of compiled code",
  },
  { number: 120, name: "codeSlotAtPut", arguments: 2, doc: "stores a literal of compiled code" },
  { number: 121, name: "codeWordAt", arguments: 1, doc: "the bytecode at a pc" },
  {
    number: 122,
    name: "codeMessages",
    arguments: 0,
    doc: "an Array of the selectors that compiled code sends",
  },
  {
    number: 123,
    name: "codeSendsToSuper",
    arguments: 0,
    doc: "whether compiled code sends to super",
  },
  {
    number: 124,
    name: "primitiveName",
    arguments: 0,
    doc: "the name of a method's primitive, or nil",
  },
  { number: 125, name: "specialObject", arguments: 1, doc: "the special object of that name" },
  {
    number: 126,
    name: "setSpecialObject",
    arguments: 2,
    doc: "stores the special object of that name, one of those the image may replace",
  },
  {
    number: 127,
    name: "takeMourners",
    arguments: 0,
    doc: "the mourning queue, which is then empty",
  },
  {
    number: 128,
    name: "rawSlotAt",
    arguments: 2,
    doc: "an object's slot, whatever its class says: object, index",
  },
  {
    number: 129,
    name: "rawSize",
    arguments: 1,
    doc: "an object's slots or elements, whatever its class says",
  },
  {
    number: 130,
    name: "analyzeCode",
    arguments: 3,
    doc: "compiles source (source, whether statements, slot names) to a description kept for buildMethod; answers its handle and what it needs, or what is wrong",
  },
  {
    number: 131,
    name: "buildMethod",
    arguments: 3,
    doc: "the CompiledMethod of a description: handle, class, Array of bindings",
  },
  {
    number: 132,
    name: "analyzeSource",
    arguments: 3,
    doc: "what a debugger and queries need of source: ranges, positions, variables, slots used",
  },
  {
    number: 133,
    name: "codeOperationAt",
    arguments: 1,
    doc: "an Array of the name of the bytecode at a pc, and the selector it sends or nil",
  },
  {
    number: 134,
    name: "basicClass",
    arguments: 0,
    doc: "the class",
  },
  {
    number: 135,
    name: "adoptInstance",
    arguments: 1,
    doc: "makes an object an instance of the receiver, a class whose instances have the same shape; badArgument, immutable",
  },
  {
    number: 136,
    name: "mirrorBasicClass",
    arguments: 1,
    doc: "basicClass with the first argument as receiver",
  },
  {
    number: 137,
    name: "mirrorBasicAt",
    arguments: 2,
    doc: "basicAt with the first argument as receiver",
  },
  {
    number: 138,
    name: "mirrorBasicAtPut",
    arguments: 3,
    doc: "basicAtPut with the first argument as receiver",
  },
  {
    number: 139,
    name: "mirrorBasicSize",
    arguments: 1,
    doc: "basicSize with the first argument as receiver",
  },
  {
    number: 140,
    name: "mirrorInstVarAt",
    arguments: 2,
    doc: "instVarAt with the first argument as receiver",
  },
  {
    number: 141,
    name: "mirrorInstVarAtPut",
    arguments: 3,
    doc: "instVarAtPut with the first argument as receiver",
  },
  {
    number: 142,
    name: "mirrorIdentityHash",
    arguments: 1,
    doc: "identityHash with the first argument as receiver",
  },
  {
    number: 143,
    name: "mirrorShallowCopy",
    arguments: 1,
    doc: "shallowCopy with the first argument as receiver",
  },
  {
    number: 144,
    name: "mirrorIsReadOnly",
    arguments: 1,
    doc: "isReadOnly with the first argument as receiver",
  },
  {
    number: 145,
    name: "mirrorSetReadOnly",
    arguments: 2,
    doc: "setReadOnly with the first argument as receiver",
  },
  {
    number: 146,
    name: "mirrorAdoptInstance",
    arguments: 2,
    doc: "adoptInstance with the first argument as receiver",
  },
] as const satisfies readonly PrimitiveRow[];

/** Numbers 200 to 299: numbers. */
const numbers = [
  {
    number: 200,
    name: "numberAdd",
    arguments: 1,
    doc: "+ of an Integer or Float and another; noMemory if the result would be too large",
  },
  {
    number: 201,
    name: "numberSubtract",
    arguments: 1,
    doc: "- of an Integer or Float and another",
  },
  {
    number: 202,
    name: "numberMultiply",
    arguments: 1,
    doc: "* of an Integer or Float and another",
  },
  {
    number: 203,
    name: "numberDivide",
    arguments: 1,
    doc: "/ of an Integer or Float and another; fails if the divisor is zero or the quotient of Integers is not an Integer",
  },
  { number: 204, name: "integerFloorDivide", arguments: 1, doc: "// of two Integers" },
  { number: 205, name: "integerModulo", arguments: 1, doc: "\\\\ of two Integers" },
  { number: 206, name: "integerQuotient", arguments: 1, doc: "quo: of two Integers" },
  { number: 207, name: "integerRemainder", arguments: 1, doc: "rem: of two Integers" },
  {
    number: 208,
    name: "numberLess",
    arguments: 1,
    doc: "<, exact, of an Integer or Float and another",
  },
  { number: 209, name: "numberGreater", arguments: 1, doc: ">" },
  { number: 210, name: "numberLessOrEqual", arguments: 1, doc: "<=" },
  { number: 211, name: "numberGreaterOrEqual", arguments: 1, doc: ">=" },
  {
    number: 212,
    name: "numberEqual",
    arguments: 1,
    doc: "=, exact; badArgument unless both are Integers or Floats",
  },
  { number: 213, name: "numberNotEqual", arguments: 1, doc: "~=" },
  {
    number: 214,
    name: "integerBitAnd",
    arguments: 1,
    doc: "bitAnd: of two Integers in two's complement",
  },
  { number: 215, name: "integerBitOr", arguments: 1, doc: "bitOr:" },
  { number: 216, name: "integerBitXor", arguments: 1, doc: "bitXor:" },
  {
    number: 217,
    name: "integerBitShift",
    arguments: 1,
    doc: "bitShift:, to the right for a negative argument",
  },
  {
    number: 218,
    name: "integerHighBitOfMagnitude",
    arguments: 0,
    doc: "index of the highest bit of the absolute value, 0 for 0",
  },
  { number: 219, name: "integerLowBit", arguments: 0, doc: "index of the lowest bit, 0 for 0" },
  { number: 220, name: "integerGcd", arguments: 1, doc: "greatest common divisor, not negative" },
  {
    number: 221,
    name: "integerRaisedTo",
    arguments: 1,
    doc: "the power for an exponent that is not negative; noMemory if it would be too large",
  },
  {
    number: 222,
    name: "integerRaisedToModulo",
    arguments: 2,
    doc: "raisedTo: exponent modulo: modulus; exponent not negative, modulus positive",
  },
  {
    number: 223,
    name: "integerSqrtFloor",
    arguments: 0,
    doc: "the largest Integer whose square is not above the receiver",
  },
  { number: 224, name: "integerAsFloat", arguments: 0, doc: "the nearest Float, ties to even" },
  {
    number: 225,
    name: "integerPrint",
    arguments: 1,
    doc: "a String of the digits in a base from 2 to 36, with a sign if negative",
  },
  {
    number: 226,
    name: "integerParse",
    arguments: 1,
    doc: "the Integer a String of digits means in a base from 2 to 36; receiver: the String, without sign; underscores are skipped",
  },
  {
    number: 227,
    name: "integerHash",
    arguments: 0,
    doc: "hash of the value, 30 bits; the same for an equal Float",
  },
  {
    number: 228,
    name: "integerNormalize",
    arguments: 0,
    doc: "the Integer of a LargeInteger's bytes, in the least form that holds it",
  },
  {
    number: 229,
    name: "fractionAsFloat",
    arguments: 1,
    doc: "the Float nearest to receiver / argument, two Integers, argument positive",
  },
  {
    number: 230,
    name: "integerInverseModulo",
    arguments: 1,
    doc: "the inverse modulo a positive Integer; failed if there is none",
  },
  {
    number: 240,
    name: "floatTruncated",
    arguments: 0,
    doc: "the Integer nearest toward zero; badReceiver unless finite",
  },
  {
    number: 241,
    name: "floatFractionPart",
    arguments: 0,
    doc: "what truncation takes away, with the receiver's sign",
  },
  {
    number: 242,
    name: "floatExponent",
    arguments: 0,
    doc: "floor of the logarithm base 2 of the absolute value; -1 for zero; badReceiver unless finite",
  },
  {
    number: 243,
    name: "floatTimesTwoPower",
    arguments: 1,
    doc: "the receiver times a power of two, rounded once",
  },
  { number: 244, name: "floatSqrt", arguments: 0, doc: "square root; NaN below zero" },
  { number: 245, name: "floatSin", arguments: 0, doc: "sine" },
  { number: 246, name: "floatCos", arguments: 0, doc: "cosine" },
  { number: 247, name: "floatTan", arguments: 0, doc: "tangent" },
  { number: 248, name: "floatArcSin", arguments: 0, doc: "arc sine; NaN outside -1 to 1" },
  { number: 249, name: "floatArcCos", arguments: 0, doc: "arc cosine; NaN outside -1 to 1" },
  { number: 250, name: "floatArcTan", arguments: 0, doc: "arc tangent" },
  {
    number: 251,
    name: "floatArcTan2",
    arguments: 1,
    doc: "the angle of the point (argument, receiver); both Floats",
  },
  { number: 252, name: "floatExp", arguments: 0, doc: "e to the receiver" },
  { number: 253, name: "floatLn", arguments: 0, doc: "natural logarithm; NaN below zero" },
  { number: 254, name: "floatLog10", arguments: 0, doc: "logarithm base 10; NaN below zero" },
  {
    number: 256,
    name: "floatWordAt",
    arguments: 1,
    doc: "1: the high 32 bits, 2: the low 32 bits",
  },
  { number: 257, name: "floatWordAtPut", arguments: 2, doc: "stores 32 bits; see floatWordAt" },
  {
    number: 258,
    name: "floatPrint",
    arguments: 0,
    doc: "the shortest digits that read back as a finite Float, as Smalltalk writes them",
  },
  {
    number: 259,
    name: "floatParse",
    arguments: 0,
    doc: "the Float a String means: digits, point, exponent; syntaxError otherwise",
  },
  {
    number: 260,
    name: "floatAsIEEE32",
    arguments: 0,
    doc: "the bits of the nearest single precision Float",
  },
  {
    number: 261,
    name: "floatFromIEEE32",
    arguments: 1,
    doc: "receiver: Float class; the Float of 32 bits in single precision",
  },
  {
    number: 262,
    name: "floatHash",
    arguments: 0,
    doc: "hash of the value, 30 bits; the same for an equal Integer",
  },
] as const satisfies readonly PrimitiveRow[];

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
    number: 334,
    name: "characterCode",
    arguments: 0,
    doc: "the code point of a Character, a SmallInteger",
  },
  {
    number: 335,
    name: "characterValue",
    arguments: 1,
    doc: "Character class value: the Character of a code point",
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
  {
    number: 348,
    name: "bytesDigest",
    arguments: 1,
    doc: "a ByteArray's digest, a new ByteArray: 0 its CRC-32, 1 MD5, 2 SHA-1, 3 SHA-256",
  },
  {
    number: 349,
    name: "randomStep",
    arguments: 2,
    doc: "steps the eight bytes of state of a random generator and answers, by the bound: 0 a Float below 1; positive an integer from 1 to it; negative one from 0 to 2147483645",
  },
] as const satisfies readonly PrimitiveRow[];

/** Numbers 400 to 499: the host: time, console, files, session. */
const host = [
  {
    number: 400,
    name: "utcMicroseconds",
    arguments: 0,
    doc: "microseconds since 1901-01-01T00:00Z",
  },
  {
    number: 401,
    name: "monotonicMicroseconds",
    arguments: 0,
    doc: "microseconds on the machine's clock: it never goes back, and goes on from where it stood when the image was saved",
  },
  {
    number: 402,
    name: "timeZoneOffsetMinutes",
    arguments: 0,
    doc: "offset of local time, positive east of Greenwich",
  },
  {
    number: 403,
    name: "randomBytes",
    arguments: 1,
    doc: "fills a ByteArray with unpredictable bytes",
  },
  {
    number: 404,
    name: "consoleWrite",
    arguments: 2,
    doc: "writes a ByteArray to stream 1 or 2: stream, bytes",
  },
  {
    number: 405,
    name: "consoleIsTerminal",
    arguments: 1,
    doc: "whether stream 0, 1 or 2 is a terminal",
  },
  { number: 406, name: "consoleSize", arguments: 0, doc: "an Array of columns and rows" },
  { number: 407, name: "consoleSetRaw", arguments: 1, doc: "raw key input on or off" },
  { number: 408, name: "consoleStartInput", arguments: 0, doc: "asks the host to deliver input" },
  {
    number: 409,
    name: "inputNext",
    arguments: 0,
    doc: "the oldest pending input, or nil: a ByteArray, empty for the end of input, or an event, an Array whose first element is its kind",
  },
  {
    number: 410,
    name: "environmentAt",
    arguments: 1,
    doc: "the value of an environment variable, or nil",
  },
  {
    number: 411,
    name: "hostArguments",
    arguments: 0,
    doc: "an Array of the words after the command",
  },
  { number: 412, name: "hostKind", arguments: 0, doc: "'node', 'browser' or 'simulated'" },
  {
    number: 413,
    name: "hostPost",
    arguments: 2,
    doc: "sends the world outside a message: kind, an Array of alternating field names and values",
  },
  {
    number: 414,
    name: "sessionNumber",
    arguments: 0,
    doc: "the number of this session; external handles carry it",
  },
  {
    number: 415,
    name: "hostErrorName",
    arguments: 0,
    doc: "why the last host primitive failed, such as 'ENOENT', or nil",
  },
  {
    number: 420,
    name: "fileOpen",
    arguments: 2,
    doc: "a handle for a path: path, mode 'read', 'write', 'append', 'create' or 'update'",
  },
  { number: 421, name: "fileClose", arguments: 2, doc: "session, handle" },
  {
    number: 422,
    name: "fileRead",
    arguments: 6,
    doc: "reads into a ByteArray, answers how many bytes: session, handle, position from 0, bytes, first index, count",
  },
  {
    number: 423,
    name: "fileWrite",
    arguments: 6,
    doc: "writes from a ByteArray; arguments as for fileRead",
  },
  { number: 424, name: "fileSize", arguments: 2, doc: "bytes in the file: session, handle" },
  { number: 425, name: "fileTruncate", arguments: 3, doc: "session, handle, size" },
  {
    number: 426,
    name: "fileSync",
    arguments: 2,
    doc: "waits until the file is on disk: session, handle",
  },
  {
    number: 427,
    name: "fileInfo",
    arguments: 1,
    doc: "an Array for a path: kind 'file', 'directory' or 'other', size, milliseconds since 1970 of modification and of creation, whether it is a symbolic link; notFound if there is nothing",
  },
  { number: 428, name: "fileList", arguments: 1, doc: "an Array of the names in a directory" },
  { number: 429, name: "fileMakeDirectory", arguments: 1, doc: "makes a directory" },
  { number: 430, name: "fileRemove", arguments: 1, doc: "removes a file" },
  { number: 431, name: "fileRemoveDirectory", arguments: 1, doc: "removes an empty directory" },
  { number: 432, name: "fileRename", arguments: 2, doc: "renames: from, to" },
  {
    number: 433,
    name: "fileDirectories",
    arguments: 0,
    doc: "an Array of the paths of the working, home and temporary directories; unsupported without a file system",
  },
  {
    number: 434,
    name: "environmentNames",
    arguments: 0,
    doc: "an Array of the names of the environment variables",
  },
] as const satisfies readonly PrimitiveRow[];

/** Numbers 500 to 549: reading source files. */
const sources = [
  {
    number: 500,
    name: "readTonel",
    arguments: 1,
    doc: "what a Tonel text says, an Array: kind or nil, name, superclass or nil, type, instance variables, class variables, class-instance variables, pools, traits, class traits, category, comment, methods (each an Array of class name, whether class side, category, source, line), problems (each an Array of message, line, column), package or nil, tag or nil",
  },
] as const satisfies readonly PrimitiveRow[];

export const primitives = [
  ...control,
  ...objects,
  ...numbers,
  ...collections,
  ...host,
  ...sources,
] as const;

export type ControlPrimitiveName = (typeof control)[number]["name"];
export type ObjectPrimitiveName = (typeof objects)[number]["name"];
export type NumberPrimitiveName = (typeof numbers)[number]["name"];
export type CollectionPrimitiveName = (typeof collections)[number]["name"];
export type HostPrimitiveName = (typeof host)[number]["name"];
export type SourcePrimitiveName = (typeof sources)[number]["name"];
export type PrimitiveName = (typeof primitives)[number]["name"];

export const primitiveNumber: ReadonlyMap<string, number> = new Map(
  (primitives as readonly PrimitiveRow[]).map((row) => [row.name, row.number]),
);

/**
 * Primitives by the numbers that other Smalltalks' machines have for the same: published code says `<primitive: 75>` where a proxy must not
 * send anything. Other numbers name nothing here, and the method's own code runs.
 */
export const primitiveElsewhere: ReadonlyMap<number, PrimitiveName> = new Map<
  number,
  PrimitiveName
>([
  [60, "basicAt"],
  [61, "basicAtPut"],
  [62, "basicSize"],
  [63, "stringAt"],
  [64, "stringAtPut"],
  [70, "basicNew"],
  [71, "basicNewSized"],
  [73, "instVarAt"],
  [74, "instVarAtPut"],
  [75, "identityHash"],
  [83, "perform"],
  [84, "performWithArguments"],
  [100, "performInSuperclass"],
  [105, "replaceElements"],
  [111, "basicClass"],
  [115, "changeClassTo"],
  [128, "become"],
  [148, "shallowCopy"],
  [160, "adoptInstance"],
  [173, "instVarAt"],
  [174, "instVarAtPut"],
  [188, "executeMethod"],
  [198, "blockEnsure"],
  [199, "blockOnDo"],
  [240, "utcMicroseconds"],
]);

/** How many arguments a primitive takes beside the receiver; -1 for any number. */
export const primitiveArguments: ReadonlyMap<string, number> = new Map(
  (primitives as readonly PrimitiveRow[]).map((row) => [row.name, row.arguments]),
);

/** The primitive that treats its first argument as another does its receiver. */
export function mirrorOf(name: PrimitiveName): PrimitiveName | undefined {
  const mirror = `mirror${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  return primitiveNumber.has(mirror) ? (mirror as PrimitiveName) : undefined;
}
