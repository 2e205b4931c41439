/** Prints a syntax tree as source that parses to the same tree. */

import type { Literal } from "./method-description.ts";
import type {
  Declaration,
  ExpressionNode,
  MethodNode,
  PragmaNode,
  StatementNode,
} from "./nodes.ts";
import { numberSource } from "./number-literals.ts";

/** How tightly an expression binds: what may stand there without parentheses. */
const Level = { primary: 0, unary: 1, binary: 2, keyword: 3, cascade: 4, assignment: 5 } as const;

/** The source of a method; of a do-it without its pattern. */
export function printMethod(node: MethodNode, isDoIt = false): string {
  const lines = isDoIt ? [] : [pattern(node)];
  lines.push(...node.pragmas.map(pragma));
  if (node.temporaries.length > 0) lines.push(temporaries(node.temporaries));
  lines.push(statements(node.statements, "\n\t"));
  return lines.filter((line) => line !== "").join("\n\t");
}

function pattern(node: MethodNode): string {
  const names = node.parameters.map((parameter) => parameter.name);
  return message(node.selector, names);
}

/** A selector with its arguments. */
function message(selector: string, sendArguments: readonly string[]): string {
  if (sendArguments.length === 0) return selector;
  if (!selector.endsWith(":")) return `${selector} ${sendArguments[0]}`;
  const keywords = selector.slice(0, -1).split(":");
  return keywords.map((keyword, index) => `${keyword}: ${sendArguments[index]}`).join(" ");
}

const pragma = (node: PragmaNode): string =>
  `<${message(
    node.selector,
    node.arguments.map((argument) => printLiteral(argument.value)),
  )}>`;

const temporaries = (declarations: readonly Declaration[]): string =>
  `| ${declarations.map((declaration) => declaration.name).join(" ")} |`;

const statements = (nodes: readonly StatementNode[], separator: string): string =>
  nodes.map(printStatement).join(`.${separator}`);

function printStatement(node: StatementNode): string {
  return node.kind === "return" ? `^ ${printExpression(node.value)}` : printExpression(node);
}

/** The source of an expression. */
export function printExpression(node: ExpressionNode): string {
  return expression(node, Level.assignment);
}

function levelOf(node: ExpressionNode): number {
  switch (node.kind) {
    case "assignment":
      return Level.assignment;
    case "cascade":
      return Level.cascade;
    case "send":
      if (node.arguments.length === 0) return Level.unary;
      return node.selector.endsWith(":") ? Level.keyword : Level.binary;
    default:
      return Level.primary;
  }
}

function expression(node: ExpressionNode, level: number): string {
  const text = bare(node);
  return levelOf(node) > level ? `(${text})` : text;
}

function bare(node: ExpressionNode): string {
  switch (node.kind) {
    case "variable":
      return node.name;
    case "literal":
      return printLiteral(node.value);
    case "brace":
      return `{ ${node.elements.map(printExpression).join(". ")} }`;
    case "block": {
      const parameters = node.parameters.map((parameter) => `:${parameter.name} `).join("");
      const head = parameters === "" ? "" : `${parameters}| `;
      const declared = node.temporaries.length === 0 ? "" : `${temporaries(node.temporaries)} `;
      return `[ ${head}${declared}${statements(node.statements, " ")} ]`;
    }
    case "assignment":
      return `${node.target.name} := ${printExpression(node.value)}`;
    case "send":
      return receiverAndMessage(node.receiver, node.selector, node.arguments);
    case "cascade": {
      const [first, ...others] = node.messages;
      const head = receiverAndMessage(node.receiver, first!.selector, first!.arguments);
      return [head, ...others.map((one) => sentMessage(one.selector, one.arguments))].join("; ");
    }
  }
}

function receiverAndMessage(
  receiver: ExpressionNode,
  selector: string,
  sendArguments: readonly ExpressionNode[],
): string {
  const level = sendArguments.length === 0 ? Level.unary : Level.binary;
  return `${expression(receiver, level)} ${sentMessage(selector, sendArguments)}`;
}

function sentMessage(selector: string, sendArguments: readonly ExpressionNode[]): string {
  const level = selector.endsWith(":") ? Level.binary : Level.unary;
  return message(
    selector,
    sendArguments.map((argument) => expression(argument, level)),
  );
}

const plainSymbol = /^(?:[A-Za-z_]\w*(?::[A-Za-z_]\w*)*:?|[-+=<>,*/~@&|%\\?!]+)$/;

/** The source of a literal. */
export function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case "string":
      return quoted(literal.value);
    case "symbol":
      return `#${plainSymbol.test(literal.value) ? literal.value : quoted(literal.value)}`;
    case "character":
      return `$${String.fromCodePoint(literal.codePoint)}`;
    case "array":
      return `#(${literal.elements.map(printLiteral).join(" ")})`;
    case "byteArray":
      return `#[${literal.bytes.join(" ")}]`;
    case "binding":
    case "block":
      throw new Error(`${literal.kind} is not written in source`);
    case "nil":
    case "true":
    case "false":
      return literal.kind;
    default:
      return numberSource(literal);
  }
}

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
