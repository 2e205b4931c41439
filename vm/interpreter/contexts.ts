/**
 * Contexts and the frames behind them.
 *
 * The stack holds the newest frames of the active process, bottom frame at the
 * start of the stack. A frame that has a Context keeps it in its link, and the
 * Context's sender then holds the frame's real link: the caller's fp as a
 * SmallInteger, or for the bottom frame the sending Context or nil. The bottom
 * frame always has a Context.
 *
 * Flushing writes every frame to its Context, made if need be, and empties the
 * stack; loading makes a Context the bottom frame again. While a Context has a
 * frame, its other slots are stale and its stack is empty, but nobody can look: a
 * message to a Context flushes first.
 *
 * L. P. Deutsch, A. Schiffman, "Efficient Implementation of the Smalltalk-80
 * System", 1984.
 */

import type { ObjectMemory } from "../memory/object-memory.ts";
import {
  argumentCountMask,
  BlockTail,
  ClosureSlot,
  CodeFlag,
  ContextSlot,
  classIndexOf,
  countMask8,
  Format,
  FrameOffset,
  headerWords,
  literalCountMask,
  MethodTail,
  nilOop,
  type Oop,
  operandDepthShift,
  primitiveShift,
  State,
  smallInteger,
  stackBase,
  temporaryCountShift,
} from "../spec/layouts.ts";
import { receiverSlots } from "./receiver-slots.ts";

/** First word of the stack. */
export const stackStart = stackBase >>> 2;

const fixedSlots = ContextSlot.firstTemp;
/** Room in a Context above its operands: an answer may be pushed, and the machine's own sends need a window. */
const windowSlots = 4;
const { fp: fpState, live: liveState } = State;

/** Codes whose receivers' slots are remembered; a power of two. */
const knownCodes = 4096;

/** Compiled code's header, by word index of the code object. */
export class CodeHeader {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  /** By a hash of the code's address: the code, and how many slots its receiver must have. */
  private readonly known = new Int32Array(knownCodes * 2);

  constructor(memory: ObjectMemory) {
    this.memory = memory;
    this.words = memory.words;
  }

  /** How many slots the receiver must have. */
  receiverSlots(code: Oop): number {
    const entry = ((code >>> 3) & (knownCodes - 1)) * 2;
    if (this.known[entry] !== code) {
      this.known[entry + 1] = receiverSlots(this.memory, code);
      this.known[entry] = code;
    }
    return this.known[entry + 1]!;
  }

  /** Forgets what is known of code: it has moved or changed. */
  forget(): void {
    this.known.fill(0);
  }

  frame(code: Oop): number {
    return this.words[(code >>> 2) + headerWords + 1]! >> 1;
  }

  shape(code: Oop): number {
    return this.words[(code >>> 2) + headerWords]! >> 1;
  }

  argumentCount(code: Oop): number {
    return this.frame(code) & argumentCountMask;
  }

  temporaryCount(code: Oop): number {
    return (this.frame(code) >> temporaryCountShift) & countMask8;
  }

  operandDepth(code: Oop): number {
    return (this.frame(code) >> operandDepthShift) & countMask8;
  }

  isBlock(code: Oop): boolean {
    return (this.frame(code) & CodeFlag.block) !== 0;
  }

  literalCount(code: Oop): number {
    return this.shape(code) & literalCountMask;
  }

  /** A method's primitive number, or a block's count of copied values. */
  primitive(code: Oop): number {
    return this.shape(code) >> primitiveShift;
  }

  /** Words from the code's oop to its first bytecode. */
  startOffset(code: Oop): number {
    return headerWords + 2 + this.literalCount(code);
  }

  literal(code: Oop, index: number): Oop {
    return this.words[(code >>> 2) + headerWords + 2 + index]!;
  }

  methodClass(code: Oop): Oop {
    return this.literal(code, this.literalCount(code) - MethodTail.methodClass);
  }

  selector(code: Oop): Oop {
    return this.literal(code, this.literalCount(code) - MethodTail.selector);
  }

  outerCode(code: Oop): Oop {
    return this.literal(code, this.literalCount(code) - BlockTail.outerCode);
  }

  isCode(oop: Oop, memory: ObjectMemory): boolean {
    const index = memory.classIndex(oop);
    return index === classIndexOf.CompiledMethod || index === classIndexOf.CompiledBlock;
  }
}

export class Contexts {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  readonly code: CodeHeader;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
    this.words = memory.words;
    this.code = new CodeHeader(memory);
    this.words[fpState] = 0;
    this.words[liveState] = stackStart;
  }

  /** The Context of a frame, made if it has none. */
  contextOf(fp: number): Oop {
    const words = this.words;
    const link = words[fp]!;
    if ((link & 1) === 0) return link;
    const context = this.newContext(words[fp + FrameOffset.method]!);
    const slots = (context >>> 2) + headerWords;
    words[slots + ContextSlot.sender] = link;
    this.describe(context, fp);
    words[fp] = context;
    return context;
  }

  /** An empty Context with room for the frame of that code. */
  newContext(code: Oop): Oop {
    const size =
      fixedSlots +
      this.code.argumentCount(code) +
      this.code.temporaryCount(code) +
      this.code.operandDepth(code) +
      windowSlots;
    let context = this.memory.allocate(classIndexOf.Context, Format.indexableWithFixed, size);
    if (context === 0) {
      this.useReserve();
      context = this.memory.allocate(classIndexOf.Context, Format.indexableWithFixed, size);
      if (context === 0) throw new MemoryExhausted();
    }
    this.words[(context >>> 2) + headerWords + ContextSlot.stackp] = smallInteger(0);
    this.words[(context >>> 2) + headerWords + ContextSlot.method] = code;
    return context;
  }

  /** Gives the fresh bottom frame a Context whose sender is the caller's Context. */
  giveContext(fp: number, caller: Oop): void {
    const context = this.newContext(this.words[fp + FrameOffset.method]!);
    this.words[fp] = context;
    this.words[(context >>> 2) + headerWords + ContextSlot.sender] = caller;
    this.describe(context, fp);
  }

  /** Memory is full: opens the reserve, which the handler of OutOfMemory needs too. */
  useReserve(): void {
    if (!this.memory.oldSpace.releaseReserve()) throw new MemoryExhausted();
    this.memory.demandAttention();
  }

  /** Writes what never changes about a frame into its fresh Context. */
  private describe(context: Oop, fp: number): void {
    const words = this.words;
    const code = words[fp + FrameOffset.method]!;
    const receiver = words[fp - 1 - this.code.argumentCount(code)]!;
    const slots = (context >>> 2) + headerWords;
    words[slots + ContextSlot.method] = code;
    if (this.code.isBlock(code)) {
      words[slots + ContextSlot.closureOrNil] = receiver;
      words[slots + ContextSlot.receiver] =
        words[(receiver >>> 2) + headerWords + ClosureSlot.receiver]!;
    } else {
      words[slots + ContextSlot.receiver] = receiver;
    }
    this.memory.objectFilled(context);
  }

  /** The fp of a frame's caller, or 0 if it is the bottom frame. */
  callerFp(fp: number): number {
    const link = this.words[fp]!;
    const real =
      (link & 1) !== 0 ? link : this.words[(link >>> 2) + headerWords + ContextSlot.sender]!;
    return (real & 1) !== 0 ? real >> 1 : 0;
  }

  /** Writes every frame to its Context and empties the stack; answers the top Context, nil if there was none. */
  flush(): Oop {
    const words = this.words;
    const top = words[fpState]!;
    if (top === 0) return nilOop;
    let callee: Oop = 0;
    let end = words[liveState]!;
    let topContext: Oop = nilOop;
    for (let fp = top; fp !== 0; ) {
      const caller = this.callerFp(fp);
      const context = this.contextOf(fp);
      const code = words[fp + FrameOffset.method]!;
      this.write(context, fp, code, end);
      if (callee === 0) topContext = context;
      else this.memory.storePointer(ContextSlot.sender, callee, context);
      callee = context;
      end = fp - 1 - this.code.argumentCount(code);
      fp = caller;
    }
    words[fpState] = 0;
    words[liveState] = stackStart;
    return topContext;
  }

  /** Writes a frame's pc and live words, which end before word `end`, to its Context. */
  private write(context: Oop, fp: number, code: Oop, end: number): void {
    const words = this.words;
    const slots = (context >>> 2) + headerWords;
    const argumentCount = this.code.argumentCount(code);
    words[slots + ContextSlot.pc] = words[fp + FrameOffset.pc]!;
    const first = fp + FrameOffset.firstTemp;
    words[slots + ContextSlot.stackp] = smallInteger(argumentCount + end - first);
    let to = slots + fixedSlots;
    for (let from = fp - argumentCount; from < fp; from++) words[to++] = words[from]!;
    for (let from = first; from < end; from++) words[to++] = words[from]!;
    // What is dead must not be kept alive.
    const size = slots + this.memory.slotCount(context);
    for (; to < size; to++) words[to] = nilOop;
    this.memory.objectFilled(context);
  }

  /** Makes a Context the bottom frame of the empty stack, ready to go on. */
  load(context: Oop): void {
    const words = this.words;
    const slots = (context >>> 2) + headerWords;
    const code = words[slots + ContextSlot.method]!;
    const argumentCount = this.code.argumentCount(code);
    const closure = words[slots + ContextSlot.closureOrNil]!;
    let at = stackStart;
    words[at++] = this.code.isBlock(code) ? closure : words[slots + ContextSlot.receiver]!;
    let from = slots + fixedSlots;
    const end = from + (words[slots + ContextSlot.stackp]! >> 1);
    this.memory.markDirtyRange(from * 4, (end - from) * 4);
    // What the frame lets go must not be kept alive by its Context.
    const take = () => {
      words[at++] = words[from]!;
      words[from++] = nilOop;
    };
    for (let n = argumentCount; n > 0; n--) take();
    const fp = at;
    words[at++] = context;
    words[at++] = code;
    words[at++] = words[slots + ContextSlot.pc]!;
    while (from < end) take();
    words[fpState] = fp;
    words[liveState] = at;
  }

  /** Pushes a word on the active frame. */
  push(oop: Oop): void {
    this.words[this.words[liveState]!++] = oop;
  }

  /** Whether a suspended Context can go on: it has not returned, and its slots make a frame. */
  isAlive(context: Oop): boolean {
    const { memory, code } = this;
    const pc = memory.fetchPointer(ContextSlot.pc, context);
    if ((pc & 1) === 0) return false;
    const method = memory.fetchPointer(ContextSlot.method, context);
    if (!code.isCode(method, memory)) return false;
    const start = code.startOffset(method);
    if (pc >> 1 < start || pc >> 1 >= headerWords + memory.slotCount(method)) return false;
    const depth = memory.fetchPointer(ContextSlot.stackp, context);
    const least = code.argumentCount(method) + code.temporaryCount(method);
    const most = Math.min(
      memory.slotCount(context) - fixedSlots,
      least + code.operandDepth(method) + windowSlots,
    );
    if ((depth & 1) === 0 || depth >> 1 < least || depth >> 1 > most) return false;
    return this.hasFittingReceiver(context, method);
  }

  private hasFittingReceiver(context: Oop, method: Oop): boolean {
    const { memory, code } = this;
    if (!code.isBlock(method)) {
      const receiver = memory.fetchPointer(ContextSlot.receiver, context);
      const needed = code.receiverSlots(method);
      return needed === 0 || memory.hasSlots(receiver, needed);
    }
    const closure = memory.fetchPointer(ContextSlot.closureOrNil, context);
    return (
      memory.classIndex(closure) === classIndexOf.FullBlockClosure &&
      memory.fetchPointer(ClosureSlot.compiledBlock, closure) === method
    );
  }

  /** Marks a Context as returned. */
  kill(context: Oop): void {
    this.memory.storePointer(ContextSlot.sender, context, nilOop);
    this.memory.storePointer(ContextSlot.pc, context, nilOop);
  }

  /** The method Context a block Context, or a closure's outer Context, returns from with `^`; nil if there is none. */
  homeOf(outerContext: Oop): Oop {
    const { memory, code } = this;
    let context = outerContext;
    const walk = new ChainWalk();
    while (memory.classIndex(context) === classIndexOf.Context && walk.isNew(context)) {
      const method = memory.fetchPointer(ContextSlot.method, context);
      if (!code.isCode(method, memory)) return nilOop;
      if (!code.isBlock(method)) return context;
      const closure = memory.fetchPointer(ContextSlot.closureOrNil, context);
      if (memory.classIndex(closure) !== classIndexOf.FullBlockClosure) return nilOop;
      context = memory.fetchPointer(ClosureSlot.outerContext, closure);
    }
    return nilOop;
  }
}

/**
 * Notices when a walk along a chain goes in a circle.
 *
 * R. P. Brent, "An improved Monte Carlo factorization algorithm", 1980.
 */
export class ChainWalk {
  private mark: Oop = 0;
  private left = 1;
  private power = 1;

  /** Whether the chain has not come back to where it was; asked at each link. */
  isNew(oop: Oop): boolean {
    if (oop === this.mark) return false;
    if (--this.left === 0) {
      this.mark = oop;
      this.power *= 2;
      this.left = this.power;
    }
    return true;
  }
}

/** Not even a Context could be allocated; the session cannot go on. */
export class MemoryExhausted extends Error {
  constructor() {
    super("memory: no room for a context");
  }
}
