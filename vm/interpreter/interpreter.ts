/**
 * The interpreter: fetch, dispatch, send, return.
 *
 * `interpret` runs the active process until something makes it stop at a
 * safepoint. Its whole state is then in linear memory: the frame pointer and
 * live depth in State, the pc in the frame. Between safepoints fp, pc and the
 * code's word index live in locals; `save` and `reload` below move them.
 *
 * The switch is written out by hand, with literal opcodes so that it compiles
 * to a jump table; a test compares it with the bytecode table. A case that is
 * done says `continue`; a case that must send sets `at` (the window's receiver)
 * and `argumentCount` and breaks to the send that follows the switch.
 *
 * Always: no oop is in a local over anything that may collect, which only
 * `attention` and control primitives do.
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
  falseOop,
  headerWords,
  immutableBit,
  nilOop,
  type Oop,
  oldBase,
  overflowSlotCount,
  ProcessSlot,
  SchedulerSlot,
  State,
  sendCacheBase,
  slotCountShift,
  smallInteger,
  stackBytes,
  stackMarginWords,
  stateBase,
  trueOop,
} from "../spec/layouts.ts";
import { type FailureCode, primitiveNumber } from "../spec/primitives.ts";
import { type MachineSelector, SelectorIndex } from "../spec/special-objects.ts";
import { type CodeHeader, Contexts, stackStart } from "./contexts.ts";
import { ControlPrimitives, Outcome } from "./control-primitives.ts";
import { compareFloats, floatArithmetic } from "./float-arithmetic.ts";
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
import { Scheduler } from "./scheduler.ts";

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

const sends = sendCacheBase >>> 2;
/** A cache entry for sends that no site stands for. */
const scratch = (stateBase >>> 2) + 16;
const basicNew = primitiveNumber.get("basicNew") ?? 0;
const stackEnd = stackStart + (stackBytes >>> 2) - stackMarginWords;

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
  /** What stopped the interpreter from within, or 0. */
  private stop: StopReason | 0 = 0;
  exitCode = 0;
  /** When the timer semaphore is to be signalled, in monotonic milliseconds. */
  nextWakeup = Number.POSITIVE_INFINITY;
  /** Events from outside, waiting for the next safepoint. */
  private interruptPending = false;
  private inputPending = false;
  /** 0, or: collect at every so many-th safepoint; every tenth of these collections is full. */
  stressInterval = 0;
  private stressCount = 0;

  constructor(memory: ObjectMemory, host: Host, session: number) {
    this.memory = memory;
    this.host = host;
    this.session = session;
    this.symbols = new SymbolTable(memory);
    this.classes = new ClassTable(memory);
    this.contexts = new Contexts(memory);
    this.code = this.contexts.code;
    this.lookup = new Lookup(memory, this.classes, this.code);
    this.scheduler = new Scheduler(memory);
    this.control = new ControlPrimitives(this);
    this.collector = new Collector(memory, () => host.clock.monotonicMilliseconds());
    memory.roots = this;
  }

  // Machine

  fail(code: FailureCode): 0 {
    this.failure = code;
    return 0;
  }

  lookupChanged(_selector?: Oop): void {
    this.lookup.forgetAll();
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
    if (words[State.attention] !== 0) {
      words[State.attention] = 0;
      words[State.budget] = words[State.savedBudget]! - stepsTaken;
    }
    const sliceOver = words[State.budget]! < 0;
    this.collectIfNeeded();
    this.signalEvents();
    if (this.stop !== 0) {
      const reason = this.stop;
      this.stop = 0;
      return reason;
    }
    if (!this.switchIfPreempted()) return Stop.idle;
    return sliceOver ? Stop.sliceEnd : 0;
  }

  private collectIfNeeded(): void {
    const result = this.stressInterval > 0 ? this.stress() : this.collector.collectIfNeeded();
    if (result?.mournersWait) this.signalMourners();
  }

  private stress(): CollectionResult | undefined {
    this.stressCount++;
    if (this.stressCount % this.stressInterval !== 0) return this.collector.collectIfNeeded();
    return this.stressCount % (this.stressInterval * 10) === 0
      ? this.collector.compact()
      : this.collector.scavenge();
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
      const semaphore = memory.special("interruptSemaphore");
      if (semaphore !== nilOop) this.scheduler.signal(semaphore);
    }
    if (this.inputPending) {
      this.inputPending = false;
      const semaphore = memory.special("inputSemaphore");
      if (semaphore !== nilOop) this.scheduler.signal(semaphore);
    }
    if (
      this.nextWakeup !== Number.POSITIVE_INFINITY &&
      this.host.clock.monotonicMilliseconds() >= this.nextWakeup
    ) {
      this.nextWakeup = Number.POSITIVE_INFINITY;
      const semaphore = memory.special("timerSemaphore");
      if (semaphore !== nilOop) this.scheduler.signal(semaphore);
    }
    if (this.collector.takeLowSpace()) {
      const semaphore = memory.special("lowSpaceSemaphore");
      if (semaphore !== nilOop) this.scheduler.signal(semaphore);
    }
  }

  /** Lets a ready process of higher priority run. Answers false if nothing can run. */
  switchIfPreempted(): boolean {
    const active = this.scheduler.activeProcess;
    if (active === nilOop || this.memory.words[State.fp] === 0) return this.resumeNext();
    const best = this.scheduler.bestReady(this.scheduler.priority(active) + 1);
    if (best === nilOop) return true;
    this.suspendActive();
    this.scheduler.makeReadyFirst(active);
    return this.resumeNext();
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
    const events = this.scheduler.bestReady(1);
    if (events === nilOop) return false;
    this.scheduler.take(events);
    this.activate(events);
    return true;
  }

  /** Loads a process that is on no list. */
  activate(process: Oop): void {
    const memory = this.memory;
    const context = memory.fetchPointer(ProcessSlot.suspendedContext, process);
    memory.storePointer(ProcessSlot.suspendedContext, process, nilOop);
    this.scheduler.activeProcess = process;
    this.contexts.load(context);
  }

  // The loop

  private interpret(): StopReason {
    const H = this.memory.words;
    const F = this.memory.doubles;
    const memory = this.memory;
    const primitives = this.primitives;
    let fp = H[State.fp];
    let mi = H[fp + 1] >>> 2;
    let pc = mi + (H[fp + 2] >> 1);
    let at = 0;
    let argumentCount = 0;
    let entry = 0;

    if (H[State.budget] < 0 || H[State.attention] !== 0) {
      const reason = this.attention(0);
      if (reason !== 0) return reason;
      fp = H[State.fp];
      mi = H[fp + 1] >>> 2;
      pc = mi + (H[fp + 2] >> 1);
    }

    for (;;) {
      const w = H[pc++];
      switch (w & 255) {
        case 1: // move
          H[fp + ((w << 16) >> 24)] = H[fp + ((w << 8) >> 24)];
          continue;
        case 2: // loadNil
          H[fp + ((w << 16) >> 24)] = nilOop;
          continue;
        case 3: // loadTrue
          H[fp + ((w << 16) >> 24)] = trueOop;
          continue;
        case 4: // loadFalse
          H[fp + ((w << 16) >> 24)] = falseOop;
          continue;
        case 5: // loadInteger
          H[fp + ((w << 16) >> 24)] = ((w >> 16) << 1) | 1;
          continue;
        case 6: // loadLiteral
          H[fp + ((w << 16) >> 24)] = H[mi + 4 + (w >>> 16)];
          continue;
        case 7: // loadGlobal
          H[fp + ((w << 16) >> 24)] = H[(H[mi + 4 + (w >>> 16)] >>> 2) + 3];
          continue;
        case 8: {
          // storeGlobal
          const binding = H[mi + 4 + (w >>> 16)];
          const value = H[fp + ((w << 16) >> 24)];
          H[(binding >>> 2) + 3] = value;
          if (binding >>> 0 >= oldBase) memory.storeCheck(binding, (binding >>> 2) + 3, value);
          continue;
        }
        case 9: {
          // loadContext
          const context = this.contexts.contextOf(fp);
          H[fp + ((w << 16) >> 24)] = context;
          continue;
        }
        case 10: // loadSlot
          H[fp + ((w << 16) >> 24)] = H[(H[fp + ((w << 8) >> 24)] >>> 2) + 2 + (w >>> 24)];
          continue;
        case 11: {
          // storeSlot
          const object = H[fp + ((w << 16) >> 24)];
          const index = object >>> 2;
          if ((H[index] & immutableBit) === 0) {
            const value = H[fp + ((w << 8) >> 24)];
            const slot = index + 2 + (w >>> 24);
            H[slot] = value;
            if (object >>> 0 >= oldBase) memory.storeCheck(object, slot, value);
            continue;
          }
          at = this.assignmentWindow(fp, (w << 8) >> 24, object, w >>> 24);
          argumentCount = 2;
          break;
        }
        case 12: {
          // storeVector
          const object = H[fp + ((w << 16) >> 24)];
          const value = H[fp + ((w << 8) >> 24)];
          const slot = (object >>> 2) + 2 + (w >>> 24);
          H[slot] = value;
          if (object >>> 0 >= oldBase) memory.storeCheck(object, slot, value);
          continue;
        }
        case 13: // loadSlotFar
          H[fp + ((w << 16) >> 24)] = H[(H[fp + ((w << 8) >> 24)] >>> 2) + 2 + H[pc++]];
          continue;
        case 14: {
          // storeSlotFar
          const object = H[fp + ((w << 16) >> 24)];
          const index = H[pc++];
          if ((H[object >>> 2] & immutableBit) === 0) {
            memory.storePointer(index, object, H[fp + ((w << 8) >> 24)]);
            continue;
          }
          at = this.assignmentWindow(fp, (w << 8) >> 24, object, index);
          argumentCount = 2;
          break;
        }
        case 15: // storeVectorFar
          memory.storePointer(H[pc++], H[fp + ((w << 16) >> 24)], H[fp + ((w << 8) >> 24)]);
          continue;
        case 16: {
          // newVector
          const vector = memory.allocate(classIndexOf.Array, Format.indexable, w >>> 16);
          if (vector === 0) {
            // It may be a temporary, below the operands.
            this.save(fp, pc - 1 - mi, Math.max(fp + ((w << 16) >> 24), this.firstOperand(fp)));
            const reason = this.outOfMemory();
            if (reason !== 0) return reason;
            fp = H[State.fp];
            mi = H[fp + 1] >>> 2;
            pc = mi + (H[fp + 2] >> 1);
            continue;
          }
          H[fp + ((w << 16) >> 24)] = vector;
          continue;
        }
        case 17: {
          // newArray
          const first = fp + ((w << 16) >> 24);
          const count = w >>> 16;
          const array = memory.allocate(classIndexOf.Array, Format.indexable, count);
          if (array === 0) {
            this.save(fp, pc - 1 - mi, first + count);
            const reason = this.outOfMemory();
            if (reason !== 0) return reason;
            fp = H[State.fp];
            mi = H[fp + 1] >>> 2;
            pc = mi + (H[fp + 2] >> 1);
            continue;
          }
          const slots = (array >>> 2) + headerWords;
          for (let n = 0; n < count; n++) H[slots + n] = H[first + n];
          memory.objectFilled(array);
          H[first] = array;
          continue;
        }
        case 18: {
          // newClosure
          const first = fp + ((w << 16) >> 24);
          const block = H[mi + 4 + (w >>> 16)];
          const closure = this.newClosure(block, fp, first);
          if (closure === 0) {
            this.save(fp, pc - 1 - mi, first + 1 + this.code.primitive(block));
            const reason = this.outOfMemory();
            if (reason !== 0) return reason;
            fp = H[State.fp];
            mi = H[fp + 1] >>> 2;
            pc = mi + (H[fp + 2] >> 1);
            continue;
          }
          H[first] = closure;
          continue;
        }
        case 19: // loadClass
          H[fp + ((w << 16) >> 24)] = this.classes.classOf(H[fp + ((w << 8) >> 24)]);
          continue;

        case 24: // send
          at = fp + ((w << 16) >> 24);
          argumentCount = (w >> 16) & 255;
          break;
        case 25: // sendFar
        case 26: // superSend
          at = fp + ((w << 16) >> 24);
          argumentCount = (w >> 16) & 255;
          pc++;
          break;

        case 28: {
          // return
          const answer = H[fp + ((w << 16) >> 24)];
          const link = H[fp];
          if ((link & 1) !== 0) {
            H[fp + ((w << 8) >> 24)] = answer;
            fp = link >> 1;
            mi = H[fp + 1] >>> 2;
            pc = mi + (H[fp + 2] >> 1);
            continue;
          }
          this.save(fp, pc - 1 - mi, this.firstOperand(fp));
          const reason = this.returnFrom(fp, answer);
          if (reason !== 0) return reason;
          fp = H[State.fp];
          mi = H[fp + 1] >>> 2;
          pc = mi + (H[fp + 2] >> 1);
          continue;
        }
        case 29: {
          // nonLocalReturn
          this.save(fp, pc - 1 - mi, Math.max(fp + ((w << 16) >> 24), this.firstOperand(fp)));
          const reason = this.nonLocalReturn(fp, H[fp + ((w << 16) >> 24)]);
          if (reason !== 0) return reason;
          fp = H[State.fp];
          mi = H[fp + 1] >>> 2;
          pc = mi + (H[fp + 2] >> 1);
          continue;
        }

        case 32: // jump
          pc += w >> 16;
          continue;
        case 33: // jumpBack
          pc += w >> 16;
          if (--H[State.budget] < 0) {
            this.save(fp, pc - mi, fp + ((w << 16) >> 24));
            const reason = this.attention(1);
            if (reason !== 0) return reason;
            fp = H[State.fp];
            mi = H[fp + 1] >>> 2;
            pc = mi + (H[fp + 2] >> 1);
          }
          continue;
        case 34: {
          // jumpIfFalse
          const value = H[fp + ((w << 16) >> 24)];
          if (value === falseOop) {
            pc += w >> 16;
            continue;
          }
          if (value === trueOop) continue;
          pc--;
          at = fp + ((w << 16) >> 24);
          argumentCount = 0;
          this.fillScratch("mustBeBoolean", at, 0);
          entry = scratch;
          break;
        }
        case 35: {
          // jumpIfTrue
          const value = H[fp + ((w << 16) >> 24)];
          if (value === trueOop) {
            pc += w >> 16;
            continue;
          }
          if (value === falseOop) continue;
          pc--;
          at = fp + ((w << 16) >> 24);
          argumentCount = 0;
          this.fillScratch("mustBeBoolean", at, 0);
          entry = scratch;
          break;
        }
        case 36: // jumpIfNil
          if (H[fp + ((w << 16) >> 24)] === nilOop) pc += w >> 16;
          continue;
        case 37: // jumpIfNotNil
          if (H[fp + ((w << 16) >> 24)] !== nilOop) pc += w >> 16;
          continue;
        case 38: {
          // jumpFar
          const offset = H[pc++];
          pc += offset;
          if (offset < 0 && --H[State.budget] < 0) {
            this.save(fp, pc - mi, fp + ((w << 16) >> 24));
            const reason = this.attention(1);
            if (reason !== 0) return reason;
            fp = H[State.fp];
            mi = H[fp + 1] >>> 2;
            pc = mi + (H[fp + 2] >> 1);
          }
          continue;
        }

        case 40: {
          // add
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const t = c - 1;
            const sum = (b + t) | 0;
            if (((b ^ sum) & (t ^ sum)) >= 0) {
              H[fp + ((w << 16) >> 24)] = sum;
              pc++;
              continue;
            }
          } else {
            const result = floatArithmetic(H, F, memory, 0, b, c);
            if (result !== 0) {
              H[fp + ((w << 16) >> 24)] = result;
              pc++;
              continue;
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 41: {
          // subtract
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const t = c - 1;
            const difference = (b - t) | 0;
            if (((b ^ t) & (b ^ difference)) >= 0) {
              H[fp + ((w << 16) >> 24)] = difference;
              pc++;
              continue;
            }
          } else {
            const result = floatArithmetic(H, F, memory, 1, b, c);
            if (result !== 0) {
              H[fp + ((w << 16) >> 24)] = result;
              pc++;
              continue;
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 42: {
          // multiply
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const product = (b >> 1) * (c >> 1);
            if (product >= -0x40000000 && product <= 0x3fffffff) {
              H[fp + ((w << 16) >> 24)] = (product << 1) | 1;
              pc++;
              continue;
            }
          } else {
            const result = floatArithmetic(H, F, memory, 2, b, c);
            if (result !== 0) {
              H[fp + ((w << 16) >> 24)] = result;
              pc++;
              continue;
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 43: {
          // divide
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const x = b >> 1;
            const y = c >> 1;
            if (y !== 0 && x % y === 0) {
              const quotient = (x / y) | 0;
              if (quotient <= 0x3fffffff) {
                H[fp + ((w << 16) >> 24)] = (quotient << 1) | 1;
                pc++;
                continue;
              }
            }
          } else {
            const result = floatArithmetic(H, F, memory, 3, b, c);
            if (result !== 0) {
              H[fp + ((w << 16) >> 24)] = result;
              pc++;
              continue;
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 44: {
          // integerDivide
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0 && c !== 1) {
            const x = b >> 1;
            const y = c >> 1;
            let quotient = (x / y) | 0;
            if ((x ^ y) < 0 && x % y !== 0) quotient--;
            if (quotient <= 0x3fffffff) {
              H[fp + ((w << 16) >> 24)] = (quotient << 1) | 1;
              pc++;
              continue;
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 45: {
          // modulo
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0 && c !== 1) {
            const y = c >> 1;
            let remainder = ((b >> 1) % y) | 0;
            if (remainder !== 0 && (remainder ^ y) < 0) remainder += y;
            H[fp + ((w << 16) >> 24)] = (remainder << 1) | 1;
            pc++;
            continue;
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 46: {
          // bitAnd
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            H[fp + ((w << 16) >> 24)] = b & c;
            pc++;
            continue;
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 47: {
          // bitOr
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            H[fp + ((w << 16) >> 24)] = b | c;
            pc++;
            continue;
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 48: {
          // bitXor
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            H[fp + ((w << 16) >> 24)] = (b ^ c) | 1;
            pc++;
            continue;
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 49: {
          // bitShift
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const x = b >> 1;
            const shift = c >> 1;
            if (shift <= 0) {
              H[fp + ((w << 16) >> 24)] = ((x >> Math.min(-shift, 31)) << 1) | 1;
              pc++;
              continue;
            }
            if (shift < 31) {
              const shifted = x << (shift + 1);
              if (shifted >> (shift + 1) === x) {
                H[fp + ((w << 16) >> 24)] = shifted | 1;
                pc++;
                continue;
              }
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 50: {
          // addInteger
          const b = H[fp + ((w << 8) >> 24)];
          const t = (w >> 24) << 1;
          if ((b & 1) !== 0) {
            const sum = (b + t) | 0;
            if (((b ^ sum) & (t ^ sum)) >= 0) {
              H[fp + ((w << 16) >> 24)] = sum;
              pc++;
              continue;
            }
          } else {
            const result = floatArithmetic(H, F, memory, 0, b, t | 1);
            if (result !== 0) {
              H[fp + ((w << 16) >> 24)] = result;
              pc++;
              continue;
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = t | 1;
          argumentCount = 1;
          break;
        }
        case 51: {
          // subtractInteger
          const b = H[fp + ((w << 8) >> 24)];
          const t = (w >> 24) << 1;
          if ((b & 1) !== 0) {
            const difference = (b - t) | 0;
            if (((b ^ t) & (b ^ difference)) >= 0) {
              H[fp + ((w << 16) >> 24)] = difference;
              pc++;
              continue;
            }
          } else {
            const result = floatArithmetic(H, F, memory, 1, b, t | 1);
            if (result !== 0) {
              H[fp + ((w << 16) >> 24)] = result;
              pc++;
              continue;
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = t | 1;
          argumentCount = 1;
          break;
        }

        case 56: // less
        case 57: // greater
        case 58: // lessOrEqual
        case 59: // greaterOrEqual
        case 60: // equal
        case 61: {
          // notEqual
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          const truth =
            (b & c & 1) !== 0
              ? compareIntegers((w & 255) - 56, b, c)
              : compareFloats(H, F, (w & 255) - 56, b, c);
          if (truth >= 0) {
            H[fp + ((w << 16) >> 24)] = truth === 1 ? trueOop : falseOop;
            pc++;
            continue;
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 62: // identical
          H[fp + ((w << 16) >> 24)] =
            H[fp + ((w << 8) >> 24)] === H[fp + (w >> 24)] ? trueOop : falseOop;
          continue;
        case 63: // notIdentical
          H[fp + ((w << 16) >> 24)] =
            H[fp + ((w << 8) >> 24)] !== H[fp + (w >> 24)] ? trueOop : falseOop;
          continue;

        case 64: {
          // lessBranch
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const branch = H[pc++];
            if (b < c === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 0, b, c);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 65: {
          // greaterBranch
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const branch = H[pc++];
            if (b > c === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 1, b, c);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 66: {
          // lessOrEqualBranch
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const branch = H[pc++];
            if (b <= c === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 2, b, c);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 67: {
          // greaterOrEqualBranch
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const branch = H[pc++];
            if (b >= c === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 3, b, c);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 68: {
          // equalBranch
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const branch = H[pc++];
            if ((b === c) === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 4, b, c);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 69: {
          // notEqualBranch
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & c & 1) !== 0) {
            const branch = H[pc++];
            if ((b !== c) === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 5, b, c);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 70: {
          // identicalBranch
          const branch = H[pc++];
          if ((H[fp + ((w << 8) >> 24)] === H[fp + (w >> 24)]) === ((branch & 1) !== 0)) {
            pc += branch >> 16;
          }
          continue;
        }
        case 71: {
          // notIdenticalBranch
          const branch = H[pc++];
          if ((H[fp + ((w << 8) >> 24)] !== H[fp + (w >> 24)]) === ((branch & 1) !== 0)) {
            pc += branch >> 16;
          }
          continue;
        }
        case 72: {
          // lessIntegerBranch
          const b = H[fp + ((w << 8) >> 24)];
          if ((b & 1) !== 0) {
            const branch = H[pc++];
            if (b >> 1 < w >> 24 === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 0, b, ((w >> 24) << 1) | 1);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = ((w >> 24) << 1) | 1;
          argumentCount = 1;
          break;
        }
        case 73: {
          // greaterIntegerBranch
          const b = H[fp + ((w << 8) >> 24)];
          if ((b & 1) !== 0) {
            const branch = H[pc++];
            if (b >> 1 > w >> 24 === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 1, b, ((w >> 24) << 1) | 1);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = ((w >> 24) << 1) | 1;
          argumentCount = 1;
          break;
        }
        case 74: {
          // lessOrEqualIntegerBranch
          const b = H[fp + ((w << 8) >> 24)];
          if ((b & 1) !== 0) {
            const branch = H[pc++];
            if (b >> 1 <= w >> 24 === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 2, b, ((w >> 24) << 1) | 1);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = ((w >> 24) << 1) | 1;
          argumentCount = 1;
          break;
        }
        case 75: {
          // greaterOrEqualIntegerBranch
          const b = H[fp + ((w << 8) >> 24)];
          if ((b & 1) !== 0) {
            const branch = H[pc++];
            if (b >> 1 >= w >> 24 === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 3, b, ((w >> 24) << 1) | 1);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = ((w >> 24) << 1) | 1;
          argumentCount = 1;
          break;
        }
        case 76: {
          // equalIntegerBranch
          const b = H[fp + ((w << 8) >> 24)];
          if ((b & 1) !== 0) {
            const branch = H[pc++];
            if ((b >> 1 === w >> 24) === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 4, b, ((w >> 24) << 1) | 1);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = ((w >> 24) << 1) | 1;
          argumentCount = 1;
          break;
        }
        case 77: {
          // notEqualIntegerBranch
          const b = H[fp + ((w << 8) >> 24)];
          if ((b & 1) !== 0) {
            const branch = H[pc++];
            if ((b >> 1 !== w >> 24) === ((branch & 1) !== 0)) pc += branch >> 16;
            continue;
          }
          const truth = compareFloats(H, F, 5, b, ((w >> 24) << 1) | 1);
          if (truth >= 0) {
            const branch = H[pc++];
            if (truth === (branch & 1)) pc += branch >> 16;
            continue;
          }
          at = fp + ((H[pc] << 16) >> 24);
          H[at] = b;
          H[at + 1] = ((w >> 24) << 1) | 1;
          argumentCount = 1;
          break;
        }

        case 80: {
          // at
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((b & 3) === 0 && (c & 1) !== 0) {
            const index = b >>> 2;
            if ((H[index] & 0x3ffff) === classIndexOf.Array) {
              let size = H[index + 1] >>> slotCountShift;
              if (size === overflowSlotCount) size = H[index - 2];
              const n = (c >> 1) - 1;
              if (n >>> 0 < size) {
                H[fp + ((w << 16) >> 24)] = H[index + 2 + n];
                pc++;
                continue;
              }
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = b;
          H[at + 1] = c;
          argumentCount = 1;
          break;
        }
        case 81: {
          // atPut
          const a = H[fp + ((w << 16) >> 24)];
          const b = H[fp + ((w << 8) >> 24)];
          const c = H[fp + (w >> 24)];
          if ((a & 3) === 0 && (b & 1) !== 0) {
            const index = a >>> 2;
            if ((H[index] & (0x3ffff | immutableBit)) === classIndexOf.Array) {
              let size = H[index + 1] >>> slotCountShift;
              if (size === overflowSlotCount) size = H[index - 2];
              const n = (b >> 1) - 1;
              if (n >>> 0 < size) {
                H[index + 2 + n] = c;
                if (a >>> 0 >= oldBase) memory.storeCheck(a, index + 2 + n, c);
                H[fp + ((H[pc] << 16) >> 24)] = c;
                pc++;
                continue;
              }
            }
          }
          at = fp + ((H[pc] << 8) >> 24);
          H[at] = a;
          H[at + 1] = b;
          H[at + 2] = c;
          argumentCount = 2;
          break;
        }
        default:
          throw new Error(`interpreter: no bytecode ${w & 255} at word ${pc - 1}`);
      }

      // Send: the window is complete.
      if (entry === 0) {
        const receiver = H[at];
        const classIndex =
          (receiver & 3) === 0 ? H[receiver >>> 2] & 0x3ffff : (receiver & 1) !== 0 ? 2 : 3;
        const key = ((pc & 0x3fff0000) << 2) | classIndex;
        entry = sends + (((pc ^ (classIndex << 5)) & 0xffff) << 2);
        if (H[entry] !== key) {
          this.fillSendCache(w, mi, pc, entry, key, receiver, argumentCount);
        }
      }
      act: for (;;) {
        const action = H[entry + 2];
        let code = H[entry + 1];
        let detail = H[entry + 3];
        switch (action & 255) {
          case 0: // activate
            break;
          case 1: {
            // primitive
            const result = primitives[action >>> 8]!(this, at, argumentCount);
            if (result !== 0) {
              H[at] = result;
              entry = 0;
              break act;
            }
            break;
          }
          case 2: {
            // control
            H[fp + 2] = ((pc - mi) << 1) | 1;
            H[State.fp] = fp;
            H[State.live] = at;
            const outcome = this.control.perform(action >>> 8, at, argumentCount);
            if (outcome === Outcome.failed) break;
            if (outcome === Outcome.resend) {
              argumentCount = this.control.argumentCount;
              this.control.fillEntry(scratch, at);
              entry = scratch;
              continue;
            }
            entry = 0;
            if (outcome === Outcome.switched) {
              if (H[State.fp] === 0 && !this.resumeNext()) return Stop.idle;
              if (this.stop !== 0) {
                const reason = this.stop;
                this.stop = 0;
                return reason;
              }
              fp = H[State.fp];
              mi = H[fp + 1] >>> 2;
              pc = mi + (H[fp + 2] >> 1);
              break act;
            }
            H[at] = outcome;
            break act;
          }
          case 3: {
            // blockValue
            const closure = H[at];
            code = H[(closure >>> 2) + 2 + ClosureSlot.compiledBlock];
            const index = code >>> 2;
            if (
              (H[index + 3] & (0x7f << 1)) === argumentCount << 1 &&
              (H[index] & 0x3ffff) === classIndexOf.CompiledBlock
            ) {
              const frame = H[index + 3] >> 1;
              detail =
                (4 + ((H[index + 2] >> 1) & 0xffff)) | (((frame >> 7) & 255) << detailTempShift);
            } else {
              code = H[entry + 1];
            }
            break;
          }
          case 4: // getter
            H[at] = H[(H[at] >>> 2) + 2 + (action >>> 8)];
            entry = 0;
            break act;
          case 5: // answerSelf
            entry = 0;
            break act;
          case 6: // answerConstant
            H[at] = detail;
            entry = 0;
            break act;
          case 7: {
            // contextReceiver
            this.save(fp, pc - mi, at);
            const reason = this.sendToContext(code, at, argumentCount);
            if (reason !== 0) return reason;
            fp = H[State.fp];
            mi = H[fp + 1] >>> 2;
            pc = mi + (H[fp + 2] >> 1);
            entry = 0;
            break act;
          }
          case 9: {
            // instantiate
            const slots = action >>> 8;
            const start = H[State.edenFree];
            const end = start + 8 + ((slots + 1) & ~1) * 4;
            if (end <= H[State.edenSoftEnd]) {
              H[State.edenFree] = end;
              let slot = start >> 2;
              const last = end >> 2;
              H[slot++] = detail;
              H[slot++] = slots << slotCountShift;
              while (slot < last) H[slot++] = nilOop;
              H[at] = start;
              entry = 0;
              break act;
            }
            const result = primitives[basicNew]!(this, at, 0);
            if (result !== 0) {
              H[at] = result;
              entry = 0;
              break act;
            }
            detail = this.lookup.detail(code);
            break;
          }
          default: {
            this.save(fp, pc - mi, at);
            argumentCount = this.notUnderstood(w, mi, pc, entry, at, argumentCount);
            if (argumentCount < 0) {
              if (!this.resumeNext()) return Stop.idle;
              fp = H[State.fp];
              mi = H[fp + 1] >>> 2;
              pc = mi + (H[fp + 2] >> 1);
              entry = 0;
              break act;
            }
            entry = scratch;
            continue;
          }
        }

        // Activate: the callee's frame begins behind its arguments.
        entry = 0;
        H[fp + 2] = ((pc - mi) << 1) | 1;
        const callee = at + argumentCount + 1;
        if (callee > stackEnd) {
          H[State.fp] = fp;
          H[State.live] = at;
          this.enterOnEmptyStack(code, detail, at, argumentCount);
          fp = H[State.fp];
          mi = H[fp + 1] >>> 2;
          pc = mi + (H[fp + 2] >> 1);
        } else {
          H[callee] = (fp << 1) | 1;
          H[callee + 1] = code;
          fp = callee;
          mi = code >>> 2;
          pc = mi + (detail & detailStartMask);
          let temp = callee + 3;
          for (let n = (detail >>> detailTempShift) & detailTempMask; n > 0; n--)
            H[temp++] = nilOop;
          if ((detail & detailFailureCode) !== 0) H[callee + 3] = this.failureSymbol();
        }
        if (--H[State.budget] < 0) {
          this.save(fp, pc - mi, this.firstOperand(fp));
          const reason = this.attention(1);
          if (reason !== 0) return reason;
          fp = H[State.fp];
          mi = H[fp + 1] >>> 2;
          pc = mi + (H[fp + 2] >> 1);
        }
        break;
      }
    }
  }

  // Slow paths. The frame is saved before them and reloaded after.

  private save(fp: number, pcOffset: number, live: number): void {
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

  private fillSendCache(
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
    this.lookup.fill(entry, key, method, receiver, argumentCount);
  }

  private superclassOfCode(code: Oop): Oop {
    return this.memory.fetchPointer(0, this.code.methodClass(code));
  }

  /** Fills the scratch entry for a selector the machine sends. */
  private fillScratch(selector: MachineSelector, at: number, argumentCount: number): void {
    this.control.prepareSend(this.machineSelector(selector), argumentCount);
    this.control.fillEntry(scratch, at);
  }

  /**
   * Turns a send that found nothing into doesNotUnderstand: (or
   * cannotInterpret:, or run:with:in: for an object installed as a method).
   * Fills the scratch entry; answers the new argument count, or -1 if the
   * process had to end because not even that is understood.
   */
  private notUnderstood(
    w: number,
    mi: number,
    pc: number,
    entry: number,
    at: number,
    argumentCount: number,
  ): number {
    const selector = entry === scratch ? this.control.selector : this.selectorOf(w, mi, pc);
    const found = this.memory.words[entry + 1]!;
    return this.control.sendNotUnderstood(selector, found, scratch, at, argumentCount);
  }

  /** Sets up attemptToAssign:withIndex: for a store into an immutable object. */
  private assignmentWindow(fp: number, register: number, object: Oop, index: number): number {
    const words = this.memory.words;
    const at = Math.max(fp + register, this.firstOperand(fp));
    const value = words[fp + register]!;
    words[at] = object;
    words[at + 1] = value;
    words[at + 2] = smallInteger(index + 1);
    return at;
  }

  private newClosure(block: Oop, fp: number, first: number): Oop {
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

  private failureSymbol(): Oop {
    return this.symbols.intern(this.failure) || nilOop;
  }

  /** Returns from a frame that has a Context. */
  private returnFrom(fp: number, answer: Oop): StopReason | 0 {
    const memory = this.memory;
    const words = memory.words;
    const context = words[fp]!;
    const sender = memory.fetchPointer(ContextSlot.sender, context);
    if ((sender & 1) !== 0) {
      this.contexts.kill(context);
      const receiver = fp - 1 - this.code.argumentCount(words[fp + 1]!);
      words[receiver] = answer;
      words[State.fp] = sender >> 1;
      words[State.live] = receiver + 1;
      return 0;
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
    return 0;
  }

  /** The last activation of the active process has returned. */
  private endProcess(context: Oop): StopReason | 0 {
    this.suspendActive();
    this.contexts.kill(context);
    return this.resumeNext() ? 0 : Stop.idle;
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
      if (argumentCount < 0) return this.resumeNext() ? 0 : Stop.idle;
    }
    const code = words[scratch + 1]!;
    if (this.memory.classIndex(words[at]!) === classIndexOf.Context) {
      return this.sendToContext(code, at, argumentCount);
    }
    at = words[State.live]!;
    this.enterOnEmptyStack(code, this.lookup.detail(code), at, argumentCount);
    return 0;
  }

  /**
   * `^` in a block. Goes straight to the home's caller if no unwind block lies
   * between; else aboutToReturn:through: does it in Smalltalk.
   */
  private nonLocalReturn(fp: number, answer: Oop): StopReason | 0 {
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
    while (context !== home) {
      if (memory.classIndex(context) !== classIndexOf.Context) return this.cannotReturn(answer);
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
    return 0;
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
  private sendToContext(method: Oop, at: number, argumentCount: number): StopReason | 0 {
    const memory = this.memory;
    const words = memory.words;
    const caller = this.flushUnder(at, argumentCount);
    const primitive = this.code.primitive(method);
    if (primitive !== 0) {
      const outcome =
        primitive <= 99
          ? this.control.perform(primitive, stackStart, argumentCount)
          : this.primitives[primitive]!(this, stackStart, argumentCount);
      if (outcome === Outcome.switched) {
        if (words[State.fp] === 0 && !this.resumeNext()) return Stop.idle;
        return 0;
      }
      if (outcome !== Outcome.failed) {
        this.contexts.load(caller);
        this.contexts.push(outcome);
        return 0;
      }
    }
    this.enterBottom(method, this.lookup.detail(method), caller, argumentCount);
    return 0;
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
  private enterOnEmptyStack(code: Oop, detail: number, at: number, argumentCount: number): void {
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
  private outOfMemory(): StopReason | 0 {
    const memory = this.memory;
    if (this.collector.compact().mournersWait) this.signalMourners();
    if (memory.oldSpace.availableBytes < 0x100000) this.contexts.useReserve();
    return this.attention(0);
  }
}

function compareIntegers(operation: number, b: Oop, c: Oop): number {
  switch (operation) {
    case 0:
      return b < c ? 1 : 0;
    case 1:
      return b > c ? 1 : 0;
    case 2:
      return b <= c ? 1 : 0;
    case 3:
      return b >= c ? 1 : 0;
    case 4:
      return b === c ? 1 : 0;
    default:
      return b !== c ? 1 : 0;
  }
}
