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
import { CodeFlag, classIndexOf, Format, State } from "../spec/layouts.ts";
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
    let reason = departures.start();
    while (reason === 0) reason = departures.attend(loop(departures.from()));
    return reason;
  };
}

/** What is done answers why to stop, or 0 to go on. A step of a process runs the loop within a primitive: so no state is kept. */
class Departures {
  private readonly machine: Interpreter;
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly primitives = primitiveTable;
  /** Whether a send is ready. */
  private sends = false;

  constructor(machine: Interpreter) {
    this.machine = machine;
    this.memory = machine.memory;
    this.words = machine.memory.words;
  }

  start(): StopReason | 0 {
    const { words } = this;
    if (words[State.budget]! >= 0 && words[State.attention] === 0) return 0;
    return this.machine.attention(0);
  }

  /** Where the loop goes on. */
  from(): From {
    const from = this.sends ? From.send : From.frame;
    this.sends = false;
    return from;
  }

  attend(exit: Exit): StopReason | 0 {
    const { words, machine } = this;
    switch (exit) {
      case Exit.act:
        return this.act(words[State.entry]!);
      case Exit.unfilled:
        return this.fill(words[State.live]!, words[State.argumentCount]!);
      case Exit.remember:
        this.memory.remember(words[State.entry]!);
        return 0;
      case Exit.pause:
        return machine.attention(1);
      case Exit.entered:
        return this.entered();
      case Exit.overflow:
        return this.enterOnEmptyStack();
      case Exit.instruction:
        return this.allocate();
      case Exit.returning:
        return this.return();
      case Exit.immutable:
        return this.assign();
      case Exit.noBoolean:
        this.stepBack();
        machine.fillScratch("mustBeBoolean", words[State.live]!, 0);
        return this.send(scratch, 0);
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
  private send(entry: number, argumentCount: number): 0 {
    const { words } = this;
    words[State.entry] = entry;
    words[State.argumentCount] = argumentCount;
    this.sends = true;
    return 0;
  }

  private fill(at: number, argumentCount: number): 0 {
    const { words, machine } = this;
    const receiver = words[at]!;
    const classIndex = this.memory.classIndex(receiver);
    const mi = words[words[State.fp]! + 1]! >>> 2;
    const pc = mi + this.pc;
    const entry = sendCacheEntry(pc, classIndex);
    const key = sendCacheKey(pc, classIndex);
    const w = words[State.instruction]!;
    machine.fillSendCache(w, mi, pc, entry, key, receiver, argumentCount);
    return this.send(entry, argumentCount);
  }

  /** Acts on a cache entry as only the machine can. */
  private act(entry: number): StopReason | 0 {
    const { words, machine } = this;
    const action = words[entry + 2]!;
    const at = words[State.live]!;
    const argumentCount = words[State.argumentCount]!;
    switch (action & 255) {
      case Action.primitive:
        return this.primitive(action >>> 8, entry, words[entry + 3]!, at, argumentCount);
      case Action.control:
        return this.control(action >>> 8, entry, at, argumentCount);
      case Action.instantiate:
        return this.primitive(basicNew, entry, machine.lookup.detail(words[entry + 1]!), at, 0);
      case Action.contextReceiver:
        return machine.sendToContext(words[entry + 1]!, at, argumentCount);
      default:
        return this.notUnderstood(entry, at, argumentCount);
    }
  }

  private primitive(
    number: number,
    entry: number,
    detail: number,
    at: number,
    argumentCount: number,
  ): 0 {
    const code = this.words[entry + 1]!;
    const result = this.primitives[number]!(this.machine, at, argumentCount);
    if (result === 0) return this.activate(code, detail, argumentCount);
    this.words[at] = result;
    return 0;
  }

  private control(
    number: number,
    entry: number,
    at: number,
    argumentCount: number,
  ): StopReason | 0 {
    const { words, machine } = this;
    const code = words[entry + 1]!;
    const detail = words[entry + 3]!;
    const fp = words[State.fp]!;
    const pc = words[fp + 2]!;
    const outcome = machine.control.perform(number, at, argumentCount);
    // In a single step the frame has been given its own pc, but the copy goes on.
    if (outcome !== Outcome.switched) words[fp + 2] = pc;
    if (outcome === Outcome.failed) return this.activate(code, detail, argumentCount);
    if (outcome === Outcome.resend) {
      machine.control.fillEntry(scratch, at);
      return this.send(scratch, machine.control.argumentCount);
    }
    if (outcome !== Outcome.switched) {
      words[at] = outcome;
      return 0;
    }
    if (words[State.fp] === 0 && !machine.resumeNext()) return Stop.idle;
    const reason = machine.stop;
    machine.stop = 0;
    return reason;
  }

  /** Runs the bytecodes of a method whose primitive has failed. */
  private activate(code: number, detail: number, argumentCount: number): 0 {
    const { words } = this;
    words[scratch + 1] = code;
    words[scratch + 2] = Action.activate;
    words[scratch + 3] = detail;
    return this.send(scratch, argumentCount);
  }

  /** Behind an activation: it may want a failure code, and is a safepoint. */
  private entered(): StopReason | 0 {
    const { words, machine } = this;
    const fp = words[State.fp]!;
    if ((machine.code.frame(words[fp + 1]!) & CodeFlag.failureCode) !== 0)
      words[fp + 3] = machine.failureSymbol();
    return words[State.budget]! < 0 ? machine.attention(1) : 0;
  }

  private notUnderstood(entry: number, at: number, argumentCount: number): StopReason | 0 {
    const { words, machine } = this;
    const mi = words[words[State.fp]! + 1]! >>> 2;
    const w = words[State.instruction]!;
    const fp = words[State.fp]!;
    const pc = words[fp + 2]!;
    const count = machine.notUnderstood(w, mi, mi + this.pc, entry, at, argumentCount);
    if (count < 0) return machine.resumeNext() ? 0 : Stop.idle;
    words[fp + 2] = pc;
    return this.send(scratch, count);
  }

  private enterOnEmptyStack(): StopReason | 0 {
    const { words, machine } = this;
    const at = words[State.live]!;
    const argumentCount = words[State.argumentCount]!;
    machine.enterOnEmptyStack(words[scratch + 1]!, words[scratch + 3]!, at, argumentCount);
    return --words[State.budget]! < 0 ? machine.attention(1) : 0;
  }

  // Instructions

  private return(): StopReason | 0 {
    const { words, machine } = this;
    const fp = words[State.fp]!;
    const answer = words[fp + this.operandA]!;
    const first = machine.firstOperand(fp);
    this.stepBack();
    if ((words[State.instruction]! & 255) === Op.return) {
      words[State.live] = first;
      return machine.returnFrom(fp, answer);
    }
    words[State.live] = Math.max(fp + this.operandA, first);
    return machine.nonLocalReturn(fp, answer);
  }

  /** A store into an immutable object. */
  private assign(): 0 {
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
    return this.fill(words[State.live]!, 2);
  }

  /** Instructions that make an object, where eden has no room or a Context is asked for. */
  private allocate(): StopReason | 0 {
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
      return 0;
    }
    this.stepBack();
    words[State.live] = live;
    return machine.outOfMemory();
  }
}
