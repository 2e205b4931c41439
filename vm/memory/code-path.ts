/**
 * One step of the code verifier: what an instruction asks of the abstract frame and
 * does to it, from the tables in vm/spec/bytecodes.ts.
 */

import { type Bytecode, bytecodeAt, Op } from "../spec/bytecodes.ts";
import { ClosureSlot, classIndexOf, FrameOffset, type Oop } from "../spec/layouts.ts";
import { type Frame, Kind } from "./code-frames.ts";
import type { BlockInputs, CodeShape, CodeVerifier } from "./code-verifier.ts";
import type { HeapMap } from "./heap-map.ts";

export class CodePath {
  private readonly map: HeapMap;
  private readonly words: Int32Array;
  private readonly verifier: CodeVerifier;
  private code: CodeShape;
  private inputs: BlockInputs | undefined;
  private everywhere = false;
  private frame: Frame = new Int32Array(0);
  private pc = 0;

  constructor(map: HeapMap, verifier: CodeVerifier, code: CodeShape) {
    this.map = map;
    this.words = map.words;
    this.verifier = verifier;
    this.code = code;
  }

  /**
   * Reaches the first instruction of code with the frame of an activation. With
   * `everywhere`, companions are reached from slow paths, too.
   */
  enter(code: CodeShape, inputs: BlockInputs | undefined, everywhere: boolean): void {
    this.code = code;
    this.inputs = inputs;
    this.everywhere = everywhere;
    this.frame = new Int32Array(1 + code.argumentCount + code.endRegister).fill(Kind.unwritten);
    this.frame.fill(Kind.any, 1, this.at(0));
    this.frame[0] = code.isBlock ? Kind.closure : Kind.self;
    this.frame.fill(Kind.any, this.at(FrameOffset.firstTemp), this.at(code.firstOperand));
    this.verifier.reach(code.start, this.frame);
  }

  /** Takes a frame to go on with. */
  load(frame: Frame): void {
    this.frame.set(frame);
  }

  /** Checks the instruction at a word index and reaches those behind it; one may go on with the frame as it is left. */
  step(pc: number): void {
    this.pc = pc;
    const word = this.words[pc]!;
    const row: Bytecode = bytecodeAt[word & 255]!;
    if (row.next !== undefined && pc + 1 >= this.code.end) this.fail("a next word", "the end");
    if (row.next === "move" || row.next === "branch") this.withCompanion(row, word);
    else this.alone(row, word);
  }

  // Instructions with a companion

  private withCompanion(row: Bytecode, word: number): void {
    const a = (word << 16) >> 24;
    const isAtPut = row.opcode === Op.atPut;
    if (isAtPut) this.read(a);
    this.read((word << 8) >> 24);
    if (row.operands === "ABC") this.read(word >> 24);
    if (row.operands === "ABl") this.selector(word >>> 24);
    const companion = this.words[this.pc + 1]!;
    if (row.next === "branch") {
      this.branch(row, companion);
      return;
    }
    const target = (companion << 16) >> 24;
    const top = (companion << 8) >> 24;
    if ((companion & 255) !== Op.move || (!isAtPut && target !== a)) {
      this.fail("the companion `move`", `0x${(companion >>> 0).toString(16)}`);
    }
    this.slowPath(top);
    this.write(target, Kind.any);
    this.goTo(this.pc + 2);
  }

  private branch(row: Bytecode, companion: number): void {
    const operation = companion & 255;
    const offset = companion >> 16;
    if ((operation !== Op.jumpIfTrue && operation !== Op.jumpIfFalse) || offset < 0) {
      this.fail("a branch forward as companion", `0x${(companion >>> 0).toString(16)}`);
    }
    if (row.selector !== undefined || row.operands === "ABl")
      this.slowPath((companion << 16) >> 24);
    this.goTo(this.pc + 2);
    this.goTo(this.pc + 2 + offset);
  }

  /**
   * A send from a window at top that returns to the companion. By way of it paths
   * get nowhere with less in the frame than the fast path leaves there, so they
   * are followed only where the companion's own frame is asked for.
   */
  private slowPath(top: number): void {
    this.safepoint(top);
    const answer = this.checked(top);
    if (!this.everywhere) return;
    const answered = this.frame.slice();
    answered[answer] = Kind.any;
    this.verifier.reach(this.pc + 1, answered);
  }

  // Others

  /** The commonest first: a cold machine tries the cases one by one. */
  private alone(row: Bytecode, word: number): void {
    const a = (word << 16) >> 24;
    const b = (word << 8) >> 24;
    const wide = word >>> 16;
    switch (row.opcode) {
      case Op.move:
        this.write(a, this.read(b));
        break;
      case Op.send:
        this.selector(word >>> 24);
        this.send(a, (word >> 16) & 255);
        break;
      case Op.return:
        this.return(a, b);
        return;
      case Op.loadSlot:
        this.write(a, this.slotKind(this.read(b), word >>> 24));
        break;
      case Op.loadNil:
      case Op.loadTrue:
      case Op.loadFalse:
      case Op.loadInteger:
      case Op.loadContext:
        this.write(a, Kind.any);
        break;
      case Op.loadLiteral:
        this.literal(wide);
        this.write(a, Kind.any);
        break;
      case Op.loadGlobal:
        this.binding(wide);
        this.write(a, Kind.any);
        break;
      case Op.storeGlobal:
        this.binding(wide);
        this.read(a);
        break;
      case Op.loadSlotFar:
        this.write(a, this.slotKind(this.read(b), this.next()));
        this.goTo(this.pc + 2);
        return;
      case Op.storeSlot:
        this.storeSlot(a, b, word >>> 24);
        break;
      case Op.storeSlotFar:
        this.storeSlot(a, b, this.next());
        this.goTo(this.pc + 2);
        return;
      case Op.storeVector:
        this.storeVector(a, b, word >>> 24);
        break;
      case Op.storeVectorFar:
        this.storeVector(a, b, this.next());
        this.goTo(this.pc + 2);
        return;
      case Op.newVector:
        this.requireWritten(a);
        this.write(a, Kind.vector + wide);
        break;
      case Op.newArray:
        this.requireWritten(a);
        for (let n = 0; n < wide; n++) this.read(a + n);
        this.write(a, Kind.any);
        break;
      case Op.newClosure:
        this.newClosure(a, wide);
        break;
      case Op.loadClass:
        this.read(b);
        this.write(a, Kind.any);
        break;
      case Op.identical:
      case Op.notIdentical:
        this.read(b);
        this.read(word >> 24);
        this.write(a, Kind.any);
        break;
      case Op.sendFar:
      case Op.superSend:
        this.selector(this.next());
        this.send(a, (word >> 16) & 255);
        this.goTo(this.pc + 2);
        return;
      default:
        this.leave(row, word);
        return;
    }
    this.goTo(this.pc + 1);
  }

  private return(answer: number, receiver: number): void {
    this.read(answer);
    if (receiver !== -1 - this.code.argumentCount) {
      this.fail("the receiver's register", String(receiver));
    }
  }

  /** Jumps, and returns from a block's home. */
  private leave(row: Bytecode, word: number): void {
    const a = (word << 16) >> 24;
    const offset = word >> 16;
    const behind = this.pc + 1;
    switch (row.opcode) {
      case Op.nonLocalReturn:
        if (!this.code.isBlock) this.fail("a block", "a method");
        this.read(a);
        this.requireWritten(a);
        return;
      case Op.jump:
        this.forward(offset);
        this.goTo(behind + offset);
        return;
      case Op.jumpBack:
        if (offset >= 0) this.fail("a jump backward", String(offset));
        this.safepoint(a);
        this.goTo(behind + offset);
        return;
      case Op.jumpIfFalse:
      case Op.jumpIfTrue:
        this.forward(offset);
        this.read(a);
        this.safepoint(a);
        this.write(a, Kind.any);
        this.goTo(behind);
        this.goTo(behind + offset);
        return;
      case Op.jumpIfNil:
      case Op.jumpIfNotNil:
        this.forward(offset);
        this.read(a);
        this.goTo(behind);
        this.goTo(behind + offset);
        return;
      case Op.jumpFar:
        if (this.next() < 0) this.safepoint(a);
        this.goTo(behind + 1 + this.next());
        return;
      default:
        this.fail("a bytecode the verifier knows", row.name);
    }
  }

  private slotKind(object: number, slot: number): number {
    const { inputs } = this;
    if (object >= Kind.vector) {
      this.below(slot, object - Kind.vector);
      return Kind.any;
    }
    if (object === Kind.self) {
      this.below(slot, 0x10000);
      this.verifier.receiverSlotUsed(this.code.oop, slot);
      return Kind.any;
    }
    if (object !== Kind.closure) this.fail("slots of the receiver or a temp vector", "others");
    // A block's header says how many values its closures carry.
    this.below(slot, ClosureSlot.firstCopied + this.code.primitive);
    if (slot === ClosureSlot.receiver) return inputs?.receiver ?? Kind.any;
    return inputs?.copied[slot - ClosureSlot.firstCopied] ?? Kind.any;
  }

  private storeSlot(object: number, value: number, slot: number): void {
    this.read(value);
    if (this.read(object) !== Kind.self) this.fail("the receiver", "another object");
    this.slotKind(Kind.self, slot);
    const top = Math.max(value, this.code.firstOperand);
    this.safepoint(top);
    if (value === top) this.write(value, Kind.any);
  }

  private storeVector(vector: number, value: number, slot: number): void {
    const kind = this.read(vector);
    this.read(value);
    if (kind < Kind.vector) this.fail("a temp vector", "another object");
    this.below(slot, kind - Kind.vector);
  }

  private newClosure(a: number, index: number): void {
    const block = this.literal(index);
    if (!this.map.isInstance(block, classIndexOf.CompiledBlock)) {
      this.fail("a CompiledBlock", this.map.describe(block));
    }
    this.requireWritten(a);
    const receiver = this.read(a);
    const copied: number[] = [];
    const count = this.verifier.shapeOf(block).primitive;
    for (let n = 1; n <= count; n++) copied.push(this.read(a + n));
    this.verifier.closureMade(this.code.oop, block, receiver, copied);
    this.write(a, Kind.any);
  }

  private send(window: number, argumentCount: number): void {
    for (let n = 0; n <= argumentCount; n++) this.read(window + n);
    this.safepoint(window);
    this.write(window, Kind.any);
  }

  // Frames

  /** Everything below the window must be written; from the window on nothing is kept. */
  private safepoint(window: number): void {
    const { firstOperand, endRegister } = this.code;
    if (window < firstOperand || window > endRegister) {
      this.fail(`a window from register ${firstOperand} to ${endRegister}`, String(window));
    }
    this.requireWritten(window);
    this.frame.fill(Kind.unwritten, this.at(window));
  }

  private requireWritten(end: number): void {
    for (let register = this.code.firstOperand; register < end; register++) this.read(register);
  }

  private read(register: number): number {
    const kind = this.frame[this.checked(register)]!;
    if (kind === Kind.unwritten) this.fail("a register that was written", String(register));
    return kind;
  }

  private write(register: number, kind: number): void {
    const at = this.checked(register);
    // Contexts are made with what is there, so it may be lost in returning only.
    if (at === 0 && (this.words[this.pc + 1]! & 255) !== Op.return) {
      this.fail("a register that may be written", String(register));
    }
    this.frame[at] = kind;
  }

  /** The place of a register in the frame, where it may be named. */
  private checked(register: number): number {
    const { argumentCount, endRegister } = this.code;
    const isLink = register >= 0 && register < FrameOffset.firstTemp;
    if (register < -1 - argumentCount || register >= endRegister || isLink) {
      this.fail(`a register from ${-1 - argumentCount} to ${endRegister - 1}`, String(register));
    }
    return this.at(register);
  }

  private at(register: number): number {
    return register + 1 + this.code.argumentCount;
  }

  // Words

  private goTo(pc: number): void {
    if (pc < this.code.start || pc >= this.code.end) {
      this.fail("an instruction to go on with", `the word at ${pc - this.code.start}`);
    }
    this.verifier.reach(pc, this.frame);
  }

  private forward(offset: number): void {
    if (offset < 0) this.fail("a jump forward", String(offset));
  }

  private below(number: number, limit: number): void {
    if (number < 0 || number >= limit) this.fail(`a number from 0 to ${limit - 1}`, String(number));
  }

  private next(): number {
    return this.words[this.pc + 1]!;
  }

  private literal(index: number): Oop {
    this.below(index, this.code.literalCount);
    return this.words[this.code.literals + index]!;
  }

  private selector(index: number): void {
    const selector = this.literal(index);
    if (!this.map.isSymbol(selector)) this.fail("a Symbol", this.map.describe(selector));
  }

  private binding(index: number): void {
    const binding = this.literal(index);
    if (!this.map.hasSlots(binding, 2)) this.fail("a binding", this.map.describe(binding));
  }

  private fail(expected: string, found: string): never {
    this.map.fail("CODE", this.pc * 4, expected, found);
  }
}
