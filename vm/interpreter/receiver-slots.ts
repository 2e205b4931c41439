/**
 * How many slots a method needs its receiver to have.
 *
 * Follows the code in a straight line and notes which registers hold the
 * receiver; in blocks, which hold the closure's. That is exact for what the
 * compiler writes. Code from images is proved along every path when they are
 * opened (memory/code-verifier.ts); here the question is whether proved code
 * meets a receiver it was not proved for.
 */

import type { ObjectMemory } from "../memory/object-memory.ts";
import { type Bytecode, bytecodeAt, Op } from "../spec/bytecodes.ts";
import {
  argumentCountMask,
  ClosureSlot,
  CodeSlot,
  classIndexOf,
  headerWords,
  literalCountMask,
  type Oop,
} from "../spec/layouts.ts";

const registers = 256;
const holdsReceiver = new Uint8Array(registers);
/** More blocks within each other than any compiler makes. */
const deepest = 64;

export function receiverSlots(memory: ObjectMemory, code: Oop): number {
  return slotsNeeded(memory, code, false, deepest);
}

function slotsNeeded(memory: ObjectMemory, code: Oop, isBlock: boolean, depth: number): number {
  const { words } = memory;
  const first = (code >>> 2) + headerWords;
  const literals = first + CodeSlot.firstLiteral;
  const end = first + memory.slotCount(code);
  const start = literals + ((words[first + CodeSlot.shape]! >> 1) & literalCountMask);
  const self = -1 - ((words[first + CodeSlot.frame]! >> 1) & argumentCountMask);
  const blocks: Oop[] = [];
  let needed = 0;
  holdsReceiver.fill(0);
  if (!isBlock) holdsReceiver[self & 255] = 1;
  for (let pc = start; pc < end; pc++) {
    const word = words[pc]!;
    const row: Bytecode | undefined = bytecodeAt[word & 255];
    const a = (word >> 8) & 255;
    const b = (word >> 16) & 255;
    const slot = row?.next === "index" ? words[pc + 1]! : word >>> 24;
    let becomesReceiver = 0;
    switch (word & 255) {
      case Op.move:
        becomesReceiver = holdsReceiver[b]!;
        break;
      case Op.loadSlot:
      case Op.loadSlotFar:
        if (holdsReceiver[b] !== 0) needed = Math.max(needed, slot + 1);
        else if (isBlock && b === (self & 255) && slot === ClosureSlot.receiver)
          becomesReceiver = 1;
        break;
      case Op.storeSlot:
      case Op.storeSlotFar:
        if (holdsReceiver[a] !== 0) needed = Math.max(needed, slot + 1);
        becomesReceiver = holdsReceiver[a]!;
        break;
      case Op.newClosure:
        if (holdsReceiver[a] !== 0) blocks.push(words[literals + (word >>> 16)]!);
        break;
      case Op.storeVector:
      case Op.storeVectorFar:
      case Op.storeGlobal:
      case Op.return:
        becomesReceiver = holdsReceiver[a]!;
        break;
    }
    const writes = row?.operands !== "" && row?.operands !== "I" && !isJump(word & 255);
    if (writes && a !== (self & 255)) holdsReceiver[a] = becomesReceiver;
    if (row?.next === "literal" || row?.next === "offset" || row?.next === "index") pc++;
  }
  if (depth > 0) {
    for (const block of blocks) {
      if (memory.classIndex(block) !== classIndexOf.CompiledBlock) continue;
      needed = Math.max(needed, slotsNeeded(memory, block, true, depth - 1));
    }
  }
  return needed;
}

const isJump = (opcode: number): boolean => opcode >= Op.jump && opcode <= Op.jumpFar;
