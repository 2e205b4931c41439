/**
 * Checks the objects the machine reads without asking: special objects, classes
 * and their method dictionaries, closures, Contexts, processes and their lists.
 *
 * Every slot is known to hold an oop, and every object to fit its class. What
 * is checked here is that the machine finds the kinds of objects it relies on, that
 * searches end, and that what can be resumed can be.
 */

import {
  ClassSlot,
  ClosureSlot,
  ContextSlot,
  classFormat,
  classIndexOf,
  Format,
  FrameOffset,
  headerWords,
  instanceFormatOf,
  instanceSizeOf,
  isImmediate,
  isSmallInteger,
  knownClasses,
  LinkedListSlot,
  MethodDictionarySlot,
  nilOop,
  type Oop,
  ProcessSlot,
  SchedulerSlot,
  SemaphoreSlot,
  smallIntegerValue,
  trueOop,
} from "../spec/layouts.ts";
import { machineSelectors } from "../spec/special-objects.ts";
import { Kind } from "./code-frames.ts";
import type { CodeVerifier } from "./code-verifier.ts";
import type { HeapMap } from "./heap-map.ts";
import type { ObjectMemory } from "./object-memory.ts";

const semaphoreNames = [
  "timerSemaphore",
  "inputSemaphore",
  "interruptSemaphore",
  "lowSpaceSemaphore",
  "finalizationSemaphore",
] as const;

export class MachineObjectVerifier {
  private readonly map: HeapMap;
  private readonly memory: ObjectMemory;
  private readonly code: CodeVerifier;
  private readonly isImage: boolean;
  private readonly areFramesFlushed: boolean;
  /** Contexts that processes go on in; they wait for no answer. */
  private readonly tops = new Set<Oop>();
  private isTouched: (oop: Oop) => boolean = () => true;
  /** Behaviors whose superclass chain is known to end. */
  private readonly soundBehaviors = new Set<Oop>();

  constructor(map: HeapMap, code: CodeVerifier, isImage: boolean, areFramesFlushed: boolean) {
    this.map = map;
    this.memory = map.memory;
    this.code = code;
    this.isImage = isImage;
    this.areFramesFlushed = areFramesFlushed;
  }

  verify(): void {
    this.checkTables();
    this.code.verifyAll();
    this.checkBehaviors();
    this.checkActivations();
    this.checkScheduler();
  }

  /**
   * Checks what has changed in a heap that was sound: the map has all code, processes and
   * semaphores, but only those closures and Contexts that are to be looked at. Of code only what is
   * given, if the proofs of all other are there.
   */
  verifyChanges(touchedCode: Int32Array | undefined, isTouched: (oop: Oop) => boolean): void {
    this.checkTables();
    if (touchedCode === undefined) this.code.verifyAll();
    else this.code.verifyChanged(touchedCode);
    this.isTouched = isTouched;
    this.checkBehaviors();
    this.checkActivations();
    this.checkScheduler();
  }

  private checkTables(): void {
    this.checkSymbols();
    this.checkKnownClasses();
  }

  private checkActivations(): void {
    for (const [list, check] of [
      [this.map.closures, this.checkClosure],
      [this.map.processes, this.checkProcess],
      [this.map.contexts, this.checkContext],
    ] as const) {
      for (let at = 0; at < list.count; at++) check.call(this, list.items[at]!);
    }
  }

  // Tables

  private checkSymbols(): void {
    const { map, memory } = this;
    const table = memory.special("symbolTable");
    if (this.isImage || table !== nilOop) {
      if (!map.isArray(table)) map.fail("SPECIAL", table, "an Array as symbol table", table);
      let free = 0;
      const size = memory.slotCount(table);
      for (let at = 0; at < size; at++) {
        const symbol = memory.fetchPointer(at, table);
        if (symbol === nilOop) free++;
        else if (!map.isSymbol(symbol)) map.fail("SPECIAL", table, "Symbols in the table", symbol);
      }
      if (free === 0) map.fail("SPECIAL", table, "a symbol table with a free place", "a full one");
    }
    const selectors = memory.special("selectors");
    if (selectors === nilOop && !this.isImage) return;
    if (!map.isArray(selectors) || memory.slotCount(selectors) < machineSelectors.length) {
      map.fail("SPECIAL", selectors, `an Array of ${machineSelectors.length} selectors`, selectors);
    }
    for (let at = 0; at < machineSelectors.length; at++) {
      const selector = memory.fetchPointer(at, selectors);
      if (!map.isSymbol(selector)) map.fail("SPECIAL", selectors, "a Symbol", selector);
    }
  }

  private checkKnownClasses(): void {
    const { map, memory } = this;
    const table = memory.special("classTable");
    const size = memory.slotCount(table);
    knownClasses.forEach((known, index) => {
      const behavior = index < size ? memory.fetchPointer(index, table) : nilOop;
      const isReserved = index < classIndexOf.SmallInteger;
      if (isReserved !== (behavior === nilOop)) {
        map.fail("CLASS_TABLE", table, `${known.name} at index ${index}`, behavior);
      }
      if (isReserved) return;
      const shape = this.shapeOf(behavior);
      const isKept =
        "format" in known
          ? shape === classFormat(known.slots.length, known.format)
          : instanceSizeOf(shape) >= known.slots.length;
      if (!isKept) {
        map.fail("BEHAVIOR", behavior, `${known.name} with its slots`, `shape ${shape}`);
      }
    });
  }

  private shapeOf(behavior: Oop): number {
    return smallIntegerValue(this.memory.fetchPointer(ClassSlot.format, behavior));
  }

  // Classes

  private checkBehaviors(): void {
    const { memory } = this;
    const table = memory.special("classTable");
    const size = memory.slotCount(table);
    for (let index = 0; index < size; index++) {
      const behavior = memory.fetchPointer(index, table);
      if (behavior !== nilOop) this.checkSuperclasses(behavior);
    }
  }

  private checkSuperclasses(start: Oop): void {
    const { map, memory, soundBehaviors } = this;
    const path = new Set<Oop>();
    for (let at = start; at !== nilOop && !soundBehaviors.has(at); ) {
      if (path.has(at)) map.fail("BEHAVIOR", at, "a superclass chain that ends", "a cycle");
      path.add(at);
      this.checkBehavior(at);
      const superclass = memory.fetchPointer(ClassSlot.superclass, at);
      if (superclass !== nilOop) this.checkInheritance(at, superclass);
      at = superclass;
    }
    for (const behavior of path) soundBehaviors.add(behavior);
  }

  private checkInheritance(behavior: Oop, superclass: Oop): void {
    const { map } = this;
    if (!map.isBehavior(superclass)) {
      map.fail("BEHAVIOR", behavior, "a class or nil as superclass", superclass);
    }
    const inherited = instanceSizeOf(this.shapeOf(superclass));
    if (instanceSizeOf(this.shapeOf(behavior)) < inherited) {
      map.fail("BEHAVIOR", behavior, `the ${inherited} inherited slots`, "fewer");
    }
  }

  private checkBehavior(behavior: Oop): void {
    const { map, memory } = this;
    const shape = this.shapeOf(behavior);
    const size = instanceSizeOf(shape);
    if (shape < 0 || (instanceFormatOf(shape) > Format.ephemeron && size > 0)) {
      map.fail("BEHAVIOR", behavior, "a format", `the shape ${shape}`);
    }
    const dictionary = memory.fetchPointer(ClassSlot.methodDict, behavior);
    if (dictionary === nilOop) return;
    if (!map.hasSlots(dictionary, MethodDictionarySlot.firstKey)) {
      map.fail("BEHAVIOR", behavior, "a method dictionary or nil", dictionary);
    }
    const capacity = memory.slotCount(dictionary) - MethodDictionarySlot.firstKey;
    const methods = memory.fetchPointer(MethodDictionarySlot.array, dictionary);
    if (!map.isArray(methods) || memory.slotCount(methods) < capacity) {
      map.fail("BEHAVIOR", dictionary, `an Array of ${capacity} methods`, methods);
    }
    const { isTouched } = this;
    if (!isTouched(behavior) && !isTouched(dictionary) && !isTouched(methods)) return;
    for (let at = 0; at < capacity; at++) {
      if (memory.fetchPointer(MethodDictionarySlot.firstKey + at, dictionary) === nilOop) continue;
      this.checkMethod(memory.fetchPointer(at, methods), size);
    }
  }

  private checkMethod(method: Oop, size: number): void {
    const { map } = this;
    if (!map.isInstance(method, classIndexOf.CompiledMethod)) return;
    const needed = this.code.receiverSlots(method);
    if (needed > size) {
      map.fail("CODE", method, `slots below ${size} of its receivers`, `slot ${needed - 1}`);
    }
  }

  // Activations

  private checkClosure(closure: Oop): void {
    const { map, memory } = this;
    const block = memory.fetchPointer(ClosureSlot.compiledBlock, closure);
    // One that was made by `basicNew` and never set up cannot run.
    if (block === nilOop) return;
    if (!map.isInstance(block, classIndexOf.CompiledBlock)) {
      map.fail("CLOSURE", closure, "a CompiledBlock", block);
    }
    const shape = this.code.shapeOf(block);
    const numArgs = memory.fetchPointer(ClosureSlot.numArgs, closure);
    if (smallIntegerValue(numArgs) !== shape.argumentCount || !isSmallInteger(numArgs)) {
      map.fail("CLOSURE", closure, `${shape.argumentCount} as argument count`, numArgs);
    }
    if (memory.slotCount(closure) < ClosureSlot.firstCopied + shape.primitive) {
      map.fail("CLOSURE", closure, `${shape.primitive} copied values`, "fewer");
    }
    const inputs = this.code.inputsOf(block)!;
    this.checkKind(
      "CLOSURE",
      closure,
      memory.fetchPointer(ClosureSlot.receiver, closure),
      inputs.receiver,
      block,
    );
    inputs.copied.forEach((kind, at) => {
      const value = memory.fetchPointer(ClosureSlot.firstCopied + at, closure);
      this.checkKind("CLOSURE", closure, value, kind, block);
    });
  }

  /** Checks that a value is what code was proved with. */
  private checkKind(
    problem: "CLOSURE" | "CONTEXT",
    holder: Oop,
    value: Oop,
    kind: number,
    code: Oop,
  ): void {
    const { map } = this;
    if (kind === Kind.self) {
      const needed = this.code.receiverSlots(code);
      if (needed > 0 && !map.hasSlots(value, needed)) {
        map.fail(problem, holder, `a receiver of at least ${needed} slots`, value);
      }
    } else if (kind >= Kind.vector && !map.hasSlots(value, kind - Kind.vector)) {
      map.fail(problem, holder, `a temp vector of ${kind - Kind.vector} slots`, value);
    } else if (kind === Kind.closure && !map.isInstance(value, classIndexOf.FullBlockClosure)) {
      map.fail(problem, holder, "a closure", value);
    }
  }

  private checkContext(context: Oop): void {
    const { map, memory } = this;
    const sender = memory.fetchPointer(ContextSlot.sender, context);
    const isLink = !this.areFramesFlushed && isSmallInteger(sender);
    if (sender !== nilOop && !isLink && !map.isInstance(sender, classIndexOf.Context)) {
      map.fail("CONTEXT", context, "a Context or nil as sender", sender);
    }
    const pc = memory.fetchPointer(ContextSlot.pc, context);
    if (!this.areFramesFlushed || pc === nilOop) return;
    if (!isSmallInteger(pc)) map.fail("CONTEXT", context, "a SmallInteger or nil as pc", pc);
    const method = memory.fetchPointer(ContextSlot.method, context);
    if (!map.isCode(method)) map.fail("CONTEXT", context, "compiled code as method", method);
    this.checkActivation(context, method, smallIntegerValue(pc));
  }

  private checkActivation(context: Oop, method: Oop, pc: number): void {
    const { map, memory, code } = this;
    const shape = code.shapeOf(method);
    const depth = memory.fetchPointer(ContextSlot.stackp, context);
    const live = smallIntegerValue(depth);
    const least = shape.argumentCount + shape.temporaryCount;
    const most = Math.min(
      memory.slotCount(context) - ContextSlot.firstTemp,
      least + shape.endRegister - shape.firstOperand,
    );
    if (!isSmallInteger(depth) || live < least || live > most) {
      map.fail("CONTEXT", context, `a depth from ${least} to ${most}`, depth);
    }
    const frame = code.frameAt(method, pc);
    if (frame === undefined) {
      throw map.finding("CONTEXT", context, "the pc of an instruction", `word ${pc}`);
    }
    const closure = memory.fetchPointer(ContextSlot.closureOrNil, context);
    if (shape.isBlock) {
      const isOwn =
        map.isInstance(closure, classIndexOf.FullBlockClosure) &&
        memory.fetchPointer(ClosureSlot.compiledBlock, closure) === method;
      if (!isOwn) map.fail("CONTEXT", context, "a closure over its block", closure);
    }
    const self = shape.isBlock ? closure : memory.fetchPointer(ContextSlot.receiver, context);
    this.checkKind("CONTEXT", context, self, frame[0]!, method);
    const firstTemp = (context >>> 2) + headerWords + ContextSlot.firstTemp;
    for (let at = 1; at < frame.length; at++) {
      const kind = frame[at]!;
      if (kind === Kind.unwritten) continue;
      const register = at - 1 - shape.argumentCount;
      if (register >= 0 && register < FrameOffset.firstTemp) continue;
      const place = register < 0 ? at - 1 : shape.argumentCount + register - FrameOffset.firstTemp;
      // The word above the live ones is the answer a sender waits for.
      if (place > live || (place === live && this.tops.has(context)))
        map.fail("CONTEXT", context, `more than ${live} live words`, "fewer");
      if (place < live) {
        this.checkKind("CONTEXT", context, memory.words[firstTemp + place]!, kind, method);
      }
    }
  }

  // Processes

  private checkProcess(process: Oop): void {
    const { map, memory } = this;
    const context = memory.fetchPointer(ProcessSlot.suspendedContext, process);
    if (context !== nilOop && !map.isInstance(context, classIndexOf.Context)) {
      map.fail("PROCESS", process, "a Context or nil", context);
    }
    if (context === nilOop) return;
    if (!this.awaitsSnapshotAnswer(process)) this.tops.add(context);
    const isDead = memory.fetchPointer(ContextSlot.pc, context) === nilOop;
    if (isDead && memory.fetchPointer(ProcessSlot.myList, process) !== nilOop) {
      map.fail("PROCESS", process, "a Context that has not returned", context);
    }
  }

  /** The process that asked for a snapshot gets its answer when the image is opened. */
  private awaitsSnapshotAnswer(process: Oop): boolean {
    const { memory } = this;
    if (memory.special("snapshotAnswer") !== trueOop) return false;
    return (
      memory.fetchPointer(SchedulerSlot.activeProcess, memory.special("processor")) === process
    );
  }

  private checkScheduler(): void {
    const { map, memory } = this;
    for (const name of semaphoreNames) {
      const semaphore = memory.special(name);
      if (semaphore !== nilOop && !map.hasSlots(semaphore, SemaphoreSlot.excessSignals + 1)) {
        map.fail("SPECIAL", semaphore, `a Semaphore or nil as ${name}`, semaphore);
      }
    }
    const queue = memory.special("mourningQueue");
    if (queue !== nilOop && !map.isArray(queue)) {
      map.fail("SPECIAL", queue, "an Array or nil as mourningQueue", queue);
    }
    const seen = new Set<Oop>();
    const { semaphores } = map;
    for (let at = 0; at < semaphores.count; at++) this.checkList(semaphores.items[at]!, seen);
    const scheduler = memory.special("processor");
    if (scheduler === nilOop && !this.isImage) return;
    if (!map.hasSlots(scheduler, SchedulerSlot.activeProcess + 1)) {
      map.fail("SPECIAL", scheduler, "a ProcessorScheduler", scheduler);
    }
    const lists = memory.fetchPointer(SchedulerSlot.quiescentProcessLists, scheduler);
    if (!map.isArray(lists)) map.fail("PROCESS", scheduler, "an Array of lists", lists);
    const listCount = memory.slotCount(lists);
    for (let at = 0; at < listCount; at++) {
      const list = memory.fetchPointer(at, lists);
      if (list !== nilOop) this.checkList(list, seen);
    }
    const { items, count } = this.map.processes;
    for (let at = 0; at < count; at++) this.checkWaiting(items[at]!, listCount, seen);
    const active = memory.fetchPointer(SchedulerSlot.activeProcess, scheduler);
    if (active !== nilOop && !this.isProcess(active)) {
      map.fail("PROCESS", scheduler, "a Process or nil as active process", active);
    }
  }

  private isProcess(oop: Oop): boolean {
    return this.map.hasSlots(oop, ProcessSlot.terminating + 1);
  }

  private checkWaiting(process: Oop, listCount: number, seen: Set<Oop>): void {
    const { map, memory } = this;
    const list = memory.fetchPointer(ProcessSlot.myList, process);
    if (list === nilOop) return;
    if (isImmediate(list)) map.fail("PROCESS", process, "a list or nil", list);
    const priority = memory.fetchPointer(ProcessSlot.priority, process);
    const number = smallIntegerValue(priority);
    if (!isSmallInteger(priority) || number < 1 || number > Math.max(listCount, 1)) {
      map.fail("PROCESS", process, `a priority from 1 to ${listCount}`, priority);
    }
    if (map.hasSlots(list, LinkedListSlot.lastLink + 1) && !seen.has(list)) {
      this.checkList(list, seen);
    }
  }

  /** Checks that a list of processes ends where it says. */
  private checkList(list: Oop, seen: Set<Oop>): void {
    const { map, memory } = this;
    if (!map.hasSlots(list, LinkedListSlot.lastLink + 1)) {
      map.fail("PROCESS", list, "a LinkedList", list);
    }
    seen.add(list);
    let last: Oop = nilOop;
    const met = new Set<Oop>();
    let at = memory.fetchPointer(LinkedListSlot.firstLink, list);
    while (at !== nilOop) {
      if (!this.isProcess(at) || met.has(at)) {
        map.fail("PROCESS", list, "a chain of Processes that ends", at);
      }
      met.add(at);
      if (memory.fetchPointer(ProcessSlot.myList, at) !== list) {
        map.fail("PROCESS", at, "the list it is on", memory.fetchPointer(ProcessSlot.myList, at));
      }
      last = at;
      at = memory.fetchPointer(ProcessSlot.nextLink, at);
    }
    if (memory.fetchPointer(LinkedListSlot.lastLink, list) !== last) {
      map.fail("PROCESS", list, "its last Process as last link", last);
    }
  }
}
