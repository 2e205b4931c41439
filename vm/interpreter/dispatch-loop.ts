/**
 * The dispatch loop: fetch, dispatch, send, return.
 *
 * It runs the active process until something is asked for that is not done here:
 * a cache miss, a primitive, a safepoint with work to do (`Exit`). It then writes its
 * whole state to linear memory and answers what it left for; running.ts does
 * that and enters it again. Between, fp, pc and the code's word index are locals.
 *
 * The switch is written out by hand, with literal opcodes so that it compiles
 * to a jump table; a test compares it with the bytecode table. A case that is
 * done says `continue`. What many cases share stands once, behind the labelled
 * block that a case breaks out of: storing (with the store check), loading,
 * calculating and comparing with Floats, the slow way of an operation (send its
 * selector), sending, leaving. Each is reached with its operands in at,
 * argumentCount, b, c and value.
 *
 * It is a closure over the memory's views, not a method; inside, the views are
 * locals, and `| 0` keeps every other local a 32-bit integer. So V8 writes the
 * views' addresses and lengths into each access and tags nothing. And it calls
 * nothing: over a call V8 would keep every local in memory, on all other paths too.
 * Each of the four is measured to matter; `--print-opt-code` shows whether
 * it still holds.
 *
 * Always: nothing in here collects, so oops may be in locals.
 */

import type { ObjectMemory } from "../memory/object-memory.ts";
import {
  argumentCountMask,
  argumentCountWord,
  arrayClassIndex,
  budgetWord,
  ClosureSlot,
  CodeFlag,
  classIndexOf,
  edenFreeWord,
  edenSoftEndWord,
  entryWord,
  Format,
  falseOop,
  floatClassIndex,
  formatShift,
  fpWord,
  headerWords,
  immutableBit,
  instructionWord,
  liveWord,
  nilOop,
  oldBase,
  overflowSlotCount,
  pageWritten,
  primitiveShift,
  rememberedBit,
  resumeWord,
  sendCacheBase,
  slotCountShift,
  specialObjectsWord,
  stackBytes,
  stackMarginWords,
  trueOop,
} from "../spec/layouts.ts";
import { Special } from "../spec/special-objects.ts";
import { stackStart } from "./contexts.ts";
import { scratch } from "./interpreter.ts";
import { detailStartMask, detailTempMask, detailTempShift } from "./lookup.ts";

/** Where the loop begins: at the active frame's pc, or at a send that is ready. */
export const From = { frame: 0, send: 1 } as const;
export type From = (typeof From)[keyof typeof From];

/** What the loop leaves for. Its state is in linear memory, pc behind the instruction. */
export const Exit = {
  /** A send whose entry is to be filled. */
  unfilled: 1,
  /** A send whose entry says what is not done here. */
  act: 2,
  /** A safepoint at which something asks for attention. */
  pause: 3,
  /** The same behind an activation, or an activation that wants its primitive's failure code. */
  entered: 4,
  /** An activation that finds the stack full; code and detail are in the scratch entry. */
  overflow: 5,
  /** Object `entry` is to be remembered. */
  remember: 6,
  /** An instruction that makes an object. */
  instruction: 7,
  /** A return from a frame that has a Context, or from a block's home. */
  returning: 8,
  /** A store into an immutable object. */
  immutable: 9,
  /** A jump on what is no Boolean. */
  noBoolean: 10,
  /** No bytecode. */
  unknown: 11,
} as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

/**
 * The loop over one memory: a function that runs the active process on from its frame,
 * or from a send whose window and entry are ready, and answers what it left for.
 */
export function makeDispatchLoop(memory: ObjectMemory): (from: From) => Exit {
  const { words, doubles, dirty } = memory;
  const {
    act,
    entered,
    immutable,
    instruction,
    noBoolean,
    overflow,
    pause,
    remember,
    returning,
    unfilled,
    unknown,
  } = Exit;
  const { send } = From;
  const sends = sendCacheBase >>> 2;
  const stackEnd = stackStart + (stackBytes >>> 2) - stackMarginWords;
  const floatSize = 2 << slotCountShift;
  const floatHeader = floatClassIndex | (Format.words64 << formatShift);
  const arrayHeader = arrayClassIndex | (Format.indexable << formatShift);
  const closureHeader = classIndexOf.FullBlockClosure | (Format.indexableWithFixed << formatShift);
  const compiledBlock = classIndexOf.CompiledBlock;
  const classTableSlot = headerWords + Special.classTable;
  const outerContext = headerWords + ClosureSlot.outerContext;
  const closureArguments = headerWords + ClosureSlot.numArgs;
  const { firstCopied } = ClosureSlot;
  const { needsOuterContext } = CodeFlag;
  const closureBlock = headerWords + ClosureSlot.compiledBlock;
  const closureReceiver = headerWords + ClosureSlot.receiver;
  // The machine's own bytecode, by which the loop begins with a send.
  words[resumeWord] = 96;
  return function interpret(from: From): Exit {
    // As locals the views are constants at every access; taken from the closure, only outside the loop.
    const H = words;
    const F = doubles;
    const D = dirty;
    let fp = H[fpWord] | 0;
    let mi = H[(fp + 1) | 0] >>> 2;
    let pc = from === send ? resumeWord : (mi + (H[(fp + 2) | 0] >> 1)) | 0;

    next: for (;;) {
      let w = H[pc] | 0;
      pc = (pc + 1) | 0;
      let at = 0;
      let argumentCount = 0;
      let entry = 0;
      let b = 0;
      let c = 0;
      let value = 0;
      let exit: Exit;
      leaving: {
        ready: {
          sending: {
            slow: {
              comparing: {
                calculating: {
                  loading: {
                    storing: {
                      switch (w & 255) {
                        case 1: // move
                          H[(fp + ((w << 16) >> 24)) | 0] = H[(fp + ((w << 8) >> 24)) | 0];
                          break loading;
                        case 2: // loadNil
                          H[(fp + ((w << 16) >> 24)) | 0] = nilOop;
                          break loading;
                        case 3: // loadTrue
                          H[(fp + ((w << 16) >> 24)) | 0] = trueOop;
                          break loading;
                        case 4: // loadFalse
                          H[(fp + ((w << 16) >> 24)) | 0] = falseOop;
                          break loading;
                        case 5: // loadInteger
                          H[(fp + ((w << 16) >> 24)) | 0] = ((w >> 16) << 1) | 1;
                          break loading;
                        case 6: // loadLiteral
                          H[(fp + ((w << 16) >> 24)) | 0] = H[mi + 4 + (w >>> 16)];
                          break loading;
                        case 7: // loadGlobal
                          H[(fp + ((w << 16) >> 24)) | 0] = H[(H[mi + 4 + (w >>> 16)] >>> 2) + 3];
                          break loading;
                        case 8: // storeGlobal
                          b = H[mi + 4 + (w >>> 16)];
                          c = ((b >>> 2) + 3) | 0;
                          value = H[(fp + ((w << 16) >> 24)) | 0];
                          break storing;
                        case 9: {
                          // loadContext
                          exit = instruction;
                          break leaving;
                        }
                        case 10: // loadSlot
                          H[(fp + ((w << 16) >> 24)) | 0] =
                            H[(H[(fp + ((w << 8) >> 24)) | 0] >>> 2) + 2 + (w >>> 24)];
                          break loading;
                        case 11: {
                          // storeSlot
                          b = H[(fp + ((w << 16) >> 24)) | 0];
                          const index = b >>> 2;
                          if ((H[index] & immutableBit) === 0) {
                            c = (index + 2 + (w >>> 24)) | 0;
                            value = H[(fp + ((w << 8) >> 24)) | 0];
                            break storing;
                          }
                          exit = immutable;
                          break leaving;
                        }
                        case 12: // storeVector
                          b = H[(fp + ((w << 16) >> 24)) | 0];
                          c = ((b >>> 2) + 2 + (w >>> 24)) | 0;
                          value = H[(fp + ((w << 8) >> 24)) | 0];
                          break storing;
                        case 13: // loadSlotFar
                          H[(fp + ((w << 16) >> 24)) | 0] =
                            H[(H[(fp + ((w << 8) >> 24)) | 0] >>> 2) + 2 + H[pc]];
                          pc = (pc + 1) | 0;
                          continue;
                        case 14: {
                          // storeSlotFar
                          b = H[(fp + ((w << 16) >> 24)) | 0];
                          const slot = H[pc];
                          pc = (pc + 1) | 0;
                          if ((H[b >>> 2] & immutableBit) === 0) {
                            c = ((b >>> 2) + 2 + slot) | 0;
                            value = H[(fp + ((w << 8) >> 24)) | 0];
                            break storing;
                          }
                          exit = immutable;
                          break leaving;
                        }
                        case 15: // storeVectorFar
                          b = H[(fp + ((w << 16) >> 24)) | 0];
                          c = ((b >>> 2) + 2 + H[pc]) | 0;
                          pc = (pc + 1) | 0;
                          value = H[(fp + ((w << 8) >> 24)) | 0];
                          break storing;
                        case 16: {
                          // newVector
                          const count = w >>> 16;
                          const start = H[edenFreeWord];
                          const end = (start + 8 + (((count + 1) & ~1) << 2)) | 0;
                          if (end > H[edenSoftEndWord] || count >= overflowSlotCount) {
                            exit = instruction;
                            break leaving;
                          }
                          H[edenFreeWord] = end;
                          let slot = start >> 2;
                          H[slot] = arrayHeader;
                          H[(slot + 1) | 0] = count << slotCountShift;
                          for (slot = (slot + 2) | 0; slot < end >> 2; slot = (slot + 1) | 0)
                            H[slot] = nilOop;
                          H[(fp + ((w << 16) >> 24)) | 0] = start;
                          continue;
                        }
                        case 17: {
                          // newArray
                          const count = w >>> 16;
                          const start = H[edenFreeWord];
                          const end = (start + 8 + (((count + 1) & ~1) << 2)) | 0;
                          if (end > H[edenSoftEndWord]) {
                            exit = instruction;
                            break leaving;
                          }
                          H[edenFreeWord] = end;
                          at = (fp + ((w << 16) >> 24)) | 0;
                          let slot = start >> 2;
                          H[((end >> 2) - 1) | 0] = nilOop;
                          H[slot] = arrayHeader;
                          H[(slot + 1) | 0] = count << slotCountShift;
                          slot = (slot + 2) | 0;
                          for (let n = 0; n < count; n = (n + 1) | 0)
                            H[(slot + n) | 0] = H[(at + n) | 0];
                          H[at] = start;
                          continue;
                        }
                        case 18: {
                          // newClosure
                          const block = H[mi + 4 + (w >>> 16)];
                          const frame = H[((block >>> 2) + 3) | 0] >> 1;
                          const copied =
                            (H[((block >>> 2) + 2) | 0] >>> (1 + primitiveShift)) & 0x3fff;
                          const count = (firstCopied + copied) | 0;
                          const start = H[edenFreeWord];
                          const end = (start + 8 + (((count + 1) & ~1) << 2)) | 0;
                          if (
                            end > H[edenSoftEndWord] ||
                            (frame & needsOuterContext) !== 0 ||
                            count >= overflowSlotCount
                          ) {
                            exit = instruction;
                            break leaving;
                          }
                          H[edenFreeWord] = end;
                          at = (fp + ((w << 16) >> 24)) | 0;
                          let slot = start >> 2;
                          H[((end >> 2) - 1) | 0] = nilOop;
                          H[slot] = closureHeader;
                          H[(slot + 1) | 0] = count << slotCountShift;
                          H[(slot + outerContext) | 0] = nilOop;
                          H[(slot + closureBlock) | 0] = block;
                          H[(slot + closureArguments) | 0] = ((frame & argumentCountMask) << 1) | 1;
                          slot = (slot + closureReceiver) | 0;
                          for (let n = 0; n <= copied; n = (n + 1) | 0)
                            H[(slot + n) | 0] = H[(at + n) | 0];
                          H[at] = start;
                          continue;
                        }
                        case 19: {
                          // loadClass
                          const object = H[(fp + ((w << 8) >> 24)) | 0];
                          const index =
                            (object & 3) === 0
                              ? H[object >>> 2] & 0x3ffff
                              : (object & 1) !== 0
                                ? 2
                                : 3;
                          const table = H[(H[specialObjectsWord] >>> 2) + classTableSlot];
                          H[(fp + ((w << 16) >> 24)) | 0] = H[(table >>> 2) + 2 + index];
                          continue;
                        }

                        case 24: // send
                          at = (fp + ((w << 16) >> 24)) | 0;
                          argumentCount = (w >> 16) & 255;
                          break sending;
                        case 25: // sendFar
                        case 26: // superSend
                          at = (fp + ((w << 16) >> 24)) | 0;
                          argumentCount = (w >> 16) & 255;
                          pc = (pc + 1) | 0;
                          break sending;

                        case 27: // sendUnary
                        case 30: {
                          // sendUnaryBranch
                          value = H[(fp + ((w << 8) >> 24)) | 0];
                          const companion = H[pc];
                          const classIndex =
                            (value & 3) === 0
                              ? H[value >>> 2] & 0x3ffff
                              : (value & 1) !== 0
                                ? 2
                                : 3;
                          const key = ((pc & 0x3fff0000) << 2) | classIndex;
                          entry = (sends + (((pc ^ (classIndex << 5)) & 0xffff) << 2)) | 0;
                          if (H[entry] === key) {
                            const action = H[(entry + 2) | 0];
                            if ((action & 255) <= 6 && (action & 255) >= 4) {
                              if ((action & 255) === 4)
                                value = H[(value >>> 2) + 2 + (action >>> 8)];
                              else if ((action & 255) === 6) value = H[(entry + 3) | 0];
                              if ((companion & 255) === 1) {
                                H[(fp + ((w << 16) >> 24)) | 0] = value;
                                pc = (pc + 1) | 0;
                                break loading;
                              }
                              if (value === trueOop) {
                                pc = (pc + 1 + ((companion & 1) !== 0 ? companion >> 16 : 0)) | 0;
                                continue;
                              }
                              if (value === falseOop) {
                                pc = (pc + 1 + ((companion & 1) !== 0 ? 0 : companion >> 16)) | 0;
                                continue;
                              }
                              H[(fp + ((companion << 16) >> 24)) | 0] = value;
                              continue;
                            }
                            at =
                              (fp + ((companion << ((companion & 255) === 1 ? 8 : 16)) >> 24)) | 0;
                            H[at] = value;
                            break ready;
                          }
                          at = (fp + ((companion << ((companion & 255) === 1 ? 8 : 16)) >> 24)) | 0;
                          H[at] = value;
                          exit = unfilled;
                          break leaving;
                        }

                        case 28: {
                          // return
                          const answer = H[(fp + ((w << 16) >> 24)) | 0];
                          const link = H[fp];
                          if ((link & 1) !== 0) {
                            H[(fp + ((w << 8) >> 24)) | 0] = answer;
                            fp = link >> 1;
                            mi = H[(fp + 1) | 0] >>> 2;
                            pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
                            break loading;
                          }
                          exit = returning;
                          break leaving;
                        }
                        case 29: {
                          // nonLocalReturn
                          exit = returning;
                          break leaving;
                        }

                        case 32: // jump
                          pc = (pc + (w >> 16)) | 0;
                          continue;
                        case 33: // jumpBack
                          pc = (pc + (w >> 16)) | 0;
                          at = (fp + ((w << 16) >> 24)) | 0;
                          value = (H[budgetWord] - 1) | 0;
                          H[budgetWord] = value;
                          if (value >= 0) continue;
                          exit = pause;
                          break leaving;
                        case 34: // jumpIfFalse
                          at = (fp + ((w << 16) >> 24)) | 0;
                          value = H[at];
                          if (value === falseOop) {
                            pc = (pc + (w >> 16)) | 0;
                            continue;
                          }
                          if (value === trueOop) continue;
                          exit = noBoolean;
                          break leaving;
                        case 35: // jumpIfTrue
                          at = (fp + ((w << 16) >> 24)) | 0;
                          value = H[at];
                          if (value === trueOop) {
                            pc = (pc + (w >> 16)) | 0;
                            continue;
                          }
                          if (value === falseOop) continue;
                          exit = noBoolean;
                          break leaving;
                        case 36: // jumpIfNil
                          if (H[(fp + ((w << 16) >> 24)) | 0] === nilOop) pc = (pc + (w >> 16)) | 0;
                          continue;
                        case 37: // jumpIfNotNil
                          if (H[(fp + ((w << 16) >> 24)) | 0] !== nilOop) pc = (pc + (w >> 16)) | 0;
                          continue;
                        case 38: {
                          // jumpFar
                          const offset = H[pc];
                          pc = (pc + 1 + offset) | 0;
                          if (offset < 0) {
                            H[budgetWord] = (H[budgetWord] - 1) | 0;
                            if (H[budgetWord] < 0) {
                              at = (fp + ((w << 16) >> 24)) | 0;
                              exit = pause;
                              break leaving;
                            }
                          }
                          continue;
                        }

                        case 40: {
                          // add
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break calculating;
                          const sum = (b + (c - 1)) | 0;
                          if (((b ^ sum) & (c ^ sum)) < 0) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = sum;
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 41: {
                          // subtract
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break calculating;
                          const difference = (b - (c - 1)) | 0;
                          if (((b ^ c) & (b ^ difference)) < 0) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = difference;
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 42: {
                          // multiply
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break calculating;
                          const product = (b >> 1) * (c >> 1);
                          if (product < -0x40000000 || product > 0x3fffffff) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = (product << 1) | 1;
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 43: {
                          // divide
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break calculating;
                          const x = b >> 1;
                          const y = c >> 1;
                          if (y === 0 || x % y !== 0) break slow;
                          const quotient = (x / y) | 0;
                          if (quotient > 0x3fffffff) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = (quotient << 1) | 1;
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 44: {
                          // integerDivide
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0 || c === 1) break slow;
                          const x = b >> 1;
                          const y = c >> 1;
                          let quotient = (x / y) | 0;
                          if ((x ^ y) < 0 && x % y !== 0) quotient = (quotient - 1) | 0;
                          if (quotient > 0x3fffffff) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = (quotient << 1) | 1;
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 45: {
                          // modulo
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0 || c === 1) break slow;
                          const y = c >> 1;
                          let remainder = ((b >> 1) % y) | 0;
                          if (remainder !== 0 && (remainder ^ y) < 0)
                            remainder = (remainder + y) | 0;
                          H[(fp + ((w << 16) >> 24)) | 0] = (remainder << 1) | 1;
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 46: // bitAnd
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = b & c;
                          pc = (pc + 1) | 0;
                          continue;
                        case 47: // bitOr
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = b | c;
                          pc = (pc + 1) | 0;
                          continue;
                        case 48: // bitXor
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = (b ^ c) | 1;
                          pc = (pc + 1) | 0;
                          continue;
                        case 49: {
                          // bitShift
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break slow;
                          const x = b >> 1;
                          const shift = c >> 1;
                          if (shift <= 0) {
                            H[(fp + ((w << 16) >> 24)) | 0] =
                              ((x >> Math.min(-shift, 31)) << 1) | 1;
                          } else {
                            if (shift > 30) break slow;
                            const shifted = x << (shift + 1);
                            if (shifted >> (shift + 1) !== x) break slow;
                            H[(fp + ((w << 16) >> 24)) | 0] = shifted | 1;
                          }
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 50: {
                          // addInteger
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = ((w >> 24) << 1) | 1;
                          if ((b & 1) === 0) break calculating;
                          const sum = (b + (c - 1)) | 0;
                          if (((b ^ sum) & (c ^ sum)) < 0) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = sum;
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 51: {
                          // subtractInteger
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = ((w >> 24) << 1) | 1;
                          if ((b & 1) === 0) break calculating;
                          const difference = (b - (c - 1)) | 0;
                          if (((b ^ c) & (b ^ difference)) < 0) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = difference;
                          pc = (pc + 1) | 0;
                          continue;
                        }

                        case 56: // less
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          H[(fp + ((w << 16) >> 24)) | 0] = b < c ? trueOop : falseOop;
                          pc = (pc + 1) | 0;
                          continue;
                        case 57: // greater
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          H[(fp + ((w << 16) >> 24)) | 0] = b > c ? trueOop : falseOop;
                          pc = (pc + 1) | 0;
                          continue;
                        case 58: // lessOrEqual
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          H[(fp + ((w << 16) >> 24)) | 0] = b <= c ? trueOop : falseOop;
                          pc = (pc + 1) | 0;
                          continue;
                        case 59: // greaterOrEqual
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          H[(fp + ((w << 16) >> 24)) | 0] = b >= c ? trueOop : falseOop;
                          pc = (pc + 1) | 0;
                          continue;
                        case 60: // equal
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          H[(fp + ((w << 16) >> 24)) | 0] = b === c ? trueOop : falseOop;
                          pc = (pc + 1) | 0;
                          continue;
                        case 61: // notEqual
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          H[(fp + ((w << 16) >> 24)) | 0] = b !== c ? trueOop : falseOop;
                          pc = (pc + 1) | 0;
                          continue;
                        case 62: // identical
                          H[(fp + ((w << 16) >> 24)) | 0] =
                            H[(fp + ((w << 8) >> 24)) | 0] === H[(fp + (w >> 24)) | 0]
                              ? trueOop
                              : falseOop;
                          continue;
                        case 63: // notIdentical
                          H[(fp + ((w << 16) >> 24)) | 0] =
                            H[(fp + ((w << 8) >> 24)) | 0] !== H[(fp + (w >> 24)) | 0]
                              ? trueOop
                              : falseOop;
                          continue;

                        case 64: {
                          // lessBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (b < c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 65: {
                          // greaterBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (b > c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 66: {
                          // lessOrEqualBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (b <= c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 67: {
                          // greaterOrEqualBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (b >= c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 68: {
                          // equalBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if ((b === c) === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 69: {
                          // notEqualBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & c & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if ((b !== c) === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 70: {
                          // identicalBranch
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (
                            (H[(fp + ((w << 8) >> 24)) | 0] === H[(fp + (w >> 24)) | 0]) ===
                            ((branch & 1) !== 0)
                          )
                            pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 71: {
                          // notIdenticalBranch
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (
                            (H[(fp + ((w << 8) >> 24)) | 0] !== H[(fp + (w >> 24)) | 0]) ===
                            ((branch & 1) !== 0)
                          )
                            pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 72: {
                          // lessIntegerBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = ((w >> 24) << 1) | 1;
                          if ((b & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (b < c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 73: {
                          // greaterIntegerBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = ((w >> 24) << 1) | 1;
                          if ((b & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (b > c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 74: {
                          // lessOrEqualIntegerBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = ((w >> 24) << 1) | 1;
                          if ((b & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (b <= c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 75: {
                          // greaterOrEqualIntegerBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = ((w >> 24) << 1) | 1;
                          if ((b & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if (b >= c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 76: {
                          // equalIntegerBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = ((w >> 24) << 1) | 1;
                          if ((b & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if ((b === c) === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }
                        case 77: {
                          // notEqualIntegerBranch
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = ((w >> 24) << 1) | 1;
                          if ((b & 1) === 0) break comparing;
                          const branch = H[pc];
                          pc = (pc + 1) | 0;
                          if ((b !== c) === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                          continue;
                        }

                        case 80: {
                          // at
                          b = H[(fp + ((w << 8) >> 24)) | 0];
                          c = H[(fp + (w >> 24)) | 0];
                          if ((b & 3) !== 0 || (c & 1) === 0) break slow;
                          const index = b >>> 2;
                          if ((H[index] & 0x3ffff) !== arrayClassIndex) break slow;
                          let size = H[index + 1] >>> slotCountShift;
                          if (size === overflowSlotCount) size = H[index - 2];
                          const n = (c >> 1) - 1;
                          if (n >>> 0 >= size) break slow;
                          H[(fp + ((w << 16) >> 24)) | 0] = H[index + 2 + n];
                          pc = (pc + 1) | 0;
                          continue;
                        }
                        case 81: {
                          // atPut
                          b = H[(fp + ((w << 16) >> 24)) | 0];
                          c = H[(fp + ((w << 8) >> 24)) | 0];
                          value = H[(fp + (w >> 24)) | 0];
                          if ((b & 3) === 0 && (c & 1) !== 0) {
                            const index = b >>> 2;
                            if ((H[index] & (0x3ffff | immutableBit)) === arrayClassIndex) {
                              let size = H[index + 1] >>> slotCountShift;
                              if (size === overflowSlotCount) size = H[index - 2];
                              const n = (c >> 1) - 1;
                              if (n >>> 0 < size) {
                                c = (index + 2 + n) | 0;
                                H[(fp + ((H[pc] << 16) >> 24)) | 0] = value;
                                pc = (pc + 1) | 0;
                                break storing;
                              }
                            }
                          }
                          at = (fp + ((H[pc] << 8) >> 24)) | 0;
                          H[at] = b;
                          H[(at + 1) | 0] = c;
                          H[(at + 2) | 0] = value;
                          argumentCount = 2;
                          break sending;
                        }
                        case 96: // (a send to go on with)
                          w = H[instructionWord];
                          at = H[liveWord];
                          argumentCount = H[argumentCountWord];
                          entry = H[entryWord];
                          pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
                          break ready;
                        default:
                          exit = unknown;
                          break leaving;
                      }
                    }
                    // Storing `value` in object b, at word c; old objects owe the store check.
                    H[c] = value;
                    if (b >>> 0 < oldBase) continue;
                    D[c >>> 10] = pageWritten;
                    if (
                      (value & 3) === 0 &&
                      value >>> 0 < oldBase &&
                      (H[b >>> 2] & rememberedBit) === 0
                    ) {
                      entry = b;
                      exit = remember;
                      break leaving;
                    }
                    continue;
                  }
                  // A value is loaded. More moves and a send often follow: no need to dispatch them.
                  w = H[pc] | 0;
                  while ((w & 255) === 1) {
                    H[(fp + ((w << 16) >> 24)) | 0] = H[(fp + ((w << 8) >> 24)) | 0];
                    pc = (pc + 1) | 0;
                    w = H[pc] | 0;
                  }
                  if ((w & 255) !== 24) continue;
                  pc = (pc + 1) | 0;
                  at = (fp + ((w << 16) >> 24)) | 0;
                  argumentCount = (w >> 16) & 255;
                  break sending;
                }
                // Calculating with b and c, not both SmallIntegers: are they numbers that fit a Float?
                let x = 0;
                let y = 0;
                if ((b & 1) !== 0) x = b >> 1;
                else if ((b & 3) === 0 && (H[b >>> 2] & 0x3ffff) === floatClassIndex)
                  x = F[((b >>> 3) + 1) | 0];
                else break slow;
                if ((c & 1) !== 0) y = c >> 1;
                else if ((c & 3) === 0 && (H[c >>> 2] & 0x3ffff) === floatClassIndex)
                  y = F[((c >>> 3) + 1) | 0];
                else break slow;
                const start = H[edenFreeWord];
                if (start + 16 > H[edenSoftEndWord]) break slow;
                const operation = w & 255;
                if (operation === 42) x = x * y;
                else if (operation === 43) {
                  if (y === 0) break slow;
                  x = x / y;
                } else x = (operation & 1) === 0 ? x + y : x - y;
                H[edenFreeWord] = (start + 16) | 0;
                H[start >> 2] = floatHeader;
                H[((start >> 2) + 1) | 0] = floatSize;
                F[((start >> 3) + 1) | 0] = x;
                H[(fp + ((w << 16) >> 24)) | 0] = start;
                pc = (pc + 1) | 0;
                continue;
              }
              // Comparing b and c, not both SmallIntegers.
              let x = 0;
              let y = 0;
              if ((b & 1) !== 0) x = b >> 1;
              else if ((b & 3) === 0 && (H[b >>> 2] & 0x3ffff) === floatClassIndex)
                x = F[((b >>> 3) + 1) | 0];
              else break slow;
              if ((c & 1) !== 0) y = c >> 1;
              else if ((c & 3) === 0 && (H[c >>> 2] & 0x3ffff) === floatClassIndex)
                y = F[((c >>> 3) + 1) | 0];
              else break slow;
              let truth = 0;
              switch (w & 7) {
                case 0:
                  truth = x < y ? 1 : 0;
                  break;
                case 1:
                  truth = x > y ? 1 : 0;
                  break;
                case 2:
                  truth = x <= y ? 1 : 0;
                  break;
                case 3:
                  truth = x >= y ? 1 : 0;
                  break;
                case 4:
                  truth = x === y ? 1 : 0;
                  break;
                default:
                  truth = x !== y ? 1 : 0;
              }
              const companion = H[pc];
              pc = (pc + 1) | 0;
              if ((companion & 255) === 1)
                H[(fp + ((w << 16) >> 24)) | 0] = truth !== 0 ? trueOop : falseOop;
              else if (truth === (companion & 1)) pc = (pc + (companion >> 16)) | 0;
              continue;
            }
            // Sending for b and c: their window is where the companion takes the answer from.
            const companion = H[pc];
            at = (fp + ((companion << ((companion & 255) === 1 ? 8 : 16)) >> 24)) | 0;
            H[at] = b;
            H[(at + 1) | 0] = c;
            argumentCount = 1;
          }
          // Sending: the window is complete.
          const receiver = H[at];
          const classIndex =
            (receiver & 3) === 0 ? H[receiver >>> 2] & 0x3ffff : (receiver & 1) !== 0 ? 2 : 3;
          const key = ((pc & 0x3fff0000) << 2) | classIndex;
          entry = (sends + (((pc ^ (classIndex << 5)) & 0xffff) << 2)) | 0;
          if (H[entry] !== key) {
            exit = unfilled;
            break leaving;
          }
        }
        const action = H[(entry + 2) | 0];
        let code = 0;
        let detail = 0;
        answered: {
          switch (action & 255) {
            case 0: // activate
              code = H[(entry + 1) | 0];
              detail = H[(entry + 3) | 0];
              break;
            case 3: {
              // blockValue
              const block = H[(H[at] >>> 2) + closureBlock];
              const index = block >>> 2;
              if (
                (H[index + 3] & (0x7f << 1)) === argumentCount << 1 &&
                (H[index] & 0x3ffff) === compiledBlock
              ) {
                const frame = H[index + 3] >> 1;
                code = block;
                detail =
                  (4 + ((H[index + 2] >> 1) & 0xffff)) | (((frame >> 7) & 255) << detailTempShift);
              } else {
                code = H[(entry + 1) | 0];
                detail = H[(entry + 3) | 0];
              }
              break;
            }
            case 4: // getter
              H[at] = H[(H[at] >>> 2) + 2 + (action >>> 8)];
              break answered;
            case 5: // answerSelf
              continue next;
            case 6: // answerConstant
              H[at] = H[(entry + 3) | 0];
              break answered;
            case 10: {
              // setter
              b = H[at];
              const index = b >>> 2;
              if ((H[index] & immutableBit) !== 0) {
                code = H[(entry + 1) | 0];
                detail = H[(entry + 3) | 0];
                break;
              }
              value = H[(at + 1) | 0];
              c = (index + 2 + (action >>> 8)) | 0;
              H[c] = value;
              if (b >>> 0 < oldBase) continue next;
              D[c >>> 10] = pageWritten;
              if (
                (value & 3) === 0 &&
                value >>> 0 < oldBase &&
                (H[b >>> 2] & rememberedBit) === 0
              ) {
                entry = b;
                exit = remember;
                break leaving;
              }
              continue next;
            }
            case 9: {
              // instantiate
              const slots = action >>> 8;
              const start = H[edenFreeWord];
              const end = (start + 8 + (((slots + 1) & ~1) << 2)) | 0;
              if (end <= H[edenSoftEndWord]) {
                H[edenFreeWord] = end;
                let slot = start >> 2;
                const last = end >> 2;
                H[slot] = H[(entry + 3) | 0];
                H[(slot + 1) | 0] = slots << slotCountShift;
                slot = (slot + 2) | 0;
                while (slot < last) {
                  H[slot] = nilOop;
                  slot = (slot + 1) | 0;
                }
                H[at] = start;
                continue next;
              }
              exit = act;
              break leaving;
            }
            default: // primitive, control, contextReceiver, notUnderstood
              exit = act;
              break leaving;
          }

          // Activate: the callee's frame begins behind its arguments.
          const callee = (at + argumentCount + 1) | 0;
          if (callee > stackEnd) {
            H[scratch + 1] = code;
            H[scratch + 3] = detail;
            exit = overflow;
            break leaving;
          }
          H[(fp + 2) | 0] = ((pc - mi) << 1) | 1;
          H[callee] = (fp << 1) | 1;
          H[(callee + 1) | 0] = code;
          fp = callee;
          mi = code >>> 2;
          pc = (mi + (detail & detailStartMask)) | 0;
          let temp = (callee + 3) | 0;
          for (let n = (detail >>> detailTempShift) & detailTempMask; n > 0; n = (n - 1) | 0) {
            H[temp] = nilOop;
            temp = (temp + 1) | 0;
          }
          const left = (H[budgetWord] - 1) | 0;
          H[budgetWord] = left;
          // Shifted, the flag for a failure code is the sign.
          if ((left | (detail << 5)) >= 0) continue;
          at = temp;
          exit = entered;
          break leaving;
        }
        // Answered at the window: a branch on it often follows.
        const branch = H[pc];
        if ((branch & 0xfe) !== 34 || ((fp + ((branch << 16) >> 24)) | 0) !== at) continue;
        value = H[at];
        if (value === trueOop) pc = (pc + 1 + ((branch & 1) !== 0 ? branch >> 16 : 0)) | 0;
        else if (value === falseOop) pc = (pc + 1 + ((branch & 1) !== 0 ? 0 : branch >> 16)) | 0;
        continue;
      }
      // Leaving: all that is known goes to linear memory.
      H[(fp + 2) | 0] = ((pc - mi) << 1) | 1;
      H[fpWord] = fp;
      H[liveWord] = at;
      H[argumentCountWord] = argumentCount;
      H[entryWord] = entry;
      H[instructionWord] = w;
      return exit;
    }
  };
}
