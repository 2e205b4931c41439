/** Questions about parts of the tree that the encoder asks before it decides. */

import type { ExpressionNode, StatementNode } from "./nodes.ts";
import type { LocalVariable } from "./scopes.ts";

export const isSuper = (node: ExpressionNode): boolean =>
  node.kind === "variable" && node.name === "super";

export const isNil = (node: ExpressionNode): boolean =>
  node.kind === "variable" && node.name === "nil";

/** The value of an integer literal that fits a signed byte. */
export function byteInteger(node: ExpressionNode): number | undefined {
  if (node.kind !== "literal" || node.value.kind !== "integer") return undefined;
  const { value } = node.value;
  return value >= -128n && value <= 127n ? Number(value) : undefined;
}

/** Whether evaluating a node enters no inlined scope, so that registers of such scopes keep their values. */
export function isFlat(node: ExpressionNode): boolean {
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
export function mayAssign(node: StatementNode, variable: LocalVariable): boolean {
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
export function mentions(node: StatementNode, variable: LocalVariable): boolean {
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
export function isAssignedFirst(
  variable: LocalVariable,
  statements: readonly StatementNode[],
): boolean {
  const first = statements.find((statement) => mentions(statement, variable));
  return (
    first !== undefined &&
    first.kind === "assignment" &&
    mentions(first.target, variable) &&
    !mentions(first.value, variable)
  );
}
