/**
 * Control primitives: those that change frames, processes or the heap as a
 * whole. When one runs, the caller's frame is saved and its window starts at
 * `at`, which is also its live depth.
 *
 * Sending to a Context flushes first, so a primitive whose receiver is a
 * Context finds the stack empty and every Context true.
 */

import type { ObjectMemory } from "../memory/object-memory.ts";
import {
  ClassSlot,
  ClosureSlot,
  ContextSlot,
  classIndexMask,
  classIndexOf,
  falseOop,
  headerBytes,
  headerWords,
  LinkedListSlot,
  MessageSlot,
  nilOop,
  type Oop,
  ProcessSlot,
  SemaphoreSlot,
  State,
  smallInteger,
  trueOop,
} from "../spec/layouts.ts";
import { type ControlPrimitiveName, primitiveNumber, primitives } from "../spec/primitives.ts";
import { ChainWalk } from "./contexts.ts";
import { type Interpreter, Stop } from "./interpreter.ts";
import { Action } from "./lookup.ts";

/** What `perform` answers where it is not a result oop. */
export const Outcome = {
  failed: 0,
  /** Frames have changed, the answer is in place; reload. The stack is empty if nobody is active. */
  switched: 4,
  /** The window has changed; act on the prepared send. */
  resend: 8,
} as const;

type Control = (at: number, argumentCount: number) => Oop;

const handlerMarker = primitiveNumber.get("blockOnDo")!;
const unwindMarker = primitiveNumber.get("blockEnsure")!;
const runnerMarker = primitiveNumber.get("unwindRunner")!;

const underscore = 0x5f;
const colon = 0x3a;
const contextIndex = classIndexOf.Context;
const aContext = -contextIndex;
const processSlots = ProcessSlot.terminating + 1;
const semaphoreSlots = SemaphoreSlot.excessSignals + 1;

/** What the receiver of a primitive must be; see `receivers`. */
const receiverOf: Partial<Record<ControlPrimitiveName, number>> = {
  blockValueWithArguments: -classIndexOf.FullBlockClosure,
  contextNextHandler: aContext,
  contextNextUnwind: aContext,
  contextNextUnwindOrRunner: aContext,
  contextTerminateTo: aContext,
  contextHasSender: aContext,
  contextSize: aContext,
  contextAt: aContext,
  contextAtPut: aContext,
  contextJump: aContext,
  processResume: processSlots,
  processSuspend: processSlots,
  processStep: processSlots,
  semaphoreSignal: semaphoreSlots,
  semaphoreWait: semaphoreSlots,
};

export class ControlPrimitives {
  private readonly machine: Interpreter;
  private readonly words: Int32Array;
  private readonly table: (Control | undefined)[] = [];
  /** By number: 0, how many slots the receiver must have, or the negated index of its class. */
  private readonly receivers: number[] = [];
  /** The send that `resend` asks for: a selector to look up, or code to run. */
  selector: Oop = 0;
  private target: Oop = 0;
  argumentCount = 0;
  snapshotMode = "full";
  /** How many sections run in which the heap must not be saved. */
  snapshotHolds = 0;
  /** Why the last snapshot failed. */
  snapshotError: string | undefined;

  constructor(machine: Interpreter) {
    this.machine = machine;
    this.words = machine.memory.words;
    const byName: Record<ControlPrimitiveName, Control> = {
      blockValue: () => Outcome.failed,
      blockValueWithArguments: (at) => this.blockValueWithArguments(at),
      perform: (at, count) => this.performSelector(at, count),
      performWithArguments: (at) => this.performWithArguments(at),
      performInSuperclass: (at) => this.performInSuperclass(at),
      executeMethod: (at) => this.executeMethod(at),
      mirrorPerformInSuperclass: (at) => this.mirrored(this.performInSuperclass(at + 1), at),
      mirrorExecuteMethod: (at) => this.mirrored(this.executeMethod(at + 1), at),
      blockOnDo: () => Outcome.failed,
      blockEnsure: () => Outcome.failed,
      blockValueNoSwitch: () => Outcome.failed,
      contextNextHandler: (at) => this.nextHandler(this.words[at]),
      contextNextUnwind: (at) => this.nextUnwind(this.words[at], this.words[at + 1]),
      contextTerminateTo: (at) => this.terminateTo(at),
      contextHasSender: (at) => this.hasSender(this.words[at], this.words[at + 1]),
      contextNew: (at) => this.contextNew(this.words[at + 1]),
      contextSize: (at) => machine.memory.fetchPointer(ContextSlot.stackp, this.words[at]),
      contextAt: (at) => this.contextAt(at),
      contextAtPut: (at) => this.contextAtPut(at),
      contextJump: (at) => this.contextJump(this.words[at]),
      processResume: (at) => this.processResume(at),
      processSuspend: (at) => this.processSuspend(at),
      processYield: (at) => this.processYield(at),
      semaphoreSignal: (at) => this.semaphoreSignal(at),
      semaphoreWait: (at) => this.semaphoreWait(at),
      activeProcess: () => machine.scheduler.activeProcess,
      snapshot: (at) => this.snapshot(at),
      exit: (at) => this.exit(at),
      collectGarbage: (at) => this.collect(at, () => machine.collector.collectFull()),
      scavenge: (at) => this.collect(at, () => machine.collector.scavenge()),
      compactGarbage: (at) => this.collect(at, () => machine.collector.compact()),
      signalAtMilliseconds: (at) => this.signalAtMilliseconds(at),
      become: (at) => this.become(at),
      becomeForward: (at) => this.becomeForward(at),
      flushCaches: (at) => this.flushCaches(at),
      unwindRunner: () => Outcome.failed,
      contextNextUnwindOrRunner: (at) => {
        const below = machine.memory.fetchPointer(ContextSlot.sender, this.words[at]);
        return this.nextMarked(below, nilOop, unwindMarker, runnerMarker);
      },
      holdSnapshots: (at) => this.holdSnapshots(at),
      processStep: (at) => machine.stepper.perform(at),
      snapshotError: () =>
        this.snapshotError === undefined ? nilOop : machine.memory.newString(this.snapshotError),
    };
    for (const row of primitives) {
      const control = byName[row.name as ControlPrimitiveName];
      if (control === undefined) continue;
      this.table[row.number] = control;
      this.receivers[row.number] = receiverOf[row.name as ControlPrimitiveName] ?? 0;
    }
  }

  /** Runs a primitive; answers its result or an Outcome. */
  perform(number: number, at: number, argumentCount: number): Oop {
    if (!this.suits(this.receivers[number]!, this.words[at])) {
      return this.machine.fail("badReceiver");
    }
    if (this.machine.goOn !== 0) return this.performInStep(number, at, argumentCount);
    return this.table[number]!(at, argumentCount);
  }

  /** In a single step: when frames have changed, it is over. */
  private performInStep(number: number, at: number, argumentCount: number): Oop {
    const { machine } = this;
    machine.stepper.settle();
    const outcome = this.table[number]!(at, argumentCount);
    if (outcome === Outcome.switched && machine.stop === 0) machine.stop = Stop.sliceEnd;
    return outcome;
  }

  /** Any class may have a method with any primitive. */
  private suits(needed: number, receiver: Oop): boolean {
    if (needed === 0) return true;
    const { memory } = this.machine;
    return needed < 0 ? memory.classIndex(receiver) === -needed : memory.hasSlots(receiver, needed);
  }

  isUnwindMarker(code: Oop): boolean {
    return this.markerOf(code) === unwindMarker;
  }

  // Sends

  /** Prepares a send for `fillEntry`. */
  prepareSend(selector: Oop, argumentCount: number): void {
    this.selector = selector;
    this.target = 0;
    this.argumentCount = argumentCount;
  }

  /** Fills a cache entry for the prepared send, whose receiver is at `at`. */
  fillEntry(entry: number, at: number): void {
    const machine = this.machine;
    if (this.target === 0) {
      machine.lookup.fillByName(entry, this.selector, this.words[at], this.argumentCount);
      return;
    }
    if (machine.memory.classIndex(this.target) === classIndexOf.CompiledBlock) {
      this.words[entry + 1] = this.target;
      this.words[entry + 2] = Action.activate;
      this.words[entry + 3] = machine.lookup.detail(this.target);
      return;
    }
    machine.lookup.fill(entry, 0, this.selector, this.target, this.words[at], this.argumentCount);
  }

  /**
   * Turns a send that cannot be acted on into one of the machine's own.
   * `found` is what the method dictionaries held: 0, an object that is no
   * CompiledMethod, or a method that takes another number of arguments.
   * Answers the new argument count, or -1 if the active process had to end.
   */
  sendNotUnderstood(
    selector: Oop,
    found: Oop,
    entry: number,
    at: number,
    argumentCount: number,
  ): number {
    const machine = this.machine;
    const memory = machine.memory;
    const receiver = this.words[at];
    const elements: Oop[] = [];
    for (let n = 1; n <= argumentCount; n++) elements.push(this.words[at + n]);
    const args = memory.newArray(elements);
    const message = machine.classes.instantiate(machine.classes.at(classIndexOf.Message), 0);
    if (args === 0 || message === 0) return this.endProcess("memory is full");
    if (found !== 0 && memory.classIndex(found) !== classIndexOf.CompiledMethod) {
      this.words[at] = found;
      this.words[at + 1] = selector;
      this.words[at + 2] = args;
      this.words[at + 3] = receiver;
      this.prepareSend(machine.machineSelector("run:with:in:"), 3);
    } else {
      const classIndex = memory.classIndex(receiver);
      memory.storePointer(MessageSlot.selector, message, selector);
      memory.storePointer(MessageSlot.args, message, args);
      memory.storePointer(MessageSlot.lookupClass, message, machine.classes.at(classIndex));
      this.words[at + 1] = message;
      const empty = machine.lookup.classWithoutMethods(machine.classes.at(classIndex));
      this.prepareSend(machine.machineSelector("doesNotUnderstand:"), 1);
      if (empty !== nilOop) {
        const above = memory.fetchPointer(ClassSlot.superclass, empty);
        const method = machine.lookup.findIn(machine.machineSelector("cannotInterpret:"), above);
        if (method !== 0) {
          this.selector = machine.machineSelector("cannotInterpret:");
          this.target = method;
        }
      }
    }
    this.fillEntry(entry, at);
    if ((this.words[entry + 2] & 255) === Action.notUnderstood) {
      return this.endProcess(`${memory.stringValue(this.selector)} is not understood`);
    }
    return this.argumentCount;
  }

  /** Nothing in Smalltalk can deal with it: drops the active process. */
  private endProcess(why: string): -1 {
    this.tell(`process ended: ${why}`);
    this.machine.suspendActive();
    return -1;
  }

  /** Says on standard error what no Smalltalk code could be told. */
  tell(what: string): void {
    this.machine.host.console.write(2, new TextEncoder().encode(`${what}\n`));
  }

  private blockValueWithArguments(at: number): Oop {
    const { memory, code } = this.machine;
    const closure = this.words[at];
    const array = this.words[at + 1];
    if (memory.classIndex(array) !== classIndexOf.Array) return this.machine.fail("badArgument");
    const block = memory.fetchPointer(ClosureSlot.compiledBlock, closure);
    if (memory.classIndex(block) !== classIndexOf.CompiledBlock) {
      return this.machine.fail("badReceiver");
    }
    if (code.argumentCount(block) !== memory.slotCount(array)) {
      return this.machine.fail("badArgumentCount");
    }
    this.spread(array, at);
    this.target = block;
    return Outcome.resend;
  }

  private performSelector(at: number, argumentCount: number): Oop {
    const selector = this.words[at + 1];
    if (!this.isSelector(selector, argumentCount - 1)) return this.machine.fail("badArgument");
    this.words.copyWithin(at + 1, at + 2, at + argumentCount + 1);
    this.prepareSend(selector, argumentCount - 1);
    return Outcome.resend;
  }

  private performWithArguments(at: number): Oop {
    const selector = this.words[at + 1];
    const array = this.words[at + 2];
    if (this.machine.memory.classIndex(array) !== classIndexOf.Array) {
      return this.machine.fail("badArgument");
    }
    if (!this.isSelector(selector, this.machine.memory.slotCount(array))) {
      return this.machine.fail("badArgument");
    }
    this.spread(array, at);
    this.selector = selector;
    return Outcome.resend;
  }

  private performInSuperclass(at: number): Oop {
    const { memory, lookup, classes } = this.machine;
    const selector = this.words[at + 1];
    const array = this.words[at + 2];
    const startClass = this.words[at + 3];
    if (!this.inherits(classes.classOf(this.words[at]), startClass)) {
      return this.machine.fail("badArgument");
    }
    if (memory.classIndex(array) !== classIndexOf.Array) return this.machine.fail("badArgument");
    if (!this.isSelector(selector, memory.slotCount(array)))
      return this.machine.fail("badArgument");
    const method = lookup.findIn(selector, startClass);
    if (method === 0) return this.machine.fail("notFound");
    this.spread(array, at);
    this.selector = selector;
    this.target = method;
    return Outcome.resend;
  }

  private executeMethod(at: number): Oop {
    const { memory, code, classes } = this.machine;
    const array = this.words[at + 1];
    const method = this.words[at + 2];
    if (memory.classIndex(array) !== classIndexOf.Array) return this.machine.fail("badArgument");
    if (memory.classIndex(method) !== classIndexOf.CompiledMethod) {
      return this.machine.fail("badArgument");
    }
    if (code.argumentCount(method) !== memory.slotCount(array)) {
      return this.machine.fail("badArgumentCount");
    }
    // Its code may reach for slots of its class.
    const methodClass = code.methodClass(method);
    if (!this.inherits(classes.classOf(this.words[at]), methodClass)) {
      return this.machine.fail("badReceiver");
    }
    this.spread(array, at);
    this.selector = code.selector(method);
    this.target = method;
    return Outcome.resend;
  }

  /** What has been done as if the first argument were the receiver: if that prepared a send, the argument takes its place. */
  private mirrored(outcome: Oop, at: number): Oop {
    if (outcome === Outcome.resend) {
      this.words.copyWithin(at, at + 1, at + 2 + this.argumentCount);
    }
    return outcome;
  }

  private inherits(behavior: Oop, sought: Oop): boolean {
    const { memory } = this.machine;
    const walk = new ChainWalk();
    let at = behavior;
    while (at !== sought) {
      if (!memory.hasSlots(at, ClassSlot.format + 1) || !walk.isNew(at)) return false;
      at = memory.fetchPointer(ClassSlot.superclass, at);
    }
    return true;
  }

  /** Replaces what follows the receiver by an array's elements. */
  private spread(array: Oop, at: number): void {
    const count = this.machine.memory.slotCount(array);
    const slots = (array >>> 2) + headerWords;
    this.words.copyWithin(at + 1, slots, slots + count);
    this.prepareSend(0, count);
  }

  private isSelector(oop: Oop, argumentCount: number): boolean {
    const { memory } = this.machine;
    const index = memory.classIndex(oop);
    if (index === classIndexOf.ByteSymbol) return byteSymbolArity(memory, oop) === argumentCount;
    return (
      index === classIndexOf.WideSymbol && textArity(memory.stringValue(oop)) === argumentCount
    );
  }

  // Contexts

  private nextHandler(start: Oop): Oop {
    return this.nextMarked(start, nilOop, handlerMarker);
  }

  /** The nearest context behind `start`, before `end`, that marks an unwind block; nil if none does. */
  nextUnwind(start: Oop, end: Oop): Oop {
    const sender = this.machine.memory.fetchPointer(ContextSlot.sender, start);
    return this.nextMarked(sender, end, unwindMarker);
  }

  private nextMarked(start: Oop, end: Oop, marker: number, other = marker): Oop {
    const { words } = this;
    let context = start;
    // Chains may have millions of links, most of them with the same code as the one before.
    let unmarked = 0;
    const walk = new ChainWalk();
    while (context !== end && this.isContext(context) && walk.isNew(context)) {
      const slots = (context >>> 2) + headerWords;
      const method = words[slots + ContextSlot.method];
      if (method !== unmarked) {
        const primitive = this.markerOf(method);
        if (primitive === marker || primitive === other) return context;
        unmarked = method;
      }
      context = words[slots];
    }
    return nilOop;
  }

  private isContext(oop: Oop): boolean {
    return (oop & 3) === 0 && (this.words[oop >>> 2] & classIndexMask) === contextIndex;
  }

  /**
   * The primitive of a method; what else a Context may run has none. `ensure:` and `on:do:`, and what is marked like them, keep in
   * their first two slots what is wanted of them: a method without these marks nothing.
   */
  private markerOf(method: Oop): number {
    const { memory, code } = this.machine;
    if (memory.classIndex(method) !== classIndexOf.CompiledMethod) return 0;
    const primitive = code.primitive(method);
    if (primitive !== unwindMarker && primitive !== handlerMarker) return primitive;
    return code.argumentCount(method) + code.temporaryCount(method) >= 2 ? primitive : 0;
  }

  private terminateTo(at: number): Oop {
    const { memory, contexts } = this.machine;
    const receiver = this.words[at];
    const target = this.words[at + 1];
    if (target !== nilOop && memory.classIndex(target) !== classIndexOf.Context) {
      return this.machine.fail("badArgument");
    }
    if (this.hasSender(receiver, target) === trueOop) {
      let context = memory.fetchPointer(ContextSlot.sender, receiver);
      while (context !== target) {
        const sender = memory.fetchPointer(ContextSlot.sender, context);
        contexts.kill(context);
        context = sender;
      }
    }
    memory.storePointer(ContextSlot.sender, receiver, target);
    return receiver;
  }

  private hasSender(start: Oop, sought: Oop): Oop {
    const { words } = this;
    let context = this.machine.memory.fetchPointer(ContextSlot.sender, start);
    const walk = new ChainWalk();
    while (this.isContext(context) && walk.isNew(context)) {
      if (context === sought) return trueOop;
      context = words[(context >>> 2) + headerWords];
    }
    return context === sought ? trueOop : falseOop;
  }

  /** Without a pc: until it has a receiver it cannot run. */
  private contextNew(code: Oop): Oop {
    const { memory, contexts } = this.machine;
    if (!this.machine.code.isCode(code, memory)) return this.machine.fail("badArgument");
    const context = contexts.newContext(code);
    const live = this.machine.code.argumentCount(code) + this.machine.code.temporaryCount(code);
    memory.storePointer(ContextSlot.stackp, context, smallInteger(live));
    memory.objectFilled(context);
    return context;
  }

  private contextAt(at: number): Oop {
    const slot = this.contextSlot(at);
    return slot < 0
      ? this.machine.fail("badIndex")
      : this.machine.memory.fetchPointer(slot, this.words[at]);
  }

  private contextAtPut(at: number): Oop {
    const slot = this.contextSlot(at);
    if (slot < 0) return this.machine.fail("badIndex");
    this.machine.memory.storePointer(slot, this.words[at], this.words[at + 2]);
    return this.words[at + 2];
  }

  private contextSlot(at: number): number {
    const index = this.words[at + 1];
    const live = this.machine.memory.fetchPointer(ContextSlot.stackp, this.words[at]) >> 1;
    const position = index >> 1;
    if ((index & 1) === 0 || position < 1 || position > live) return -1;
    return ContextSlot.firstTemp + position - 1;
  }

  private contextJump(context: Oop): Oop {
    const { contexts } = this.machine;
    if (!contexts.isAlive(context)) return this.machine.fail("badReceiver");
    this.words[State.fp] = 0;
    contexts.load(context);
    return Outcome.switched;
  }

  // Processes

  /** The answer is in place: lets the process that should run go on. */
  private proceed(at: number): Oop {
    this.words[State.live] = at + 1;
    this.machine.switchIfPreempted();
    return Outcome.switched;
  }

  private processResume(at: number): Oop {
    const { memory, scheduler } = this.machine;
    const process = this.words[at];
    const context = memory.fetchPointer(ProcessSlot.suspendedContext, process);
    if (
      process === scheduler.activeProcess ||
      !scheduler.hasPriority(process) ||
      memory.fetchPointer(ProcessSlot.myList, process) !== nilOop ||
      memory.classIndex(context) !== classIndexOf.Context ||
      !this.machine.contexts.isAlive(context)
    ) {
      return this.machine.fail("badReceiver");
    }
    scheduler.makeReady(process);
    return this.proceed(at);
  }

  private processSuspend(at: number): Oop {
    const { memory, scheduler } = this.machine;
    const process = this.words[at];
    if (process === scheduler.activeProcess) {
      this.words[at] = nilOop;
      this.words[State.live] = at + 1;
      this.machine.suspendActive();
      return Outcome.switched;
    }
    const list = memory.fetchPointer(ProcessSlot.myList, process);
    if (memory.hasSlots(list, LinkedListSlot.lastLink + 1)) scheduler.remove(process, list);
    return list;
  }

  private processYield(at: number): Oop {
    const { scheduler } = this.machine;
    const active = scheduler.activeProcess;
    const best = scheduler.bestReady(scheduler.priority(active));
    if (best === nilOop) return this.words[at];
    this.words[State.live] = at + 1;
    this.machine.suspendActive();
    scheduler.makeReady(active);
    return Outcome.switched;
  }

  private semaphoreSignal(at: number): Oop {
    this.machine.scheduler.signal(this.words[at]);
    return this.proceed(at);
  }

  private semaphoreWait(at: number): Oop {
    const { scheduler } = this.machine;
    const semaphore = this.words[at];
    if (scheduler.tryWait(semaphore)) return semaphore;
    const process = scheduler.activeProcess;
    this.words[State.live] = at + 1;
    this.machine.suspendActive();
    scheduler.append(process, semaphore);
    return Outcome.switched;
  }

  private signalAtMilliseconds(at: number): Oop {
    const { memory } = this.machine;
    const semaphore = this.words[at + 1];
    const time = this.words[at + 2];
    if (semaphore === nilOop) {
      this.machine.nextWakeup = Number.POSITIVE_INFINITY;
      memory.setSpecial("timerSemaphore", nilOop);
      return this.words[at];
    }
    let milliseconds: number;
    if ((time & 1) !== 0) milliseconds = time >> 1;
    else if (memory.isFloat(time)) milliseconds = memory.floatValue(time);
    else if (memory.classIndex(time) === classIndexOf.LargePositiveInteger) {
      milliseconds = 0;
      const body = memory.bodyAddress(time);
      for (let n = memory.elementCount(time) - 1; n >= 0; n--) {
        milliseconds = milliseconds * 256 + memory.bytes[body + n];
      }
    } else return this.machine.fail("badArgument");
    if (!memory.hasSlots(semaphore, semaphoreSlots)) return this.machine.fail("badArgument");
    memory.setSpecial("timerSemaphore", semaphore);
    this.machine.nextWakeup = milliseconds;
    return this.words[at];
  }

  // The session

  private snapshot(at: number): Oop {
    const { memory } = this.machine;
    const mode = this.words[at + 1];
    if (!memory.isString(mode)) return this.machine.fail("badArgument");
    this.snapshotMode = memory.stringValue(mode);
    if (this.snapshotMode !== "full" && this.snapshotMode !== "delta") {
      return this.machine.fail("badArgument");
    }
    if (this.snapshotHolds > 0) return this.machine.fail("unsupported");
    this.words[State.live] = at;
    this.machine.requestStop(Stop.snapshot);
    return Outcome.switched;
  }

  private holdSnapshots(at: number): Oop {
    if (this.words[at + 1] === trueOop) this.snapshotHolds++;
    else if (this.snapshotHolds > 0) this.snapshotHolds--;
    if (this.snapshotHolds === 0) this.machine.memory.demandAttention();
    return this.words[at];
  }

  private exit(at: number): Oop {
    const code = this.words[at + 1];
    if ((code & 1) === 0) return this.machine.fail("badArgument");
    this.machine.exitCode = (code >> 1) & 255;
    this.words[State.live] = at + 1;
    this.machine.requestStop(Stop.exit);
    return Outcome.switched;
  }

  private flushCaches(at: number): Oop {
    this.machine.lookup.forgetAll();
    return this.words[at];
  }

  // The heap as a whole

  private collect(at: number, collector: () => { mournersWait: boolean }): Oop {
    this.words[State.live] = at + 1;
    if (collector().mournersWait) this.machine.signalMourners();
    const free = this.machine.memory.oldSpace.availableBytes;
    this.words[at] = smallInteger(Math.min(free, 0x3fffffff));
    return this.proceed(at);
  }

  /** Runs with all frames flushed and the window, rooted, at the stack's start; the receiver there is the answer. */
  private withAllFlushed(at: number, argumentCount: number, change: (at: number) => void): Oop {
    const { contexts, lookup } = this.machine;
    const words = this.words;
    words[State.live] = at;
    const caller = contexts.flush();
    const window = words[State.live];
    words.copyWithin(window, at, at + argumentCount + 1);
    // The caller is rooted too, for it may be one of those that change.
    words[window + argumentCount + 1] = caller;
    words[State.live] = window + argumentCount + 2;
    change(window);
    const answer = words[window];
    const after = words[window + argumentCount + 1];
    words[State.live] = window;
    contexts.load(after);
    contexts.push(answer);
    lookup.forgetAll();
    return Outcome.switched;
  }

  private become(at: number): Oop {
    const { memory } = this.machine;
    const problem = memory.becomeProblem(this.words[at], this.words[at + 1], true);
    if (problem !== undefined) return this.machine.fail(problem);
    return this.withAllFlushed(at, 1, (window) => {
      memory.exchangeIdentity(this.words[window], this.words[window + 1]);
    });
  }

  private becomeForward(at: number): Oop {
    const { memory } = this.machine;
    const problem = memory.becomeProblem(this.words[at], this.words[at + 1], false);
    if (problem !== undefined) return this.machine.fail(problem);
    return this.withAllFlushed(at, 2, (window) => {
      memory.forwardIdentity(
        this.words[window],
        this.words[window + 1],
        this.words[window + 2] === trueOop,
      );
    });
  }
}

/** How many arguments a message of that name has. */
function textArity(text: string): number {
  return /^[\p{L}_]/u.test(text) ? text.split(":").length - 1 : 1;
}

/** The same, from the bytes where they are. */
function byteSymbolArity(memory: ObjectMemory, symbol: Oop): number {
  const { bytes } = memory;
  const first = (symbol >>> 0) + headerBytes;
  const initial = bytes[first]! | 0x20;
  if (initial >= 0x80) return textArity(memory.stringValue(symbol));
  if ((initial < 0x61 || initial > 0x7a) && bytes[first] !== underscore) return 1;
  let colons = 0;
  for (let at = first + memory.elementCount(symbol) - 1; at > first; at--) {
    if (bytes[at] === colon) colons++;
  }
  return colons;
}
