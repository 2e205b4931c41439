/**
 * The encoder: a resolved and laid out tree to bytecodes (vm/spec/bytecodes.ts).
 *
 * `valueInto` leaves a value in a register, a variable's or top, and writes
 * that register last: so an assignment evaluates straight into its variable.
 * `returnValue` answers from every branch of an expression at once.
 */

import { Op } from "../spec/bytecodes.ts";
import { newLabel } from "./assembler.ts";
import { ControlEncoder } from "./control-encoder.ts";
import { type EncoderOptions, lastRegister } from "./frame-encoder.ts";
import { blockOf } from "./inlining.ts";
import type { CodeDescription } from "./method-description.ts";
import type {
  AssignmentNode,
  BlockNode,
  BraceNode,
  CascadeNode,
  ExpressionNode,
  SendNode,
  Span,
  StatementNode,
  VariableNode,
} from "./nodes.ts";
import type { FunctionScope } from "./scopes.ts";
import { byteInteger, isSuper } from "./tree-queries.ts";

/** Longer brace arrays are filled one by one. */
const mostPushedElements = 60;

const arithmetic: Readonly<Record<string, number>> = {
  "+": Op.add,
  "-": Op.subtract,
  "*": Op.multiply,
  "/": Op.divide,
  "//": Op.integerDivide,
  "\\\\": Op.modulo,
  "bitAnd:": Op.bitAnd,
  "bitOr:": Op.bitOr,
  "bitXor:": Op.bitXor,
  "bitShift:": Op.bitShift,
  "<": Op.less,
  ">": Op.greater,
  "<=": Op.lessOrEqual,
  ">=": Op.greaterOrEqual,
  "=": Op.equal,
  "~=": Op.notEqual,
  "at:": Op.at,
};

/** What is encoded: a method's or block's own part of the tree. */
export interface Body extends Span {
  readonly statements: readonly StatementNode[];
  readonly argumentNames: readonly string[];
  /** Ends with: answer the receiver, or answer the last statement's value. */
  readonly ending: "self" | "value";
}

/** Encodes one function and, within it, its blocks. */
export function encode(body: Body, owner: FunctionScope, options: EncoderOptions): CodeDescription {
  return new FunctionEncoder(owner, options).encode(body);
}

class FunctionEncoder extends ControlEncoder {
  encode(body: Body): CodeDescription {
    const { owner, assembler } = this;
    assembler.mark(body);
    this.loadCopied();
    this.inScope(owner.body, body.statements, () => {
      if (body.ending === "value") this.returnStatements(body.statements);
      else {
        for (const statement of body.statements) this.statement(statement);
        assembler.emit(Op.return, owner.selfRegister, this.receiverRegister);
      }
    });
    this.describeCopied();
    return {
      kind: this.isBlock ? "block" : "method",
      argumentCount: owner.argumentCount,
      argumentNames: body.argumentNames,
      temporaryCount: owner.temporaryCount,
      operandDepth: this.highest - this.operandBase + 1,
      copiedCount: owner.copied.length,
      needsOuterContext: this.isBlock && owner.needsOuterContext,
      literals: this.literals.literals,
      code: Int32Array.from(assembler.words),
      positions: assembler.positions,
      temps: this.temps,
      start: body.start,
      stop: body.stop,
    };
  }

  // Statements

  protected override statement(node: StatementNode): void {
    if (node.kind === "return") this.explicitReturn(node.value, node);
    else this.effect(node);
  }

  protected override explicitReturn(value: ExpressionNode, node: Span): void {
    if (!this.isBlock) {
      this.returnValue(value);
      return;
    }
    const saved = this.top;
    const register = saved === this.operandBase ? this.operand(value, []) : this.push(value);
    this.assembler.mark(node);
    this.assembler.emit(Op.nonLocalReturn, register);
    this.assembler.reachable = false;
    this.top = saved;
  }

  private returnRegister(register: number): void {
    this.assembler.emit(Op.return, register, this.receiverRegister);
    this.assembler.reachable = false;
  }

  private returnNil(): void {
    this.assembler.emit(Op.loadNil, this.receiverRegister);
    this.returnRegister(this.receiverRegister);
  }

  /** Answers the last statement's value from the function. */
  private returnStatements(statements: readonly StatementNode[]): void {
    const last = this.allButLast(statements);
    if (last === undefined) this.returnNil();
    else if (last.kind === "return") this.explicitReturn(last.value, last);
    else this.returnValue(last);
  }

  private returnValue(node: ExpressionNode): void {
    const { assembler } = this;
    if (node.kind === "send" && node.inlined === "if") {
      const otherwise = newLabel();
      const [first, second] = node.arguments;
      this.branch(node.receiver, !node.selector.startsWith("ifTrue:"), otherwise);
      this.returnBlock(blockOf(first!));
      assembler.place(otherwise);
      if (second === undefined) this.returnNil();
      else this.returnBlock(blockOf(second));
      return;
    }
    if (node.kind === "send" && (node.inlined === "and" || node.inlined === "or")) {
      const short = newLabel();
      this.branch(node.receiver, node.inlined === "or", short);
      this.returnBlock(blockOf(node.arguments[0]!));
      assembler.place(short);
      assembler.emit(node.inlined === "or" ? Op.loadTrue : Op.loadFalse, this.receiverRegister);
      this.returnRegister(this.receiverRegister);
      return;
    }
    const saved = this.top;
    const register = this.operand(node, []);
    this.returnRegister(register);
    this.top = saved;
  }

  private returnBlock(block: BlockNode): void {
    this.inScope(block.scope!, block.statements, () => this.returnStatements(block.statements));
  }

  // Expressions

  protected override effect(node: ExpressionNode): void {
    switch (node.kind) {
      case "literal":
        return;
      case "assignment":
        this.assign(node);
        return;
      case "send":
        if (node.inlined !== undefined) {
          this.inlined(node, undefined);
          return;
        }
        break;
    }
    const saved = this.top;
    this.push(node);
    this.top = saved;
  }

  protected override valueInto(node: ExpressionNode, target: number): void {
    switch (node.kind) {
      case "literal":
        this.loadLiteral(node.value, target);
        return;
      case "variable":
        this.loadVariable(node, target);
        return;
      case "assignment": {
        const saved = this.top;
        this.move(target, this.assign(node));
        this.top = saved;
        return;
      }
      case "block":
        this.closure(node, target);
        return;
      case "brace":
        this.brace(node, target);
        return;
      case "cascade":
        this.cascade(node, target);
        return;
      case "send":
        if (node.inlined === undefined) this.send(node, target);
        else this.inlined(node, target);
        return;
    }
  }

  private loadVariable(node: VariableNode, target: number): void {
    const { assembler } = this;
    const binding = node.binding!;
    switch (binding.kind) {
      case "slot":
        this.loadSlot(target, this.owner.selfRegister, binding.index);
        return;
      case "global":
        assembler.mark(node);
        assembler.emitWide(
          Op.loadGlobal,
          target,
          this.literalIndex({ kind: "binding", name: binding.name }),
        );
        return;
      case "local": {
        const { variable } = binding;
        if (variable.inVector)
          this.loadSlot(
            target,
            this.registerOfCopied(variable.scope.vector!),
            variable.vectorIndex,
          );
        else this.move(target, this.registerOfCopied(variable));
        return;
      }
      case "pseudo":
        switch (binding.name) {
          case "self":
          case "super":
            this.move(target, this.owner.selfRegister);
            return;
          case "nil":
            assembler.emit(Op.loadNil, target);
            return;
          case "true":
            assembler.emit(Op.loadTrue, target);
            return;
          case "false":
            assembler.emit(Op.loadFalse, target);
            return;
          case "thisContext":
            this.reserve(this.top, node);
            assembler.mark(node);
            assembler.emit(Op.loadContext, this.top);
            this.move(target, this.top);
            return;
          case "thisProcess":
            this.activeProcess(node, target);
            return;
        }
    }
  }

  /** thisProcess is `Processor activeProcess`. */
  private activeProcess(node: Span, target: number): void {
    const register = this.top;
    this.reserve(register, node);
    const processor = this.literalIndex({ kind: "binding", name: "Processor" });
    this.assembler.emitWide(Op.loadGlobal, register, processor);
    this.emitSend(node, "activeProcess", register, 0);
    this.move(target, register);
  }

  protected override assign(node: AssignmentNode): number {
    const { assembler } = this;
    const binding = node.target.binding!;
    const saved = this.top;
    switch (binding.kind) {
      case "local": {
        const { variable } = binding;
        if (!variable.inVector) {
          this.valueInto(node.value, variable.register);
          return variable.register;
        }
        const value = this.operand(node.value, []);
        this.storeVector(
          this.registerOfCopied(variable.scope.vector!),
          value,
          variable.vectorIndex,
        );
        this.top = saved;
        return value;
      }
      case "global": {
        const value = this.operand(node.value, []);
        assembler.mark(node);
        assembler.emitWide(
          Op.storeGlobal,
          value,
          this.literalIndex({ kind: "binding", name: binding.name }),
        );
        this.top = saved;
        return value;
      }
      case "slot": {
        const value =
          saved === this.operandBase ? this.operand(node.value, []) : this.push(node.value);
        // Its slow path sends with two arguments.
        this.reserve(this.top + 2, node);
        assembler.mark(node);
        if (binding.index <= 0xff)
          assembler.emit(Op.storeSlot, this.owner.selfRegister, value, binding.index);
        else {
          assembler.emit(Op.storeSlotFar, this.owner.selfRegister, value);
          assembler.emitNext(binding.index);
        }
        this.top = saved;
        return value;
      }
      case "pseudo":
        throw new Error(`assignment to ${binding.name}`);
    }
  }

  private closure(node: BlockNode, target: number): void {
    const inner = node.scope!.function;
    const saved = this.top;
    const block = encode(
      {
        statements: node.statements,
        argumentNames: node.parameters.map((parameter) => parameter.name),
        ending: "value",
        start: node.start,
        stop: node.stop,
      },
      inner,
      this.options,
    );
    const base = this.pushRegister(this.owner.selfRegister, node);
    for (const copied of inner.copied) this.pushRegister(this.registerOfCopied(copied), node);
    this.assembler.emitWide(Op.newClosure, base, this.literalIndex({ kind: "block", block }));
    this.top = saved;
    this.move(target, base);
  }

  private brace(node: BraceNode, target: number): void {
    const { assembler } = this;
    const saved = this.top;
    const count = node.elements.length;
    const base = saved;
    this.reserve(base, node);
    if (count > 0x7fff) throw this.problem("too many elements", node);
    if (count <= mostPushedElements && base + count <= lastRegister - 20) {
      for (const element of node.elements) this.push(element);
      assembler.mark(node);
      assembler.emitWide(Op.newArray, base, count);
    } else {
      assembler.mark(node);
      assembler.emitWide(Op.newVector, base, count);
      this.top = base + 1;
      node.elements.forEach((element, index) => {
        const value = this.operand(element, []);
        this.storeVector(base, value, index);
        this.top = base + 1;
      });
    }
    this.top = saved;
    this.move(target, base);
  }

  private cascade(node: CascadeNode, target: number): void {
    const saved = this.top;
    const toSuper = isSuper(node.receiver);
    const later = node.messages.flatMap((message) => message.arguments);
    const receiver = toSuper ? this.owner.selfRegister : this.operand(node.receiver, later);
    const last = node.messages.length - 1;
    const held = this.top;
    node.messages.forEach((message, index) => {
      const base = index === last && receiver === saved ? receiver : held;
      if (base !== receiver) {
        this.top = base;
        this.pushRegister(receiver, message);
      }
      for (const argument of message.arguments) this.push(argument);
      if (toSuper) this.emitSuperSend(message, message.selector, base, message.arguments.length);
      else this.emitSend(message, message.selector, base, message.arguments.length);
      this.top = held;
      if (index === last) {
        this.top = saved;
        this.move(target, base);
      }
    });
  }

  // Sends

  private send(node: SendNode, target: number): void {
    const toSuper = isSuper(node.receiver);
    if (!toSuper && this.specialSend(node, target)) return;
    const base = this.top;
    if (!toSuper && node.arguments.length === 0) {
      this.unarySend(node, target);
      return;
    }
    if (node.arguments.length > 15) throw this.problem("Too many arguments", node);
    this.push(node.receiver);
    for (const argument of node.arguments) this.push(argument);
    if (toSuper) this.emitSuperSend(node, node.selector, base, node.arguments.length);
    else this.emitSend(node, node.selector, base, node.arguments.length);
    this.top = base;
    this.move(target, base);
  }

  private unarySend(node: SendNode, target: number): void {
    const base = this.top;
    const receiver = this.operand(node.receiver, []);
    this.top = base;
    const index = this.literalIndex({ kind: "symbol", value: node.selector });
    if (index > 0xff || (receiver === base && target === base)) {
      if (receiver !== base) this.pushRegister(receiver, node);
      this.emitSend(node, node.selector, base, 0);
      this.top = base;
      this.move(target, base);
      return;
    }
    this.assembler.mark(node);
    this.assembler.emit(Op.sendUnary, target, receiver, index);
    this.companionMove(node, target, 1);
  }

  /** Sends that have a bytecode of their own. Answers whether this was one. */
  private specialSend(node: SendNode, target: number): boolean {
    const { assembler } = this;
    const { selector, receiver } = node;
    const argument = node.arguments[0];
    const saved = this.top;
    if (argument === undefined) {
      if (selector !== "class") return false;
      assembler.emit(Op.loadClass, target, this.operand(receiver, []));
      this.top = saved;
      return true;
    }
    if (selector === "at:put:") {
      this.atPut(node, target);
      return true;
    }
    if (selector === "==" || selector === "~~") {
      const left = this.operand(receiver, [argument]);
      const right = this.operand(argument, []);
      assembler.emit(selector === "==" ? Op.identical : Op.notIdentical, target, left, right);
      this.top = saved;
      return true;
    }
    const opcode = Object.hasOwn(arithmetic, selector) ? arithmetic[selector] : undefined;
    if (opcode === undefined) return false;
    const left = this.operand(receiver, [argument]);
    const small = byteInteger(argument);
    if (small !== undefined && (opcode === Op.add || opcode === Op.subtract)) {
      assembler.mark(node);
      assembler.emit(opcode === Op.add ? Op.addInteger : Op.subtractInteger, target, left, small);
    } else {
      const right = this.operand(argument, []);
      assembler.mark(node);
      assembler.emit(opcode, target, left, right);
    }
    this.companionMove(node, target, 2);
    this.top = saved;
    return true;
  }

  private atPut(node: SendNode, target: number): void {
    const saved = this.top;
    const [index, value] = node.arguments;
    const object = this.operand(node.receiver, node.arguments);
    const at = this.operand(index!, [value!]);
    const put = this.operand(value!, []);
    this.assembler.mark(node);
    this.assembler.emit(Op.atPut, object, at, put);
    this.companionMove(node, target, 3);
    this.top = saved;
  }
}
