/**
 * The syntax tree. Every node knows its source range: `start`, and `stop`
 * behind its last character. Scope analysis fills in `binding`, `scope` and
 * `inlined`.
 */

import type { Literal } from "./method-description.ts";
import type { Binding, BlockScope, InlineKind } from "./scopes.ts";

export interface Span {
  readonly start: number;
  readonly stop: number;
}

export interface VariableNode extends Span {
  readonly kind: "variable";
  readonly name: string;
  binding: Binding | undefined;
}

export interface LiteralNode extends Span {
  readonly kind: "literal";
  readonly value: Literal;
}

export interface BraceNode extends Span {
  readonly kind: "brace";
  readonly elements: readonly ExpressionNode[];
}

/** The name of an argument or temporary where it is declared. */
export interface Declaration extends Span {
  readonly name: string;
}

export interface BlockNode extends Span {
  readonly kind: "block";
  readonly parameters: readonly Declaration[];
  readonly temporaries: readonly Declaration[];
  readonly statements: readonly StatementNode[];
  scope: BlockScope | undefined;
}

export interface AssignmentNode extends Span {
  readonly kind: "assignment";
  readonly target: VariableNode;
  readonly value: ExpressionNode;
}

export interface SendNode extends Span {
  readonly kind: "send";
  readonly receiver: ExpressionNode;
  readonly selector: string;
  readonly arguments: readonly ExpressionNode[];
  inlined: InlineKind | undefined;
}

/** One message of a cascade. */
export interface MessageNode extends Span {
  readonly selector: string;
  readonly arguments: readonly ExpressionNode[];
}

export interface CascadeNode extends Span {
  readonly kind: "cascade";
  readonly receiver: ExpressionNode;
  readonly messages: readonly MessageNode[];
}

export type ExpressionNode =
  | VariableNode
  | LiteralNode
  | BraceNode
  | BlockNode
  | AssignmentNode
  | SendNode
  | CascadeNode;

export interface ReturnNode extends Span {
  readonly kind: "return";
  readonly value: ExpressionNode;
}

export type StatementNode = ExpressionNode | ReturnNode;

export interface PragmaNode extends Span {
  readonly selector: string;
  /** A bare name stands as a Symbol; so does the temporary behind `error:`. */
  readonly arguments: readonly LiteralNode[];
}

export interface MethodNode extends Span {
  readonly kind: "method";
  readonly selector: string;
  readonly parameters: readonly Declaration[];
  readonly pragmas: readonly PragmaNode[];
  readonly temporaries: readonly Declaration[];
  readonly statements: readonly StatementNode[];
}
