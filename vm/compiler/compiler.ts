/**
 * The compiler's face: source of a method or do-it to a description that the
 * installer turns into objects. Refuses with a SyntaxProblem, and with nothing
 * else.
 */

import { mirrorOf, primitiveArguments, primitiveElsewhere } from "../spec/primitives.ts";
import { JumpTooFar } from "./assembler.ts";
import { layOut } from "./layout.ts";
import type {
  Literal,
  MethodDescription,
  PragmaDescription,
  PrimitiveDescription,
  Warning,
} from "./method-description.ts";
import { type Body, encode } from "./method-encoder.ts";
import type { Declaration, MethodNode, PragmaNode } from "./nodes.ts";
import { parseDoIt, parseMethod } from "./parser.ts";
import { analyze, type CompilationEnvironment, type FunctionScope } from "./scopes.ts";
import { SyntaxProblem } from "./syntax-problem.ts";

export type { CompilationEnvironment } from "./scopes.ts";
export { describe, SyntaxProblem } from "./syntax-problem.ts";

/** Compiles a method. */
export function compileMethod(
  source: string,
  environment: CompilationEnvironment,
): MethodDescription {
  return guarded(source, () =>
    compile(parseMethod(source, environment), source, environment, "self"),
  );
}

/** Compiles statements to a method DoIt that answers the last one's value. */
export function compileDoIt(
  source: string,
  environment: CompilationEnvironment,
): MethodDescription {
  return guarded(source, () =>
    compile(parseDoIt(source, environment), source, environment, "value"),
  );
}

/** Whatever nests deeper than the host's stack is refused like any other source. */
function guarded<T>(source: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof RangeError) throw new SyntaxProblem("nested too deeply", source, 0);
    throw error;
  }
}

function compile(
  node: MethodNode,
  source: string,
  environment: CompilationEnvironment,
  ending: Body["ending"],
): MethodDescription {
  const pragmas = readPragmas(node.pragmas, node.parameters.length);
  const { method, warnings } = analyze(node, source, environment, pragmas.errorTemp);
  if (!layOut(method))
    throw new SyntaxProblem("too many variables", source, node.start, node.stop - node.start);
  const body: Body = {
    statements: node.statements,
    argumentNames: node.parameters.map((parameter) => parameter.name),
    ending,
    start: node.start,
    stop: node.stop,
  };
  return {
    ...encodeAnyDistance(body, method, source),
    selector: node.selector,
    ...(pragmas.primitive === undefined ? {} : { primitive: pragmas.primitive }),
    pragmas: pragmas.descriptions,
    source,
    warnings: [...pragmas.warnings, ...warnings],
  };
}

function encodeAnyDistance(body: Body, method: FunctionScope, source: string) {
  try {
    return encode(body, method, { source, farJumps: false });
  } catch (error) {
    if (!(error instanceof JumpTooFar)) throw error;
    return encode(body, method, { source, farJumps: true });
  }
}

interface Pragmas {
  readonly descriptions: PragmaDescription[];
  readonly warnings: Warning[];
  primitive?: PrimitiveDescription;
  errorTemp: Declaration | undefined;
}

function readPragmas(nodes: readonly PragmaNode[], argumentCount: number): Pragmas {
  const result: Pragmas = { descriptions: [], warnings: [], errorTemp: undefined };
  for (const node of nodes) {
    const { selector } = node;
    const values = node.arguments.map((argument) => argument.value);
    result.descriptions.push({ selector, arguments: values });
    const keywords = selector.split(/(?<=:)/);
    if (!isPrimitivePragma(keywords)) continue;
    const errorIndex = keywords.indexOf("error:");
    const errorTemp = values[errorIndex];
    if (errorTemp?.kind === "symbol") {
      const { start, stop } = node.arguments[errorIndex]!;
      result.errorTemp = { name: errorTemp.value, start, stop };
    }
    // What another machine has in a module, this one has not: the method's code is run.
    if (keywords.includes("module:")) continue;
    const name = values[0] && primitiveName(values[0], argumentCount);
    if (name === undefined) {
      result.warnings.push({
        kind: "primitive",
        message: "not a primitive of this machine",
        start: node.start,
        stop: node.stop,
      });
      continue;
    }
    result.primitive = { name, primitiveErrorTemp: errorTemp?.kind === "symbol" };
  }
  return result;
}

function isPrimitivePragma([first, ...others]: readonly string[]): boolean {
  return first === "primitive:" && others.every((each) => ["error:", "module:"].includes(each));
}

/**
 * A primitive's own name, or that of one with another machine's number and as many arguments as the method has. A method with one
 * more treats its first argument so.
 */
function primitiveName(designator: Literal, argumentCount: number): string | undefined {
  if (designator.kind === "symbol") return designator.value;
  if (designator.kind !== "integer") return undefined;
  const name = primitiveElsewhere.get(Number(designator.value));
  if (name === undefined) return undefined;
  const mirror = mirrorOf(name);
  const candidates = mirror === undefined ? [name] : [name, mirror];
  return candidates.find((each) => [-1, argumentCount].includes(primitiveArguments.get(each)!));
}
