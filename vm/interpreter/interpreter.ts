/**
 * The interpreter: the state and the slow paths around the dispatch loop.
 *
 * `run` enters the loop for a number of steps. At a safepoint `attention` looks
 * at what waits: collection, events, another process, the end of the slice. The
 * methods below it are what the loop calls when a send, a return or a closure is
 * not the simple case; they find the active frame saved, and leave one saved.
 */

import type { Host } from "../host.ts";
import { ClassTable } from "../memory/class-table.ts";
import { type CollectionResult, Collector } from "../memory/collector.ts";
import type { ObjectMemory, Roots, RootVisitor } from "../memory/object-memory.ts";
import { SymbolTable } from "../memory/symbol-table.ts";
import { bytecodeAt, Op } from "../spec/bytecodes.ts";
import {
  ClosureSlot,
  CodeFlag,
  ContextSlot,
  classIndexOf,
  Format,
  headerWords,
  nilOop,
  type Oop,
  ProcessSlot,
  SchedulerSlot,
  State,
  smallInteger,
  stateBase,
} from "../spec/layouts.ts";
import type { FailureCode } from "../spec/primitives.ts";
import { type MachineSelector, SelectorIndex } from "../spec/special-objects.ts";
import { ChainWalk, type CodeHeader, Contexts, stackStart } from "./contexts.ts";
import { ControlPrimitives, Outcome } from "./control-primitives.ts";
import { InputQueue } from "./input-queue.ts";
import {
  Action,
  detailFailureCode,
  detailStartMask,
  detailTempMask,
  detailTempShift,
  Lookup,
} from "./lookup.ts";
import type { Machine, Primitive } from "./machine.ts";
import { primitiveTable } from "./primitives/index.ts";
import { rehearse } from "./rehearsal.ts";
import { makeInterpret } from "./running.ts";
import { Scheduler } from "./scheduler.ts";
import { Stepper } from "./stepper.ts";

/** Why `interpret` came back. */
export const Stop = {
  /** The budget is used up. */
  sliceEnd: 1,
  /** No process is ready; something from outside must happen. */
  idle: 2,
  /** A snapshot is asked for; the answer is to be pushed on the active frame. */
  snapshot: 3,
  /** The image ended the session. */
  exit: 4,
} as const;
export type StopReason = (typeof Stop)[keyof typeof Stop];

/** A cache entry for sends that no site stands for. */
export const scratch = (stateBase >>> 2) + 16;

export class Interpreter implements Machine, Roots {
  readonly memory: ObjectMemory;
  readonly host: Host;
  readonly session: number;
  readonly symbols: SymbolTable;
  readonly classes: ClassTable;
  readonly code: CodeHeader;
  readonly contexts: Contexts;
  readonly lookup: Lookup;
  readonly scheduler: Scheduler;
  readonly control: ControlPrimitives;
  readonly collector: Collector;
  readonly input = new InputQueue(() => this.inputArrived());
  private readonly primitives: readonly (Primitive | undefined)[] = primitiveTable;
  private failure: FailureCode = "failed";
  /** Runs the active process until something stops it. */
  readonly interpret: () => StopReason;
  readonly stepper: Stepper;
  /** What a slow path answers that is done: 0, or in a single step that it is over. */
  goOn: StopReason | 0 = 0;
  /** What stopped the interpreter from within, or 0. */
  stop: StopReason | 0 = 0;
  exitCode = 0;
  /** When the timer semaphore is to be signalled, in milliseconds of the machine's clock. */
  nextWakeup = Number.POSITIVE_INFINITY;
  /** Events from outside, waiting for the next safepoint. */
  private interruptPending = false;
  /** From the host's monotonic clock to the machine's, which goes on where it stood when the heap was saved; milliseconds. */
  private readonly clockOffset: number;
  /** A process that waited for the machine's word runs now, even if the active one has the highest priority too. */
  private isUrgent = false;
  private inputPending = false;
  /** 0, or: collect at every so many-th safepoint, if there is anything new. */
  stressInterval = 0;
  /** Every so many-th of these collections is full. */
  stressFullInterval = 10;
  private stressCount = 0;
  private stressCollections = 0;
  /** Whether a run may end early so that the host gets its turn while the collector is at work. */
  endsEarly = false;

  constructor(memory: ObjectMemory, host: Host, session: number) {
    this.memory = memory;
    this.host = host;
    this.session = session;
    this.clockOffset = memory.savedClock / 1000 - host.clock.monotonicMilliseconds();
    this.symbols = new SymbolTable(memory);
    this.classes = new ClassTable(memory);
    this.contexts = new Contexts(memory);
    this.code = this.contexts.code;
    this.lookup = new Lookup(memory, this.classes, this.code);
    this.scheduler = new Scheduler(memory);
    this.control = new ControlPrimitives(this);
    this.collector = new Collector(memory, () => host.clock.monotonicMilliseconds());
    memory.roots = this;
    this.stepper = new Stepper(this);
    this.interpret = makeInterpret(this);
    rehearse(memory, this.interpret);
  }

  // Machine

  /** The machine's clock: it never goes back, and stands still while the image is a file. */
  milliseconds(): number {
    return this.host.clock.monotonicMilliseconds() + this.clockOffset;
  }

  fail(code: FailureCode): 0 {
    this.failure = code;
    return 0;
  }

  lookupChanged(selector?: Oop): void {
    if (selector === undefined) this.lookup.forgetAll();
    else this.lookup.forget(selector);
  }

  signal(semaphore: Oop): void {
    if (semaphore === nilOop) return;
    this.scheduler.signal(semaphore);
    this.memory.demandAttention();
  }

  // Roots

  visitRoots(visit: RootVisitor): void {
    visit(stackStart, this.memory.words[State.live]! - stackStart);
  }

  objectsMoved(): void {
    this.lookup.forgetAll();
  }

  // From outside, between slices

  /** Asks the active process to stop. */
  interrupt(): void {
    this.interruptPending = true;
    this.memory.demandAttention();
  }

  /** Says that host events wait. */
  inputArrived(): void {
    this.inputPending = true;
    this.memory.demandAttention();
  }

  /** Ends the slice at the next safepoint. */
  endSlice(): void {
    this.memory.demandAttention();
    this.memory.words[State.savedBudget] = 0;
  }

  /** Stops at the next safepoint for that reason. */
  requestStop(reason: StopReason): void {
    this.stop = reason;
    this.memory.demandAttention();
  }

  /** Runs the active process for that many calls and backward jumps, or until it stops earlier. */
  run(budget: number): StopReason {
    const words = this.memory.words;
    words[words[State.attention] === 0 ? State.budget : State.savedBudget] = budget - 1;
    if (words[State.fp] === 0) {
      this.signalEvents();
      if (!this.resumeNext()) return Stop.idle;
    }
    return this.interpret();
  }

  // Safepoints

  /** Steps that the last run left of its budget. */
  get stepsLeft(): number {
    const words = this.memory.words;
    return words[words[State.attention] === 0 ? State.budget : State.savedBudget]! + 1;
  }

  /**
   * What waits at a safepoint, which took a step from the budget or not. The
   * frame is saved. Answers why to stop, or 0 to reload and go on.
   */
  attention(stepsTaken: 0 | 1): StopReason | 0 {
    const words = this.memory.words;
    if (this.goOn !== 0) return this.stepper.endStep();
    if (words[State.attention] !== 0) {
      words[State.attention] = 0;
      words[State.budget] = words[State.savedBudget]! - stepsTaken;
    }
    const sliceOver = words[State.budget]! < 0;
    const mayGoOn = this.collectIfNeeded();
    if (!mayGoOn) return Stop.sliceEnd;
    this.signalEvents();
    if (this.stop !== 0) {
      const reason = this.stop;
      this.stop = 0;
      return reason;
    }
    if (!this.switchIfPreempted()) return Stop.idle;
    return sliceOver ? Stop.sliceEnd : 0;
  }

  /**
   * Answers false if the program must wait for the collector, and the host may have something
   * to say meanwhile: to interrupt, for example, which then comes first.
   */
  private collectIfNeeded(): boolean {
    const { collector } = this;
    if (this.interruptPending) collector.relent();
    const result = this.stressInterval > 0 ? this.stress() : collector.collectIfNeeded();
    if (result?.mournersWait) this.signalMourners();
    while (collector.isPressing) {
      if (this.endsEarly) {
        this.memory.demandAttention();
        return false;
      }
      this.continueCollection();
    }
    return true;
  }

  /** Does a slice of a full collection in progress, outside a safepoint's own. */
  continueCollection(): void {
    if (this.collector.continue()?.mournersWait) this.signalMourners();
  }

  private stress(): CollectionResult | undefined {
    const { collector, memory } = this;
    const isDue = ++this.stressCount % this.stressInterval === 0;
    if (!isDue || memory.edenUsedBytes === 0) return collector.collectIfNeeded();
    return ++this.stressCollections % this.stressFullInterval === 0
      ? collector.compact()
      : collector.scavenge();
  }

  /** Tells the finalization process that ephemerons or weak objects wait. */
  signalMourners(): void {
    const semaphore = this.memory.special("finalizationSemaphore");
    if (semaphore !== nilOop) this.scheduler.signal(semaphore);
  }

  signalEvents(): void {
    const memory = this.memory;
    if (this.interruptPending) {
      this.interruptPending = false;
      this.signalUrgently(memory.special("interruptSemaphore"));
    }
    if (this.inputPending) {
      this.inputPending = false;
      const semaphore = memory.special("inputSemaphore");
      if (semaphore !== nilOop) this.scheduler.signal(semaphore);
    }
    if (this.nextWakeup !== Number.POSITIVE_INFINITY && this.milliseconds() >= this.nextWakeup) {
      this.nextWakeup = Number.POSITIVE_INFINITY;
      const semaphore = memory.special("timerSemaphore");
      if (semaphore !== nilOop) this.scheduler.signal(semaphore);
    }
    if (this.collector.takeLowSpace()) {
      this.signalUrgently(memory.special("lowSpaceSemaphore"));
    }
  }

  /** Signals what a program of the highest priority must not keep from being noticed. */
  private signalUrgently(semaphore: Oop): void {
    if (semaphore !== nilOop && this.scheduler.signalFirst(semaphore)) this.isUrgent = true;
  }

  /** Lets a ready process of higher priority run. Answers false if nothing can run. */
  switchIfPreempted(): boolean {
    if (this.goOn !== 0) return true;
    const active = this.scheduler.activeProcess;
    if (active === nilOop || this.memory.words[State.fp] === 0) return this.resumeNext();
    const best = this.scheduler.bestReady(
      this.scheduler.priority(active) + (this.isUrgent ? 0 : 1),
    );
    this.isUrgent = false;
    if (best === nilOop) return true;
    this.scheduler.take(best);
    this.suspendActive();
    this.scheduler.makeReadyFirst(active);
    return this.activate(best) || this.resumeNext();
  }

  /** Writes the active process's frames to its Contexts. It is then on no list and nobody is active. */
  suspendActive(): void {
    const process = this.scheduler.activeProcess;
    const top = this.contexts.flush();
    this.memory.storePointer(ProcessSlot.suspendedContext, process, top);
    this.memory.storePointer(SchedulerSlot.activeProcess, this.memory.special("processor"), nilOop);
  }

  /** Makes the best ready process active. Answers false if none is ready. */
  resumeNext(): boolean {
    if (this.goOn !== 0) return false;
    for (;;) {
      const process = this.scheduler.bestReady(1);
      if (process === nilOop) return false;
      this.scheduler.take(process);
      if (this.activate(process)) return true;
    }
  }

  /** Loads a process that is on no list. Answers false if it cannot go on. */
  activate(process: Oop): boolean {
    const memory = this.memory;
    const context = memory.fetchPointer(ProcessSlot.suspendedContext, process);
    memory.storePointer(ProcessSlot.suspendedContext, process, nilOop);
    if (memory.classIndex(context) !== classIndexOf.Context || !this.contexts.isAlive(context)) {
      this.control.tell("process ended: its context cannot be resumed");
      return false;
    }
    this.scheduler.activeProcess = process;
    this.contexts.load(context);
    return true;
  }

  // Slow paths. The frame is saved before them and reloaded after.

  save(fp: number, pcOffset: number, live: number): void {
    const words = this.memory.words;
    words[fp + 2] = (pcOffset << 1) | 1;
    words[State.fp] = fp;
    words[State.live] = live;
  }

  /** Word index of a frame's first operand. */
  firstOperand(fp: number): number {
    return fp + 3 + this.code.temporaryCount(this.memory.words[fp + 1]!);
  }

  /** The selector a bytecode sends; `pc` is behind it and its next word. */
  private selectorOf(w: number, mi: number, pc: number): Oop {
    const words = this.memory.words;
    switch (w & 255) {
      case Op.send:
      case Op.sendUnary:
      case Op.sendUnaryBranch:
        return words[mi + 4 + (w >>> 24)]!;
      case Op.sendFar:
      case Op.superSend:
        return words[mi + 4 + words[pc - 1]!]!;
      default:
        return this.machineSelector(bytecodeAt[w & 255]!.selector as MachineSelector);
    }
  }

  machineSelector(selector: MachineSelector): Oop {
    return this.memory.fetchPointer(SelectorIndex[selector], this.memory.special("selectors"));
  }

  fillSendCache(
    w: number,
    mi: number,
    pc: number,
    entry: number,
    key: number,
    receiver: Oop,
    argumentCount: number,
  ): void {
    const selector = this.selectorOf(w, mi, pc);
    const method =
      (w & 255) === Op.superSend
        ? this.lookup.findIn(selector, this.superclassOfCode(mi << 2))
        : this.lookup.find(selector, this.memory.classIndex(receiver));
    this.lookup.fill(entry, key, selector, method, receiver, argumentCount);
    if (this.goOn !== 0) this.stepper.filledEntry = entry;
  }

  private superclassOfCode(code: Oop): Oop {
    return this.memory.fetchPointer(0, this.code.methodClass(code));
  }

  /** Fills the scratch entry for a selector the machine sends. */
  fillScratch(selector: MachineSelector, at: number, argumentCount: number): void {
    this.control.prepareSend(this.machineSelector(selector), argumentCount);
    this.control.fillEntry(scratch, at);
    // A jump is tried again with the answer: that must pass a safepoint, or it could go on for ever.
    if (selector === "mustBeBoolean") this.activateAlways(scratch);
  }

  /** Has an entry run its method's bytecodes even where there is a quicker way. */
  private activateAlways(entry: number): void {
    const words = this.memory.words;
    const action = words[entry + 2]! & 255;
    if (action === Action.notUnderstood || action === Action.contextReceiver) return;
    words[entry + 2] = Action.activate;
    words[entry + 3] = this.lookup.detail(words[entry + 1]!);
  }

  /**
   * Turns a send that found nothing into doesNotUnderstand: (or
   * cannotInterpret:, or run:with:in: for an object installed as a method).
   * Fills the scratch entry; answers the new argument count, or -1 if the
   * process had to end because not even that is understood.
   */
  notUnderstood(
    w: number,
    mi: number,
    pc: number,
    entry: number,
    at: number,
    argumentCount: number,
  ): number {
    if (this.goOn !== 0) this.stepper.settle();
    const selector = entry === scratch ? this.control.selector : this.selectorOf(w, mi, pc);
    const found = this.memory.words[entry + 1]!;
    return this.control.sendNotUnderstood(selector, found, scratch, at, argumentCount);
  }

  /** Sets up attemptToAssign:withIndex: for a store into an immutable object. */
  assignmentWindow(fp: number, register: number, object: Oop, index: number): number {
    const words = this.memory.words;
    const at = Math.max(fp + register, this.firstOperand(fp));
    const value = words[fp + register]!;
    words[at] = object;
    words[at + 1] = value;
    words[at + 2] = smallInteger(index + 1);
    return at;
  }

  newClosure(block: Oop, fp: number, first: number): Oop {
    const memory = this.memory;
    const words = memory.words;
    const copied = this.code.primitive(block);
    const size = ClosureSlot.firstCopied + copied;
    const closure = memory.allocate(classIndexOf.FullBlockClosure, Format.indexableWithFixed, size);
    if (closure === 0) return 0;
    const frame = this.code.frame(block);
    const slots = (closure >>> 2) + headerWords;
    if ((frame & CodeFlag.needsOuterContext) !== 0) {
      words[slots + ClosureSlot.outerContext] = this.contexts.contextOf(fp);
    }
    words[slots + ClosureSlot.compiledBlock] = block;
    words[slots + ClosureSlot.numArgs] = smallInteger(frame & 0x7f);
    for (let n = 0; n <= copied; n++) words[slots + ClosureSlot.receiver + n] = words[first + n]!;
    memory.objectFilled(closure);
    return closure;
  }

  failureSymbol(): Oop {
    return this.symbols.intern(this.failure) || nilOop;
  }

  /** Returns from a frame that has a Context. */
  returnFrom(fp: number, answer: Oop): StopReason | 0 {
    if (this.goOn !== 0) this.stepper.settle();
    const memory = this.memory;
    const words = memory.words;
    const context = words[fp]!;
    const sender = memory.fetchPointer(ContextSlot.sender, context);
    if (sender === context) return this.cannotReturn(answer);
    if ((sender & 1) !== 0) {
      this.contexts.kill(context);
      const receiver = fp - 1 - this.code.argumentCount(words[fp + 1]!);
      words[receiver] = answer;
      words[State.fp] = sender >> 1;
      words[State.live] = receiver + 1;
      return this.goOn;
    }
    if (sender === nilOop) return this.endProcess(context);
    if (memory.classIndex(sender) !== classIndexOf.Context || !this.contexts.isAlive(sender)) {
      return this.cannotReturn(answer);
    }
    this.contexts.kill(context);
    words[State.fp] = 0;
    words[State.live] = stackStart;
    this.contexts.load(sender);
    this.contexts.push(answer);
    return this.goOn;
  }

  /** The last activation of the active process has returned. */
  private endProcess(context: Oop): StopReason | 0 {
    this.suspendActive();
    this.contexts.kill(context);
    return this.resumeNext() ? this.goOn : Stop.idle;
  }

  /** Sends cannotReturn: to the active Context. */
  private cannotReturn(answer: Oop): StopReason | 0 {
    return this.sendFromMachine("cannotReturn:", [
      this.contexts.contextOf(this.memory.words[State.fp]!),
      answer,
    ]);
  }

  /** Sends a message from the active frame, whose live depth is set: pushes receiver and arguments and calls. */
  private sendFromMachine(selector: MachineSelector, window: readonly Oop[]): StopReason | 0 {
    const words = this.memory.words;
    let at = words[State.live]!;
    for (let n = 0; n < window.length; n++) words[at + n] = window[n]!;
    let argumentCount = window.length - 1;
    this.fillScratch(selector, at, argumentCount);
    if ((words[scratch + 2]! & 255) === Action.notUnderstood) {
      argumentCount = this.control.sendNotUnderstood(
        this.machineSelector(selector),
        words[scratch + 1]!,
        scratch,
        at,
        argumentCount,
      );
      if (argumentCount < 0) return this.resumeNext() ? this.goOn : Stop.idle;
    }
    const code = words[scratch + 1]!;
    if (this.memory.classIndex(words[at]!) === classIndexOf.Context) {
      return this.sendToContext(code, at, argumentCount);
    }
    at = words[State.live]!;
    this.enterOnEmptyStack(code, this.lookup.detail(code), at, argumentCount);
    return this.goOn;
  }

  /**
   * `^` in a block. Goes straight to the home's caller if no unwind block lies
   * between; else aboutToReturn:through: does it in Smalltalk.
   */
  nonLocalReturn(fp: number, answer: Oop): StopReason | 0 {
    if (this.goOn !== 0) this.stepper.settle();
    const memory = this.memory;
    const words = memory.words;
    const closure = words[fp - 1 - this.code.argumentCount(words[fp + 1]!)]!;
    const home = this.contexts.homeOf(memory.fetchPointer(ClosureSlot.outerContext, closure));
    if (home === nilOop) return this.cannotReturn(answer);
    let frame = fp;
    while (words[frame] !== home) {
      if (frame !== fp && this.control.isUnwindMarker(words[frame + 1]!)) {
        return this.unwindReturn(home, answer);
      }
      const caller = this.contexts.callerFp(frame);
      if (caller === 0) return this.nonLocalReturnToContext(frame, home, answer);
      frame = caller;
    }
    for (let at = fp; at !== frame; ) {
      const caller = this.contexts.callerFp(at);
      if ((words[at]! & 1) === 0) this.contexts.kill(words[at]!);
      at = caller;
    }
    this.save(frame, words[frame + 2]! >> 1, this.firstOperand(frame));
    return this.returnFrom(frame, answer);
  }

  /** The same where the home is below the bottom frame. */
  private nonLocalReturnToContext(bottom: number, home: Oop, answer: Oop): StopReason | 0 {
    const memory = this.memory;
    const words = memory.words;
    let unwind = false;
    let context = memory.fetchPointer(ContextSlot.sender, words[bottom]!);
    const walk = new ChainWalk();
    while (context !== home) {
      const isContext = memory.classIndex(context) === classIndexOf.Context;
      if (!isContext || !walk.isNew(context)) return this.cannotReturn(answer);
      if (this.control.isUnwindMarker(memory.fetchPointer(ContextSlot.method, context)))
        unwind = true;
      context = memory.fetchPointer(ContextSlot.sender, context);
    }
    const target = memory.fetchPointer(ContextSlot.sender, home);
    if (memory.classIndex(target) !== classIndexOf.Context || !this.contexts.isAlive(target)) {
      return this.cannotReturn(answer);
    }
    if (unwind) return this.unwindReturn(home, answer);
    let dead = this.contexts.flush();
    while (dead !== target) {
      const sender = memory.fetchPointer(ContextSlot.sender, dead);
      this.contexts.kill(dead);
      dead = sender;
    }
    this.contexts.load(target);
    this.contexts.push(answer);
    return this.goOn;
  }

  private unwindReturn(home: Oop, answer: Oop): StopReason | 0 {
    const context = this.contexts.flush();
    const unwind = this.control.nextUnwind(context, home);
    this.contexts.load(context);
    return this.sendFromMachine("aboutToReturn:through:", [context, answer, unwind]);
  }

  /**
   * Sends to a Context: writes all frames to their Contexts, so that what the
   * method sees and changes is the truth, and runs it as the bottom frame.
   */
  sendToContext(method: Oop, at: number, argumentCount: number): StopReason | 0 {
    if (this.goOn !== 0) this.stepper.settle();
    const caller = this.flushUnder(at, argumentCount);
    return this.performOnEmptyStack(method, caller, argumentCount);
  }

  /** Runs a method whose window is all there is on the stack. */
  private performOnEmptyStack(method: Oop, caller: Oop, argumentCount: number): StopReason | 0 {
    const primitive = this.code.primitive(method);
    if (primitive !== 0) {
      const outcome =
        primitive <= 99
          ? this.control.perform(primitive, stackStart, argumentCount)
          : this.primitives[primitive]!(this, stackStart, argumentCount);
      if (outcome === Outcome.switched) {
        if (this.memory.words[State.fp] === 0 && !this.resumeNext()) return Stop.idle;
        return this.goOn;
      }
      if (primitive <= 99 && outcome === Outcome.resend) return this.resendOnEmptyStack(caller);
      if (outcome !== Outcome.failed) {
        this.contexts.load(caller);
        this.contexts.push(outcome);
        return this.goOn;
      }
    }
    this.enterBottom(method, this.lookup.detail(method), caller, argumentCount);
    return this.goOn;
  }

  /** A message to a Context has become another one, as perform: does; its window is where the first one's was. */
  private resendOnEmptyStack(caller: Oop): StopReason | 0 {
    const { control } = this;
    const words = this.memory.words;
    let argumentCount = control.argumentCount;
    control.fillEntry(scratch, stackStart);
    if ((words[scratch + 2]! & 255) === Action.notUnderstood) {
      const found = words[scratch + 1]!;
      argumentCount = control.sendNotUnderstood(
        control.selector,
        found,
        scratch,
        stackStart,
        argumentCount,
      );
      if (argumentCount < 0) return this.resumeNext() ? this.goOn : Stop.idle;
    }
    return this.performOnEmptyStack(words[scratch + 1]!, caller, argumentCount);
  }

  /** Flushes all frames and moves the window at `at` to the start of the stack; answers the caller's Context. */
  private flushUnder(at: number, argumentCount: number): Oop {
    const words = this.memory.words;
    words[State.live] = at;
    const caller = this.contexts.flush();
    words.copyWithin(stackStart, at, at + argumentCount + 1);
    words[State.live] = stackStart + argumentCount + 1;
    return caller;
  }

  /** Activates code whose window is at `at` as the bottom frame of the emptied stack. */
  enterOnEmptyStack(code: Oop, detail: number, at: number, argumentCount: number): void {
    const caller = this.flushUnder(at, argumentCount);
    this.enterBottom(code, detail, caller, argumentCount);
  }

  private enterBottom(code: Oop, detail: number, caller: Oop, argumentCount: number): void {
    const words = this.memory.words;
    const fp = stackStart + argumentCount + 1;
    words[fp] = caller;
    words[fp + 1] = code;
    words[fp + 2] = smallInteger(detail & detailStartMask);
    let temp = fp + 3;
    for (let n = (detail >>> detailTempShift) & detailTempMask; n > 0; n--) words[temp++] = nilOop;
    if ((detail & detailFailureCode) !== 0) words[fp + 3] = this.failureSymbol();
    words[State.fp] = fp;
    words[State.live] = temp;
    this.contexts.giveContext(fp, caller);
  }

  /**
   * An instruction found memory full and will be tried again: collects, or
   * releases the reserve and tells the low space process.
   */
  outOfMemory(): StopReason | 0 {
    if (this.goOn !== 0) this.stepper.settle();
    if (!this.collector.recover()) this.contexts.useReserve();
    this.memory.demandAttention();
    return this.attention(0);
  }
}
