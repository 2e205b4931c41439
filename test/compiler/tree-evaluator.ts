/**
 * Evaluates a syntax tree directly, with environments that are maps: what
 * Smalltalk means, without registers, capture analysis or inlining. It knows
 * small integers, booleans, nil, arrays and blocks.
 */

import type {
  BlockNode,
  ExpressionNode,
  MethodNode,
  StatementNode,
} from "../../vm/compiler/nodes.ts";

export type Value = number | boolean | null | Value[] | ((...values: Value[]) => Value);

class Environment {
  private readonly values = new Map<string, Value>();
  private readonly outer: Environment | undefined;

  constructor(outer: Environment | undefined) {
    this.outer = outer;
  }

  declare(name: string, value: Value): void {
    this.values.set(name, value);
  }

  get(name: string): Value {
    if (this.values.has(name)) return this.values.get(name)!;
    if (this.outer === undefined) throw new Error(`no ${name}`);
    return this.outer.get(name);
  }

  set(name: string, value: Value): void {
    if (this.values.has(name)) this.values.set(name, value);
    else if (this.outer === undefined) throw new Error(`no ${name}`);
    else this.outer.set(name, value);
  }
}

class Return {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** The answer of a method without arguments. */
export function evaluateMethod(node: MethodNode): Value {
  const environment = new Environment(undefined);
  for (const { name } of node.temporaries) environment.declare(name, null);
  try {
    statements(node.statements, environment);
  } catch (thrown) {
    if (thrown instanceof Return) return thrown.value;
    throw thrown;
  }
  throw new Error("a method without a return");
}

function statements(nodes: readonly StatementNode[], environment: Environment): Value {
  let value: Value = null;
  for (const node of nodes) {
    if (node.kind === "return") throw new Return(evaluate(node.value, environment));
    value = evaluate(node, environment);
  }
  return value;
}

function block(node: BlockNode, outer: Environment): (...values: Value[]) => Value {
  return (...values) => {
    const environment = new Environment(outer);
    node.parameters.forEach(({ name }, index) => {
      environment.declare(name, values[index] ?? null);
    });
    for (const { name } of node.temporaries) environment.declare(name, null);
    return statements(node.statements, environment);
  };
}

function evaluate(node: ExpressionNode, environment: Environment): Value {
  switch (node.kind) {
    case "variable":
      if (node.name === "nil") return null;
      if (node.name === "true" || node.name === "false") return node.name === "true";
      return environment.get(node.name);
    case "literal":
      if (node.value.kind !== "integer") throw new Error(node.value.kind);
      return Number(node.value.value);
    case "brace":
      return node.elements.map((element) => evaluate(element, environment));
    case "block":
      return block(node, environment);
    case "assignment": {
      const value = evaluate(node.value, environment);
      environment.set(node.target.name, value);
      return value;
    }
    case "cascade": {
      const receiver = evaluate(node.receiver, environment);
      let value: Value = null;
      for (const message of node.messages)
        value = send(
          receiver,
          message.selector,
          message.arguments.map((argument) => evaluate(argument, environment)),
        );
      return value;
    }
    case "send":
      return send(
        evaluate(node.receiver, environment),
        node.selector,
        node.arguments.map((argument) => evaluate(argument, environment)),
      );
  }
}

function send(receiver: Value, selector: string, values: Value[]): Value {
  const [first, second] = values;
  const run = (value: Value | undefined, ...given: Value[]): Value => {
    if (typeof value !== "function") throw new Error(`${selector} wants a block`);
    return value(...given);
  };
  const isTrue = (value: Value): boolean => {
    if (typeof value !== "boolean") throw new Error(`${selector} wants a boolean`);
    return value;
  };
  const a = receiver as number;
  const b = first as number;
  switch (selector) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "bitAnd:":
      return a & b;
    case "bitXor:":
      return a ^ b;
    case "<":
      return a < b;
    case ">=":
      return a >= b;
    case "=":
    case "==":
      return receiver === first;
    case "~=":
      return receiver !== first;
    case "yourself":
      return receiver;
    case "value":
      return run(receiver);
    case "value:":
      return run(receiver, first!);
    case "value:value:":
      return run(receiver, first!, second!);
    case "ifTrue:":
      return isTrue(receiver) ? run(first) : null;
    case "ifFalse:":
      return isTrue(receiver) ? null : run(first);
    case "ifTrue:ifFalse:":
      return isTrue(receiver) ? run(first) : run(second);
    case "and:":
      return isTrue(receiver) ? run(first) : false;
    case "or:":
      return isTrue(receiver) ? true : run(first);
    case "ifNil:":
      return receiver === null ? run(first) : receiver;
    case "ifNotNil:":
      return receiver === null ? null : run(first, receiver);
    case "ifNil:ifNotNil:":
      return receiver === null ? run(first) : run(second, receiver);
    case "whileTrue:":
      while (isTrue(run(receiver))) run(first);
      return null;
    case "whileFalse:":
      while (!isTrue(run(receiver))) run(first);
      return null;
    case "to:do:":
      for (let i = a; i <= b; i++) run(second, i);
      return receiver;
    case "timesRepeat:":
      for (let i = 0; i < a; i++) run(first);
      return receiver;
    default:
      throw new Error(`no ${selector}`);
  }
}

/** As the small kernel's `show` prints it. */
export function show(value: Value): string {
  if (Array.isArray(value)) return `(${value.map(show).join(" ")})`;
  return value === null ? "nil" : String(value);
}
