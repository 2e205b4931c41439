/**
 * Encodes conditions and the messages that are inlined: conditionals, nil tests
 * and loops. `branch` jumps on a condition without making it a value first.
 */

import { Op } from "../spec/bytecodes.ts";
import { type Label, newLabel } from "./assembler.ts";
import { FrameEncoder } from "./frame-encoder.ts";
import { blockOf, stepSign } from "./inlining.ts";
import type { BlockNode, ExpressionNode, SendNode, Span, StatementNode } from "./nodes.ts";
import { byteInteger, isFlat, isNil, isSuper } from "./tree-queries.ts";

const comparison: Readonly<Record<string, { branch: number; integerBranch?: number }>> = {
  "<": { branch: Op.lessBranch, integerBranch: Op.lessIntegerBranch },
  ">": { branch: Op.greaterBranch, integerBranch: Op.greaterIntegerBranch },
  "<=": { branch: Op.lessOrEqualBranch, integerBranch: Op.lessOrEqualIntegerBranch },
  ">=": { branch: Op.greaterOrEqualBranch, integerBranch: Op.greaterOrEqualIntegerBranch },
  "=": { branch: Op.equalBranch, integerBranch: Op.equalIntegerBranch },
  "~=": { branch: Op.notEqualBranch, integerBranch: Op.notEqualIntegerBranch },
  "==": { branch: Op.identicalBranch },
  "~~": { branch: Op.notIdenticalBranch },
};

export abstract class ControlEncoder extends FrameEncoder {
  /** Evaluates for what it does; the value is not wanted. */
  protected abstract effect(node: ExpressionNode): void;

  protected abstract statement(node: StatementNode): void;

  /** `^`: in a method and its inlined blocks a plain return, in a block a non-local one. */
  protected abstract explicitReturn(value: ExpressionNode, node: Span): void;

  /** Evaluates all statements but the last, which it answers. */
  protected allButLast(statements: readonly StatementNode[]): StatementNode | undefined {
    for (let i = 0; i < statements.length - 1; i++) this.statement(statements[i]!);
    return statements[statements.length - 1];
  }

  // Conditions

  /** Jumps to the label if the value is `sense`. */
  protected branch(node: ExpressionNode, sense: boolean, label: Label): void {
    if (node.kind === "variable" && (node.name === "true" || node.name === "false")) {
      if ((node.name === "true") === sense) this.assembler.jump(label, this.top);
      return;
    }
    if (node.kind === "send") {
      if (node.inlined === "and" || node.inlined === "or") {
        this.branchShort(node, sense, label);
        return;
      }
      if (node.inlined === undefined && this.branchComparison(node, sense, label)) return;
      if (node.inlined === undefined && this.branchUnary(node, sense, label)) return;
    }
    const saved = this.top;
    const register = this.push(node);
    this.top = saved;
    this.branchOn(node, register, sense, label);
  }

  protected branchOn(node: Span, register: number, sense: boolean, label: Label): void {
    this.reserve(register, node);
    this.assembler.mark(node);
    const opcode = sense ? Op.jumpIfTrue : Op.jumpIfFalse;
    this.assembler.branch(opcode, register, label, register);
  }

  protected branchShort(node: SendNode, sense: boolean, label: Label): void {
    const block = blockOf(node.arguments[0]!);
    const shortSense = node.inlined === "or";
    if (sense === shortSense) {
      this.branch(node.receiver, shortSense, label);
      this.branchBlock(block, sense, label);
      return;
    }
    const skip = newLabel();
    this.branch(node.receiver, shortSense, skip);
    this.branchBlock(block, sense, label);
    this.assembler.place(skip);
  }

  /** Runs an inlined block and jumps on its last value. */
  protected branchBlock(block: BlockNode, sense: boolean, label: Label): void {
    this.inScope(block.scope!, block.statements, () => {
      const last = this.allButLast(block.statements);
      if (last === undefined) {
        this.assembler.emit(Op.loadNil, this.top);
        this.branchOn(block, this.top, sense, label);
      } else if (last.kind === "return") this.explicitReturn(last.value, last);
      else this.branch(last, sense, label);
    });
  }

  protected branchComparison(node: SendNode, sense: boolean, label: Label): boolean {
    const { assembler } = this;
    const { selector, receiver } = node;
    const row = Object.hasOwn(comparison, selector) ? comparison[selector] : undefined;
    if (row === undefined || isSuper(receiver)) return false;
    const argument = node.arguments[0]!;
    const saved = this.top;
    const left = this.operand(receiver, [argument]);
    if (isNil(argument) && (selector === "==" || selector === "~~")) {
      const opcode = (selector === "==") === sense ? Op.jumpIfNil : Op.jumpIfNotNil;
      this.top = saved;
      assembler.branch(opcode, left, label, this.top);
      return true;
    }
    const small = byteInteger(argument);
    if (row.integerBranch !== undefined && small !== undefined) {
      assembler.mark(node);
      assembler.emit(row.integerBranch, 0, left, small);
    } else {
      const right = this.operand(argument, []);
      assembler.mark(node);
      assembler.emit(row.branch, 0, left, right);
    }
    this.companionBranch(node, sense, label);
    this.top = saved;
    return true;
  }

  protected branchUnary(node: SendNode, sense: boolean, label: Label): boolean {
    const { selector, receiver } = node;
    if (node.arguments.length > 0 || selector === "class" || isSuper(receiver)) return false;
    const index = this.literalIndex({ kind: "symbol", value: selector });
    if (index > 0xff) return false;
    const saved = this.top;
    const register = this.operand(receiver, []);
    this.top = saved;
    this.reserve(saved, node);
    this.assembler.mark(node);
    this.assembler.emit(Op.sendUnaryBranch, 0, register, index);
    this.companionBranch(node, sense, label);
    return true;
  }

  protected companionBranch(node: Span, sense: boolean, label: Label): void {
    this.reserve(this.top + 1, node);
    const opcode = sense ? Op.jumpIfTrue : Op.jumpIfFalse;
    this.assembler.branch(opcode, this.top, label, this.top);
  }

  // Inlined messages. Without a target only the effect is wanted.

  protected inlined(node: SendNode, target: number | undefined): void {
    switch (node.inlined!) {
      case "if":
        this.conditional(node, target);
        return;
      case "and":
      case "or":
        this.shortCircuit(node, target);
        return;
      case "ifNil":
        this.nilTest(node, target);
        return;
      case "while":
        this.whileLoop(node);
        if (target !== undefined) this.assembler.emit(Op.loadNil, target);
        return;
      case "repeat":
        this.repeat(node);
        return;
      case "toDo":
        this.toDo(node, target);
        return;
      case "timesRepeat":
        this.timesRepeat(node, target);
        return;
    }
  }

  /** Runs an inlined block, leaving its value in the target if there is one. */
  protected runBlock(block: BlockNode, target: number | undefined): void {
    this.inScope(block.scope!, block.statements, () => {
      const last = this.allButLast(block.statements);
      if (last === undefined) {
        if (target !== undefined) this.assembler.emit(Op.loadNil, target);
      } else if (last.kind === "return") this.explicitReturn(last.value, last);
      else if (target === undefined) this.effect(last);
      else this.valueInto(last, target);
    });
  }

  protected conditional(node: SendNode, target: number | undefined): void {
    const { assembler } = this;
    const [first, second] = node.arguments;
    const otherwise = newLabel();
    this.branch(node.receiver, !node.selector.startsWith("ifTrue:"), otherwise);
    this.runBlock(blockOf(first!), target);
    if (second === undefined && target === undefined) {
      assembler.place(otherwise);
      return;
    }
    const end = newLabel();
    assembler.jump(end, this.top);
    assembler.place(otherwise);
    if (second !== undefined) this.runBlock(blockOf(second), target);
    else assembler.emit(Op.loadNil, target!);
    assembler.place(end);
  }

  protected shortCircuit(node: SendNode, target: number | undefined): void {
    const { assembler } = this;
    const short = newLabel();
    this.branch(node.receiver, node.inlined === "or", short);
    this.runBlock(blockOf(node.arguments[0]!), target);
    if (target === undefined) {
      assembler.place(short);
      return;
    }
    const end = newLabel();
    assembler.jump(end, this.top);
    assembler.place(short);
    assembler.emit(node.inlined === "or" ? Op.loadTrue : Op.loadFalse, target);
    assembler.place(end);
  }

  protected nilTest(node: SendNode, target: number | undefined): void {
    const { assembler } = this;
    const saved = this.top;
    const nilFirst = node.selector.startsWith("ifNil:");
    const [first, second] = node.arguments;
    const ifNil = nilFirst ? first : second;
    const ifNotNil = nilFirst ? second : first;
    const parameter = ifNotNil && blockOf(ifNotNil).scope!.variables[0];
    let tested: number;
    if (parameter?.isArgument === true) {
      tested = parameter.register;
      this.valueInto(node.receiver, tested);
    } else tested = this.operand(node.receiver, []);
    this.top = saved;
    const end = newLabel();
    const otherwise = newLabel();
    if (ifNotNil === undefined) {
      if (target === undefined || target === tested) {
        assembler.branch(Op.jumpIfNotNil, tested, end, this.top);
        this.runBlock(blockOf(ifNil!), target);
      } else {
        assembler.branch(Op.jumpIfNotNil, tested, otherwise, this.top);
        this.runBlock(blockOf(ifNil!), target);
        assembler.jump(end, this.top);
        assembler.place(otherwise);
        this.move(target, tested);
      }
      assembler.place(end);
      return;
    }
    assembler.branch(Op.jumpIfNil, tested, otherwise, this.top);
    this.runBlock(blockOf(ifNotNil), target);
    if (ifNil !== undefined || target !== undefined) assembler.jump(end, this.top);
    assembler.place(otherwise);
    if (ifNil !== undefined) this.runBlock(blockOf(ifNil), target);
    else if (target !== undefined) assembler.emit(Op.loadNil, target);
    assembler.place(end);
  }

  // Loops

  protected whileLoop(node: SendNode): void {
    const { assembler } = this;
    const end = newLabel();
    const head = assembler.here();
    this.branchBlock(blockOf(node.receiver), node.selector.startsWith("whileFalse"), end);
    const body = node.arguments[0];
    if (body !== undefined) this.runBlock(blockOf(body), undefined);
    assembler.mark(node);
    assembler.jumpBack(head, this.top);
    assembler.place(end);
  }

  protected repeat(node: SendNode): void {
    const head = this.assembler.here();
    this.runBlock(blockOf(node.receiver), undefined);
    this.assembler.mark(node);
    this.assembler.jumpBack(head, this.top);
  }

  protected toDo(node: SendNode, target: number | undefined): void {
    const saved = this.top;
    const limit = node.arguments[0]!;
    const body = blockOf(node.arguments[node.arguments.length - 1]!);
    const step = node.arguments.length === 3 ? node.arguments[1] : undefined;
    const index = body.scope!.variables[0]!.register;
    const hidden = body.scope!.hidden[0]!.register;
    const limitRegister = this.loopLimit(limit, hidden);
    const flat = isFlat(limit);
    if (target !== undefined || !flat) {
      const start = this.push(node.receiver);
      if (limitRegister === hidden && !flat) {
        this.push(limit);
        this.top = start + 1;
        this.move(hidden, start + 1);
      } else if (limitRegister === hidden) this.valueInto(limit, hidden);
      this.move(index, start);
      if (target === undefined) this.top = saved;
    } else {
      this.valueInto(node.receiver, index);
      if (limitRegister === hidden) this.valueInto(limit, hidden);
    }
    const down = step !== undefined && stepSign(step) < 0;
    this.countingLoop(node, body, index, limitRegister ?? byteInteger(limit)!, {
      limitIsInteger: limitRegister === undefined,
      down,
      step,
    });
    this.top = saved;
    if (target !== undefined) this.move(target, saved);
  }

  /** The register that holds a loop's limit while it runs: undefined for a small literal, a variable's if nothing assigns it, or the hidden one. */
  protected loopLimit(limit: ExpressionNode, hidden: number): number | undefined {
    if (byteInteger(limit) !== undefined) return undefined;
    if (limit.kind === "variable") {
      const { binding } = limit;
      if (binding?.kind === "local" && !binding.variable.inVector && !binding.variable.isAssigned)
        return this.registerOfCopied(binding.variable);
    }
    return hidden;
  }

  protected countingLoop(
    node: SendNode,
    body: BlockNode,
    index: number,
    limit: number,
    options: { limitIsInteger: boolean; down: boolean; step: ExpressionNode | undefined },
  ): void {
    const { assembler } = this;
    const { limitIsInteger, down, step } = options;
    const end = newLabel();
    const head = assembler.here();
    const integerBranch = down ? Op.greaterOrEqualIntegerBranch : Op.lessOrEqualIntegerBranch;
    const branch = down ? Op.greaterOrEqualBranch : Op.lessOrEqualBranch;
    assembler.mark(node);
    assembler.emit(limitIsInteger ? integerBranch : branch, 0, index, limit);
    this.companionBranch(node, false, end);
    this.runBlock(body, undefined);
    assembler.mark(node);
    const by = step === undefined ? 1 : byteInteger(step);
    const saved = this.top;
    if (by !== undefined) assembler.emit(Op.addInteger, index, index, by);
    else {
      const register = this.push(step!);
      assembler.emit(Op.add, index, index, register);
    }
    this.companionMove(node, index, 2);
    this.top = saved;
    assembler.jumpBack(head, this.top);
    assembler.place(end);
  }

  protected timesRepeat(node: SendNode, target: number | undefined): void {
    const saved = this.top;
    const body = blockOf(node.arguments[0]!);
    const [counter, hidden] = body.scope!.hidden;
    const limit = this.loopLimit(node.receiver, hidden!.register);
    if (limit === hidden!.register) this.valueInto(node.receiver, limit);
    this.assembler.emitWide(Op.loadInteger, counter!.register, 1);
    this.countingLoop(node, body, counter!.register, limit ?? byteInteger(node.receiver)!, {
      limitIsInteger: limit === undefined,
      down: false,
      step: undefined,
    });
    this.top = saved;
    if (target === undefined) return;
    if (limit === undefined) this.valueInto(node.receiver, target);
    else this.move(target, limit);
  }
}
