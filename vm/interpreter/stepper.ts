/**
 * Single steps: runs a suspended process for one bytecode.
 *
 * The dispatch loop has no notion of a step. So the stepped process is made the active
 * one, its top frame alone on the stack, and its next instruction is copied out of its
 * code to a place of the machine's own, with a trap behind it and at the end of its
 * jump: a backward jump onto itself, which finds the budget used up. The loop runs the
 * copy with the frame's own literals and registers, and ends at the trap, or earlier: at
 * the entry of what it called, or where a slow path is done (`goOn`). Then the frame gets
 * its own pc again.
 *
 * An instruction and its companion are one step, unless what the instruction sends is activated.
 * So are an instruction that puts the frame's answer in the place of its receiver, where
 * a Context could not keep it, and all to the return.
 *
 * Always: while a step is under way no other process is switched to and nothing is
 * collected but by a primitive that the step itself calls; the code is never changed;
 * whoever writes a frame to its Context, or moves code, first gives the stepped frame
 * its own pc (`settle`).
 *
 * Single-stepping out of line, as debuggers of processors do it.
 */

import { bytecodeAt, Op, wideWord } from "../spec/bytecodes.ts";
import {
  ContextSlot,
  classIndexOf,
  FrameOffset,
  nilOop,
  type Oop,
  ProcessSlot,
  SchedulerSlot,
  State,
  smallInteger,
  stateBase,
} from "../spec/layouts.ts";
import { Outcome } from "./control-primitives.ts";
import { type Interpreter, Stop, type StopReason } from "./interpreter.ts";

/** Word index of the copied instruction. */
const copyAt = (stateBase >>> 2) + 32;
/** Places in the copy: behind one word, behind two, and where a jump leads. */
const takenPlace = 8;
const copyWords = takenPlace + 1;
/** A backward jump onto itself; A is no operand, by which it is known. */
const trap = wideWord(Op.jumpBack, 0, -1);
/** Room above the operands that a Context has. */
const windowSlots = 4;
/** Steps that step a process that steps …, each of which takes some of the host's stack. */
const deepestNesting = 16;

const isJump = (opcode: number): boolean => opcode >= Op.jump && opcode <= Op.jumpIfNotNil;

/** Instructions from an answer in the receiver's place to its return; code that means it needs a few. */
const mostInstructions = 1000;

/** Where the frame of the step under way is, and what its copied instruction stands for. */
interface Step {
  frame: number;
  /** First word above the window its instruction may send from; 0 if it does not send. */
  windowEnd: number;
  /** Pc of the instruction, and of what it may jump to. */
  pc: number;
  taken: number;
  /** Whether the copy was run through. */
  isTrapped: boolean;
}

export class Stepper {
  private readonly machine: Interpreter;
  private readonly words: Int32Array;
  private step: Step = { frame: 0, windowEnd: 0, pc: 0, taken: 0, isTrapped: false };
  private nesting = 0;
  /** The cache entry that a send of the copy has filled, or 0. */
  filledEntry = 0;

  constructor(machine: Interpreter) {
    this.machine = machine;
    this.words = machine.memory.words;
  }

  /**
   * The primitive: runs the suspended process at `at` for one step. Answers it, or the
   * list it put itself into, which it is taken off again. A step that asks for a
   * snapshot gets nil; the real answer goes to the stepping process.
   */
  perform(at: number): Oop {
    const { machine, words } = this;
    const { memory, scheduler, contexts } = machine;
    if (!this.isSteppable(words[at]!)) return machine.fail("badReceiver");
    if (this.nesting === deepestNesting) return machine.fail("unsupported");
    words[State.live] = at;
    const process = memory.hold(words[at]!);
    const stepper = memory.hold(scheduler.activeProcess);
    const context = memory.hold(contexts.flush());
    machine.activate(memory.heldOop(process));
    const reason = this.runOne();
    const list = this.takeBack(memory.heldOop(process), reason);
    const mayGoOn = this.resume(memory.heldOop(stepper), memory.heldOop(context));
    if (mayGoOn && reason !== Stop.snapshot) {
      contexts.push(list === nilOop ? memory.heldOop(process) : list);
    }
    for (const handle of [process, stepper, context]) memory.release(handle);
    if (reason === Stop.snapshot || reason === Stop.exit) machine.requestStop(reason);
    else if (mayGoOn) machine.switchIfPreempted();
    return Outcome.switched;
  }

  private isSteppable(process: Oop): boolean {
    const { memory, scheduler, contexts } = this.machine;
    const context = memory.fetchPointer(ProcessSlot.suspendedContext, process);
    return (
      process !== scheduler.activeProcess &&
      memory.fetchPointer(ProcessSlot.myList, process) === nilOop &&
      memory.classIndex(context) === classIndexOf.Context &&
      contexts.isAlive(context)
    );
  }

  /** Runs the loop for one step of the loaded process, with a budget and a copy of its own. */
  private runOne(): StopReason {
    const { machine, words } = this;
    const outer = { step: this.step, goOn: machine.goOn };
    this.forgetSend();
    const copy = words.slice(copyAt, copyAt + copyWords);
    const budget = [State.budget, State.attention, State.savedBudget].map((at) => words[at]!);
    this.nesting++;
    machine.goOn = Stop.sliceEnd;
    words[State.attention] = 0;
    let wantsAttention = false;
    let reason: StopReason;
    let left = mostInstructions;
    do {
      this.copyInstruction();
      words[State.budget] = 0;
      reason = machine.interpret();
      wantsAttention ||= words[State.attention] !== 0;
      words[State.attention] = 0;
      this.forgetSend();
    } while (this.isReturning() && --left > 0);
    if (machine.stop !== 0) {
      reason = machine.stop;
      machine.stop = 0;
    }
    [words[State.budget], words[State.attention], words[State.savedBudget]] = budget as [
      number,
      number,
      number,
    ];
    if (wantsAttention) machine.memory.demandAttention();
    words.set(copy, copyAt);
    this.step = outer.step;
    machine.goOn = outer.goOn;
    this.nesting--;
    return reason;
  }

  /** Other sends will stand where the copy is. */
  private forgetSend(): void {
    if (this.filledEntry !== 0) this.words[this.filledEntry] = 0;
    this.filledEntry = 0;
  }

  /** Copies the instruction of the frame that was loaded, and has the frame run the copy. */
  private copyInstruction(): void {
    const { words } = this;
    const fp = words[State.fp]!;
    const codeAt = words[fp + FrameOffset.method]! >>> 2;
    const pc = words[fp + FrameOffset.pc]! >> 1;
    let first = words[codeAt + pc]!;
    let second = words[codeAt + pc + 1]!;
    const { next, selector, operands } = bytecodeAt[first & 255]!;
    let taken = 0;
    if (next === undefined) second = trap;
    if (isJump(first & 255) && (first & 255) !== Op.jumpFar) {
      taken = pc + 1 + (first >> 16);
      first = (first & 0xffff) | ((takenPlace - 1) << 16);
    } else if (next === "offset") {
      taken = pc + 2 + second;
      second = takenPlace - 2;
    } else if (next === "branch") {
      taken = pc + 2 + (second >> 16);
      second = (second & 0xffff) | ((takenPlace - 2) << 16);
    }
    words.fill(trap, copyAt, copyAt + copyWords);
    words[copyAt] = first;
    words[copyAt + 1] = second;
    const sends =
      selector !== undefined ||
      (first & 255) === Op.send ||
      operands === "ABl" ||
      next === "literal";
    const windowEnd = sends ? this.windowEnd(fp, first, second) : 0;
    this.step = { frame: fp, windowEnd, pc, taken, isTrapped: false };
    words[fp + FrameOffset.pc] = smallInteger(copyAt - codeAt);
    // What is not written yet may be written down with the rest, so it must be an oop.
    words.fill(nilOop, words[State.live]!, this.operandsEnd(fp) + windowSlots);
  }

  /** The first word above the answer of what an instruction sends. */
  private windowEnd(fp: number, first: number, second: number): number {
    const opcode = first & 255;
    if (opcode === Op.storeSlot || opcode === Op.storeSlotFar) return 0;
    const { next } = bytecodeAt[opcode]!;
    if (next === "move") return fp + ((second << 8) >> 24) + 1;
    if (next === "branch") return fp + ((second << 16) >> 24) + 1;
    return fp + ((first << 16) >> 24) + 1;
  }

  private operandsEnd(fp: number): number {
    const { code } = this.machine;
    const method = this.words[fp + FrameOffset.method]!;
    return fp + FrameOffset.firstTemp + code.temporaryCount(method) + code.operandDepth(method);
  }

  /** Gives the stepped frame its own pc again. */
  settle(): void {
    const { words, step } = this;
    const codeAt = words[step.frame + FrameOffset.method]! >>> 2;
    const place = codeAt + (words[step.frame + FrameOffset.pc]! >> 1) - copyAt;
    if (place < 0 || place >= copyWords) return;
    const pc = place === takenPlace ? step.taken : step.pc + place;
    words[step.frame + FrameOffset.pc] = smallInteger(pc);
  }

  /** What `attention` does in a step: the step is over. */
  endStep(): StopReason {
    const { words, step } = this;
    this.settle();
    if (words[State.fp] === step.frame && words[State.live] === step.frame) {
      const end = this.operandsEnd(step.frame);
      if (step.windowEnd !== 0 && step.windowEnd < end) words.fill(nilOop, step.windowEnd, end);
      words[State.live] = end;
      step.isTrapped = true;
    }
    return Stop.sliceEnd;
  }

  /** Whether the frame has something else in its receiver's place. */
  private isReturning(): boolean {
    const { words, step, machine } = this;
    const fp = step.frame;
    if (!step.isTrapped) return false;
    const method = words[fp + FrameOffset.method]!;
    const slot = machine.code.isBlock(method) ? ContextSlot.closureOrNil : ContextSlot.receiver;
    const receiver = words[fp - 1 - machine.code.argumentCount(method)];
    return receiver !== machine.memory.fetchPointer(slot, words[fp]!);
  }

  /** Suspends the stepped process, if it is not; answers the list it was on, or nil. */
  private takeBack(process: Oop, reason: StopReason): Oop {
    const { machine, words } = this;
    const { memory, scheduler } = machine;
    if (words[State.fp] !== 0) {
      if (reason === Stop.snapshot) machine.contexts.push(nilOop);
      // An answer nobody takes may stand above all operands.
      words[State.live] = Math.min(words[State.live]!, this.operandsEnd(words[State.fp]!));
      machine.suspendActive();
    }
    return this.takeOffList(process, memory, scheduler);
  }

  private takeOffList(
    process: Oop,
    memory: Interpreter["memory"],
    scheduler: Interpreter["scheduler"],
  ): Oop {
    const list = memory.fetchPointer(ProcessSlot.myList, process);
    return scheduler.isList(list) && scheduler.remove(process, list) ? list : nilOop;
  }

  /** Lets the stepping process go on, whatever the step did to it. */
  private resume(stepper: Oop, context: Oop): boolean {
    const { memory, scheduler } = this.machine;
    this.takeOffList(stepper, memory, scheduler);
    memory.storePointer(ProcessSlot.suspendedContext, stepper, context);
    if (this.machine.activate(stepper)) return true;
    memory.storePointer(SchedulerSlot.activeProcess, memory.special("processor"), nilOop);
    return false;
  }
}
