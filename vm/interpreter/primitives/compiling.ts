/**
 * Primitives of the compiler. The image asks in two steps, because only it knows
 * what names mean: `analyzeCode` compiles source to a description, which stays
 * here, and answers the names it leaves open; `buildMethod` makes the
 * CompiledMethod, given their bindings.
 *
 * Descriptions are the host's and are forgotten with the session, or when too
 * many wait; buildMethod then fails with notFound, and the image asks anew.
 */

import {
  type CompilationEnvironment,
  compileDoIt,
  compileMethod,
  describe,
  SyntaxProblem,
} from "../../compiler/compiler.ts";
import type { CodeDescription, MethodDescription } from "../../compiler/method-description.ts";
import type { MethodNode } from "../../compiler/nodes.ts";
import { parseDoIt, parseMethod } from "../../compiler/parser.ts";
import { analyze } from "../../compiler/scopes.ts";
import { Op } from "../../spec/bytecodes.ts";
import {
  ClosureSlot,
  classIndexOf,
  isSmallInteger,
  nilOop,
  type Oop,
  smallInteger,
  smallIntegerValue,
  trueOop,
} from "../../spec/layouts.ts";
import type { ObjectPrimitiveName } from "../../spec/primitives.ts";
import type { Machine, Primitive } from "../machine.ts";
import { buildMethod } from "../method-builder.ts";

export type CompilingPrimitiveName = Extract<
  ObjectPrimitiveName,
  "analyzeCode" | "buildMethod" | "analyzeSource"
>;

interface Pending {
  readonly description: MethodDescription;
  readonly names: readonly string[];
}

const mostPending = 256;
const pendingOf = new WeakMap<Machine, Map<number, Pending>>();
let lastHandle = 0;

/** What came with the call: source, whether it is statements, and the names of slots. */
interface Request {
  readonly source: string;
  readonly isDoIt: boolean;
  readonly environment: CompilationEnvironment;
}

function requestAt(machine: Machine, at: number): Request | undefined {
  const { memory } = machine;
  const source = memory.words[at + 1]!;
  const names = memory.words[at + 3]!;
  if (!memory.isString(source) || memory.classIndex(names) !== classIndexOf.Array) return undefined;
  const instanceVariables: string[] = [];
  for (let index = 0; index < memory.slotCount(names); index++) {
    const name = memory.fetchPointer(index, names);
    if (!memory.isString(name)) return undefined;
    instanceVariables.push(memory.stringValue(name));
  }
  return {
    source: memory.stringValue(source),
    isDoIt: memory.words[at + 2] === trueOop,
    // The image decides what is undeclared; so every free name comes with its place.
    // Older code assigns with an underscore.
    environment: { instanceVariables, lookup: () => "undeclared", underscoreAssignment: true },
  };
}

const compileRequest = ({ source, isDoIt, environment }: Request): MethodDescription =>
  isDoIt ? compileDoIt(source, environment) : compileMethod(source, environment);

/** The names a description refers to by bindings, each once. */
function bindingNames(description: CodeDescription, names = new Set<string>()): Set<string> {
  for (const literal of description.literals) {
    if (literal.kind === "binding") names.add(literal.name);
    else if (literal.kind === "block") bindingNames(literal.block, names);
  }
  return names;
}

/** Makes objects of host data; noted if memory was full. */
class Answer {
  readonly machine: Machine;
  private full = false;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  private checked(oop: Oop): Oop {
    if (oop === 0) this.full = true;
    return oop || nilOop;
  }

  array(elements: readonly Oop[]): Oop {
    return this.checked(this.machine.memory.newArray(elements));
  }

  string(text: string): Oop {
    return this.checked(this.machine.memory.newString(text));
  }

  symbol(text: string): Oop {
    return this.checked(this.machine.symbols.intern(text));
  }

  integers(values: readonly number[]): Oop {
    return this.array(values.map(smallInteger));
  }

  /** The result of the primitive. */
  finish(oop: Oop): Oop {
    return this.full ? this.machine.fail("noMemory") : oop;
  }
}

function analyzeCode(machine: Machine, at: number): Oop {
  const request = requestAt(machine, at);
  if (request === undefined) return machine.fail("badArgument");
  const answer = new Answer(machine);
  try {
    const description = compileRequest(request);
    return answer.finish(describeMethod(answer, description));
  } catch (problem) {
    if (!(problem instanceof SyntaxProblem)) throw problem;
    return answer.finish(describeProblem(answer, problem, request.source));
  }
}

function describeMethod(answer: Answer, description: MethodDescription): Oop {
  const names = [...bindingNames(description)];
  const warnings = description.warnings.map((warning) =>
    answer.array([
      answer.symbol(warning.kind),
      answer.string(warning.message),
      smallInteger(warning.start),
      smallInteger(warning.stop),
      warning.name === undefined ? nilOop : answer.symbol(warning.name),
    ]),
  );
  return answer.array([
    smallInteger(keep(answer.machine, { description, names })),
    answer.symbol(description.selector),
    answer.array(names.map((name) => answer.symbol(name))),
    answer.array(warnings),
  ]);
}

function keep(machine: Machine, pending: Pending): number {
  let kept = pendingOf.get(machine);
  if (kept === undefined) {
    kept = new Map();
    pendingOf.set(machine, kept);
  }
  lastHandle = (lastHandle + 1) & 0x3fffffff;
  kept.set(lastHandle, pending);
  if (kept.size > mostPending) kept.delete(kept.keys().next().value!);
  return lastHandle;
}

function describeProblem(answer: Answer, problem: SyntaxProblem, source: string): Oop {
  return answer.array([
    nilOop,
    answer.string(problem.message),
    smallInteger(problem.position + 1),
    smallInteger(problem.length),
    smallInteger(problem.line),
    smallInteger(problem.column),
    answer.string(describe(problem, source)),
  ]);
}

function build(machine: Machine, at: number): Oop {
  const { memory, symbols } = machine;
  const handle = memory.words[at + 1]!;
  const methodClass = memory.words[at + 2]!;
  const bindings = memory.words[at + 3]!;
  if (!isSmallInteger(handle) || memory.classIndex(bindings) !== classIndexOf.Array) {
    return machine.fail("badArgument");
  }
  const pending = pendingOf.get(machine)?.get(smallIntegerValue(handle));
  if (pending === undefined) return machine.fail("notFound");
  if (memory.slotCount(bindings) !== pending.names.length) return machine.fail("badArgument");
  pendingOf.get(machine)!.delete(smallIntegerValue(handle));
  const method = buildMethod(memory, symbols, pending.description, methodClass, (name) =>
    memory.fetchPointer(pending.names.indexOf(name), bindings),
  );
  return method || machine.fail("noMemory");
}

/**
 * Answers an Array: the description of the code; the indices of slots read, and
 * of those written; whether self, and whether thisContext is used.
 *
 * The description of code is an Array: the first and last character of its
 * source; of each position the index into its bytecodes, first and last
 * character; of each variable its name, register, index into a vector or nil,
 * and first and last bytecode where it is visible; the descriptions of its
 * blocks; the names of arguments; whether it uses the receiver.
 */
function analyzeSource(machine: Machine, at: number): Oop {
  const request = requestAt(machine, at);
  if (request === undefined) return machine.fail("badArgument");
  try {
    const answer = new Answer(machine);
    const uses = usesIn(request);
    const { memory } = machine;
    return answer.finish(
      answer.array([
        describeCode(answer, compileRequest(request)),
        answer.integers([...uses.read]),
        answer.integers([...uses.written]),
        memory.booleanOop(uses.self),
        memory.booleanOop(uses.thisContext),
      ]),
    );
  } catch (problem) {
    if (!(problem instanceof SyntaxProblem)) throw problem;
    return machine.fail("syntaxError");
  }
}

function describeCode(answer: Answer, code: CodeDescription): Oop {
  const temps = code.temps.map((temp) =>
    answer.array([
      answer.string(temp.name),
      smallInteger(temp.register),
      temp.vectorIndex === undefined ? nilOop : smallInteger(temp.vectorIndex + 1),
      smallInteger(temp.startPc),
      smallInteger(temp.stopPc),
    ]),
  );
  const blocks = code.literals.flatMap((literal) =>
    literal.kind === "block" ? [describeCode(answer, literal.block)] : [],
  );
  return answer.array([
    smallInteger(code.start + 1),
    smallInteger(code.stop),
    answer.integers(code.positions.flatMap((each) => [each.pc, each.start + 1, each.stop])),
    answer.array(temps),
    answer.array(blocks),
    answer.array(code.argumentNames.map((name) => answer.string(name))),
    answer.machine.memory.booleanOop(usesReceiver(code)),
  ]);
}

/** Whether a block takes the receiver from its closure. */
function usesReceiver(code: CodeDescription): boolean {
  return code.code.some(
    (word) =>
      (word & 0xff) === Op.loadSlot &&
      (word << 8) >> 24 === -1 - code.argumentCount &&
      word >>> 24 === ClosureSlot.receiver,
  );
}

interface Uses {
  readonly read: Set<number>;
  readonly written: Set<number>;
  self: boolean;
  thisContext: boolean;
}

/** What a method does with the receiver and its slots, indices from 1. */
function usesIn({ source, isDoIt, environment }: Request): Uses {
  const tree: MethodNode = isDoIt
    ? parseDoIt(source, environment)
    : parseMethod(source, environment);
  analyze(tree, source, environment, undefined);
  const uses: Uses = { read: new Set(), written: new Set(), self: false, thisContext: false };
  collectUses(tree.statements, uses);
  return uses;
}

/** Walks a syntax tree's own fields; what scope analysis added refers back up. */
function collectUses(node: unknown, uses: Uses): void {
  if (Array.isArray(node)) {
    for (const each of node) collectUses(each, uses);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const fields = node as Record<string, unknown>;
  if (fields.kind === "variable") noteVariable(fields, uses.read, uses);
  else if (fields.kind === "assignment") {
    noteVariable(fields.target as Record<string, unknown>, uses.written, uses);
    collectUses(fields.value, uses);
  } else {
    for (const [name, value] of Object.entries(fields)) {
      if (name !== "scope" && name !== "binding" && name !== "inlined") collectUses(value, uses);
    }
  }
}

function noteVariable(node: Record<string, unknown>, slots: Set<number>, uses: Uses): void {
  const binding = node.binding as { kind: string; index?: number; name?: string } | undefined;
  if (binding?.kind === "slot") {
    slots.add(binding.index! + 1);
    uses.self = true;
  } else if (binding?.kind === "pseudo") {
    if (binding.name === "self" || binding.name === "super") uses.self = true;
    if (binding.name === "thisContext") uses.thisContext = true;
  }
}

export const compilingPrimitives: Record<CompilingPrimitiveName, Primitive> = {
  analyzeCode,
  buildMethod: build,
  analyzeSource,
};
