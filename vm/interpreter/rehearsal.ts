/**
 * Rehearsal: the dispatch loop runs every plain bytecode once before it runs a
 * program.
 *
 * V8 compiles a function for what it has seen it do. The loop is one function,
 * so the first multiplication of Floats in an hour would throw the compiled
 * loop away, and some tenths of a second go by until there is another. The
 * rehearsal shows it early what each bytecode does with integers, Floats and
 * both, taken and not taken, and how an operation becomes a send. Other sends
 * and returns need none: any image's start shows them.
 *
 * Always: it leaves no trace. Its objects stand in future space, which is
 * empty, and behind old space; its frame on the stack, which is empty; all are
 * zero again afterwards.
 */

import type { ObjectMemory } from "../memory/object-memory.ts";
import { Op } from "../spec/bytecodes.ts";
import {
  arrayClassIndex,
  classIndexOf,
  Format,
  falseOop,
  floatClassIndex,
  formatShift,
  maxSmallInteger,
  nilOop,
  type Oop,
  overflowMarker,
  overflowSlotCount,
  State,
  slotCountShift,
  smallInteger,
  trueOop,
} from "../spec/layouts.ts";
import { stackStart } from "./contexts.ts";
import { Action, sendCacheEntry, sendCacheEntryWords, sendCacheKey } from "./lookup.ts";
import { MachineFault } from "./machine-fault.ts";

/** Registers of the one frame. */
const R = {
  float: 3,
  half: 4,
  six: 5,
  three: 6,
  minus: 7,
  one: 8,
  array: 9,
  old: 10,
  result: 11,
  free: 12,
  large: 13,
  many: 14,
  window: 15,
};
const frameWords = 32;

/** V8 does not take notes before the third run. */
const runs = 5;

const arithmetic = [Op.add, Op.subtract, Op.multiply, Op.divide];
const integerOnly = [Op.integerDivide, Op.modulo, Op.bitAnd, Op.bitOr, Op.bitXor, Op.bitShift];
const comparisons = [Op.less, Op.greater, Op.lessOrEqual, Op.greaterOrEqual, Op.equal, Op.notEqual];
const branches = [
  Op.lessBranch,
  Op.greaterBranch,
  Op.lessOrEqualBranch,
  Op.greaterOrEqualBranch,
  Op.equalBranch,
  Op.notEqualBranch,
];
const integerBranches = [
  Op.lessIntegerBranch,
  Op.greaterIntegerBranch,
  Op.lessOrEqualIntegerBranch,
  Op.greaterOrEqualIntegerBranch,
  Op.equalIntegerBranch,
  Op.notEqualIntegerBranch,
];

/** Runs the rehearsal of a loop; the stack and future space must be empty. */
export function rehearse(memory: ObjectMemory, interpret: () => unknown): void {
  const { words } = memory;
  const behind = memory.limit - 64;
  if (words[State.live] !== stackStart || words[State.oldEnd]! >>> 0 > behind) return;
  const state = words.slice(State.edenFree, State.oldEnd + 1);
  const remembered = memory.rememberedCount;
  const page = memory.dirty[behind >>> 12]!;
  const { end, planted } = buildScene(memory, behind | 0);
  try {
    for (let run = 0; run < runs; run++) runOnce(words, interpret);
  } finally {
    const edenFree = words[State.edenFree]!;
    words.set(state, State.edenFree);
    words.fill(0, words[State.edenFree]! >>> 2, edenFree >>> 2);
    words.fill(0, stackStart, stackStart + frameWords);
    words.fill(0, memory.futureStart >>> 2, end);
    words.fill(0, behind >>> 2, memory.limit >>> 2);
    for (const entry of planted) words.fill(0, entry, entry + sendCacheEntryWords);
    memory.rememberedCount = remembered;
    memory.dirty[behind >>> 12] = page;
  }
}

function runOnce(words: Int32Array, interpret: () => unknown): void {
  words[State.fp] = stackStart;
  words[State.budget] = 1000;
  words[State.attention] = 0;
  words[stackStart + 2] = smallInteger(3);
  try {
    interpret();
  } catch (fault) {
    // The program ends with what is no bytecode.
    if (!(fault instanceof MachineFault)) throw fault;
  }
}

interface Scene {
  /** The word index behind frame, objects and code. */
  readonly end: number;
  /** The send cache entries that are filled for it. */
  readonly planted: readonly number[];
}

function buildScene(memory: ObjectMemory, old: Oop): Scene {
  const { words, doubles } = memory;
  let free = memory.futureStart;
  const object = (classIndex: number, format: number, slots: number): Oop => {
    const oop = free;
    words[oop >>> 2] = classIndex | (format << formatShift);
    words[(oop >>> 2) + 1] = slots << slotCountShift;
    free += 8 + ((slots + 1) & ~1) * 4;
    return oop;
  };
  const float = (value: number): Oop => {
    const oop = object(floatClassIndex, Format.words64, 2);
    doubles[(oop >>> 3) + 1] = value;
    return oop;
  };
  const array = (slots: number): Oop => {
    if (slots < overflowSlotCount) return object(arrayClassIndex, Format.indexable, slots);
    words[free >>> 2] = slots;
    words[(free >>> 2) + 1] = overflowMarker;
    free += 8;
    const oop = object(arrayClassIndex, Format.indexable, overflowSlotCount);
    free = (oop + 8 + slots * 4 + 7) & ~7;
    return oop;
  };
  const registers: [number, Oop][] = [
    [R.float, float(1.5)],
    [R.half, float(0.5)],
    [R.six, smallInteger(6)],
    [R.three, smallInteger(3)],
    [R.minus, smallInteger(-1)],
    [R.one, smallInteger(1)],
    [R.array, array(4)],
    [R.old, old],
    [R.large, smallInteger(maxSmallInteger)],
    [R.many, array(overflowSlotCount)],
  ];
  words[old >>> 2] = arrayClassIndex | (Format.indexable << formatShift);
  words[(old >>> 2) + 1] = 4 << slotCountShift;
  for (const [register, oop] of registers) words[stackStart + register] = oop;
  words[stackStart] = smallInteger(stackStart);
  words[stackStart + 1] = free;
  // Three words of code in front of the first bytecode.
  const start = (free >>> 2) + 3;
  const { code, sends } = program();
  words.set(code, start);
  const planted = sends.map(({ offset, classIndex, action, answer }) => {
    const entry = sendCacheEntry(start + offset, classIndex);
    words[entry] = sendCacheKey(start + offset, classIndex);
    words[entry + 2] = action;
    words[entry + 3] = answer;
    return entry;
  });
  return { end: start + code.length, planted };
}

/** What sends, by the place behind it, for receivers of a class: what is done, and answered if it is a constant. */
interface PlannedSend {
  readonly offset: number;
  readonly classIndex: number;
  readonly action: number;
  readonly answer: Oop;
}

interface Program {
  readonly code: readonly number[];
  readonly sends: readonly PlannedSend[];
}

function program(): Program {
  const code: number[] = [];
  const sends: PlannedSend[] = [];
  const put = (op: number, a = 0, b = 0, c = 0): void => {
    code.push(op | ((a & 255) << 8) | ((b & 255) << 16) | ((c & 255) << 24));
  };
  /** An operation and its companion. */
  const value = (op: number, a: number, b: number, c: number): void => {
    put(op, a, b, c);
    put(Op.move, R.result, R.result);
  };
  /** An operation that has to be sent. */
  const sending = (op: number, classIndex: number, a: number, b: number, c: number): void => {
    put(op, a, b, c);
    plan(classIndex, Action.answerSelf);
    put(Op.move, R.result, R.window);
  };
  const plan = (classIndex: number, action: number, answer = nilOop): void => {
    sends.push({ offset: code.length, classIndex, action, answer });
  };
  const branch = (op: number, b: number, c: number): void => {
    for (const jump of [Op.jumpIfTrue, Op.jumpIfFalse]) {
      put(op, 0, b, c);
      put(jump, R.result);
    }
  };
  const pairs: [number, number][] = [
    [R.six, R.three],
    [R.minus, R.three],
    [R.float, R.half],
    [R.six, R.half],
    [R.float, R.three],
  ];
  for (const [b, c] of pairs) {
    for (const op of [...arithmetic.slice(0, 3), ...comparisons]) value(op, R.result, b, c);
    for (const op of branches) branch(op, b, c);
  }
  for (const [b, c] of [[R.six, R.three] as const, [R.float, R.half] as const]) {
    value(Op.divide, R.result, b, c);
  }
  for (const op of integerOnly) {
    for (const [b, c] of [
      [R.six, R.three],
      [R.minus, R.three],
      [R.six, R.minus],
    ] as const) {
      value(op, R.result, b, c);
    }
  }
  for (const b of [R.six, R.minus, R.float]) {
    value(Op.addInteger, R.result, b, 1);
    value(Op.subtractInteger, R.result, b, 1);
    for (const op of integerBranches) branch(op, b, 3);
  }
  value(Op.at, R.result, R.array, R.one);
  value(Op.at, R.result, R.many, R.one);
  value(Op.atPut, R.many, R.one, R.six);
  sending(Op.at, arrayClassIndex, R.result, R.array, R.six);
  sending(Op.atPut, arrayClassIndex, R.array, R.six, R.one);
  for (const op of [Op.add, Op.multiply]) {
    sending(op, classIndexOf.SmallInteger, R.result, R.large, R.large);
  }
  for (const array of [R.array, R.old]) {
    value(Op.atPut, array, R.one, R.float);
    put(Op.storeSlot, array, R.float, 1);
    put(Op.storeVector, array, R.float, 1);
    put(Op.loadSlot, R.result, array, 1);
    for (const op of [Op.storeSlotFar, Op.storeVectorFar]) {
      put(op, array, R.float);
      code.push(1);
    }
    put(Op.loadSlotFar, R.result, array);
    code.push(1);
  }
  const { getter, setter, answerSelf, answerConstant } = Action;
  for (const array of [R.array, R.old]) {
    put(Op.move, R.free, array);
    put(Op.move, R.free + 1, R.float);
    put(Op.send, R.free, 1);
    plan(arrayClassIndex, setter | (1 << 8));
  }
  for (const action of [getter | (1 << 8), answerSelf, answerConstant]) {
    put(Op.move, R.free, R.array);
    put(Op.send, R.free);
    plan(arrayClassIndex, action);
    put(Op.loadNil, R.result);
    put(Op.sendUnary, R.result, R.array);
    plan(arrayClassIndex, action);
    put(Op.move, R.result, R.free);
  }
  for (const answer of [trueOop, falseOop]) {
    for (const jump of [Op.jumpIfTrue, Op.jumpIfFalse]) {
      put(Op.move, R.free, R.six);
      put(Op.send, R.free);
      plan(classIndexOf.SmallInteger, answerConstant, answer);
      put(jump, R.free);
      put(Op.sendUnaryBranch, 0, R.six);
      plan(classIndexOf.SmallInteger, answerConstant, answer);
      put(jump, R.free);
    }
  }
  for (const op of [Op.identical, Op.notIdentical]) put(op, R.result, R.six, R.three);
  for (const op of [Op.identicalBranch, Op.notIdenticalBranch]) branch(op, R.six, R.three);
  put(Op.loadNil, R.result);
  put(Op.jumpIfNil, R.result);
  put(Op.jumpIfNotNil, R.result);
  for (const op of [Op.loadTrue, Op.loadFalse]) {
    put(op, R.result);
    put(Op.jumpIfTrue, R.result);
    put(Op.jumpIfFalse, R.result);
  }
  put(Op.loadInteger, R.result, 1);
  put(Op.loadClass, R.result, R.six);
  put(Op.newVector, R.result, 2);
  put(Op.newArray, R.free, 1);
  put(Op.jump);
  put(Op.jumpBack);
  put(Op.jumpFar);
  code.push(0);
  put(0);
  return { code, sends };
}
