/**
 * Checks code against the contract of the bytecode table: jumps lead to
 * instructions, indices are in range, companions follow, and operands are in
 * stack discipline. For the last it follows every path and keeps the set of
 * operand registers that hold a value: what may call makes every register from
 * its window up dead; no dead register may be read, and none may lie below a window.
 */

import type { CodeDescription } from "../../vm/compiler/method-description.ts";
import { type Bytecode, bytecodeAt, Op } from "../../vm/spec/bytecodes.ts";
import { FrameOffset } from "../../vm/spec/layouts.ts";

export function checkCode(code: CodeDescription): void {
  new CodeChecker(code).check();
  for (const literal of code.literals) if (literal.kind === "block") checkCode(literal.block);
}

const jumps: readonly number[] = [
  Op.jump,
  Op.jumpBack,
  Op.jumpFar,
  Op.jumpIfFalse,
  Op.jumpIfTrue,
  Op.jumpIfNil,
  Op.jumpIfNotNil,
];

class CodeChecker {
  private readonly code: CodeDescription;
  private readonly operandBase: number;
  private readonly lowest: number;
  private readonly highest: number;
  private readonly starts = new Set<number>();
  /** Live operands on entry of each pc, as a bit set. */
  private readonly liveAt = new Map<number, bigint>();
  private readonly waiting: number[] = [];

  constructor(code: CodeDescription) {
    this.code = code;
    this.operandBase = FrameOffset.firstTemp + code.temporaryCount;
    this.lowest = -1 - code.argumentCount;
    this.highest = this.operandBase + code.operandDepth - 1;
  }

  check(): void {
    const { code } = this.code;
    for (let pc = 0; pc < code.length; pc += this.lengthAt(pc)) this.starts.add(pc);
    let before = -1;
    for (const { pc, start, stop } of this.code.positions) {
      this.assert(pc, this.starts.has(pc) && pc > before && start < stop, "position");
      before = pc;
    }
    this.flow(0, 0n);
    while (this.waiting.length > 0) {
      const pc = this.waiting.pop()!;
      this.step(pc, this.liveAt.get(pc)!);
    }
    for (const pc of this.starts) this.assert(pc, this.liveAt.has(pc), "unreachable");
  }

  private assert(pc: number, condition: boolean, what: string): void {
    if (!condition) throw new Error(`${what} at ${pc}`);
  }

  private rowAt(pc: number): Bytecode {
    const row = bytecodeAt[this.code.code[pc]! & 0xff];
    if (row === undefined) throw new Error(`no bytecode at ${pc}`);
    return row;
  }

  private lengthAt(pc: number): number {
    const { next } = this.rowAt(pc);
    return next === "literal" || next === "offset" || next === "index" ? 2 : 1;
  }

  private flow(pc: number, live: bigint): void {
    this.assert(pc, pc < this.code.code.length, "runs over the end");
    const known = this.liveAt.get(pc);
    const merged = known === undefined ? live : known & live;
    if (merged === known) return;
    this.liveAt.set(pc, merged);
    this.waiting.push(pc);
  }

  private read(pc: number, register: number, live: bigint): void {
    this.assert(pc, register >= this.lowest && register <= this.highest, `register ${register}`);
    this.assert(pc, register < 0 || register >= FrameOffset.firstTemp, `register ${register}`);
    if (register < this.operandBase) return;
    const bit = 1n << BigInt(register - this.operandBase);
    this.assert(pc, (live & bit) !== 0n, `dead register ${register} read`);
  }

  private written(pc: number, register: number, live: bigint): bigint {
    this.assert(pc, register >= this.lowest && register <= this.highest, `register ${register}`);
    if (register < this.operandBase) return live;
    return live | (1n << BigInt(register - this.operandBase));
  }

  /** What is left alive below a window. */
  private below(pc: number, window: number, live: bigint, size: number): bigint {
    this.assert(pc, window >= this.operandBase, "window among the temporaries");
    this.assert(pc, window + size - 1 <= this.highest, "window beyond the operand depth");
    const everyBelow = (1n << BigInt(window - this.operandBase)) - 1n;
    this.assert(pc, (live & everyBelow) === everyBelow, "dead register below a window");
    return everyBelow;
  }

  private step(pc: number, live: bigint): void {
    const word = this.code.code[pc]!;
    const row = this.rowAt(pc);
    const a = (word << 16) >> 24;
    const b = (word << 8) >> 24;
    const c = word >> 24;
    const wide = word >> 16;
    const next = this.code.code[pc + 1]!;
    const following = pc + this.lengthAt(pc);
    const literal = (index: number, kind: string) =>
      this.assert(pc, this.code.literals[index]?.kind === kind, `${kind} literal ${index}`);
    const reads = (...registers: number[]) => {
      for (const register of registers) this.read(pc, register, live);
    };
    const jump = (offset: number, alive: bigint) => {
      const target = following + offset;
      this.assert(pc, this.starts.has(target), `jump to ${target}`);
      this.flow(target, alive);
    };
    if (row.next === "move" || row.next === "branch") {
      this.arithmetic(pc, row, live, a, b, c);
      return;
    }
    switch (row.opcode) {
      case Op.move:
      case Op.loadClass:
        reads(b);
        break;
      case Op.loadLiteral:
        this.assert(pc, this.code.literals[wide & 0xffff] !== undefined, "literal");
        break;
      case Op.loadGlobal:
        literal(wide & 0xffff, "binding");
        break;
      case Op.storeGlobal:
        literal(wide & 0xffff, "binding");
        reads(a);
        this.flow(following, live);
        return;
      case Op.loadContext: {
        const left = this.below(pc, a, live, 1);
        this.flow(following, this.written(pc, a, left));
        return;
      }
      case Op.loadSlot:
      case Op.loadSlotFar:
        reads(b);
        break;
      case Op.storeVector:
      case Op.storeVectorFar:
        reads(a, b);
        this.flow(following, live);
        return;
      case Op.storeSlot:
      case Op.storeSlotFar: {
        reads(a, b);
        const left = this.below(pc, Math.max(b + 1, this.operandBase), live, 3);
        this.flow(following, left);
        return;
      }
      case Op.newArray:
        for (let i = 0; i < wide; i++) reads(a + i);
        break;
      case Op.newClosure: {
        const block = this.code.literals[wide & 0xffff];
        literal(wide & 0xffff, "block");
        if (block?.kind === "block")
          for (let i = 0; i <= block.block.copiedCount; i++) reads(a + i);
        break;
      }
      case Op.send:
      case Op.sendFar:
      case Op.superSend: {
        const count = row.opcode === Op.send ? b & 0xff : b;
        literal(row.opcode === Op.send ? c & 0xff : next, "symbol");
        for (let i = 0; i <= count; i++) reads(a + i);
        const left = this.below(pc, a, live, count + 1);
        this.flow(following, this.written(pc, a, left));
        return;
      }
      case Op.return:
        this.assert(pc, b === this.lowest, "receiver register");
        reads(a);
        return;
      case Op.nonLocalReturn:
        this.assert(pc, this.code.kind === "block" && this.code.needsOuterContext, "home");
        reads(a);
        return;
      case Op.jump:
        this.assert(pc, wide >= 0, "jump back without a safepoint");
        jump(wide, live);
        return;
      case Op.jumpBack:
        this.assert(pc, wide < 0, "jumpBack forward");
        jump(wide, this.below(pc, a, live, 0));
        return;
      case Op.jumpFar:
        jump(next, next < 0 ? this.below(pc, a, live, 0) : live);
        return;
      case Op.jumpIfTrue:
      case Op.jumpIfFalse: {
        reads(a);
        const left = this.below(pc, a, live, 1);
        this.flow(following, left);
        jump(wide, left);
        return;
      }
      case Op.jumpIfNil:
      case Op.jumpIfNotNil:
        reads(a);
        this.flow(following, live);
        jump(wide, live);
        return;
    }
    this.assert(pc, !jumps.includes(row.opcode), "jump not followed");
    this.flow(following, this.written(pc, a, live));
  }

  private arithmetic(
    pc: number,
    row: Bytecode,
    live: bigint,
    a: number,
    b: number,
    c: number,
  ): void {
    const isStore = row.opcode === Op.atPut;
    this.read(pc, b, live);
    if (row.operands === "ABC") this.read(pc, c, live);
    if (isStore) this.read(pc, a, live);
    const companion = this.code.code[pc + 1]!;
    const companionOp = companion & 0xff;
    const top = row.next === "move" ? (companion << 8) >> 24 : (companion << 16) >> 24;
    const target = (companion << 16) >> 24;
    if (row.opcode === Op.identicalBranch || row.opcode === Op.notIdenticalBranch) {
      this.assert(pc, companionOp === Op.jumpIfTrue || companionOp === Op.jumpIfFalse, "branch");
      const left = this.below(pc, top, live, 0);
      this.flow(pc + 1, this.written(pc, top, left));
      return;
    }
    const isUnary = row.operands === "ABl";
    if (isUnary) this.assert(pc, this.code.literals[c & 0xff]?.kind === "symbol", "selector");
    const left = this.below(pc, top, live, isStore ? 3 : isUnary ? 1 : 2);
    if (row.next === "move") {
      this.assert(pc, companionOp === Op.move && (isStore || target === a), "companion");
      // The fast path skips the companion, the slow path runs it.
      this.starts.add(pc + 1);
      this.flow(pc + 2, this.written(pc, target, left));
    } else
      this.assert(pc, companionOp === Op.jumpIfTrue || companionOp === Op.jumpIfFalse, "branch");
    this.flow(pc + 1, this.written(pc, top, left));
  }
}
