/**
 * Kernel sources to the first heap.
 *
 * Sources are Tonel texts. All classes are made first (bootstrap-classes.ts), then
 * every method is compiled and installed, then the globals, the scheduler, and
 * one process that stands at the start of the entry method. So the result is
 * a heap like that of any image: opening it goes on with that process, which
 * initializes the classes and saves.
 *
 * Errors are collected and thrown together: a kernel is built whole or not at
 * all. What comes out depends on the sources alone, not on the order they are
 * given in.
 */

import {
  allInstanceVariables,
  type ClassDefinition,
  HeapBuilder,
  machineProblems,
} from "./bootstrap-classes.ts";
import {
  type KernelSource,
  type MethodSource,
  type Problem,
  readKernel,
  type SourceFile,
} from "./bootstrap-sources.ts";
import { compileMethod } from "./compiler/compiler.ts";
import type { MethodDescription } from "./compiler/method-description.ts";
import { SyntaxProblem } from "./compiler/syntax-problem.ts";
import { Contexts } from "./interpreter/contexts.ts";
import { buildMethod } from "./interpreter/method-builder.ts";
import type { ObjectMemory } from "./memory/object-memory.ts";
import {
  ClassSlot,
  ContextSlot,
  Format,
  MethodDictionarySlot,
  nilOop,
  type Oop,
  ProcessSlot,
  SchedulerSlot,
  smallInteger,
} from "./spec/layouts.ts";
import { type PrimitiveRow, primitives } from "./spec/primitives.ts";

export type { Problem, SourceFile } from "./bootstrap-sources.ts";

/** The method that the first process is to run, unary and on the class side. */
export interface EntryPoint {
  readonly className: string;
  readonly selector: string;
}

export interface BootstrapOptions {
  readonly entry?: EntryPoint;
  /** Names of globals that the entry method gives values. */
  readonly globals?: readonly string[];
}

const usualEntry: EntryPoint = { className: "SmalltalkImage", selector: "bootstrap" };
const usualGlobals = ["Smalltalk", "Processor", "Transcript", "Undeclared"];

/** Priorities as in Pharo: 80 of them; programs of the user run at 40. */
const highestPriority = 80;
const userPriority = 40;

export class BootstrapError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(
      (each) => `${each.path}:${each.line}:${each.column}: ${each.message}`,
    );
    super(`${problems.length} errors in the sources\n${lines.join("\n")}`);
    this.name = "BootstrapError";
    this.problems = problems;
  }
}

export interface Bootstrapped {
  readonly classCount: number;
  readonly methodCount: number;
}

/** Makes a heap of the sources in empty memory, or throws a BootstrapError that lists what is wrong. */
export function bootstrap(
  memory: ObjectMemory,
  files: readonly SourceFile[],
  options: BootstrapOptions = {},
): Bootstrapped {
  const sources = [...files].sort((some, other) => compareText(some.path, other.path));
  const kernel = readKernel(sources);
  const missing = machineProblems(kernel.classes).map((message) => ({
    path: sources[0]?.path ?? "",
    line: 1,
    column: 1,
    message,
  }));
  const problems = [...kernel.problems, ...missing];
  if (problems.length > 0) throw new BootstrapError(problems);
  return new Bootstrap(memory, kernel).run(
    options.entry ?? usualEntry,
    options.globals ?? usualGlobals,
  );
}

const compareText = (some: string, other: string): number =>
  some < other ? -1 : some > other ? 1 : 0;

class Bootstrap {
  private readonly memory: ObjectMemory;
  private readonly kernel: KernelSource;
  private readonly heap: HeapBuilder;
  private readonly problems: Problem[] = [];
  private methodCount = 0;

  constructor(memory: ObjectMemory, kernel: KernelSource) {
    this.memory = memory;
    this.kernel = kernel;
    this.heap = new HeapBuilder(memory);
  }

  run(entry: EntryPoint, globals: readonly string[]): Bootstrapped {
    const { heap, kernel } = this;
    heap.makeClasses(kernel.classes);
    for (const name of globals) heap.declareGlobal(name, nilOop);
    for (const definition of kernel.classes) this.installMethods(definition);
    if (this.problems.length > 0) throw new BootstrapError(this.problems);
    this.makeScheduler(entry);
    heap.finish();
    return { classCount: kernel.classes.length, methodCount: this.methodCount };
  }

  // Methods

  private installMethods(definition: ClassDefinition): void {
    const { classOop, metaclassOop } = this.heap.classNamed(definition.name);
    const methods = this.kernel.methods.get(definition.name) ?? [];
    this.installSide(
      definition,
      classOop,
      methods.filter((each) => !each.classSide),
      false,
    );
    this.installSide(
      definition,
      metaclassOop,
      methods.filter((each) => each.classSide),
      true,
    );
  }

  private installSide(
    definition: ClassDefinition,
    behavior: Oop,
    methods: readonly MethodSource[],
    classSide: boolean,
  ): void {
    const instanceVariables = classSide
      ? this.heap.metaclassInstanceVariables(definition)
      : allInstanceVariables(definition);
    const installed: { selector: Oop; method: Oop }[] = [];
    const protocols = new Map<string, Oop[]>();
    const seen = new Set<string>();
    for (const source of methods) {
      const description = this.compile(source, definition, instanceVariables);
      if (description !== undefined && seen.has(description.selector)) {
        this.problems.push(source.problemAt(0, `#${description.selector} is defined twice`));
      }
      seen.add(description?.selector ?? "");
      // A kernel with an error is not built; only more errors are looked for.
      if (description === undefined || this.problems.length > 0) continue;
      const method = this.build(description, behavior, definition);
      const selector = this.heap.symbol(description.selector);
      installed.push({ selector, method });
      const protocol = protocols.get(source.protocol);
      if (protocol === undefined) protocols.set(source.protocol, [selector]);
      else protocol.push(selector);
      this.methodCount++;
    }
    this.memory.storePointer(ClassSlot.methodDict, behavior, this.methodDictionary(installed));
    this.heap.fillOrganization(behavior, classSide, this.protocols(protocols));
  }

  private compile(
    source: MethodSource,
    definition: ClassDefinition,
    instanceVariables: readonly string[],
  ): MethodDescription | undefined {
    try {
      const description = compileMethod(source.text, {
        instanceVariables,
        lookup: (name) => (this.heap.bindingFor(name, definition) ? "global" : "undeclared"),
      });
      for (const warning of description.warnings) {
        if (warning.kind !== "undeclared" && warning.kind !== "primitive") continue;
        this.problems.push(source.problemAt(warning.start, warning.message));
      }
      this.checkPrimitive(description, source);
      return description;
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      this.problems.push(source.problemAt(error.position, error.message));
      return undefined;
    }
  }

  private checkPrimitive(description: MethodDescription, source: MethodSource): void {
    const name = description.primitive?.name;
    if (name === undefined) return;
    const row = (primitives as readonly PrimitiveRow[]).find((each) => each.name === name);
    if (row === undefined) {
      this.problems.push(source.problemAt(0, `there is no primitive #${name}`));
    } else if (row.arguments >= 0 && row.arguments !== description.argumentCount) {
      this.problems.push(
        source.problemAt(0, `primitive #${name} takes ${row.arguments} arguments`),
      );
    }
  }

  private build(description: MethodDescription, behavior: Oop, definition: ClassDefinition): Oop {
    const { heap, memory } = this;
    const method = buildMethod(
      memory,
      heap.symbols,
      description,
      behavior,
      (name) => heap.bindingFor(name, definition)!,
    );
    if (method === 0) throw new Error("bootstrap: memory is full");
    return method;
  }

  /** A MethodDictionary at most three quarters full, its capacity a power of two. */
  private methodDictionary(methods: readonly { selector: Oop; method: Oop }[]): Oop {
    const { heap, memory } = this;
    let capacity = 4;
    while (methods.length * 4 > capacity * 3) capacity *= 2;
    const dictionary = heap.object(
      "MethodDictionary",
      Format.indexableWithFixed,
      MethodDictionarySlot.firstKey + capacity,
    );
    const values = heap.object("Array", Format.indexable, capacity);
    memory.storePointer(MethodDictionarySlot.tally, dictionary, smallInteger(methods.length));
    memory.storePointer(MethodDictionarySlot.array, dictionary, values);
    for (const { selector, method } of methods) {
      let at = memory.identityHash(selector) & (capacity - 1);
      while (memory.fetchPointer(MethodDictionarySlot.firstKey + at, dictionary) !== nilOop) {
        at = (at + 1) & (capacity - 1);
      }
      memory.storePointer(MethodDictionarySlot.firstKey + at, dictionary, selector);
      memory.storePointer(at, values, method);
    }
    return dictionary;
  }

  /** An Array of each protocol's name and its Array of selectors in turn; nil if there is none. */
  private protocols(protocols: ReadonlyMap<string, readonly Oop[]>): Oop {
    if (protocols.size === 0) return nilOop;
    return this.heap.array(
      [...protocols].flatMap(([name, selectors]) => [
        this.heap.symbol(name),
        this.heap.array(selectors),
      ]),
    );
  }

  // The first process

  private makeScheduler({ className, selector }: EntryPoint): void {
    const { heap, memory } = this;
    const scheduler = heap.instance("ProcessorScheduler");
    const lists = Array.from({ length: highestPriority }, () => heap.instance("LinkedList"));
    memory.storePointer(SchedulerSlot.quiescentProcessLists, scheduler, heap.array(lists));
    memory.setSpecial("processor", scheduler);
    heap.setGlobal("Processor", scheduler);
    const process = heap.instance("Process");
    memory.storePointer(ProcessSlot.priority, process, smallInteger(userPriority));
    memory.storePointer(
      ProcessSlot.suspendedContext,
      process,
      this.entryContext(className, selector),
    );
    memory.storePointer(SchedulerSlot.activeProcess, scheduler, process);
  }

  /** A Context about to run a unary method of a class's class side. */
  private entryContext(className: string, selector: string): Oop {
    const { heap, memory } = this;
    const { classOop, metaclassOop } = heap.classNamed(className);
    const method = this.methodNamed(metaclassOop, selector);
    if (method === 0) throw new Error(`bootstrap: there is no ${className} class >> ${selector}`);
    const contexts = new Contexts(memory);
    const context = contexts.newContext(method);
    memory.storePointer(ContextSlot.receiver, context, classOop);
    memory.storePointer(ContextSlot.pc, context, smallInteger(contexts.code.startOffset(method)));
    memory.storePointer(
      ContextSlot.stackp,
      context,
      smallInteger(contexts.code.temporaryCount(method)),
    );
    return context;
  }

  private methodNamed(behavior: Oop, selector: string): Oop {
    const { memory } = this;
    const dictionary = memory.fetchPointer(ClassSlot.methodDict, behavior);
    const values = memory.fetchPointer(MethodDictionarySlot.array, dictionary);
    const symbol = this.heap.symbol(selector);
    for (let at = 0; at < memory.slotCount(values); at++) {
      const key = memory.fetchPointer(MethodDictionarySlot.firstKey + at, dictionary);
      if (key === symbol) return memory.fetchPointer(at, values);
    }
    return 0;
  }
}
