/**
 * What every part of the encoder stands on: registers, operands in stack
 * discipline, literals, scopes, and the words for simple loads, stores and
 * sends.
 *
 * `top` is the first register above the live operands. `operand` answers where
 * a value is, which for a variable is the variable.
 */

import { Op } from "../spec/bytecodes.ts";
import { ClosureSlot, FrameOffset } from "../spec/layouts.ts";
import { Assembler } from "./assembler.ts";
import { LiteralTable } from "./literal-table.ts";
import type { Literal, TempDescription } from "./method-description.ts";
import type { AssignmentNode, ExpressionNode, Span, StatementNode } from "./nodes.ts";
import { type BlockScope, type Copied, type FunctionScope, LocalVariable } from "./scopes.ts";
import { SyntaxProblem } from "./syntax-problem.ts";
import { isAssignedFirst, mayAssign } from "./tree-queries.ts";

/** Registers are signed bytes. */
export const lastRegister = 127;

export interface EncoderOptions {
  readonly source: string;
  readonly farJumps: boolean;
}

export abstract class FrameEncoder {
  protected readonly owner: FunctionScope;
  protected readonly options: EncoderOptions;
  protected readonly assembler: Assembler;
  protected readonly literals = new LiteralTable();
  protected readonly temps: TempDescription[] = [];
  protected readonly isBlock: boolean;
  protected readonly operandBase: number;
  protected top: number;
  protected highest: number;
  /** Temporaries below this may hold an old value. */
  protected usedTemporaries: number;

  constructor(owner: FunctionScope, options: EncoderOptions) {
    this.owner = owner;
    this.options = options;
    this.assembler = new Assembler(options.farJumps);
    this.isBlock = owner.outer !== undefined;
    this.operandBase = FrameOffset.firstTemp + owner.temporaryCount;
    this.top = this.operandBase;
    this.highest = this.operandBase - 1;
    this.usedTemporaries = FrameOffset.firstTemp;
  }

  /** Leaves a value in a register, which is written last, when nothing else of the expression is left to do. */
  protected abstract valueInto(node: ExpressionNode, target: number): void;

  /** Assigns, and answers where the value is, which may be at top. */
  protected abstract assign(node: AssignmentNode): number;

  // Registers

  /** Where the receiver stands, or in a block its closure; the answer goes there. */
  protected get receiverRegister(): number {
    return -1 - this.owner.argumentCount;
  }

  protected problem(message: string, { start, stop }: Span): SyntaxProblem {
    return new SyntaxProblem(message, this.options.source, start, stop - start);
  }

  protected reserve(register: number, node: Span): void {
    if (register > lastRegister)
      throw this.problem(
        "expression too complex: it needs too many temporary values at once",
        node,
      );
    if (register > this.highest) this.highest = register;
  }

  /** Evaluates onto the operands; answers the register. */
  protected push(node: ExpressionNode): number {
    const register = this.top;
    this.reserve(register, node);
    this.valueInto(node, register);
    this.top = register + 1;
    return register;
  }

  protected pushRegister(source: number, node: Span): number {
    const register = this.top;
    this.reserve(register, node);
    this.assembler.emit(Op.move, register, source);
    this.top = register + 1;
    return register;
  }

  /** Where a node's value is: a variable's register, unless what is evaluated later may assign it, or the top operand. */
  protected operand(node: ExpressionNode, later: readonly ExpressionNode[]): number {
    if (node.kind === "assignment" && this.registerOf(node.target, later) !== undefined)
      return this.assign(node);
    return this.registerOf(node, later) ?? this.push(node);
  }

  protected registerOf(node: ExpressionNode, later: readonly ExpressionNode[]): number | undefined {
    if (node.kind !== "variable") return undefined;
    const { binding } = node;
    if (binding?.kind === "pseudo" && binding.name === "self") return this.owner.selfRegister;
    if (binding?.kind !== "local" || binding.variable.inVector) return undefined;
    const { variable } = binding;
    if (variable.isAssigned && later.some((other) => mayAssign(other, variable))) return undefined;
    return this.registerOfCopied(variable);
  }

  /** Where this function has a variable's value or a temp vector. */
  protected registerOfCopied(copied: Copied): number {
    return copied.scope.function === this.owner
      ? copied.register
      : this.owner.copiedRegisters.get(copied)!;
  }

  protected move(target: number, source: number): void {
    if (target !== source) this.assembler.emit(Op.move, target, source);
  }

  // Scopes

  protected loadCopied(): void {
    const { owner } = this;
    let slot: number = ClosureSlot.firstCopied;
    for (const copied of owner.copied) {
      const register = owner.copiedRegisters.get(copied)!;
      this.loadSlot(register, this.receiverRegister, slot++);
      this.usedTemporaries = register + 1;
    }
    if (this.isBlock && owner.usesSelf) {
      this.loadSlot(owner.selfRegister, this.receiverRegister, ClosureSlot.receiver);
      this.usedTemporaries = owner.selfRegister + 1;
    }
  }

  /** What was copied is there for as long as the function has code: this comes behind all of it. */
  protected describeCopied(): void {
    const { owner, assembler } = this;
    for (const copied of owner.copied) {
      const register = owner.copiedRegisters.get(copied)!;
      if (copied instanceof LocalVariable)
        this.describeTemp(copied.name, register, undefined, 0, assembler.pc);
      else
        for (const { name, vectorIndex } of copied.variables)
          this.describeTemp(name, register, vectorIndex, 0, assembler.pc);
    }
  }

  protected describeTemp(
    name: string,
    register: number,
    vectorIndex: number | undefined,
    startPc: number,
    stopPc: number,
  ): void {
    this.temps.push(
      vectorIndex === undefined
        ? { name, register, startPc, stopPc }
        : { name, register, vectorIndex, startPc, stopPc },
    );
  }

  /** Enters a scope: its variables are nil and its vector is new. */
  protected inScope(
    scope: BlockScope,
    statements: readonly StatementNode[],
    action: () => void,
  ): void {
    const { assembler } = this;
    const startPc = assembler.pc;
    for (const variable of scope.variables) {
      if (variable.inVector || variable.isArgument) continue;
      const { register } = variable;
      const mayBeOld = scope.loop !== undefined || register < this.usedTemporaries;
      if (mayBeOld && !isAssignedFirst(variable, statements)) assembler.emit(Op.loadNil, register);
    }
    if (scope.vector !== undefined)
      assembler.emitWide(Op.newVector, scope.vector.register, scope.vector.variables.length);
    for (const variable of [...scope.variables, ...scope.hidden])
      if (!variable.inVector)
        this.usedTemporaries = Math.max(this.usedTemporaries, variable.register + 1);
    if (scope.vector !== undefined)
      this.usedTemporaries = Math.max(this.usedTemporaries, scope.vector.register + 1);
    action();
    for (const variable of scope.variables)
      this.describeTemp(
        variable.name,
        variable.inVector ? scope.vector!.register : variable.register,
        variable.inVector ? variable.vectorIndex : undefined,
        startPc,
        assembler.pc,
      );
  }

  // Loads, stores and sends

  protected loadLiteral(value: Literal, target: number): void {
    const { assembler } = this;
    if (value.kind === "integer" && value.value >= -0x8000n && value.value <= 0x7fffn)
      assembler.emitWide(Op.loadInteger, target, Number(value.value));
    else assembler.emitWide(Op.loadLiteral, target, this.literalIndex(value));
  }

  protected literalIndex(literal: Literal): number {
    const index = this.literals.indexOf(literal);
    if (index > 0xfff0)
      throw new SyntaxProblem("too many literals in one method", this.options.source, 0);
    return index;
  }

  protected loadSlot(target: number, object: number, index: number): void {
    if (index <= 0xff) this.assembler.emit(Op.loadSlot, target, object, index);
    else {
      this.assembler.emit(Op.loadSlotFar, target, object);
      this.assembler.emitNext(index);
    }
  }

  protected storeVector(vector: number, value: number, index: number): void {
    if (index <= 0xff) this.assembler.emit(Op.storeVector, vector, value, index);
    else {
      this.assembler.emit(Op.storeVectorFar, vector, value);
      this.assembler.emitNext(index);
    }
  }

  protected emitSend(node: Span, selector: string, base: number, count: number): void {
    const { assembler } = this;
    const index = this.literalIndex({ kind: "symbol", value: selector });
    assembler.mark(node);
    if (index <= 0xff) assembler.emit(Op.send, base, count, index);
    else {
      assembler.emit(Op.sendFar, base, count);
      assembler.emitNext(index);
    }
  }

  protected emitSuperSend(node: Span, selector: string, base: number, count: number): void {
    const index = this.literalIndex({ kind: "symbol", value: selector });
    this.assembler.mark(node);
    this.assembler.emit(Op.superSend, base, count);
    this.assembler.emitNext(index);
  }

  /** The word behind an operation: where the slow path's answer comes from and goes to. */
  protected companionMove(node: Span, target: number, windowSize: number): void {
    this.reserve(this.top + windowSize - 1, node);
    this.assembler.emit(Op.move, target, this.top);
  }
}
