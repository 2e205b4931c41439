/**
 * The parser: source of one method or do-it to its syntax tree.
 *
 * Ohm matches the condensed text against the grammar; the tree builder walks the
 * match by rule and position and drops it. Ohm's own semantics would wrap each
 * node of the match in an object; reading the match costs a tenth of it. What
 * it reads is what Ohm's `getCstRoot` reads: of each node the rule, the
 * children, their offsets from the nearest rule's start, and its length.
 */

import * as ohm from "ohm-js";
import { grammarRecipe } from "./grammar-recipe.ts";
import type { Literal } from "./method-description.ts";
import type {
  BlockNode,
  Declaration,
  ExpressionNode,
  LiteralNode,
  MessageNode,
  MethodNode,
  PragmaNode,
  StatementNode,
  VariableNode,
} from "./nodes.ts";
import { numberLiteral } from "./number-literals.ts";
import { type Condensed, condense } from "./scanner.ts";
import { SyntaxProblem } from "./syntax-problem.ts";

interface MatchNode {
  readonly ctorName: string;
  readonly matchLength: number;
  readonly children: readonly MatchNode[];
  readonly childOffsets: readonly number[];
}

interface Match {
  succeeded(): boolean;
  getRightmostFailurePosition(): number;
  /** Matches again to find out. */
  getRightmostFailures(): { getText(): string }[];
  readonly _cst: MatchNode;
  readonly _cstOffset: number;
}

interface Grammar {
  match(text: string, rule: string): Match;
}

export interface ParseOptions {
  /** Accept `_` for `:=`. */
  readonly underscoreAssignment?: boolean;
}

// Ohm exports this without declaring it.
const { makeRecipe: grammarFrom } = ohm as unknown as {
  makeRecipe(recipe: string): Grammar;
};

let grammar: Grammar | undefined;

/** Parses a method. */
export function parseMethod(source: string, options: ParseOptions = {}): MethodNode {
  return parse(source, "method", options);
}

/** Parses statements; they become the body of a method named DoIt. */
export function parseDoIt(source: string, options: ParseOptions = {}): MethodNode {
  return parse(source, "doIt", options);
}

function parse(source: string, rule: "method" | "doIt", options: ParseOptions): MethodNode {
  grammar ??= grammarFrom(grammarRecipe);
  const [first, ...others] = pieces(condense(source));
  const match = matched(grammar, first!, rule);
  const builder = new TreeBuilder(first!, options);
  const node =
    rule === "method"
      ? builder.method(match._cst, match._cstOffset)
      : builder.doIt(match._cst, match._cstOffset);
  if (others.length === 0) return node;
  const statements = [...node.statements];
  for (const piece of others) {
    const { _cst, _cstOffset } = matched(grammar, piece, "statements");
    statements.push(...new TreeBuilder(piece, options).statements(_cst, _cstOffset));
  }
  return { ...node, statements };
}

function matched(grammar: Grammar, condensed: Condensed, rule: string): Match {
  const match = grammar.match(condensed.text, rule);
  if (!match.succeeded()) throw refusal(condensed, match);
  return match;
}

/** A match takes more than a kilobyte a character. So long sources are matched some statements at a time. */
const pieceLength = 8000;

function pieces(condensed: Condensed): Condensed[] {
  const { source, text, origins, statementEnds } = condensed;
  const result: Condensed[] = [];
  let start = 0;
  for (const end of [...statementEnds, text.length]) {
    if (end < text.length && end - start < pieceLength) continue;
    if (end === start && start > 0) continue;
    const isWhole = start === 0 && end === text.length;
    result.push(
      isWhole
        ? condensed
        : {
            source,
            text: text.slice(start, end),
            origins: origins.slice(start, end + 1),
            statementEnds: [],
          },
    );
    start = end;
  }
  return result;
}

/** Says in plain words what the grammar missed, and where. */
function refusal(condensed: Condensed, match: Match): SyntaxProblem {
  const { source, text, origins } = condensed;
  const position = match.getRightmostFailurePosition();
  // The failure may lie in front of white space that belongs to no token.
  const at = text[position] === " " ? position + 1 : position;
  const origin = origins[Math.min(at, origins.length - 1)]!;
  const token = /^(?:w+|''|:=|\d+|\S)/.exec(text.slice(at))?.[0] ?? "";
  const length = (origins[at + token.length] ?? origin + 1) - origin;
  const wanted = new Set(match.getRightmostFailures().map((failure) => failure.getText()));
  const expected = expectation(wanted, text.slice(0, position).trimEnd(), text.slice(at));
  return new SyntaxProblem(expected, source, origin, length, expected);
}

/** What to tell the user, from the texts the grammar would have taken, and what stands around the place. */
function expectation(wanted: ReadonlySet<string>, before: string, rest: string): string {
  if (before === "" && !wanted.has("[")) return "message pattern expected";
  if (before.endsWith("#")) return "symbol or literal array expected";
  if (wanted.has("{"))
    return /\w:$|(?<!:)[-+=<>,*/~@&|%\\?!·×÷±¬]$/.test(before)
      ? "argument expected"
      : "variable or expression expected";
  if (wanted.has("#(")) return "literal expected";
  if (wanted.has("|") && !wanted.has("+")) return "| expected";
  if (/\[(?: ?: ?w)* ?:(?: ?w)?$/.test(before)) return "block argument name expected";
  if (/#\[[^\]]*$/.test(before)) return "number between 0 and 255 expected";
  if (before.endsWith(";")) return "cascaded message expected";
  if (before.endsWith(":")) return "argument name expected";
  if (/^(?::=|←)/.test(rest)) return "variable expected in front of an assignment";
  if (rest.startsWith(";")) return "message expected in front of a cascade";
  return "end of statement expected";
}

class TreeBuilder {
  private readonly source: string;
  private readonly text: string;
  private readonly origins: readonly number[];
  private readonly options: ParseOptions;

  constructor(condensed: Condensed, options: ParseOptions) {
    this.source = condensed.source;
    this.text = condensed.text;
    this.origins = condensed.origins;
    this.options = options;
  }

  method(node: MatchNode, at: number): MethodNode {
    const [, pattern, pragmasBefore, temporaries, pragmasBehind, statements] = node.children;
    const signature = this.pattern(pattern!.children[0]!, at + node.childOffsets[1]!);
    const pragmas = [
      ...this.each(pragmasBefore!, at, this.pragma),
      ...this.each(pragmasBehind!, at, this.pragma),
    ];
    return {
      kind: "method",
      selector: signature.selector,
      parameters: signature.parameters,
      pragmas,
      temporaries: this.optionalTemporaries(temporaries!, at),
      statements: this.statements(statements!, at + node.childOffsets[5]!),
      start: 0,
      stop: this.source.length,
    };
  }

  doIt(node: MatchNode, at: number): MethodNode {
    const [, temporaries, statements] = node.children;
    return {
      kind: "method",
      selector: "DoIt",
      parameters: [],
      pragmas: [],
      temporaries: this.optionalTemporaries(temporaries!, at),
      statements: this.statements(statements!, at + node.childOffsets[2]!),
      start: 0,
      stop: this.source.length,
    };
  }

  private start(at: number): number {
    return this.origins[at]!;
  }

  /** Where a match that ends before `end` ends without the white space behind it. */
  private stop(end: number): number {
    return this.origins[this.text[end - 1] === " " ? end - 1 : end]!;
  }

  private slice(at: number, length: number): string {
    return this.source.slice(this.origins[at]!, this.origins[at + length]!);
  }

  /** Children of an iteration, whose offsets count from the rule around it. */
  private each<T>(
    iteration: MatchNode,
    base: number,
    build: (node: MatchNode, at: number) => T,
  ): T[] {
    const { children, childOffsets } = iteration;
    const result: T[] = [];
    for (let i = 0; i < children.length; i++)
      result.push(build.call(this, children[i]!, base + childOffsets[i]!));
    return result;
  }

  /** The text of a token without the white space behind it: its first child. */
  private token(node: MatchNode, at: number): string {
    return this.slice(at, node.children[0]!.matchLength);
  }

  private keyword(node: MatchNode, at: number): string {
    return this.token(node, at) + ":";
  }

  private declaration(node: MatchNode, at: number): Declaration {
    return {
      name: this.token(node, at),
      start: this.start(at),
      stop: this.origins[at + node.children[0]!.matchLength]!,
    };
  }

  private pattern(
    node: MatchNode,
    at: number,
  ): { selector: string; parameters: readonly Declaration[] } {
    switch (node.ctorName) {
      case "pattern_keyword":
        return {
          selector: this.each(node.children[0]!, at, this.keyword).join(""),
          parameters: this.each(node.children[1]!, at, this.declaration),
        };
      case "pattern_binary":
        return {
          selector: this.token(node.children[0]!, at),
          parameters: [this.declaration(node.children[1]!, at + node.childOffsets[1]!)],
        };
      default:
        return { selector: this.token(node.children[0]!, at), parameters: [] };
    }
  }

  private pragma(node: MatchNode, at: number): PragmaNode {
    const message = node.children[2]!.children[0]!;
    const base = at + node.childOffsets[2]!;
    const span = { start: this.start(at), stop: this.stop(at + node.matchLength) };
    const [selectors, operands] = message.children;
    switch (message.ctorName) {
      case "pragmaMessage_keyword": {
        const keywords = this.each(selectors!, base, this.keyword);
        return {
          ...span,
          selector: keywords.join(""),
          arguments: operands!.children.map((operand, i) =>
            this.pragmaArgument(keywords[i]!, operand, base + operands!.childOffsets[i]!),
          ),
        };
      }
      case "pragmaMessage_binary":
        return {
          ...span,
          selector: this.token(selectors!, base),
          arguments: [this.literalNode(operands!, base + message.childOffsets[1]!)],
        };
      default:
        return { ...span, selector: this.token(selectors!, base), arguments: [] };
    }
  }

  /** A literal; or the variable in which a failing primitive leaves its reason. */
  private pragmaArgument(keyword: string, node: MatchNode, at: number): LiteralNode {
    const argument = node.children[0]!;
    if (argument.ctorName === "literal") return this.literalNode(argument, at);
    const name = this.token(argument, at);
    const value = nameLiteral(name);
    if (value.kind === "symbol" && keyword !== "error:") {
      const expected = "literal constant expected";
      throw new SyntaxProblem(expected, this.source, this.start(at), name.length, expected);
    }
    return {
      kind: "literal",
      value,
      start: this.start(at),
      stop: this.stop(at + node.matchLength),
    };
  }

  private optionalTemporaries(option: MatchNode, base: number): readonly Declaration[] {
    const node = option.children[0];
    if (node === undefined) return [];
    return this.each(node.children[2]!, base + option.childOffsets[0]!, this.declaration);
  }

  statements(node: MatchNode, at: number): StatementNode[] {
    const result = this.each(node.children[1]!, at, this.statement);
    const last = node.children[3]!;
    if (last.children.length > 0)
      result.push(this.statement(last.children[0]!, at + last.childOffsets[0]!));
    return result;
  }

  private statement(node: MatchNode, at: number): StatementNode {
    const statement = node.children[0]!;
    if (statement.ctorName === "expression") return this.expression(statement, at);
    const value = this.expression(statement.children[2]!, at + statement.childOffsets[2]!);
    return { kind: "return", value, start: this.start(at), stop: value.stop };
  }

  private expression(node: MatchNode, at: number): ExpressionNode {
    const expression = node.children[0]!;
    if (expression.ctorName === "cascade") return this.cascade(expression, at);
    const target = this.variable(expression.children[0]!, at);
    const assignAt = at + expression.childOffsets[1]!;
    if (this.text[assignAt] === "_" && this.options.underscoreAssignment !== true)
      throw new SyntaxProblem(
        ":= expected in place of _",
        this.source,
        this.start(assignAt),
        1,
        ":=",
      );
    const value = this.expression(expression.children[2]!, at + expression.childOffsets[2]!);
    return { kind: "assignment", target, value, start: target.start, stop: value.stop };
  }

  private variable(node: MatchNode, at: number): VariableNode {
    return {
      kind: "variable",
      name: this.token(node, at),
      binding: undefined,
      start: this.start(at),
      stop: this.origins[at + node.children[0]!.matchLength]!,
    };
  }

  private cascade(node: MatchNode, at: number): ExpressionNode {
    const first = this.keywordExpression(node.children[0]!, at);
    if (node.children[2]!.children.length === 0) return first;
    if (first.kind !== "send" || this.isParenthesized(node.children[0]!))
      throw new SyntaxProblem(
        "message expected in front of a cascade",
        this.source,
        this.start(at + node.children[1]!.childOffsets[0]!),
      );
    const { receiver, selector } = first;
    const messages: MessageNode[] = [
      { selector, arguments: first.arguments, start: receiver.stop, stop: first.stop },
      ...this.each(node.children[2]!, at, this.message),
    ];
    return {
      kind: "cascade",
      receiver,
      messages,
      start: first.start,
      stop: messages[messages.length - 1]!.stop,
    };
  }

  /** Whether a keyword expression is but something in parentheses, whose message is no cascade's first. */
  private isParenthesized(node: MatchNode): boolean {
    const binary = node.children[0]!;
    const unary = binary.children[0]!;
    return (
      node.children[1]!.children.length === 0 &&
      binary.children[1]!.children.length === 0 &&
      unary.children[1]!.children.length === 0
    );
  }

  private message(node: MatchNode, at: number): MessageNode {
    const message = node.children[0]!;
    const span = { start: this.start(at), stop: this.stop(at + node.matchLength) };
    switch (message.ctorName) {
      case "message_keyword":
        return {
          ...span,
          selector: this.each(message.children[0]!, at, this.keyword).join(""),
          arguments: this.each(message.children[1]!, at, this.binaryExpression),
        };
      case "message_binary":
        return {
          ...span,
          selector: this.token(message.children[0]!, at),
          arguments: [this.unaryExpression(message.children[1]!, at + message.childOffsets[1]!)],
        };
      default:
        return { ...span, selector: this.token(message.children[0]!, at), arguments: [] };
    }
  }

  private keywordExpression(node: MatchNode, at: number): ExpressionNode {
    const receiver = this.binaryExpression(node.children[0]!, at);
    const keywords = node.children[1]!;
    if (keywords.children.length === 0) return receiver;
    const selector = this.each(keywords, at, this.keyword).join("");
    const sendArguments = this.each(node.children[2]!, at, this.binaryExpression);
    return this.send(receiver, selector, sendArguments, this.start(at), at + node.matchLength);
  }

  private send(
    receiver: ExpressionNode,
    selector: string,
    sendArguments: readonly ExpressionNode[],
    start: number,
    end: number,
  ): ExpressionNode {
    return {
      kind: "send",
      receiver,
      selector,
      arguments: sendArguments,
      inlined: undefined,
      start,
      stop: this.stop(end),
    };
  }

  private binaryExpression(node: MatchNode, at: number): ExpressionNode {
    let result = this.unaryExpression(node.children[0]!, at);
    const operators = node.children[1]!;
    const operands = node.children[2]!;
    for (let i = 0; i < operators.children.length; i++) {
      const selector = this.token(operators.children[i]!, at + operators.childOffsets[i]!);
      const operandAt = at + operands.childOffsets[i]!;
      const operand = this.unaryExpression(operands.children[i]!, operandAt);
      const end = operandAt + operands.children[i]!.matchLength;
      result = this.send(result, selector, [operand], this.start(at), end);
    }
    return result;
  }

  private unaryExpression(node: MatchNode, at: number): ExpressionNode {
    let result = this.primary(node.children[0]!, at);
    const { children, childOffsets } = node.children[1]!;
    for (let i = 0; i < children.length; i++) {
      const selectorAt = at + childOffsets[i]!;
      const end = selectorAt + children[i]!.matchLength;
      result = this.send(result, this.token(children[i]!, selectorAt), [], this.start(at), end);
    }
    return result;
  }

  private primary(node: MatchNode, at: number): ExpressionNode {
    const primary = node.children[0]!;
    switch (primary.ctorName) {
      case "identifier":
        return this.variable(primary, at);
      case "literal":
        return this.literalNode(primary, at);
      case "parenthesized":
        return this.expression(primary.children[2]!, at + primary.childOffsets[2]!);
      case "block":
        return this.block(primary, at);
      default:
        return {
          kind: "brace",
          elements: this.braceElements(primary, at),
          start: this.start(at),
          stop: this.stop(at + primary.matchLength),
        };
    }
  }

  private braceElements(node: MatchNode, at: number): ExpressionNode[] {
    const result = this.each(node.children[3]!, at, this.expression);
    const last = node.children[5]!;
    if (last.children.length > 0)
      result.push(this.expression(last.children[0]!, at + last.childOffsets[0]!));
    return result;
  }

  private block(node: MatchNode, at: number): BlockNode {
    const [, , parameterLists, , temporaries, statements] = node.children;
    const parameters =
      parameterLists!.children.length === 0
        ? []
        : this.each(parameterLists!.children[0]!, at, this.blockParameter);
    return {
      kind: "block",
      parameters,
      temporaries: this.optionalTemporaries(temporaries!, at),
      statements: this.statements(statements!, at + node.childOffsets[5]!),
      scope: undefined,
      start: this.start(at),
      stop: this.stop(at + node.matchLength),
    };
  }

  private blockParameter(node: MatchNode, at: number): Declaration {
    return this.declaration(node.children[2]!, at + node.childOffsets[2]!);
  }

  private literalNode(node: MatchNode, at: number): LiteralNode {
    return {
      kind: "literal",
      value: this.literal(node.children[0]!, at),
      start: this.start(at),
      stop: this.stop(at + node.matchLength),
    };
  }

  private literal(node: MatchNode, at: number): Literal {
    switch (node.ctorName) {
      case "number":
        return this.number(node, at);
      case "string":
        return { kind: "string", value: unquoted(this.token(node, at)) };
      case "symbol": {
        const core = node.children[1]!;
        const text = this.slice(at + node.childOffsets[1]!, core.matchLength);
        return { kind: "symbol", value: core.ctorName === "quoted" ? unquoted(text) : text };
      }
      case "character":
        return { kind: "character", codePoint: this.slice(at, 2).codePointAt(1)! };
      case "byteArray":
      case "nestedBytes":
        return { kind: "byteArray", bytes: this.each(node.children[2]!, at, this.byte) };
      default:
        return { kind: "array", elements: this.each(node.children[2]!, at, this.arrayElement) };
    }
  }

  private number(node: MatchNode, at: number): Literal {
    const text = this.token(node, at);
    const literal = numberLiteral(text);
    if (typeof literal === "string")
      throw new SyntaxProblem(literal, this.source, this.start(at), text.length, literal);
    return literal;
  }

  private byte(node: MatchNode, at: number): number {
    const literal = this.number(node, at);
    if (literal.kind === "integer" && literal.value >= 0n && literal.value <= 255n)
      return Number(literal.value);
    const expected = "number between 0 and 255 expected";
    throw new SyntaxProblem(
      expected,
      this.source,
      this.start(at),
      this.token(node, at).length,
      expected,
    );
  }

  private arrayElement(node: MatchNode, at: number): Literal {
    const element = node.children[0]!;
    if (element.ctorName === "literal") return this.literal(element.children[0]!, at);
    if (element.ctorName === "bareSymbol") return nameLiteral(this.token(element, at));
    return this.literal(element, at);
  }
}

function unquoted(text: string): string {
  const inner = text.slice(1, -1);
  return inner.includes("'") ? inner.replaceAll("''", "'") : inner;
}

/** A bare name in a literal array or pragma: nil, true, false, or a Symbol. */
function nameLiteral(name: string): Literal {
  return name === "nil" || name === "true" || name === "false"
    ? { kind: name }
    : { kind: "symbol", value: name };
}
