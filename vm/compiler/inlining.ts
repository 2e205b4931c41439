/**
 * Which messages the compiler inlines: control flow whose blocks are written
 * out as literals, as Pharo does. Everything else is a send.
 */

import type { BlockNode, ExpressionNode, SendNode } from "./nodes.ts";

export type InlineKind =
  | "if"
  | "and"
  | "or"
  | "while"
  | "repeat"
  | "toDo"
  | "timesRepeat"
  | "ifNil";

/** How many arguments the blocks of an inlined message take, at most. */
interface InlineRule {
  readonly kind: InlineKind;
  /** The receiver is a literal block, too. */
  readonly blockReceiver?: boolean;
  /** For each argument: the least and most parameters of its block, or "value" or "step". */
  readonly arguments: readonly ("block" | "test" | "value" | "step" | "loop")[];
}

const rules: Readonly<Record<string, InlineRule>> = {
  "ifTrue:": { kind: "if", arguments: ["block"] },
  "ifFalse:": { kind: "if", arguments: ["block"] },
  "ifTrue:ifFalse:": { kind: "if", arguments: ["block", "block"] },
  "ifFalse:ifTrue:": { kind: "if", arguments: ["block", "block"] },
  "and:": { kind: "and", arguments: ["block"] },
  "or:": { kind: "or", arguments: ["block"] },
  whileTrue: { kind: "while", blockReceiver: true, arguments: [] },
  whileFalse: { kind: "while", blockReceiver: true, arguments: [] },
  "whileTrue:": { kind: "while", blockReceiver: true, arguments: ["block"] },
  "whileFalse:": { kind: "while", blockReceiver: true, arguments: ["block"] },
  repeat: { kind: "repeat", blockReceiver: true, arguments: [] },
  "to:do:": { kind: "toDo", arguments: ["value", "loop"] },
  "to:by:do:": { kind: "toDo", arguments: ["value", "step", "loop"] },
  "timesRepeat:": { kind: "timesRepeat", arguments: ["block"] },
  "ifNil:": { kind: "ifNil", arguments: ["block"] },
  "ifNotNil:": { kind: "ifNil", arguments: ["test"] },
  "ifNil:ifNotNil:": { kind: "ifNil", arguments: ["block", "test"] },
  "ifNotNil:ifNil:": { kind: "ifNil", arguments: ["test", "block"] },
};

/** How a send is inlined, if it is. */
export function inlineKind(node: SendNode): InlineKind | undefined {
  const rule = Object.hasOwn(rules, node.selector) ? rules[node.selector] : undefined;
  if (rule === undefined) return undefined;
  const { receiver } = node;
  if (receiver.kind === "variable" && receiver.name === "super") return undefined;
  if (rule.blockReceiver === true && !isBlock(receiver, 0, 0)) return undefined;
  for (let i = 0; i < rule.arguments.length; i++)
    if (!fits(node.arguments[i]!, rule.arguments[i]!)) return undefined;
  return rule.kind;
}

function fits(argument: ExpressionNode, wanted: InlineRule["arguments"][number]): boolean {
  switch (wanted) {
    case "block":
      return isBlock(argument, 0, 0);
    case "test":
      return isBlock(argument, 0, 1);
    case "loop":
      return isBlock(argument, 1, 1);
    case "step":
      return isStep(argument);
    case "value":
      return true;
  }
}

function isBlock(node: ExpressionNode, least: number, most: number): boolean {
  return node.kind === "block" && node.parameters.length >= least && node.parameters.length <= most;
}

/** A number whose sign is known, and not 0. */
function isStep(node: ExpressionNode): boolean {
  return node.kind === "literal" && stepSign(node) !== 0;
}

/** The sign of a literal step; 0 for anything that is no number. */
export function stepSign(node: ExpressionNode): number {
  if (node.kind !== "literal") return 0;
  const { value } = node;
  switch (value.kind) {
    case "integer":
      return value.value > 0n ? 1 : value.value < 0n ? -1 : 0;
    case "float":
      return Math.sign(value.value);
    case "scaledDecimal":
      return value.numerator > 0n ? 1 : value.numerator < 0n ? -1 : 0;
    default:
      return 0;
  }
}

/** The literal block in a place where inlining has found one. */
export function blockOf(node: ExpressionNode): BlockNode {
  if (node.kind !== "block") throw new Error("inlined argument is no block");
  return node;
}
