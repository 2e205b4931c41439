/**
 * The assembler writes bytecode words, with labels. Code that cannot be
 * reached is dropped: behind a jump or return nothing is written until a label
 * that something jumps to.
 */

import { Op, wideWord, word } from "../spec/bytecodes.ts";
import type { CodePosition } from "./method-description.ts";
import type { Span } from "./nodes.ts";

export interface Label {
  position: number;
  /** Words that wait for the position. */
  readonly uses: number[];
}

export const newLabel = (): Label => ({ position: -1, uses: [] });

/** Thrown when a jump needs more than 16 bits; the encoder starts over with far jumps. */
export class JumpTooFar extends Error {}

const opposite: Readonly<Record<number, number>> = {
  [Op.jumpIfFalse]: Op.jumpIfTrue,
  [Op.jumpIfTrue]: Op.jumpIfFalse,
  [Op.jumpIfNil]: Op.jumpIfNotNil,
  [Op.jumpIfNotNil]: Op.jumpIfNil,
};

export class Assembler {
  readonly words: number[] = [];
  readonly positions: CodePosition[] = [];
  reachable = true;
  private readonly farJumps: boolean;

  constructor(farJumps: boolean) {
    this.farJumps = farJumps;
  }

  get pc(): number {
    return this.words.length;
  }

  emit(opcode: number, a = 0, b = 0, c = 0): void {
    if (this.reachable) this.words.push(word(opcode, a, b, c));
  }

  emitWide(opcode: number, a: number, wide: number): void {
    if (this.reachable) this.words.push(wideWord(opcode, a, wide));
  }

  /** A word that stands behind its instruction. */
  emitNext(value: number): void {
    if (this.reachable) this.words.push(value);
  }

  /** What follows comes from the node. */
  mark(node: Span): void {
    if (!this.reachable) return;
    const last = this.positions[this.positions.length - 1];
    const position = { pc: this.pc, start: node.start, stop: node.stop };
    if (last !== undefined && last.pc === this.pc) this.positions.pop();
    this.positions.push(position);
  }

  /** The label stands here. */
  place(label: Label): void {
    label.position = this.pc;
    for (const use of label.uses) this.patch(use, label.position);
    if (label.uses.length > 0) this.reachable = true;
  }

  /** Where a loop starts: for jumpBack. */
  here(): Label {
    return { position: this.pc, uses: [] };
  }

  jump(label: Label, top: number): void {
    if (!this.reachable) return;
    if (this.farJumps) this.jumpFar(label, top);
    else {
      label.uses.push(this.pc);
      this.words.push(wideWord(Op.jump, 0, 0));
    }
    this.reachable = false;
  }

  jumpBack(label: Label, top: number): void {
    if (!this.reachable) return;
    if (this.farJumps) this.jumpFar(label, top);
    else {
      this.words.push(wideWord(Op.jumpBack, top, 0));
      this.patch(this.pc - 1, label.position);
    }
    this.reachable = false;
  }

  /** A conditional forward jump. */
  branch(opcode: number, register: number, label: Label, top: number): void {
    if (!this.reachable) return;
    if (this.farJumps) {
      this.words.push(wideWord(opposite[opcode]!, register, 2));
      this.jumpFar(label, top);
    } else {
      label.uses.push(this.pc);
      this.words.push(wideWord(opcode, register, 0));
    }
  }

  private jumpFar(label: Label, top: number): void {
    this.words.push(word(Op.jumpFar, top), 0);
    const use = this.pc - 1;
    if (label.position >= 0) this.patch(use, label.position);
    else label.uses.push(use);
  }

  /** Offsets count from behind the word, which for a far jump is the offset itself. */
  private patch(use: number, target: number): void {
    const offset = target - (use + 1);
    if (this.farJumps) {
      this.words[use] = offset;
      return;
    }
    if (offset > 0x7fff || offset < -0x8000) throw new JumpTooFar();
    this.words[use] = (this.words[use]! & 0xffff) | (offset << 16);
  }
}
