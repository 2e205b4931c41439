/**
 * The code verifier proves, before any of it runs, that compiled code keeps to its frame
 * and to the objects it may touch, since the interpreter checks none of that.
 *
 * It follows every path through a code object with an abstract frame that knows of
 * each register whether it has been written and what it holds: anything, the
 * method's receiver, the block's closure, or a temp vector of known size. It
 * proves:
 *
 * - every opcode, companion and jump target is an instruction, literals are in range
 *   and of their kind, and no path runs off the end;
 * - every register is within receiver, arguments, temporaries and operand depth,
 *   never the frame's own words, and written before it is read;
 * - at every safepoint all words below the window have been written, so that a
 *   collection meets oops only; what was above a window counts as unwritten
 *   after it;
 * - slots are read and written only in the receiver, closures (copied values) and temp
 *   vectors, below their known sizes. Blocks are proved with what the code
 *   that makes their closures puts into them.
 *
 * How many slots a method needs its receiver to have is answered by `receiverSlots`; the
 * caller compares it with the classes that have the method, and with the
 * receivers of closures and Contexts in the heap.
 *
 * What only the machine can guarantee while it runs: that a method runs on receivers of
 * classes it was installed for (when it installs, performs or executes one), and that
 * reflective stores and `become:` into closures, contexts, bindings and active receivers
 * leave them as many slots. Memory being one typed array, a breach there
 * damages this image's own objects, never the host.
 */

import { type Bytecode, bytecodeAt, Op } from "../spec/bytecodes.ts";
import {
  argumentCountMask,
  BlockTail,
  CodeFlag,
  CodeSlot,
  classIndexOf,
  countMask8,
  FrameOffset,
  headerWords,
  isSmallInteger,
  literalCountMask,
  MethodTail,
  type Oop,
  operandDepthShift,
  primitiveShift,
  temporaryCountShift,
} from "../spec/layouts.ts";
import { primitives } from "../spec/primitives.ts";
import { type Frame, join, joinInto, Kind } from "./code-frames.ts";
import { CodePath } from "./code-path.ts";
import type { HeapMap } from "./heap-map.ts";

/** What a block finds in its closure. */
export interface BlockInputs {
  readonly receiver: number;
  readonly copied: readonly number[];
}

/** The numbers of a code object's header. */
export interface CodeShape {
  readonly oop: Oop;
  readonly literalCount: number;
  readonly primitive: number;
  readonly argumentCount: number;
  readonly temporaryCount: number;
  readonly isBlock: boolean;
  /** Word index of literal 0. */
  readonly literals: number;
  /** Word index of the first bytecode, and of the first word behind the last. */
  readonly start: number;
  readonly end: number;
  /** First operand register, and first register behind the operands. */
  readonly firstOperand: number;
  readonly endRegister: number;
}

/** What a word of code is: the second of an instruction, an instruction, or one that paths may reach from several places. */
const Place = { data: 0, plain: 1, meeting: 2 } as const;
/** Steps to prove a code object, for each of its words: far more than a compiler's code takes. */
const stepsPerWord = 256;
/** More blocks within each other than any compiler makes. */
const deepest = 256;
/** By opcode: whether it is a jump by its own operand. */
const isJump = new Uint8Array(256);
isJump[Op.jump] = isJump[Op.jumpBack] = 1;
isJump[Op.jumpIfFalse] = isJump[Op.jumpIfTrue] = 1;
isJump[Op.jumpIfNil] = isJump[Op.jumpIfNotNil] = 1;

const argumentsOfPrimitive = new Map<number, number>(
  primitives.map((row) => [row.number, row.arguments]),
);

export class CodeVerifier {
  private readonly map: HeapMap;
  private readonly words: Int32Array;
  private readonly inputs = new Map<Oop, BlockInputs>();
  private readonly slotsNeeded = new Map<Oop, number>();
  private readonly children = new Map<Oop, Set<Oop>>();
  private readonly blocksMade: ({ block: Oop } & BlockInputs)[] = [];
  /** The analysis under way: its code, what stands where, and where to go on. */
  private code: CodeShape | undefined;
  private everywhere = false;
  private path: CodePath | undefined;
  private places = new Uint8Array(64);
  private frames: (Frame | undefined)[] = [];
  private waiting: number[] = [];
  private next = -1;
  /** Frames by code and pc of the code object analysed last. */
  private lastCode: Oop = 0;
  private lastFrames: (Frame | undefined)[] = [];

  constructor(map: HeapMap) {
    this.map = map;
    this.words = map.words;
  }

  /** Proves all compiled code of the heap. */
  verifyAll(): void {
    this.checkHeaders();
    this.proveMethods();
    this.proveOtherBlocks();
  }

  /**
   * Proves code that has changed, all other code of the heap being proved: what it says
   * itself, and what methods say of the blocks in it. Never do bytecodes change.
   */
  verifyChanged(changed: Int32Array): void {
    this.lastCode = 0;
    this.checkOwners();
    for (const code of changed) this.checkHeader(this.shapeOf(code));
    for (const method of new Set(Array.from(changed, (code) => this.outermost(code)))) {
      this.flow(this.shapeOf(method));
      this.proveBlocks();
    }
    for (const block of changed) {
      if (!this.map.isInstance(block, classIndexOf.CompiledBlock)) continue;
      if (this.inputs.has(block)) this.flow(this.shapeOf(block));
      else this.blocksMade.push({ block, receiver: Kind.any, copied: [] });
      this.proveBlocks();
    }
  }

  /** A class has not changed with the code of its methods. */
  private checkOwners(): void {
    const { map } = this;
    const { items, count } = map.code;
    let last: Oop = 0;
    for (let at = 0; at < count; at++) {
      const code = items[at]!;
      const first = (code >>> 2) + headerWords;
      const literalCount = (this.words[first + CodeSlot.shape]! >> 1) & literalCountMask;
      const owner =
        this.words[first + CodeSlot.firstLiteral + literalCount - MethodTail.methodClass]!;
      if (owner !== last && !map.isBehavior(owner)) {
        map.fail("CODE", code, "a class as last literal", owner);
      }
      last = owner;
    }
  }

  /** The method a block is in, or as far out as can be seen. */
  private outermost(code: Oop): Oop {
    let method = code;
    for (let depth = 0; depth < deepest; depth++) {
      const shape = this.shapeOf(method);
      if (!shape.isBlock) break;
      method = this.literal(shape, shape.literalCount - BlockTail.outerCode);
    }
    return method;
  }

  private checkHeaders(): void {
    const { items, count } = this.map.code;
    for (let at = 0; at < count; at++) this.checkHeader(this.shapeOf(items[at]!));
  }

  private proveMethods(): void {
    const { items, count } = this.map.code;
    for (let at = 0; at < count; at++) {
      const code = this.shapeOf(items[at]!);
      if (code.isBlock) continue;
      this.flow(code);
      this.proveBlocks();
    }
  }

  /** A block no method makes closures of may have closures all the same. */
  private proveOtherBlocks(): void {
    const { map, inputs } = this;
    const { items, count } = map.code;
    for (let at = 0; at < count; at++) {
      const block = items[at]!;
      if (inputs.has(block) || !map.isInstance(block, classIndexOf.CompiledBlock)) continue;
      this.blocksMade.push({ block, receiver: Kind.any, copied: [] });
      this.proveBlocks();
    }
  }

  /** How many slots code, with the blocks in it, needs the method's receiver to have. */
  receiverSlots(code: Oop): number {
    let most = this.slotsNeeded.get(code) ?? 0;
    if (!this.children.has(code)) return most;
    const seen = new Set<Oop>();
    const waiting = [code];
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
      if (seen.has(each)) continue;
      seen.add(each);
      most = Math.max(most, this.slotsNeeded.get(each) ?? 0);
      waiting.push(...(this.children.get(each) ?? []));
    }
    return most;
  }

  /** What closures over a block must hold. */
  inputsOf(block: Oop): BlockInputs | undefined {
    return this.inputs.get(block);
  }

  /** The abstract frame in front of an instruction (pc in words from the code's oop), if there is one. */
  frameAt(code: Oop, pc: number): Frame | undefined {
    if (this.lastCode !== code) {
      this.lastFrames = this.flow(this.shapeOf(code), true);
      this.lastCode = code;
      this.blocksMade.length = 0;
    }
    return this.lastFrames[(code >>> 2) + pc - this.shapeOf(code).start];
  }

  shapeOf(code: Oop): CodeShape {
    const { words } = this;
    const first = (code >>> 2) + headerWords;
    const shape = words[first + CodeSlot.shape]! >> 1;
    const frame = words[first + CodeSlot.frame]! >> 1;
    const literalCount = shape & literalCountMask;
    const literals = first + CodeSlot.firstLiteral;
    const temporaryCount = (frame >> temporaryCountShift) & countMask8;
    const firstOperand = FrameOffset.firstTemp + temporaryCount;
    return {
      oop: code,
      literalCount,
      primitive: shape >>> primitiveShift,
      argumentCount: frame & argumentCountMask,
      temporaryCount,
      isBlock: this.map.isInstance(code, classIndexOf.CompiledBlock),
      literals,
      start: literals + literalCount,
      end: first + this.map.memory.slotCount(code),
      firstOperand,
      endRegister: firstOperand + ((frame >> operandDepthShift) & countMask8),
    };
  }

  private checkHeader(code: CodeShape): void {
    const { words, map } = this;
    const address = code.oop >>> 0;
    const frame = words[code.literals - CodeSlot.firstLiteral + CodeSlot.frame]!;
    const isBlockByFlag = ((frame >> 1) & CodeFlag.block) !== 0;
    if (!isSmallInteger(frame) || isBlockByFlag !== code.isBlock) {
      map.fail("CODE", address, "a frame word that suits the class", frame);
    }
    if (code.endRegister > 128 || code.start >= code.end) {
      map.fail("CODE", address, "a frame of at most 128 words, and bytecodes", "others");
    }
    if (code.literalCount < (code.isBlock ? 2 : 4)) {
      map.fail("CODE", address, "the last literals", `${code.literalCount} literals`);
    }
    const owner = this.literal(code, code.literalCount - MethodTail.methodClass);
    if (!map.isBehavior(owner)) map.fail("CODE", address, "a class as last literal", owner);
    if (code.isBlock) {
      const outer = this.literal(code, code.literalCount - BlockTail.outerCode);
      if (!map.isCode(outer)) map.fail("CODE", address, "code as outer code", outer);
      return;
    }
    const selector = this.literal(code, code.literalCount - MethodTail.selector);
    if (!map.isSymbol(selector)) map.fail("CODE", address, "a Symbol as selector", selector);
    const wanted = argumentsOfPrimitive.get(code.primitive) ?? -2;
    if (code.primitive !== 0 && wanted !== -1 && wanted !== code.argumentCount) {
      map.fail("CODE", address, "a primitive for that many arguments", String(code.primitive));
    }
    if (((frame >> 1) & CodeFlag.failureCode) !== 0 && code.temporaryCount === 0) {
      map.fail("CODE", address, "a temporary for the failure code", "none");
    }
  }

  /** Proves blocks with what the sites analysed put into their closures. */
  private proveBlocks(): void {
    for (let made = this.blocksMade.pop(); made !== undefined; made = this.blocksMade.pop()) {
      const known = this.inputs.get(made.block);
      const inputs = known === undefined ? made : joinInputs(known, made);
      if (known !== undefined && sameInputs(known, inputs)) continue;
      this.inputs.set(made.block, inputs);
      this.flow(this.shapeOf(made.block));
    }
  }

  private literal(code: CodeShape, index: number): Oop {
    return this.words[code.literals + index]!;
  }

  /**
   * Follows all paths; answers the abstract frames in front of the instructions
   * where paths meet, or with `everywhere` of all that can be reached.
   */
  private flow(code: CodeShape, everywhere = false): (Frame | undefined)[] {
    const frames: (Frame | undefined)[] = [];
    const waiting: number[] = [];
    this.code = code;
    this.everywhere = everywhere;
    this.frames = frames;
    this.waiting = waiting;
    this.findPlaces(code);
    this.next = -1;
    this.path ??= new CodePath(this.map, this, code);
    const { path } = this;
    let stepsLeft = (code.end - code.start + 1) * stepsPerWord;
    path.enter(code, this.inputs.get(code.oop), everywhere);
    for (;;) {
      for (let at = this.next; at >= 0; at = this.next) {
        this.next = -1;
        path.step(at);
        if (--stepsLeft < 0) this.map.fail("CODE", at * 4, "code simple enough to prove", "other");
      }
      const pc = waiting.pop();
      if (pc === undefined) return frames;
      path.load(frames[pc - code.start]!);
      this.next = pc;
    }
  }

  /** For CodePath: an instruction (word index) can be reached with a frame. */
  reach(target: number, frame: Frame): void {
    const { frames } = this;
    const at = target - this.code!.start;
    const place = this.places[at]!;
    if (place === Place.data) {
      this.map.fail("CODE", target * 4, "an instruction", "its second word");
    }
    if (place === Place.plain && !this.everywhere) {
      this.next = target;
      return;
    }
    const known = frames[at];
    if (known === undefined) frames[at] = frame.slice();
    else if (!joinInto(known, frame)) return;
    this.waiting.push(target);
  }

  /** Notes what stands at each word of the code. */
  private findPlaces({ start, end }: CodeShape): void {
    const { words } = this;
    if (end - start > this.places.length) this.places = new Uint8Array(2 * (end - start));
    const { places } = this;
    places.fill(Place.data, 0, end - start);
    const targets: number[] = [];
    for (let pc = start; pc < end; ) {
      const word = words[pc]!;
      const row: Bytecode | undefined = bytecodeAt[word & 255];
      if (row === undefined) this.map.fail("CODE", pc * 4, "a bytecode", String(word & 255));
      places[pc - start] = Place.plain;
      const { next } = row;
      if (next === "offset") targets.push(pc + 2 + (words[pc + 1] ?? 0));
      else if (isJump[row.opcode] !== 0) targets.push(pc + 1 + (word >> 16));
      pc += next === undefined || next === "move" || next === "branch" ? 1 : 2;
    }
    for (const pc of targets) {
      const isInside = pc >= start && pc < end;
      if (isInside && places[pc - start] === Place.plain) places[pc - start] = Place.meeting;
    }
  }

  /** For CodePath: code makes a closure. */
  closureMade(outer: Oop, block: Oop, receiver: number, copied: readonly number[]): void {
    const blocks = this.children.get(outer) ?? new Set();
    this.children.set(outer, blocks.add(block));
    this.blocksMade.push({ block, receiver, copied });
  }

  /** For CodePath: code reads or writes a slot of the receiver. */
  receiverSlotUsed(code: Oop, slot: number): void {
    this.slotsNeeded.set(code, Math.max(this.slotsNeeded.get(code) ?? 0, slot + 1));
  }
}

function joinInputs(some: BlockInputs, others: BlockInputs): BlockInputs {
  return {
    receiver: join(some.receiver, others.receiver),
    copied: some.copied.map((kind, at) => join(kind, others.copied[at] ?? Kind.any)),
  };
}

function sameInputs(some: BlockInputs, others: BlockInputs): boolean {
  return (
    some.receiver === others.receiver && some.copied.every((kind, at) => kind === others.copied[at])
  );
}
