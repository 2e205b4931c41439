/**
 * Every bytecode. A bytecode is a 32-bit word: the operation in the low byte,
 * then operands A, B and C, a byte each; some take one 16-bit operand in place
 * of B and C. Register operands are signed and name the word at fp + operand
 * (see the frame in layouts.ts).
 *
 * Operands live above the temporaries, in stack discipline. "Top" is the first
 * register above every live operand; a call's window starts at top, so words
 * below a window are all live and words above are all dead.
 *
 * Arithmetic, comparison, access and unary sends work on any registers and carry
 * a companion word behind them. The fast path skips or decodes the companion.
 * The slow path copies its operands to a window at the companion's source
 * register (top), sends the operation's selector, and returns to the companion,
 * which is an ordinary bytecode: `move result, top` where the value is wanted,
 * `jumpIfTrue top` or `jumpIfFalse top` where it decides a branch. So
 * `add A B C` is always followed by `move A top`.
 *
 * Where a slow path may need a window without a companion, the table says where
 * it starts. Opcodes are in saved images: retire a row, never reuse it.
 *
 * Register code after R. Ierusalimschy et al., "The Implementation of Lua 5.0".
 */

/** How the operand bytes are read. L: unsigned 16-bit literal index. I: signed 16-bit number. i: signed byte in C. u: unsigned byte in C. l: literal index in C. n: unsigned byte in B. */
export type OperandFormat =
  | ""
  | "A"
  | "AB"
  | "ABC"
  | "ABu"
  | "ABi"
  | "ABl"
  | "AL"
  | "AI"
  | "I"
  | "AnL"
  | "An";

export interface Bytecode {
  readonly name: string;
  readonly opcode: number;
  readonly operands: OperandFormat;
  /** What follows in the next word. */
  readonly next?: "move" | "branch" | "literal" | "offset" | "index";
  /** The selector its slow path sends. */
  readonly selector?: string;
  readonly doc: string;
}

export const bytecodes = [
  // Moving values
  { name: "move", opcode: 1, operands: "AB", doc: "R[A] := R[B]" },
  { name: "loadNil", opcode: 2, operands: "A", doc: "R[A] := nil" },
  { name: "loadTrue", opcode: 3, operands: "A", doc: "R[A] := true" },
  { name: "loadFalse", opcode: 4, operands: "A", doc: "R[A] := false" },
  { name: "loadInteger", opcode: 5, operands: "AI", doc: "R[A] := the SmallInteger I" },
  { name: "loadLiteral", opcode: 6, operands: "AL", doc: "R[A] := literal L" },
  {
    name: "loadGlobal",
    opcode: 7,
    operands: "AL",
    doc: "R[A] := value (slot 1) of the binding in literal L",
  },
  {
    name: "storeGlobal",
    opcode: 8,
    operands: "AL",
    doc: "value of the binding in literal L := R[A]",
  },
  { name: "loadContext", opcode: 9, operands: "A", doc: "R[A] := thisContext; A is top" },
  { name: "loadSlot", opcode: 10, operands: "ABu", doc: "R[A] := slot C of the object in R[B]" },
  {
    name: "storeSlot",
    opcode: 11,
    operands: "ABu",
    selector: "attemptToAssign:withIndex:",
    doc: "slot C of the object in R[A] := R[B], unless it is immutable. B is the top operand, or any argument or temporary while no operand is live (the window then starts at the first operand)",
  },
  {
    name: "storeVector",
    opcode: 12,
    operands: "ABu",
    doc: "slot C of the temp vector in R[A] := R[B]",
  },
  {
    name: "loadSlotFar",
    opcode: 13,
    operands: "AB",
    next: "index",
    doc: "loadSlot with the index in the next word",
  },
  {
    name: "storeSlotFar",
    opcode: 14,
    operands: "AB",
    next: "index",
    selector: "attemptToAssign:withIndex:",
    doc: "storeSlot with the index in the next word",
  },
  {
    name: "storeVectorFar",
    opcode: 15,
    operands: "AB",
    next: "index",
    doc: "storeVector with the index in the next word",
  },
  { name: "newVector", opcode: 16, operands: "AI", doc: "R[A] := a new Array of I nils" },
  { name: "newArray", opcode: 17, operands: "AI", doc: "R[A] := a new Array of R[A] … R[A+I-1]" },
  {
    name: "newClosure",
    opcode: 18,
    operands: "AL",
    doc: "R[A] := a closure over the CompiledBlock in literal L; R[A] is its receiver, R[A+1] … its copied values, as many as the block says",
  },
  { name: "loadClass", opcode: 19, operands: "AB", doc: "R[A] := the class of R[B]" },

  // Sends. A is top: R[A] is the receiver, R[A+1] … the arguments, R[A] takes the answer.
  {
    name: "send",
    opcode: 24,
    operands: "AnL",
    doc: "send literal C (unsigned byte) with B arguments",
  },
  {
    name: "sendFar",
    opcode: 25,
    operands: "An",
    next: "literal",
    doc: "send the literal whose index is the next word, with B arguments",
  },
  {
    name: "superSend",
    opcode: 26,
    operands: "An",
    next: "literal",
    doc: "sendFar, with lookup starting above the method class of the code",
  },
  {
    name: "sendUnary",
    opcode: 27,
    operands: "ABl",
    next: "move",
    doc: "R[A] := R[B] sent literal C without arguments; not through the window if the method only answers something",
  },
  {
    name: "sendUnaryBranch",
    opcode: 30,
    operands: "ABl",
    next: "branch",
    doc: "branch on what it answers",
  },

  // Returning
  {
    name: "return",
    opcode: 28,
    operands: "AB",
    doc: "answer R[A] to the caller; B names the receiver's register, which takes the answer",
  },
  {
    name: "nonLocalReturn",
    opcode: 29,
    operands: "A",
    doc: "`^` in a block: answer R[A] from the home method; A is top, or no operand is live",
  },

  // Jumps, in words from the word behind the instruction (with its next word)
  { name: "jump", opcode: 32, operands: "AI", doc: "jump by I, forward only; A unused" },
  {
    name: "jumpBack",
    opcode: 33,
    operands: "AI",
    doc: "jump by I, backward; a safepoint; A is top",
  },
  {
    name: "jumpIfFalse",
    opcode: 34,
    operands: "AI",
    selector: "mustBeBoolean",
    doc: "jump by I if R[A] is false; A is top; mustBeBoolean is sent to anything but a Boolean and the jump tried again with its answer",
  },
  {
    name: "jumpIfTrue",
    opcode: 35,
    operands: "AI",
    selector: "mustBeBoolean",
    doc: "jump by I if R[A] is true; as above",
  },
  { name: "jumpIfNil", opcode: 36, operands: "AI", doc: "jump by I if R[A] is nil" },
  { name: "jumpIfNotNil", opcode: 37, operands: "AI", doc: "jump by I unless R[A] is nil" },
  {
    name: "jumpFar",
    opcode: 38,
    operands: "A",
    next: "offset",
    doc: "jump by the next word; backward ones are safepoints; A is top",
  },

  // Arithmetic: R[A] := R[B] op R[C]
  {
    name: "add",
    opcode: 40,
    operands: "ABC",
    next: "move",
    selector: "+",
    doc: "R[A] := R[B] + R[C]",
  },
  {
    name: "subtract",
    opcode: 41,
    operands: "ABC",
    next: "move",
    selector: "-",
    doc: "R[A] := R[B] - R[C]",
  },
  {
    name: "multiply",
    opcode: 42,
    operands: "ABC",
    next: "move",
    selector: "*",
    doc: "R[A] := R[B] * R[C]",
  },
  {
    name: "divide",
    opcode: 43,
    operands: "ABC",
    next: "move",
    selector: "/",
    doc: "R[A] := R[B] / R[C]",
  },
  {
    name: "integerDivide",
    opcode: 44,
    operands: "ABC",
    next: "move",
    selector: "//",
    doc: "R[A] := R[B] // R[C]",
  },
  {
    name: "modulo",
    opcode: 45,
    operands: "ABC",
    next: "move",
    selector: "\\\\",
    doc: "R[A] := R[B] \\\\ R[C]",
  },
  {
    name: "bitAnd",
    opcode: 46,
    operands: "ABC",
    next: "move",
    selector: "bitAnd:",
    doc: "R[A] := R[B] bitAnd: R[C]",
  },
  {
    name: "bitOr",
    opcode: 47,
    operands: "ABC",
    next: "move",
    selector: "bitOr:",
    doc: "R[A] := R[B] bitOr: R[C]",
  },
  {
    name: "bitXor",
    opcode: 48,
    operands: "ABC",
    next: "move",
    selector: "bitXor:",
    doc: "R[A] := R[B] bitXor: R[C]",
  },
  {
    name: "bitShift",
    opcode: 49,
    operands: "ABC",
    next: "move",
    selector: "bitShift:",
    doc: "R[A] := R[B] bitShift: R[C]",
  },
  {
    name: "addInteger",
    opcode: 50,
    operands: "ABi",
    next: "move",
    selector: "+",
    doc: "R[A] := R[B] + C",
  },
  {
    name: "subtractInteger",
    opcode: 51,
    operands: "ABi",
    next: "move",
    selector: "-",
    doc: "R[A] := R[B] - C",
  },

  // Comparison for a value: R[A] := R[B] op R[C]
  {
    name: "less",
    opcode: 56,
    operands: "ABC",
    next: "move",
    selector: "<",
    doc: "R[A] := R[B] < R[C]",
  },
  {
    name: "greater",
    opcode: 57,
    operands: "ABC",
    next: "move",
    selector: ">",
    doc: "R[A] := R[B] > R[C]",
  },
  {
    name: "lessOrEqual",
    opcode: 58,
    operands: "ABC",
    next: "move",
    selector: "<=",
    doc: "R[A] := R[B] <= R[C]",
  },
  {
    name: "greaterOrEqual",
    opcode: 59,
    operands: "ABC",
    next: "move",
    selector: ">=",
    doc: "R[A] := R[B] >= R[C]",
  },
  {
    name: "equal",
    opcode: 60,
    operands: "ABC",
    next: "move",
    selector: "=",
    doc: "R[A] := R[B] = R[C]",
  },
  {
    name: "notEqual",
    opcode: 61,
    operands: "ABC",
    next: "move",
    selector: "~=",
    doc: "R[A] := R[B] ~= R[C]",
  },
  { name: "identical", opcode: 62, operands: "ABC", doc: "R[A] := R[B] == R[C]; never a send" },
  { name: "notIdentical", opcode: 63, operands: "ABC", doc: "R[A] := R[B] ~~ R[C]; never a send" },

  // Comparison for a branch: the companion is jumpIfTrue or jumpIfFalse. A is unused (0).
  {
    name: "lessBranch",
    opcode: 64,
    operands: "ABC",
    next: "branch",
    selector: "<",
    doc: "branch on R[B] < R[C]",
  },
  {
    name: "greaterBranch",
    opcode: 65,
    operands: "ABC",
    next: "branch",
    selector: ">",
    doc: "branch on R[B] > R[C]",
  },
  {
    name: "lessOrEqualBranch",
    opcode: 66,
    operands: "ABC",
    next: "branch",
    selector: "<=",
    doc: "branch on R[B] <= R[C]",
  },
  {
    name: "greaterOrEqualBranch",
    opcode: 67,
    operands: "ABC",
    next: "branch",
    selector: ">=",
    doc: "branch on R[B] >= R[C]",
  },
  {
    name: "equalBranch",
    opcode: 68,
    operands: "ABC",
    next: "branch",
    selector: "=",
    doc: "branch on R[B] = R[C]",
  },
  {
    name: "notEqualBranch",
    opcode: 69,
    operands: "ABC",
    next: "branch",
    selector: "~=",
    doc: "branch on R[B] ~= R[C]",
  },
  {
    name: "identicalBranch",
    opcode: 70,
    operands: "ABC",
    next: "branch",
    doc: "branch on R[B] == R[C]; never a send",
  },
  {
    name: "notIdenticalBranch",
    opcode: 71,
    operands: "ABC",
    next: "branch",
    doc: "branch on R[B] ~~ R[C]; never a send",
  },
  {
    name: "lessIntegerBranch",
    opcode: 72,
    operands: "ABi",
    next: "branch",
    selector: "<",
    doc: "branch on R[B] < C",
  },
  {
    name: "greaterIntegerBranch",
    opcode: 73,
    operands: "ABi",
    next: "branch",
    selector: ">",
    doc: "branch on R[B] > C",
  },
  {
    name: "lessOrEqualIntegerBranch",
    opcode: 74,
    operands: "ABi",
    next: "branch",
    selector: "<=",
    doc: "branch on R[B] <= C",
  },
  {
    name: "greaterOrEqualIntegerBranch",
    opcode: 75,
    operands: "ABi",
    next: "branch",
    selector: ">=",
    doc: "branch on R[B] >= C",
  },
  {
    name: "equalIntegerBranch",
    opcode: 76,
    operands: "ABi",
    next: "branch",
    selector: "=",
    doc: "branch on R[B] = C",
  },
  {
    name: "notEqualIntegerBranch",
    opcode: 77,
    operands: "ABi",
    next: "branch",
    selector: "~=",
    doc: "branch on R[B] ~= C",
  },

  // Access
  {
    name: "at",
    opcode: 80,
    operands: "ABC",
    next: "move",
    selector: "at:",
    doc: "R[A] := R[B] at: R[C]",
  },
  {
    name: "atPut",
    opcode: 81,
    operands: "ABC",
    next: "move",
    selector: "at:put:",
    doc: "R[A] at: R[B] put: R[C]; the companion's target takes the answer (it may be top)",
  },
] as const satisfies readonly Bytecode[];

export type BytecodeName = (typeof bytecodes)[number]["name"];

/** Opcode by name. */
export const Op = Object.fromEntries(bytecodes.map((row) => [row.name, row.opcode])) as {
  readonly [Name in BytecodeName]: Extract<(typeof bytecodes)[number], { name: Name }>["opcode"];
};

/** Row by opcode. */
export const bytecodeAt: readonly (Bytecode | undefined)[] = (() => {
  const rows: (Bytecode | undefined)[] = [];
  for (const row of bytecodes) rows[row.opcode] = row;
  return rows;
})();

/** Assembles a word from its operation and operand bytes. */
export const word = (opcode: number, a = 0, b = 0, c = 0): number =>
  opcode | ((a & 0xff) << 8) | ((b & 0xff) << 16) | ((c & 0xff) << 24);

/** Assembles a word with a 16-bit operand. */
export const wideWord = (opcode: number, a: number, wide: number): number =>
  opcode | ((a & 0xff) << 8) | ((wide & 0xffff) << 16);
