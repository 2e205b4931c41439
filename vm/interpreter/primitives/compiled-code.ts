/**
 * Primitives of compiled code: its describing words, literals and bytecodes, and
 * what it sends.
 */

import { bytecodeAt, Op } from "../../spec/bytecodes.ts";
import {
  CodeSlot,
  classIndexOf,
  Format,
  headerWords,
  isImmediate,
  isSmallInteger,
  literalCountMask,
  MethodTail,
  nilOop,
  type Oop,
  primitiveShift,
  smallInteger,
  smallIntegerValue,
} from "../../spec/layouts.ts";
import { type ObjectPrimitiveName, primitives } from "../../spec/primitives.ts";
import type { Machine, Primitive } from "../machine.ts";
import { answerInteger } from "./integer-values.ts";

export type CodePrimitiveName = Extract<ObjectPrimitiveName, `code${string}` | "primitiveName">;

const nameOfPrimitive: ReadonlyMap<number, string> = new Map(
  primitives.map((row) => [row.number, row.name]),
);

function isCode(machine: Machine, oop: Oop): boolean {
  return !isImmediate(oop) && machine.memory.format(oop) >= Format.compiledCode;
}

const shapeOf = (machine: Machine, code: Oop): number =>
  smallIntegerValue(machine.memory.fetchPointer(CodeSlot.shape, code));

const literalCount = (machine: Machine, code: Oop): number =>
  shapeOf(machine, code) & literalCountMask;

function codeSize(machine: Machine, at: number): Oop {
  const code = machine.memory.words[at]!;
  if (!isCode(machine, code)) return machine.fail("badReceiver");
  return smallInteger(machine.memory.slotCount(code));
}

/** The slot an index from 1 means, or -1. */
function codeSlot(machine: Machine, at: number): number {
  const code = machine.memory.words[at]!;
  const index = machine.memory.words[at + 1]!;
  if (!isCode(machine, code) || !isSmallInteger(index)) return -1;
  const slot = smallIntegerValue(index) - 1;
  return slot >= 0 && slot < CodeSlot.firstLiteral + literalCount(machine, code) ? slot : -1;
}

function codeSlotAt(machine: Machine, at: number): Oop {
  const slot = codeSlot(machine, at);
  if (slot < 0) return machine.fail("badIndex");
  return machine.memory.fetchPointer(slot, machine.memory.words[at]!);
}

function codeSlotAtPut(machine: Machine, at: number): Oop {
  const slot = codeSlot(machine, at);
  if (slot < CodeSlot.firstLiteral) return machine.fail("badIndex");
  const { memory } = machine;
  const code = memory.words[at]!;
  const value = memory.words[at + 2]!;
  // What a block was proved with stands in the code that makes its closures.
  for (const each of [memory.fetchPointer(slot, code), value]) {
    if (memory.classIndex(each) === classIndexOf.CompiledBlock) memory.heapIndex.void();
  }
  memory.storePointer(slot, code, value);
  const fromEnd = CodeSlot.firstLiteral + literalCount(machine, code) - slot;
  const isDescription =
    memory.classIndex(code) === classIndexOf.CompiledMethod &&
    fromEnd >= MethodTail.selector &&
    fromEnd <= MethodTail.properties;
  // Sends may remember what the code answers: none of what describes a method.
  if (!isDescription) machine.lookupChanged();
  return value;
}

function codeWordAt(machine: Machine, at: number): Oop {
  const { memory } = machine;
  const code = memory.words[at]!;
  const index = memory.words[at + 1]!;
  if (!isCode(machine, code) || !isSmallInteger(index)) return machine.fail("badIndex");
  const pc = smallIntegerValue(index);
  const first = headerWords + CodeSlot.firstLiteral + literalCount(machine, code);
  if (pc < first || pc >= headerWords + memory.slotCount(code)) return machine.fail("badIndex");
  return answerInteger(machine, memory.unsignedWords[(code >>> 2) + pc]!);
}

/** Operations that stand for a message without sending it. */
const messageOf: ReadonlyMap<number, string> = new Map([
  [Op.loadClass, "class"],
  [Op.identical, "=="],
  [Op.identicalBranch, "=="],
  [Op.notIdentical, "~~"],
  [Op.notIdenticalBranch, "~~"],
]);

/** Visits each bytecode of the code with the word behind it. */
function forEachBytecode(
  machine: Machine,
  code: Oop,
  visit: (bytecode: number, next: number) => void,
): void {
  const { words } = machine.memory;
  const start = (code >>> 2) + headerWords;
  const end = start + machine.memory.slotCount(code);
  for (let at = start + CodeSlot.firstLiteral + literalCount(machine, code); at < end; at++) {
    const bytecode = words[at]!;
    visit(bytecode, at + 1 < end ? words[at + 1]! : 0);
    const { next } = bytecodeAt[bytecode & 0xff] ?? {};
    if (next === "literal" || next === "offset" || next === "index") at++;
  }
}

/** What a bytecode sends, whether its machine does it or a method; 0 for nothing. */
function selectorSent(machine: Machine, code: Oop, bytecode: number, next: number): Oop {
  const literal = (index: number) =>
    machine.memory.fetchPointer(CodeSlot.firstLiteral + index, code);
  const opcode = bytecode & 0xff;
  if (opcode === Op.send || bytecodeAt[opcode]?.operands === "ABl") return literal(bytecode >>> 24);
  if (opcode === Op.sendFar || opcode === Op.superSend) return literal(next);
  const row = bytecodeAt[opcode];
  const text = row?.next === "move" || row?.next === "branch" ? row.selector : undefined;
  return text === undefined ? 0 : machine.symbols.intern(text);
}

function codeOperationAt(machine: Machine, at: number): Oop {
  const { memory, symbols } = machine;
  const code = memory.words[at]!;
  const index = memory.words[at + 1]!;
  if (!isCode(machine, code) || !isSmallInteger(index)) return machine.fail("badIndex");
  const pc = smallIntegerValue(index);
  const first = headerWords + CodeSlot.firstLiteral + literalCount(machine, code);
  const end = headerWords + memory.slotCount(code);
  if (pc < first || pc >= end) return machine.fail("badIndex");
  const bytecode = memory.words[(code >>> 2) + pc]!;
  const row = bytecodeAt[bytecode & 0xff];
  const next = pc + 1 < end ? memory.words[(code >>> 2) + pc + 1]! : 0;
  if (row === undefined) return machine.fail("badIndex");
  const name = symbols.intern(row.name);
  const selector = selectorSent(machine, code, bytecode, next) || nilOop;
  return name === 0
    ? machine.fail("noMemory")
    : memory.newArray([name, selector]) || machine.fail("noMemory");
}

function codeMessages(machine: Machine, at: number): Oop {
  const { memory, symbols } = machine;
  const code = memory.words[at]!;
  if (!isCode(machine, code)) return machine.fail("badReceiver");
  const selectors = new Set<Oop>();
  forEachBytecode(machine, code, (bytecode, next) => {
    const sent = selectorSent(machine, code, bytecode, next);
    const text = messageOf.get(bytecode & 0xff);
    if (sent !== 0) selectors.add(sent);
    else if (text !== undefined) selectors.add(symbols.intern(text));
  });
  return memory.newArray([...selectors]) || machine.fail("noMemory");
}

function codeSendsToSuper(machine: Machine, at: number): Oop {
  const code = machine.memory.words[at]!;
  if (!isCode(machine, code)) return machine.fail("badReceiver");
  let found = false;
  forEachBytecode(machine, code, (bytecode) => {
    if ((bytecode & 0xff) === Op.superSend) found = true;
  });
  return machine.memory.booleanOop(found);
}

function primitiveName(machine: Machine, at: number): Oop {
  const code = machine.memory.words[at]!;
  if (!isCode(machine, code)) return machine.fail("badReceiver");
  const name = nameOfPrimitive.get(shapeOf(machine, code) >> primitiveShift);
  return name === undefined ? nilOop : machine.symbols.intern(name) || machine.fail("noMemory");
}

export const codePrimitives: Record<CodePrimitiveName, Primitive> = {
  codeSize,
  codeSlotAt,
  codeSlotAtPut,
  codeWordAt,
  codeOperationAt,
  codeMessages,
  codeSendsToSuper,
  primitiveName,
};
