/**
 * Running: enters the dispatch loop and does what it leaves for.
 *
 * The loop calls nothing. What is not its own business, such as a cache miss, a
 * primitive or a safepoint, it leaves to `interpret`, with fp, pc, window and cache
 * entry in linear memory; done, that enters the loop again: at the frame's pc,
 * or at a send whose window and entry are ready.
 */

import type { ObjectMemory } from "../memory/object-memory.ts";
import { Op } from "../spec/bytecodes.ts";
import { classIndexOf, Format, State } from "../spec/layouts.ts";
import { primitiveNumber } from "../spec/primitives.ts";
import { Outcome } from "./control-primitives.ts";
import { Exit, From, makeDispatchLoop } from "./dispatch-loop.ts";
import { type Interpreter, Stop, type StopReason, scratch } from "./interpreter.ts";
import { Action, sendCacheEntry, sendCacheKey } from "./lookup.ts";
import { MachineFault } from "./machine-fault.ts";
import { primitiveTable } from "./primitives/index.ts";

const basicNew = primitiveNumber.get("basicNew")!;

/** The active process's next steps, up to the reason it answers. */
export function makeInterpret(machine: Interpreter): () => StopReason {
  const loop = makeDispatchLoop(machine.memory);
  const departures = new Departures(machine);
  return function interpret(): StopReason {
    departures.start();
    while (departures.reason === 0) departures.attend(loop(departures.from));
    return departures.reason;
  };
}

class Departures {
  /** Where the loop goes on. */
  from: From = From.frame;
  /** Why it does not. */
  reason: StopReason | 0 = 0;
  private readonly machine: Interpreter;
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly primitives = primitiveTable;

  constructor(machine: Interpreter) {
    this.machine = machine;
    this.memory = machine.memory;
    this.words = machine.memory.words;
  }

  start(): void {
    const { words } = this;
    this.from = From.frame;
    this.reason = 0;
    if (words[State.budget]! < 0 || words[State.attention] !== 0)
      this.reason = this.machine.attention(0);
  }

  attend(exit: Exit): void {
    const { words, machine } = this;
    this.from = From.frame;
    switch (exit) {
      case Exit.act:
        this.act(words[State.entry]!);
        return;
      case Exit.unfilled:
        this.fill(words[State.live]!, words[State.argumentCount]!);
        return;
      case Exit.remember:
        this.memory.remember(words[State.entry]!);
        return;
      case Exit.pause:
        this.reason = machine.attention(1);
        return;
      case Exit.failed:
        words[words[State.fp]! + 3] = machine.failureSymbol();
        if (words[State.budget]! < 0) this.reason = machine.attention(1);
        return;
      case Exit.overflow:
        this.enterOnEmptyStack();
        return;
      case Exit.instruction:
        this.allocate();
        return;
      case Exit.return:
        this.return();
        return;
      case Exit.immutable:
        this.assign();
        return;
      case Exit.noBoolean:
        this.stepBack();
        machine.fillScratch("mustBeBoolean", words[State.live]!, 0);
        this.send(scratch, 0);
        return;
      default: {
        const pc = (words[words[State.fp]! + 1]! >>> 2) + this.pc - 1;
        throw new MachineFault(`no bytecode ${words[State.instruction]! & 255} at word ${pc}`);
      }
    }
  }

  // What the loop has left in memory

  private get operandA(): number {
    return (this.words[State.instruction]! << 16) >> 24;
  }

  private get operandB(): number {
    return (this.words[State.instruction]! << 8) >> 24;
  }

  /** Words from the code's oop to what is behind the instruction. */
  private get pc(): number {
    return this.words[this.words[State.fp]! + 2]! >> 1;
  }

  /** The frame is again in front of its instruction. */
  private stepBack(): void {
    const { words } = this;
    words[words[State.fp]! + 2]! -= 2;
  }

  // Sends

  /** Has the loop go on with the send of the window. */
  private send(entry: number, argumentCount: number): void {
    const { words } = this;
    words[State.entry] = entry;
    words[State.argumentCount] = argumentCount;
    this.from = From.send;
  }

  private fill(at: number, argumentCount: number): void {
    const { words, machine } = this;
    const receiver = words[at]!;
    const classIndex = this.memory.classIndex(receiver);
    const mi = words[words[State.fp]! + 1]! >>> 2;
    const pc = mi + this.pc;
    const entry = sendCacheEntry(pc, classIndex);
    const key = sendCacheKey(pc, classIndex);
    const w = words[State.instruction]!;
    machine.fillSendCache(w, mi, pc, entry, key, receiver, argumentCount);
    this.send(entry, argumentCount);
  }

  /** Acts on a cache entry as only the machine can. */
  private act(entry: number): void {
    const { words, machine } = this;
    const action = words[entry + 2]!;
    const at = words[State.live]!;
    const argumentCount = words[State.argumentCount]!;
    switch (action & 255) {
      case Action.primitive:
        this.primitive(action >>> 8, entry, words[entry + 3]!, at, argumentCount);
        return;
      case Action.control:
        this.control(action >>> 8, entry, at, argumentCount);
        return;
      case Action.instantiate:
        this.primitive(basicNew, entry, machine.lookup.detail(words[entry + 1]!), at, 0);
        return;
      case Action.contextReceiver:
        this.reason = machine.sendToContext(words[entry + 1]!, at, argumentCount);
        return;
      default:
        this.notUnderstood(entry, at, argumentCount);
    }
  }

  private primitive(
    number: number,
    entry: number,
    detail: number,
    at: number,
    argumentCount: number,
  ): void {
    const code = this.words[entry + 1]!;
    const result = this.primitives[number]!(this.machine, at, argumentCount);
    if (result !== 0) this.words[at] = result;
    else this.activate(code, detail, argumentCount);
  }

  private control(number: number, entry: number, at: number, argumentCount: number): void {
    const { words, machine } = this;
    const code = words[entry + 1]!;
    const detail = words[entry + 3]!;
    const outcome = machine.control.perform(number, at, argumentCount);
    if (outcome === Outcome.failed) this.activate(code, detail, argumentCount);
    else if (outcome === Outcome.resend) {
      machine.control.fillEntry(scratch, at);
      this.send(scratch, machine.control.argumentCount);
    } else if (outcome === Outcome.switched) {
      if (words[State.fp] === 0 && !machine.resumeNext()) {
        this.reason = Stop.idle;
        return;
      }
      this.reason = machine.stop;
      machine.stop = 0;
    } else words[at] = outcome;
  }

  /** Runs the bytecodes of a method whose primitive has failed. */
  private activate(code: number, detail: number, argumentCount: number): void {
    const { words } = this;
    words[scratch + 1] = code;
    words[scratch + 2] = Action.activate;
    words[scratch + 3] = detail;
    this.send(scratch, argumentCount);
  }

  private notUnderstood(entry: number, at: number, argumentCount: number): void {
    const { words, machine } = this;
    const mi = words[words[State.fp]! + 1]! >>> 2;
    const w = words[State.instruction]!;
    const count = machine.notUnderstood(w, mi, mi + this.pc, entry, at, argumentCount);
    if (count >= 0) this.send(scratch, count);
    else if (!machine.resumeNext()) this.reason = Stop.idle;
  }

  private enterOnEmptyStack(): void {
    const { words, machine } = this;
    const at = words[State.live]!;
    const argumentCount = words[State.argumentCount]!;
    machine.enterOnEmptyStack(words[scratch + 1]!, words[scratch + 3]!, at, argumentCount);
    if (--words[State.budget]! < 0) this.reason = machine.attention(1);
  }

  // Instructions

  private return(): void {
    const { words, machine } = this;
    const fp = words[State.fp]!;
    const answer = words[fp + this.operandA]!;
    const first = machine.firstOperand(fp);
    this.stepBack();
    if ((words[State.instruction]! & 255) === Op.return) {
      words[State.live] = first;
      this.reason = machine.returnFrom(fp, answer);
    } else {
      words[State.live] = Math.max(fp + this.operandA, first);
      this.reason = machine.nonLocalReturn(fp, answer);
    }
  }

  /** A store into an immutable object. */
  private assign(): void {
    const { words, machine } = this;
    const fp = words[State.fp]!;
    const w = words[State.instruction]!;
    const isFar = (w & 255) === Op.storeSlotFar;
    const slot = isFar ? words[(words[fp + 1]! >>> 2) + this.pc - 1]! : w >>> 24;
    words[State.live] = machine.assignmentWindow(
      fp,
      this.operandB,
      words[fp + this.operandA]!,
      slot,
    );
    this.fill(words[State.live]!, 2);
  }

  /** Instructions that make an object, where eden has no room or a Context is asked for. */
  private allocate(): void {
    const { words, machine, memory } = this;
    const fp = words[State.fp]!;
    const register = fp + this.operandA;
    const w = words[State.instruction]!;
    const wide = w >>> 16;
    let made: number;
    let live = register;
    switch (w & 255) {
      case Op.loadContext:
        made = machine.contexts.contextOf(fp);
        break;
      case Op.newVector:
        made = memory.allocate(classIndexOf.Array, Format.indexable, wide);
        // It may be a temporary, below the operands.
        live = Math.max(register, machine.firstOperand(fp));
        break;
      case Op.newArray:
        made = memory.newArray([...words.subarray(register, register + wide)]);
        live = register + wide;
        break;
      default: {
        const block = words[(words[fp + 1]! >>> 2) + 4 + wide]!;
        made = machine.newClosure(block, fp, register);
        live = register + 1 + machine.code.primitive(block);
      }
    }
    if (made !== 0) {
      words[register] = made;
      return;
    }
    this.stepBack();
    words[State.live] = live;
    this.reason = machine.outOfMemory();
  }
}
