/**
 * The virtual machine: its public face. Give it a memory with a verified heap in
 * it, a host, and somewhere to save to; then `start`, and `run` until the image
 * ends the session.
 *
 * It runs in slices and goes back to the host's event loop between them, so that
 * input, interruption and painting get their turn. `runSlice` does one slice for
 * whoever must be exact about when to stop.
 */

import type { Host } from "./host.ts";
import { MemoryExhausted } from "./interpreter/contexts.ts";
import type { InputEvent } from "./interpreter/input-queue.ts";
import { Interpreter, Stop, type StopReason } from "./interpreter/interpreter.ts";
import { MachineFault } from "./interpreter/machine-fault.ts";
import { type HeapProblem, heapProblems } from "./memory/heap-verifier.ts";
import type { ObjectMemory } from "./memory/object-memory.ts";
import { SaveVerifier } from "./memory/save-verifier.ts";
import {
  ContextSlot,
  classIndexOf,
  falseOop,
  knownClasses,
  nilOop,
  ProcessSlot,
  State,
  smallInteger,
  trueOop,
} from "./spec/layouts.ts";

export type SnapshotKind = "full" | "delta";

/** Makes the heap durable as it lies in memory; throws, or rejects, if it could not. */
export type Saver = (kind: SnapshotKind) => void | Promise<void>;

export interface MachineOptions {
  /** Absent: every snapshot fails. */
  readonly saver?: Saver;
  /** Calls and backward jumps in a slice. */
  readonly sliceBudget?: number;
}

const defaultSliceBudget = 20_000;
/** How long slices may run on end before the host gets its turn. */
const turnMilliseconds = 10;
const sessionPriority = 60;
/** Ctrl-C, as a terminal sends it. */
const interruptKey = 3;
const interruptPatience = 200;

/** Why a run ended that can never go on. */
export class NothingCanRun extends Error {
  constructor() {
    super("nothing can run any more: all processes wait, and no timer or input will wake one");
    this.name = "NothingCanRun";
  }
}

export class VirtualMachine {
  readonly memory: ObjectMemory;
  readonly host: Host;
  readonly interpreter: Interpreter;
  private readonly saver: Saver | undefined;
  private readonly sliceBudget: number;
  private readonly saveVerifier: SaveVerifier;
  private wake: (() => void) | undefined;
  private hasFailed = false;
  /** Saves asked for from outside, done at the next safepoint. */
  private readonly requests: SaveRequest[] = [];

  constructor(memory: ObjectMemory, host: Host, options: MachineOptions = {}) {
    this.memory = memory;
    this.host = host;
    this.saver = options.saver;
    this.saveVerifier = new SaveVerifier(memory);
    this.sliceBudget = options.sliceBudget ?? defaultSliceBudget;
    const seed = new Uint8Array(8);
    host.random(seed);
    const random = new Int32Array(seed.buffer);
    this.interpreter = new Interpreter(memory, host, random[0]! & 0x3fffffff);
    memory.seedHashes(random[1]!);
  }

  /** Makes the image's active process active again, exactly where it was, and starts the session's process beside it. */
  start(): void {
    const { memory, interpreter } = this;
    const savesChanges = this.saver !== undefined;
    interpreter.collector.heapLoaded(savesChanges ? "now" : "later");
    if (savesChanges) this.saveVerifier.adopt();
    const process = interpreter.scheduler.activeProcess;
    if (process !== nilOop) {
      const goesOn = interpreter.activate(process);
      if (!goesOn) interpreter.scheduler.activeProcess = nilOop;
      else if (memory.special("snapshotAnswer") === trueOop) interpreter.contexts.push(trueOop);
      memory.setSpecial("snapshotAnswer", falseOop);
    }
    this.startSessionProcess();
    memory.demandAttention();
  }

  private startSessionProcess(): void {
    const { memory, interpreter } = this;
    const starter = memory.special("sessionStarter");
    if (starter === nilOop) return;
    const selector = interpreter.machineSelector("sessionStarted");
    const method = interpreter.lookup.find(selector, memory.classIndex(starter));
    if (method === 0) return;
    const context = interpreter.contexts.newContext(method);
    memory.storePointer(ContextSlot.receiver, context, starter);
    const { code } = interpreter;
    memory.storePointer(ContextSlot.pc, context, smallInteger(code.startOffset(method)));
    memory.storePointer(ContextSlot.stackp, context, smallInteger(code.temporaryCount(method)));
    const processClass = interpreter.classes.at(classIndexOf.Process);
    const process = interpreter.classes.instantiate(processClass, 0);
    memory.storePointer(ProcessSlot.suspendedContext, process, context);
    memory.storePointer(ProcessSlot.priority, process, smallInteger(sessionPriority));
    interpreter.scheduler.makeReady(process);
  }

  // Running

  /** Runs until the image ends the session; answers its exit code. */
  async run(): Promise<number> {
    const { clock } = this.host;
    this.interpreter.endsEarly = true;
    for (;;) {
      const turnEnd = clock.monotonicMilliseconds() + turnMilliseconds;
      let reason: StopReason;
      do {
        reason = this.interpret(this.sliceBudget);
        if (reason === Stop.snapshot) await this.answerSnapshot();
        await this.serveRequests();
      } while (
        (reason === Stop.sliceEnd || reason === Stop.snapshot) &&
        this.host.wantsTurn !== true &&
        clock.monotonicMilliseconds() < turnEnd
      );
      if (reason === Stop.exit) return this.interpreter.exitCode;
      if (reason === Stop.idle && !this.useIdleTime()) {
        if (this.isStuck) throw new NothingCanRun();
        await this.waitForEvent();
      } else await (this.host.turn?.() ?? hostTurn());
    }
  }

  /** Whether all processes wait, and nothing is to come that could wake one. */
  private get isStuck(): boolean {
    return (
      this.idleMilliseconds === Number.POSITIVE_INFINITY &&
      this.host.console.expectsInput === false &&
      this.requests.length === 0
    );
  }

  /** A run that throws leaves the heap in a state nobody knows: it is never saved. */
  private interpret(budget: number): StopReason {
    try {
      return this.interpreter.run(budget);
    } catch (error) {
      this.hasFailed = true;
      if (error instanceof MachineFault || error instanceof MemoryExhausted) throw error;
      throw new MachineFault((error as Error).message, { cause: error });
    }
  }

  /** Runs one slice of that budget; a snapshot the image asks for is the caller's to answer with `answerSnapshot`. */
  runSlice(budget: number): StopReason {
    this.interpreter.endsEarly = false;
    const reason = this.interpret(budget);
    if (reason === Stop.idle) this.passIdleTime();
    return reason;
  }

  /** Time until the image wants to be woken, in milliseconds; infinite if it does not. */
  get idleMilliseconds(): number {
    return this.interpreter.nextWakeup - this.interpreter.milliseconds();
  }

  private passIdleTime(): boolean {
    const milliseconds = this.idleMilliseconds;
    if (this.host.idle === undefined || milliseconds === Number.POSITIVE_INFINITY) return false;
    this.host.idle(Math.max(milliseconds, 0));
    return true;
  }

  /** Nothing can run: goes on with a full collection in progress, if there is one. */
  private useIdleTime(): boolean {
    const { interpreter } = this;
    if (!interpreter.collector.isBusy) return false;
    interpreter.continueCollection();
    return true;
  }

  private async waitForEvent(): Promise<void> {
    if (this.passIdleTime() || this.requests.length > 0) return;
    const longest = 0x3fffffff;
    const milliseconds = Math.min(Math.max(Math.ceil(this.idleMilliseconds), 0), longest);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  // From outside, at any time between slices

  /** Bytes of standard input; none at its end. */
  postInput(bytes: Uint8Array): void {
    this.interpreter.input.postBytes(bytes);
    this.wake?.();
  }

  /** Bytes typed on a terminal. A Ctrl-C that the image leaves unread for long stops its active process. */
  postKeys(bytes: Uint8Array): void {
    this.postInput(bytes);
    if (!bytes.includes(interruptKey)) return;
    setTimeout(() => {
      if (!this.interpreter.input.isEmpty) this.interrupt();
    }, interruptPatience);
  }

  postEvent(event: InputEvent): void {
    this.interpreter.input.postEvent(event);
    this.wake?.();
  }

  /** Stops the active process, whatever it does, and leaves it to the image's interrupt handler. */
  interrupt(): void {
    this.interpreter.interrupt();
    this.wake?.();
  }

  /** Saves at the next safepoint, the usual way or another; resolves when the save is durable, rejects if it failed. */
  save(kind: SnapshotKind, saver = this.saver): Promise<void> {
    return new Promise((resolve, reject) => {
      this.requests.push({ kind, saver, resolve, reject });
      this.memory.demandAttention();
      this.wake?.();
    });
  }

  /** Whether the heap may be saved as it stands: false for the moments in which a class changes shape. */
  get maySave(): boolean {
    return this.interpreter.control.snapshotHolds === 0;
  }

  private async serveRequests(): Promise<void> {
    while (this.maySave) {
      const request = this.requests.shift();
      if (request === undefined) return;
      try {
        this.prepareSnapshot(request.kind, false);
        try {
          await this.write(request.kind, request.saver);
        } finally {
          this.resumeAfterSnapshot();
        }
        request.resolve();
      } catch (error) {
        request.reject(error as Error);
      }
    }
  }

  // Snapshots

  /** Saves because the image asked, and answers it: false, or a failure. */
  async answerSnapshot(): Promise<void> {
    const { control, contexts } = this.interpreter;
    const kind = control.snapshotMode as SnapshotKind;
    this.prepareSnapshot(kind, true);
    control.snapshotError = undefined;
    try {
      await this.write(kind, this.saver);
    } catch (error) {
      control.snapshotError = error instanceof Error ? error.message : String(error);
    }
    this.resumeAfterSnapshot();
    contexts.push(control.snapshotError === undefined ? falseOop : nilOop);
  }

  private async write(kind: SnapshotKind, saver: Saver | undefined): Promise<void> {
    if (saver === undefined) throw new Error("this session has nowhere to save to");
    this.refuseWhatWouldNotOpen(kind);
    await saver(kind);
  }

  /** A program can store where the machine relies on what stands there: such a heap must not become the image. */
  private refuseWhatWouldNotOpen(kind: SnapshotKind): void {
    const { memory, interpreter, saveVerifier } = this;
    let problem = saveVerifier.problem(kind);
    if (problem === undefined) return;
    // It may be garbage.
    if (interpreter.collector.collectForSave().mournersWait) interpreter.signalMourners();
    problem = saveVerifier.problem("full");
    if (problem !== undefined) throw new Error(explainRefusal(memory, problem));
  }

  /**
   * Brings the heap into the state that is saved: every process suspended in
   * its Contexts, new space empty, and for a full save what is dead collected.
   * `resumeAfterSnapshot` must follow before anything runs again.
   */
  prepareSnapshot(kind: SnapshotKind, awaitsAnswer: boolean): void {
    const { memory, interpreter } = this;
    if (this.hasFailed) throw new MachineFault("it has failed");
    const process = interpreter.scheduler.activeProcess;
    if (memory.words[State.fp] !== 0) {
      const context = interpreter.contexts.flush();
      memory.storePointer(ProcessSlot.suspendedContext, process, context);
    }
    memory.setSpecial("snapshotAnswer", memory.booleanOop(awaitsAnswer));
    memory.savedClock = Math.floor(interpreter.milliseconds() * 1000);
    const result =
      kind === "full" ? interpreter.collector.collectForSave() : interpreter.collector.tenureAll();
    if (result.mournersWait) interpreter.signalMourners();
  }

  resumeAfterSnapshot(): void {
    const { interpreter } = this;
    const process = interpreter.scheduler.activeProcess;
    if (process !== nilOop) interpreter.activate(process);
  }
}

/** Why a heap cannot be saved, in the words of an image that cannot be opened. */
function explainRefusal(memory: ObjectMemory, problem: HeapProblem): string {
  const { code, address, expected, found } = problem;
  const known = knownClasses[memory.classIndex(address | 0)]?.name;
  const place = `0x${address.toString(16)}`;
  const object = known === undefined ? `the object at ${place}` : `the ${known} at ${place}`;
  return `not saved, for the image could not be opened: ${heapProblems[code]}: ${object} has ${found} where ${expected} is needed (EIMG_HEAP, ${code}); the image saved last is as it was`;
}

interface SaveRequest {
  readonly kind: SnapshotKind;
  readonly saver: Saver | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Lets the host's event loop run once. */
function hostTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
