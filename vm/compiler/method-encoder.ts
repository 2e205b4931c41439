/**
 * The encoder: a resolved and laid out tree to bytecodes (vm/spec/bytecodes.ts).
 *
 * `top` is the first register above the live operands. `valueInto` leaves a
 * value in a register, a variable's or top, and writes that register last, when
 * nothing else of the expression is left to do: so an assignment evaluates
 * straight into its variable. `operand` answers where a value is, which for a
 * variable is the variable. `branch` jumps on a condition, `returnValue`
 * answers from every branch of an expression at once.
 */

import { Op } from "../spec/bytecodes.ts";
import { FrameOffset } from "../spec/layouts.ts";
import { Assembler, type Label, newLabel } from "./assembler.ts";
import { blockOf, stepSign } from "./inlining.ts";
import { LiteralTable } from "./literal-table.ts";
import type { CodeDescription, Literal, TempDescription } from "./method-description.ts";
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
import { type BlockScope, type Copied, type FunctionScope, LocalVariable } from "./scopes.ts";
import { SyntaxProblem } from "./syntax-problem.ts";

const lastRegister = 127;
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

const isSuper = (node: ExpressionNode): boolean =>
  node.kind === "variable" && node.name === "super";

const isNil = (node: ExpressionNode): boolean => node.kind === "variable" && node.name === "nil";

/** The value of an integer literal that fits a signed byte. */
function byteInteger(node: ExpressionNode): number | undefined {
  if (node.kind !== "literal" || node.value.kind !== "integer") return undefined;
  const { value } = node.value;
  return value >= -128n && value <= 127n ? Number(value) : undefined;
}

/** Whether evaluating a node enters no inlined scope, so that registers of such scopes keep their values. */
function isFlat(node: ExpressionNode): boolean {
  switch (node.kind) {
    case "literal":
    case "variable":
      return true;
    case "send":
      return node.inlined === undefined && isFlat(node.receiver) && node.arguments.every(isFlat);
    default:
      return false;
  }
}

/** Whether evaluating a node may assign a register variable. */
function mayAssign(node: StatementNode, variable: LocalVariable): boolean {
  switch (node.kind) {
    case "literal":
    case "variable":
      return false;
    case "assignment": {
      const { binding } = node.target;
      if (binding?.kind === "local" && binding.variable === variable) return true;
      return mayAssign(node.value, variable);
    }
    case "return":
      return mayAssign(node.value, variable);
    case "brace":
      return node.elements.some((element) => mayAssign(element, variable));
    case "block":
      return node.statements.some((statement) => mayAssign(statement, variable));
    case "send":
      return (
        mayAssign(node.receiver, variable) ||
        node.arguments.some((argument) => mayAssign(argument, variable))
      );
    case "cascade":
      return (
        mayAssign(node.receiver, variable) ||
        node.messages.some((message) =>
          message.arguments.some((argument) => mayAssign(argument, variable)),
        )
      );
  }
}

/** Whether a node mentions a variable at all. */
function mentions(node: StatementNode, variable: LocalVariable): boolean {
  switch (node.kind) {
    case "literal":
      return false;
    case "variable":
      return node.binding?.kind === "local" && node.binding.variable === variable;
    case "assignment":
      return mentions(node.target, variable) || mentions(node.value, variable);
    case "return":
      return mentions(node.value, variable);
    case "brace":
      return node.elements.some((element) => mentions(element, variable));
    case "block":
      return node.statements.some((statement) => mentions(statement, variable));
    case "send":
      return (
        mentions(node.receiver, variable) ||
        node.arguments.some((argument) => mentions(argument, variable))
      );
    case "cascade":
      return (
        mentions(node.receiver, variable) ||
        node.messages.some((message) =>
          message.arguments.some((argument) => mentions(argument, variable)),
        )
      );
  }
}

/** Whether the first statement that mentions a variable assigns it, so that its old value is never seen. */
function isAssignedFirst(variable: LocalVariable, statements: readonly StatementNode[]): boolean {
  const first = statements.find((statement) => mentions(statement, variable));
  return (
    first !== undefined &&
    first.kind === "assignment" &&
    mentions(first.target, variable) &&
    !mentions(first.value, variable)
  );
}

export interface EncoderOptions {
  readonly source: string;
  readonly farJumps: boolean;
}

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

class FunctionEncoder {
  private readonly owner: FunctionScope;
  private readonly options: EncoderOptions;
  private readonly assembler: Assembler;
  private readonly literals = new LiteralTable();
  private readonly temps: TempDescription[] = [];
  private readonly isBlock: boolean;
  private readonly operandBase: number;
  private top: number;
  private highest: number;
  /** Temporaries below this may hold an old value. */
  private usedTemporaries: number;

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

  // Registers

  /** Where the receiver stands, or in a block its closure; the answer goes there. */
  private get receiverRegister(): number {
    return -1 - this.owner.argumentCount;
  }

  private problem(message: string, { start, stop }: Span): SyntaxProblem {
    return new SyntaxProblem(message, this.options.source, start, stop - start);
  }

  private reserve(register: number, node: Span): void {
    if (register > lastRegister)
      throw this.problem(
        "expression too complex: it needs too many temporary values at once",
        node,
      );
    if (register > this.highest) this.highest = register;
  }

  /** Evaluates onto the operands; answers the register. */
  private push(node: ExpressionNode): number {
    const register = this.top;
    this.reserve(register, node);
    this.valueInto(node, register);
    this.top = register + 1;
    return register;
  }

  private pushRegister(source: number, node: Span): number {
    const register = this.top;
    this.reserve(register, node);
    this.assembler.emit(Op.move, register, source);
    this.top = register + 1;
    return register;
  }

  /** Where a node's value is: a variable's register, unless what is evaluated later may assign it, or the top operand. */
  private operand(node: ExpressionNode, later: readonly ExpressionNode[]): number {
    if (node.kind === "assignment" && this.registerOf(node.target, later) !== undefined)
      return this.assign(node);
    return this.registerOf(node, later) ?? this.push(node);
  }

  private registerOf(node: ExpressionNode, later: readonly ExpressionNode[]): number | undefined {
    if (node.kind !== "variable") return undefined;
    const { binding } = node;
    if (binding?.kind === "pseudo" && binding.name === "self") return this.owner.selfRegister;
    if (binding?.kind !== "local" || binding.variable.inVector) return undefined;
    const { variable } = binding;
    if (variable.isAssigned && later.some((other) => mayAssign(other, variable))) return undefined;
    return this.registerOfCopied(variable);
  }

  /** Where this function has a variable's value or a temp vector. */
  private registerOfCopied(copied: Copied): number {
    return copied.scope.function === this.owner
      ? copied.register
      : this.owner.copiedRegisters.get(copied)!;
  }

  private move(target: number, source: number): void {
    if (target !== source) this.assembler.emit(Op.move, target, source);
  }

  // Scopes

  private loadCopied(): void {
    const { owner } = this;
    let slot = 4;
    for (const copied of owner.copied) {
      const register = owner.copiedRegisters.get(copied)!;
      this.loadSlot(register, this.receiverRegister, slot++);
      if (copied instanceof LocalVariable)
        this.describeTemp(copied.name, register, undefined, 0, Number.MAX_SAFE_INTEGER);
      else
        for (const variable of copied.variables)
          this.describeTemp(
            variable.name,
            register,
            variable.vectorIndex,
            0,
            Number.MAX_SAFE_INTEGER,
          );
      this.usedTemporaries = register + 1;
    }
    if (this.isBlock && owner.usesSelf) {
      this.loadSlot(owner.selfRegister, this.receiverRegister, 3);
      this.usedTemporaries = owner.selfRegister + 1;
    }
  }

  private describeTemp(
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
  private inScope(
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

  // Statements

  private statement(node: StatementNode): void {
    if (node.kind === "return") this.explicitReturn(node.value, node);
    else this.effect(node);
  }

  /** `^`: in a method and its inlined blocks a plain return, in a block a non-local one. */
  private explicitReturn(value: ExpressionNode, node: Span): void {
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

  /** Evaluates all statements but the last, which it answers. */
  private allButLast(statements: readonly StatementNode[]): StatementNode | undefined {
    for (let i = 0; i < statements.length - 1; i++) this.statement(statements[i]!);
    return statements[statements.length - 1];
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

  /** Evaluates for what it does; the value is not wanted. */
  private effect(node: ExpressionNode): void {
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

  private valueInto(node: ExpressionNode, target: number): void {
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

  private loadLiteral(value: Literal, target: number): void {
    const { assembler } = this;
    if (value.kind === "integer" && value.value >= -0x8000n && value.value <= 0x7fffn)
      assembler.emitWide(Op.loadInteger, target, Number(value.value));
    else assembler.emitWide(Op.loadLiteral, target, this.literalIndex(value));
  }

  private literalIndex(literal: Literal): number {
    const index = this.literals.indexOf(literal);
    if (index > 0xfff0)
      throw new SyntaxProblem("too many literals in one method", this.options.source, 0);
    return index;
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

  private loadSlot(target: number, object: number, index: number): void {
    if (index <= 0xff) this.assembler.emit(Op.loadSlot, target, object, index);
    else {
      this.assembler.emit(Op.loadSlotFar, target, object);
      this.assembler.emitNext(index);
    }
  }

  private storeVector(vector: number, value: number, index: number): void {
    if (index <= 0xff) this.assembler.emit(Op.storeVector, vector, value, index);
    else {
      this.assembler.emit(Op.storeVectorFar, vector, value);
      this.assembler.emitNext(index);
    }
  }

  /** Assigns, and answers where the value is; it may be pushed. */
  private assign(node: AssignmentNode): number {
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

  private emitSend(node: Span, selector: string, base: number, count: number): void {
    const { assembler } = this;
    const index = this.literalIndex({ kind: "symbol", value: selector });
    assembler.mark(node);
    if (index <= 0xff) assembler.emit(Op.send, base, count, index);
    else {
      assembler.emit(Op.sendFar, base, count);
      assembler.emitNext(index);
    }
  }

  private emitSuperSend(node: Span, selector: string, base: number, count: number): void {
    const index = this.literalIndex({ kind: "symbol", value: selector });
    this.assembler.mark(node);
    this.assembler.emit(Op.superSend, base, count);
    this.assembler.emitNext(index);
  }

  private send(node: SendNode, target: number): void {
    const toSuper = isSuper(node.receiver);
    if (!toSuper && this.specialSend(node, target)) return;
    const base = this.top;
    if (node.arguments.length > 15) throw this.problem("Too many arguments", node);
    this.push(node.receiver);
    for (const argument of node.arguments) this.push(argument);
    if (toSuper) this.emitSuperSend(node, node.selector, base, node.arguments.length);
    else this.emitSend(node, node.selector, base, node.arguments.length);
    this.top = base;
    this.move(target, base);
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

  /** The word behind an operation: where the slow path's answer comes from and goes to. */
  private companionMove(node: Span, target: number, windowSize: number): void {
    this.reserve(this.top + windowSize - 1, node);
    this.assembler.emit(Op.move, target, this.top);
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

  // Conditions

  /** Jumps to the label if the value is `sense`. */
  private branch(node: ExpressionNode, sense: boolean, label: Label): void {
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
    }
    const saved = this.top;
    const register = this.push(node);
    this.top = saved;
    this.branchOn(node, register, sense, label);
  }

  private branchOn(node: Span, register: number, sense: boolean, label: Label): void {
    this.reserve(register, node);
    this.assembler.mark(node);
    const opcode = sense ? Op.jumpIfTrue : Op.jumpIfFalse;
    this.assembler.branch(opcode, register, label, register);
  }

  private branchShort(node: SendNode, sense: boolean, label: Label): void {
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
  private branchBlock(block: BlockNode, sense: boolean, label: Label): void {
    this.inScope(block.scope!, block.statements, () => {
      const last = this.allButLast(block.statements);
      if (last === undefined) {
        this.assembler.emit(Op.loadNil, this.top);
        this.branchOn(block, this.top, sense, label);
      } else if (last.kind === "return") this.explicitReturn(last.value, last);
      else this.branch(last, sense, label);
    });
  }

  private branchComparison(node: SendNode, sense: boolean, label: Label): boolean {
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

  private companionBranch(node: Span, sense: boolean, label: Label): void {
    this.reserve(this.top + 1, node);
    const opcode = sense ? Op.jumpIfTrue : Op.jumpIfFalse;
    this.assembler.branch(opcode, this.top, label, this.top);
  }

  // Inlined messages. Without a target only the effect is wanted.

  private inlined(node: SendNode, target: number | undefined): void {
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
  private runBlock(block: BlockNode, target: number | undefined): void {
    this.inScope(block.scope!, block.statements, () => {
      const last = this.allButLast(block.statements);
      if (last === undefined) {
        if (target !== undefined) this.assembler.emit(Op.loadNil, target);
      } else if (last.kind === "return") this.explicitReturn(last.value, last);
      else if (target === undefined) this.effect(last);
      else this.valueInto(last, target);
    });
  }

  private conditional(node: SendNode, target: number | undefined): void {
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

  private shortCircuit(node: SendNode, target: number | undefined): void {
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

  private nilTest(node: SendNode, target: number | undefined): void {
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

  private whileLoop(node: SendNode): void {
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

  private repeat(node: SendNode): void {
    const head = this.assembler.here();
    this.runBlock(blockOf(node.receiver), undefined);
    this.assembler.mark(node);
    this.assembler.jumpBack(head, this.top);
  }

  private toDo(node: SendNode, target: number | undefined): void {
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
  private loopLimit(limit: ExpressionNode, hidden: number): number | undefined {
    if (byteInteger(limit) !== undefined) return undefined;
    if (limit.kind === "variable") {
      const { binding } = limit;
      if (binding?.kind === "local" && !binding.variable.inVector && !binding.variable.isAssigned)
        return this.registerOfCopied(binding.variable);
    }
    return hidden;
  }

  private countingLoop(
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

  private timesRepeat(node: SendNode, target: number | undefined): void {
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
