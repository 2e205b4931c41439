/**
 * The disassembler shows bytecodes as text, a line each, derived from the
 * bytecode table:
 *
 *     12 add           t0 := t1 + a0
 *     13   move        t0 := s0
 *
 * Registers are written self, a0 … (arguments), t0 … (temporaries), s0 …
 * (operands). A companion or next word is indented under its instruction.
 */

import type { Literal } from "../compiler/method-description.ts";
import { type Bytecode, bytecodeAt, Op } from "../spec/bytecodes.ts";
import { FrameOffset } from "../spec/layouts.ts";

/** What the disassembler must know of code. A CodeDescription is one. */
export interface Disassemblable {
  readonly kind: "method" | "block";
  readonly argumentCount: number;
  readonly temporaryCount: number;
  readonly code: Int32Array;
  readonly literals: readonly Literal[];
}

/** All of the code, then that of the blocks in its literals, indented. */
export function disassemble(code: Disassemblable): string {
  const lines: string[] = [];
  for (let pc = 0; pc < code.code.length; ) {
    const row = bytecodeAt[code.code[pc]! & 0xff];
    if (row === undefined) throw new Error(`no bytecode ${code.code[pc]! & 0xff} at ${pc}`);
    lines.push(`${pc} ${row.name} ${operandText(code, pc, row)}`.trimEnd());
    pc += hasNextWord(row) ? 2 : 1;
  }
  code.literals.forEach((literal, index) => {
    if (literal.kind !== "block") return;
    lines.push(`block ${index}:`);
    for (const line of disassemble(literal.block).split("\n")) lines.push("  " + line);
  });
  return lines.join("\n");
}

/** Whether the next word is data; companions are instructions of their own. */
const hasNextWord = (row: Bytecode): boolean =>
  row.next === "literal" || row.next === "offset" || row.next === "index";

function registerName(code: Disassemblable, register: number): string {
  if (register === -1 - code.argumentCount) return code.kind === "block" ? "closure" : "self";
  if (register < 0) return `a${register + code.argumentCount}`;
  const temporary = register - FrameOffset.firstTemp;
  return temporary < code.temporaryCount ? `t${temporary}` : `s${temporary - code.temporaryCount}`;
}

function operandText(code: Disassemblable, pc: number, row: Bytecode): string {
  const word = code.code[pc]!;
  const a = (word << 16) >> 24;
  const b = (word << 8) >> 24;
  const c = word >> 24;
  const wide = word >> 16;
  const next = code.code[pc + 1]!;
  const name = (register: number) => registerName(code, register);
  const literal = (index: number) => literalText(code.literals[index]);
  switch (row.opcode) {
    case Op.move:
      return `${name(a)} := ${name(b)}`;
    case Op.loadNil:
    case Op.loadTrue:
    case Op.loadFalse:
    case Op.loadContext:
      return name(a);
    case Op.loadInteger:
      return `${name(a)} := ${wide}`;
    case Op.loadLiteral:
    case Op.loadGlobal:
      return `${name(a)} := ${literal(wide & 0xffff)}`;
    case Op.storeGlobal:
      return `${literal(wide & 0xffff)} := ${name(a)}`;
    case Op.loadSlot:
      return `${name(a)} := ${name(b)}[${c & 0xff}]`;
    case Op.storeSlot:
    case Op.storeVector:
      return `${name(a)}[${c & 0xff}] := ${name(b)}`;
    case Op.loadSlotFar:
      return `${name(a)} := ${name(b)}[${next}]`;
    case Op.storeSlotFar:
    case Op.storeVectorFar:
      return `${name(a)}[${next}] := ${name(b)}`;
    case Op.newVector:
    case Op.newArray:
      return `${name(a)} (${wide})`;
    case Op.newClosure:
      return `${name(a)} block ${wide & 0xffff}`;
    case Op.loadClass:
      return `${name(a)} := ${name(b)} class`;
    case Op.send:
      return `${name(a)} ${literal(c & 0xff)} (${b & 0xff})`;
    case Op.sendFar:
    case Op.superSend:
      return `${name(a)} ${literal(next)} (${b & 0xff})`;
    case Op.sendUnary:
      return `${name(a)} := ${name(b)} ${literal(c & 0xff)}`;
    case Op.sendUnaryBranch:
      return `${name(b)} ${literal(c & 0xff)}`;
    case Op.return:
    case Op.nonLocalReturn:
      return name(a);
    case Op.jump:
      return `to ${pc + 1 + wide}`;
    case Op.jumpBack:
      return `to ${pc + 1 + wide}`;
    case Op.jumpFar:
      return `to ${pc + 2 + next}`;
    case Op.jumpIfFalse:
    case Op.jumpIfTrue:
    case Op.jumpIfNil:
    case Op.jumpIfNotNil:
      return `${name(a)} to ${pc + 1 + wide}`;
    case Op.atPut:
      return `${name(a)} at: ${name(b)} put: ${name(c)}`;
  }
  const right = row.operands === "ABi" ? String(c) : name(c);
  const operation = `${name(b)} ${row.selector ?? (row.name.startsWith("not") ? "~~" : "==")} ${right}`;
  return row.next === "branch" ? operation : `${name(a)} := ${operation}`;
}

function literalText(literal: Literal | undefined): string {
  if (literal === undefined) return "(no literal)";
  switch (literal.kind) {
    case "symbol":
      return `#${literal.value}`;
    case "string":
      return JSON.stringify(literal.value);
    case "binding":
      return literal.name;
    case "integer":
    case "float":
      return String(literal.value);
    case "scaledDecimal":
      return `${literal.numerator}/${literal.denominator}s${literal.scale}`;
    case "character":
      return `$${String.fromCodePoint(literal.codePoint)}`;
    case "array":
      return `#(${literal.elements.map(literalText).join(" ")})`;
    case "byteArray":
      return `#[${literal.bytes.join(" ")}]`;
    case "block":
      return "(block)";
    default:
      return literal.kind;
  }
}
