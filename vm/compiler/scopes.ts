/**
 * Scope analysis: what each name means, which blocks are inlined, and where
 * each variable lives.
 *
 * A FunctionScope is what becomes a frame: the method, or a block that is a
 * closure. A BlockScope is a place that declares names: the body of a
 * function, or an inlined block in it.
 *
 * A variable lives in a register of its function. If closures use it, they
 * carry a copy of its value, which is right as long as it is not assigned after
 * the closure is made. Otherwise it lives in its scope's temp vector, and
 * closures carry the vector. A vector is made whenever its scope is entered,
 * so each turn of an inlined loop has its own variables.
 *
 * Closures with temp vectors after E. Miranda, "Closures", 2008.
 */

import { blockOf, inlineKind } from "./inlining.ts";
import type { Warning } from "./method-description.ts";
import type {
  BlockNode,
  Declaration,
  ExpressionNode,
  MethodNode,
  SendNode,
  Span,
  StatementNode,
  VariableNode,
} from "./nodes.ts";
import { SyntaxProblem } from "./syntax-problem.ts";

export type { InlineKind } from "./inlining.ts";

/** What the compiler must know of the place a method is compiled for. */
export interface CompilationEnvironment {
  /** Names of the receiver's slots, in their order. */
  readonly instanceVariables: readonly string[];
  /** Whether a free name has a binding now. A name without compiles to one all the same, with a warning. */
  lookup(name: string): "global" | "undeclared";
  /** Accept `_` for `:=`. */
  readonly underscoreAssignment?: boolean;
}

export type PseudoVariable =
  | "self"
  | "super"
  | "nil"
  | "true"
  | "false"
  | "thisContext"
  | "thisProcess";

export type Binding =
  | { readonly kind: "local"; readonly variable: LocalVariable }
  | { readonly kind: "slot"; readonly index: number }
  | { readonly kind: "global"; readonly name: string }
  | { readonly kind: "pseudo"; readonly name: PseudoVariable };

const pseudoBindings: ReadonlyMap<string, Binding> = new Map(
  (["self", "super", "nil", "true", "false", "thisContext", "thisProcess"] as const).map((name) => [
    name,
    { kind: "pseudo", name },
  ]),
);

/** A place in evaluation order, and the innermost inlined loop around it. */
interface Moment {
  readonly order: number;
  readonly loop: Loop | undefined;
}

interface Loop {
  readonly outer: Loop | undefined;
}

export class LocalVariable {
  readonly name: string;
  readonly scope: BlockScope;
  readonly span: Span;
  /** Arguments cannot be assigned. */
  readonly isArgument: boolean;
  readonly binding: Binding;
  /** Functions other than its own that use it. */
  readonly users = new Set<FunctionScope>();
  readonly captures: Moment[] = [];
  readonly assignments: Moment[] = [];
  isRead = false;
  assignedElsewhere = false;
  /** Decided by layout. */
  inVector = false;
  register = 0;
  vectorIndex = 0;

  constructor(name: string, scope: BlockScope, span: Span, isArgument: boolean) {
    this.name = name;
    this.scope = scope;
    this.span = span;
    this.isArgument = isArgument;
    this.binding = { kind: "local", variable: this };
  }

  get isAssigned(): boolean {
    return this.assignments.length > 0 || this.assignedElsewhere;
  }

  /** Whether a copy of its value may go out of date. */
  get needsVector(): boolean {
    if (this.captures.length === 0) return false;
    if (this.assignedElsewhere) return true;
    return this.assignments.some((assignment) =>
      this.captures.some(
        (capture) =>
          assignment.order > capture.order || this.repeatsTogether(assignment.loop, capture.loop),
      ),
    );
  }

  /** Whether one loop within the variable's scope goes around both. */
  private repeatsTogether(a: Loop | undefined, b: Loop | undefined): boolean {
    for (let one = a; one !== this.scope.loop; one = one!.outer)
      for (let other = b; other !== this.scope.loop; other = other!.outer)
        if (one === other) return true;
    return false;
  }
}

/** The temp vector of a scope, as a value that closures copy. */
export class TempVector {
  readonly scope: BlockScope;
  readonly variables: LocalVariable[] = [];
  register = 0;

  constructor(scope: BlockScope) {
    this.scope = scope;
  }
}

export type Copied = LocalVariable | TempVector;

export class BlockScope {
  readonly function: FunctionScope;
  readonly outer: BlockScope | undefined;
  readonly loop: Loop | undefined;
  readonly variables: LocalVariable[] = [];
  /** Registers the encoder asks for beside the variables: limits and counters of loops. */
  readonly hidden: LocalVariable[] = [];
  readonly children: BlockScope[] = [];
  vector: TempVector | undefined;

  constructor(owner: FunctionScope, outer: BlockScope | undefined, loop: Loop | undefined) {
    this.function = owner;
    this.outer = outer;
    this.loop = loop;
  }

  find(name: string): LocalVariable | undefined {
    return this.variables.find((variable) => variable.name === name);
  }
}

export class FunctionScope {
  readonly outer: FunctionScope | undefined;
  readonly argumentCount: number;
  /** When the outer function makes a closure of it. */
  readonly made: Moment;
  body!: BlockScope;
  usesSelf = false;
  needsOuterContext = false;
  /** What its closures carry, in order; decided by layout. */
  copied: Copied[] = [];
  readonly inner: FunctionScope[] = [];
  /** Where a copied value, or self in a block, is kept while the function runs. */
  readonly copiedRegisters = new Map<Copied, number>();
  selfRegister = 0;
  temporaryCount = 0;

  constructor(outer: FunctionScope | undefined, argumentCount: number, made: Moment) {
    this.outer = outer;
    this.argumentCount = argumentCount;
    this.made = made;
  }
}

export interface Analysis {
  readonly method: FunctionScope;
  readonly warnings: readonly Warning[];
}

/** Resolves every name of a method and decides what is inlined. */
export function analyze(
  node: MethodNode,
  source: string,
  environment: CompilationEnvironment,
  errorTemp: Declaration | undefined,
): Analysis {
  return new Analyzer(source, environment).method(node, errorTemp);
}

class Analyzer {
  private readonly source: string;
  private readonly environment: CompilationEnvironment;
  private readonly slots: ReadonlyMap<string, Binding>;
  private readonly globals = new Map<string, Binding>();
  private readonly warnings: Warning[] = [];
  private scope!: BlockScope;
  private loop: Loop | undefined;
  private order = 0;

  constructor(source: string, environment: CompilationEnvironment) {
    this.source = source;
    this.environment = environment;
    this.slots = new Map(
      environment.instanceVariables.map((name, index) => [name, { kind: "slot", index }]),
    );
  }

  method(node: MethodNode, errorTemp: Declaration | undefined): Analysis {
    const method = new FunctionScope(undefined, node.parameters.length, this.moment());
    this.checkArgumentCount(node.parameters);
    method.body = new BlockScope(method, undefined, undefined);
    this.scope = method.body;
    for (const parameter of node.parameters) this.declare(parameter, true);
    if (errorTemp !== undefined) this.declare(errorTemp, true);
    for (const temporary of node.temporaries) this.declare(temporary, false);
    this.statements(node.statements);
    this.warnUnused(method.body);
    return { method, warnings: this.warnings };
  }

  private moment(): Moment {
    return { order: this.order++, loop: this.loop };
  }

  private problem(message: string, span: Span): SyntaxProblem {
    return new SyntaxProblem(message, this.source, span.start, span.stop - span.start);
  }

  private checkArgumentCount(parameters: readonly Declaration[]): void {
    if (parameters.length > 15) throw this.problem("Too many arguments", parameters[15]!);
  }

  private declare(declaration: Declaration, isArgument: boolean): LocalVariable {
    const { name } = declaration;
    if (pseudoBindings.has(name)) throw this.problem(`${name} is a reserved name`, declaration);
    if (this.scope.find(name) !== undefined)
      throw this.problem(`Name already defined: ${name}`, declaration);
    if (this.shadows(name)) this.warn("shadowing", `${name} hides another variable`, declaration);
    const variable = new LocalVariable(name, this.scope, declaration, isArgument);
    this.scope.variables.push(variable);
    return variable;
  }

  private shadows(name: string): boolean {
    if (this.slots.has(name)) return true;
    for (let scope = this.scope.outer; scope !== undefined; scope = scope.outer)
      if (scope.find(name) !== undefined) return true;
    return false;
  }

  private warn(kind: Warning["kind"], message: string, span: Declaration | VariableNode): void {
    this.warnings.push({ kind, message, start: span.start, stop: span.stop, name: span.name });
  }

  private warnUnused(scope: BlockScope): void {
    for (const variable of scope.variables)
      if (!variable.isArgument && !variable.isRead)
        this.warn(
          "unused",
          `${variable.name} is ${variable.isAssigned ? "assigned but never read" : "not used"}`,
          { name: variable.name, start: variable.span.start, stop: variable.span.stop },
        );
  }

  private statements(statements: readonly StatementNode[]): void {
    for (let i = 0; i < statements.length; i++) {
      const statement = statements[i]!;
      if (statement.kind !== "return") {
        this.expression(statement);
        continue;
      }
      this.expression(statement.value);
      if (this.scope.function.outer !== undefined) this.needOuterContext();
      const next = statements[i + 1];
      if (next !== undefined)
        this.warnings.push({
          kind: "unreachable",
          message: "code behind a return is never reached",
          start: next.start,
          stop: statements[statements.length - 1]!.stop,
        });
    }
  }

  private needOuterContext(): void {
    for (let f: FunctionScope | undefined = this.scope.function; f !== undefined; f = f.outer)
      f.needsOuterContext = true;
  }

  private expression(node: ExpressionNode): void {
    switch (node.kind) {
      case "literal":
        return;
      case "variable":
        this.read(node);
        return;
      case "brace":
        for (const element of node.elements) this.expression(element);
        return;
      case "assignment":
        this.expression(node.value);
        this.assign(node.target);
        return;
      case "cascade":
        this.expression(node.receiver);
        for (const message of node.messages)
          for (const argument of message.arguments) this.expression(argument);
        return;
      case "block":
        this.closure(node);
        return;
      case "send":
        this.send(node);
        return;
    }
  }

  private resolve(node: VariableNode): Binding {
    const { name } = node;
    const pseudo = pseudoBindings.get(name);
    if (pseudo !== undefined) return pseudo;
    for (let scope: BlockScope | undefined = this.scope; scope !== undefined; scope = scope.outer) {
      const variable = scope.find(name);
      if (variable !== undefined) return variable.binding;
    }
    return this.slots.get(name) ?? this.global(node);
  }

  private global(node: VariableNode): Binding {
    const { name } = node;
    const known = this.globals.get(name);
    if (known !== undefined) return known;
    if (this.environment.lookup(name) === "undeclared")
      this.warn("undeclared", `${name} is undeclared`, node);
    const binding: Binding = { kind: "global", name };
    this.globals.set(name, binding);
    return binding;
  }

  private read(node: VariableNode): void {
    const binding = this.resolve(node);
    node.binding = binding;
    switch (binding.kind) {
      case "slot":
        this.useSelf();
        return;
      case "pseudo":
        if (binding.name === "self" || binding.name === "super") this.useSelf();
        if (binding.name === "thisContext" && this.scope.function.outer !== undefined)
          this.needOuterContext();
        return;
      case "local":
        binding.variable.isRead = true;
        this.capture(binding.variable);
        return;
    }
  }

  private assign(node: VariableNode): void {
    const binding = this.resolve(node);
    node.binding = binding;
    switch (binding.kind) {
      case "slot":
        this.useSelf();
        return;
      case "pseudo":
        throw this.problem(`Cannot store into ${node.name}`, node);
      case "global":
        this.warn("assignment", `${node.name} is assigned`, node);
        return;
      case "local": {
        const { variable } = binding;
        if (variable.isArgument) throw this.problem(`Cannot store into ${node.name}`, node);
        if (variable.scope.function === this.scope.function)
          variable.assignments.push(this.moment());
        else variable.assignedElsewhere = true;
        this.capture(variable);
        return;
      }
    }
  }

  /** Notes that the current function uses a variable, if it is another's. */
  private capture(variable: LocalVariable): void {
    const owner = variable.scope.function;
    let user = this.scope.function;
    if (user === owner || variable.users.has(user)) return;
    variable.users.add(user);
    while (user.outer !== owner) user = user.outer!;
    variable.captures.push(user.made);
  }

  private useSelf(): void {
    for (let f: FunctionScope | undefined = this.scope.function; f !== undefined; f = f.outer)
      f.usesSelf = true;
  }

  private closure(node: BlockNode): void {
    const outerScope = this.scope;
    const outerLoop = this.loop;
    this.checkArgumentCount(node.parameters);
    const block = new FunctionScope(outerScope.function, node.parameters.length, this.moment());
    outerScope.function.inner.push(block);
    // A closure holds its receiver.
    this.useSelf();
    this.loop = undefined;
    block.body = new BlockScope(block, outerScope, undefined);
    this.body(node, block.body);
    this.loop = outerLoop;
    this.scope = outerScope;
  }

  private body(node: BlockNode, scope: BlockScope): void {
    node.scope = scope;
    this.scope = scope;
    for (const parameter of node.parameters) this.declare(parameter, true);
    for (const temporary of node.temporaries) this.declare(temporary, false);
    this.statements(node.statements);
    this.warnUnused(scope);
  }

  private inline(node: BlockNode): void {
    const outer = this.scope;
    const scope = new BlockScope(outer.function, outer, this.loop);
    outer.children.push(scope);
    this.body(node, scope);
    this.scope = outer;
  }

  private send(node: SendNode): void {
    const kind = inlineKind(node);
    node.inlined = kind;
    const { receiver } = node;
    switch (kind) {
      case undefined:
        this.expression(receiver);
        for (const argument of node.arguments) this.expression(argument);
        return;
      case "while":
      case "repeat":
        this.looping(() => {
          this.inline(blockOf(receiver));
          for (const argument of node.arguments) this.inline(blockOf(argument));
        });
        return;
      case "toDo":
      case "timesRepeat": {
        const last = node.arguments.length - 1;
        this.expression(receiver);
        for (const argument of node.arguments.slice(0, last)) this.expression(argument);
        const block = blockOf(node.arguments[last]!);
        this.looping(() => this.inline(block));
        this.hide(block.scope!, kind === "toDo" ? 1 : 2);
        return;
      }
      case "if":
      case "and":
      case "or":
      case "ifNil":
        this.expression(receiver);
        for (const argument of node.arguments) this.inline(blockOf(argument));
        return;
    }
  }

  private looping(body: () => void): void {
    const outer = this.loop;
    this.loop = { outer };
    body();
    this.loop = outer;
  }

  private hide(scope: BlockScope, count: number): void {
    for (let i = 0; i < count; i++)
      scope.hidden.push(new LocalVariable("", scope, { start: 0, stop: 0 }, true));
  }
}
