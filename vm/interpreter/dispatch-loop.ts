/**
 * The dispatch loop: fetch, dispatch, send, return.
 *
 * It runs the active process until something makes it stop at a safepoint. Its
 * whole state is then in linear memory: the frame pointer and live depth in
 * State, the pc in the frame. Between safepoints fp, pc and the code's word
 * index live in locals.
 *
 * The switch is written out by hand, with literal opcodes so that it compiles
 * to a jump table; a test compares it with the bytecode table. A case that is
 * done says `continue`. What many cases share stands once, behind the labelled
 * block that a case breaks out of: storing (with the store check), loading,
 * calculating and comparing with Floats, the slow way of an operation (send its
 * selector), sending, pausing at a safepoint, memory exhausted, resuming. Each
 * is reached with its operands in at, argumentCount, b, c and value.
 *
 * It is a closure over the memory's views, not a method; inside, the views are
 * locals, and `| 0` keeps every other local a 32-bit integer. So V8 writes the
 * views' addresses and lengths into each access and tags nothing. Each of the
 * three is measured to matter; `--print-opt-code` shows whether it still holds.
 *
 * Always: no oop is in a local over anything that may collect, which only
 * `attention` and control primitives do.
 */

import {
  arrayClassIndex,
  attentionWord,
  budgetWord,
  ClosureSlot,
  classIndexOf,
  edenFreeWord,
  edenSoftEndWord,
  Format,
  falseOop,
  floatClassIndex,
  formatShift,
  fpWord,
  headerWords,
  immutableBit,
  liveWord,
  nilOop,
  oldBase,
  overflowSlotCount,
  pageWritten,
  rememberedBit,
  sendCacheBase,
  slotCountShift,
  stackBytes,
  stackMarginWords,
  trueOop,
} from "../spec/layouts.ts";
import { primitiveNumber } from "../spec/primitives.ts";
import { stackStart } from "./contexts.ts";
import { Outcome } from "./control-primitives.ts";
import { compareFloats } from "./float-arithmetic.ts";
import { type Interpreter, Stop, type StopReason, scratch } from "./interpreter.ts";
import { detailFailureCode, detailStartMask, detailTempMask, detailTempShift } from "./lookup.ts";
import { MachineFault } from "./machine-fault.ts";
import { primitiveTable } from "./primitives/index.ts";

/** The loop of one machine, a function that answers why it stopped. */
export function makeDispatchLoop(machine: Interpreter): () => StopReason {
  const { words, doubles, dirty } = machine.memory;
  const memory = machine.memory;
  const primitives = primitiveTable;
  const sends = sendCacheBase >>> 2;
  const stackEnd = stackStart + (stackBytes >>> 2) - stackMarginWords;
  const basicNew = primitiveNumber.get("basicNew")!;
  const floatSize = 2 << slotCountShift;
  const floatHeader = floatClassIndex | (Format.words64 << formatShift);
  return function interpret(): StopReason {
    // As locals the views are constants at every access; taken from the closure, only outside the loop.
    const H = words;
    const F = doubles;
    const D = dirty;
    let fp = H[fpWord] | 0;
    let mi = H[(fp + 1) | 0] >>> 2;
    let pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;

    if (H[budgetWord] < 0 || H[attentionWord] !== 0) {
      const reason = machine.attention(0);
      if (reason !== 0) return reason;
      fp = H[fpWord] | 0;
      mi = H[(fp + 1) | 0] >>> 2;
      pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
    }

    next: for (;;) {
      let w = H[pc] | 0;
      pc = (pc + 1) | 0;
      let at = 0;
      let argumentCount = 0;
      let entry = 0;
      let b = 0;
      let c = 0;
      let value = 0;
      let reason: StopReason | 0 = 0;
      resuming: {
        exhausted: {
          pausing: {
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
                              H[(fp + ((w << 16) >> 24)) | 0] =
                                H[(H[mi + 4 + (w >>> 16)] >>> 2) + 3];
                              break loading;
                            case 8: // storeGlobal
                              b = H[mi + 4 + (w >>> 16)];
                              c = ((b >>> 2) + 3) | 0;
                              value = H[(fp + ((w << 16) >> 24)) | 0];
                              break storing;
                            case 9: {
                              // loadContext
                              const context = machine.contexts.contextOf(fp);
                              H[(fp + ((w << 16) >> 24)) | 0] = context;
                              continue;
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
                              at = machine.assignmentWindow(fp, (w << 8) >> 24, b, w >>> 24) | 0;
                              argumentCount = 2;
                              break sending;
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
                              at = machine.assignmentWindow(fp, (w << 8) >> 24, b, slot) | 0;
                              argumentCount = 2;
                              break sending;
                            }
                            case 15: // storeVectorFar
                              b = H[(fp + ((w << 16) >> 24)) | 0];
                              c = ((b >>> 2) + 2 + H[pc]) | 0;
                              pc = (pc + 1) | 0;
                              value = H[(fp + ((w << 8) >> 24)) | 0];
                              break storing;
                            case 16: {
                              // newVector
                              const vector = memory.allocate(
                                classIndexOf.Array,
                                Format.indexable,
                                w >>> 16,
                              );
                              if (vector === 0) {
                                // It may be a temporary, below the operands.
                                at = Math.max(fp + ((w << 16) >> 24), machine.firstOperand(fp)) | 0;
                                break exhausted;
                              }
                              H[(fp + ((w << 16) >> 24)) | 0] = vector;
                              continue;
                            }
                            case 17: {
                              // newArray
                              const first = (fp + ((w << 16) >> 24)) | 0;
                              const count = w >>> 16;
                              const array = memory.allocate(
                                classIndexOf.Array,
                                Format.indexable,
                                count,
                              );
                              if (array === 0) {
                                at = (first + count) | 0;
                                break exhausted;
                              }
                              const slots = (array >>> 2) + headerWords;
                              for (let n = 0; n < count; n++) H[slots + n] = H[first + n];
                              memory.objectFilled(array);
                              H[first] = array;
                              continue;
                            }
                            case 18: {
                              // newClosure
                              const first = (fp + ((w << 16) >> 24)) | 0;
                              const block = H[mi + 4 + (w >>> 16)];
                              const closure = machine.newClosure(block, fp, first);
                              if (closure === 0) {
                                at = (first + 1 + machine.code.primitive(block)) | 0;
                                break exhausted;
                              }
                              H[first] = closure;
                              continue;
                            }
                            case 19: // loadClass
                              H[(fp + ((w << 16) >> 24)) | 0] = machine.classes.classOf(
                                H[(fp + ((w << 8) >> 24)) | 0],
                              );
                              continue;

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

                            case 28: {
                              // return
                              const answer = H[(fp + ((w << 16) >> 24)) | 0];
                              const link = H[fp];
                              if ((link & 1) !== 0) {
                                H[(fp + ((w << 8) >> 24)) | 0] = answer;
                                fp = link >> 1;
                                mi = H[(fp + 1) | 0] >>> 2;
                                pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
                                continue;
                              }
                              machine.save(fp, pc - 1 - mi, machine.firstOperand(fp));
                              reason = machine.returnFrom(fp, answer);
                              break resuming;
                            }
                            case 29: {
                              // nonLocalReturn
                              const first = machine.firstOperand(fp);
                              machine.save(
                                fp,
                                pc - 1 - mi,
                                Math.max(fp + ((w << 16) >> 24), first),
                              );
                              reason = machine.nonLocalReturn(fp, H[(fp + ((w << 16) >> 24)) | 0]);
                              break resuming;
                            }

                            case 32: // jump
                              pc = (pc + (w >> 16)) | 0;
                              continue;
                            case 33: // jumpBack
                              pc = (pc + (w >> 16)) | 0;
                              H[budgetWord] = (H[budgetWord] - 1) | 0;
                              if (H[budgetWord] >= 0) continue;
                              at = (fp + ((w << 16) >> 24)) | 0;
                              break pausing;
                            case 34: // jumpIfFalse
                              at = (fp + ((w << 16) >> 24)) | 0;
                              value = H[at];
                              if (value === falseOop) {
                                pc = (pc + (w >> 16)) | 0;
                                continue;
                              }
                              if (value === trueOop) continue;
                              pc = (pc - 1) | 0;
                              machine.fillScratch("mustBeBoolean", at, 0);
                              entry = scratch | 0;
                              break ready;
                            case 35: // jumpIfTrue
                              at = (fp + ((w << 16) >> 24)) | 0;
                              value = H[at];
                              if (value === trueOop) {
                                pc = (pc + (w >> 16)) | 0;
                                continue;
                              }
                              if (value === falseOop) continue;
                              pc = (pc - 1) | 0;
                              machine.fillScratch("mustBeBoolean", at, 0);
                              entry = scratch | 0;
                              break ready;
                            case 36: // jumpIfNil
                              if (H[(fp + ((w << 16) >> 24)) | 0] === nilOop)
                                pc = (pc + (w >> 16)) | 0;
                              continue;
                            case 37: // jumpIfNotNil
                              if (H[(fp + ((w << 16) >> 24)) | 0] !== nilOop)
                                pc = (pc + (w >> 16)) | 0;
                              continue;
                            case 38: {
                              // jumpFar
                              const offset = H[pc];
                              pc = (pc + 1 + offset) | 0;
                              if (offset < 0) {
                                H[budgetWord] = (H[budgetWord] - 1) | 0;
                                if (H[budgetWord] < 0) {
                                  at = (fp + ((w << 16) >> 24)) | 0;
                                  break pausing;
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
                              if ((b === c) === ((branch & 1) !== 0))
                                pc = (pc + (branch >> 16)) | 0;
                              continue;
                            }
                            case 69: {
                              // notEqualBranch
                              b = H[(fp + ((w << 8) >> 24)) | 0];
                              c = H[(fp + (w >> 24)) | 0];
                              if ((b & c & 1) === 0) break comparing;
                              const branch = H[pc];
                              pc = (pc + 1) | 0;
                              if ((b !== c) === ((branch & 1) !== 0))
                                pc = (pc + (branch >> 16)) | 0;
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
                              if ((b === c) === ((branch & 1) !== 0))
                                pc = (pc + (branch >> 16)) | 0;
                              continue;
                            }
                            case 77: {
                              // notEqualIntegerBranch
                              b = H[(fp + ((w << 8) >> 24)) | 0];
                              c = ((w >> 24) << 1) | 1;
                              if ((b & 1) === 0) break comparing;
                              const branch = H[pc];
                              pc = (pc + 1) | 0;
                              if ((b !== c) === ((branch & 1) !== 0))
                                pc = (pc + (branch >> 16)) | 0;
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
                            default:
                              throw new MachineFault(`no bytecode ${w & 255} at word ${pc - 1}`);
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
                        )
                          memory.remember(b);
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
                  const truth = compareFloats(H, F, w & 7, b, c);
                  if (truth >= 0) {
                    const companion = H[pc];
                    pc = (pc + 1) | 0;
                    if ((companion & 255) === 1)
                      H[(fp + ((w << 16) >> 24)) | 0] = truth === 1 ? trueOop : falseOop;
                    else if (truth === (companion & 1)) pc = (pc + (companion >> 16)) | 0;
                    continue;
                  }
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
              if (H[entry] !== key)
                machine.fillSendCache(w, mi, pc, entry, key, receiver, argumentCount);
            }
            act: for (;;) {
              const action = H[(entry + 2) | 0];
              let code = H[(entry + 1) | 0];
              let detail = H[(entry + 3) | 0];
              answered: {
                switch (action & 255) {
                  case 0: // activate
                    break;
                  case 1: {
                    // primitive
                    const result = primitives[action >>> 8]!(machine, at, argumentCount);
                    if (result !== 0) {
                      H[at] = result;
                      break answered;
                    }
                    break;
                  }
                  case 2: {
                    // control
                    H[(fp + 2) | 0] = ((pc - mi) << 1) | 1;
                    H[fpWord] = fp;
                    H[liveWord] = at;
                    const outcome = machine.control.perform(action >>> 8, at, argumentCount);
                    if (outcome === Outcome.failed) break;
                    if (outcome === Outcome.resend) {
                      argumentCount = machine.control.argumentCount | 0;
                      machine.control.fillEntry(scratch, at);
                      entry = scratch | 0;
                      continue act;
                    }
                    if (outcome === Outcome.switched) {
                      if (H[fpWord] === 0 && !machine.resumeNext()) return Stop.idle;
                      reason = machine.stop;
                      machine.stop = 0;
                      break resuming;
                    }
                    H[at] = outcome;
                    break answered;
                  }
                  case 3: {
                    // blockValue
                    const block = H[(H[at] >>> 2) + 2 + ClosureSlot.compiledBlock];
                    const index = block >>> 2;
                    if (
                      (H[index + 3] & (0x7f << 1)) === argumentCount << 1 &&
                      (H[index] & 0x3ffff) === classIndexOf.CompiledBlock
                    ) {
                      const frame = H[index + 3] >> 1;
                      code = block;
                      detail =
                        (4 + ((H[index + 2] >> 1) & 0xffff)) |
                        (((frame >> 7) & 255) << detailTempShift);
                    }
                    break;
                  }
                  case 4: // getter
                    H[at] = H[(H[at] >>> 2) + 2 + (action >>> 8)];
                    break answered;
                  case 5: // answerSelf
                    continue next;
                  case 6: // answerConstant
                    H[at] = detail;
                    break answered;
                  case 10: {
                    // setter
                    b = H[at];
                    const index = b >>> 2;
                    if ((H[index] & immutableBit) !== 0) break;
                    value = H[(at + 1) | 0];
                    c = (index + 2 + (action >>> 8)) | 0;
                    H[c] = value;
                    if (b >>> 0 < oldBase) continue next;
                    D[c >>> 10] = pageWritten;
                    if (
                      (value & 3) === 0 &&
                      value >>> 0 < oldBase &&
                      (H[b >>> 2] & rememberedBit) === 0
                    )
                      memory.remember(b);
                    continue next;
                  }
                  case 7: {
                    // contextReceiver
                    machine.save(fp, pc - mi, at);
                    reason = machine.sendToContext(code, at, argumentCount);
                    break resuming;
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
                      H[slot] = detail;
                      H[(slot + 1) | 0] = slots << slotCountShift;
                      slot = (slot + 2) | 0;
                      while (slot < last) {
                        H[slot] = nilOop;
                        slot = (slot + 1) | 0;
                      }
                      H[at] = start;
                      continue next;
                    }
                    const result = primitives[basicNew]!(machine, at, 0);
                    if (result !== 0) {
                      H[at] = result;
                      continue next;
                    }
                    detail = machine.lookup.detail(code) | 0;
                    break;
                  }
                  default: {
                    machine.save(fp, pc - mi, at);
                    argumentCount = machine.notUnderstood(w, mi, pc, entry, at, argumentCount) | 0;
                    if (argumentCount < 0) {
                      if (!machine.resumeNext()) return Stop.idle;
                      break resuming;
                    }
                    entry = scratch | 0;
                    continue act;
                  }
                }

                // Activate: the callee's frame begins behind its arguments.
                H[(fp + 2) | 0] = ((pc - mi) << 1) | 1;
                const callee = (at + argumentCount + 1) | 0;
                if (callee > stackEnd) {
                  H[fpWord] = fp;
                  H[liveWord] = at;
                  machine.enterOnEmptyStack(code, detail, at, argumentCount);
                  fp = H[fpWord];
                  mi = H[(fp + 1) | 0] >>> 2;
                  pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
                } else {
                  H[callee] = (fp << 1) | 1;
                  H[(callee + 1) | 0] = code;
                  fp = callee;
                  mi = code >>> 2;
                  pc = (mi + (detail & detailStartMask)) | 0;
                  let temp = (callee + 3) | 0;
                  for (
                    let n = (detail >>> detailTempShift) & detailTempMask;
                    n > 0;
                    n = (n - 1) | 0
                  ) {
                    H[temp] = nilOop;
                    temp = (temp + 1) | 0;
                  }
                  if ((detail & detailFailureCode) !== 0)
                    H[(callee + 3) | 0] = machine.failureSymbol();
                }
                H[budgetWord] = (H[budgetWord] - 1) | 0;
                if (H[budgetWord] >= 0) continue next;
                at = machine.firstOperand(fp) | 0;
                break pausing;
              }
              // Answered at the window: a branch on it often follows.
              const branch = H[pc];
              if ((branch & 0xfe) !== 34 || ((fp + ((branch << 16) >> 24)) | 0) !== at)
                continue next;
              value = H[at];
              if (value === trueOop) pc = (pc + 1 + ((branch & 1) !== 0 ? branch >> 16 : 0)) | 0;
              else if (value === falseOop)
                pc = (pc + 1 + ((branch & 1) !== 0 ? 0 : branch >> 16)) | 0;
              continue next;
            }
          }
          // Pausing: a safepoint at which something asks for attention.
          machine.save(fp, pc - mi, at);
          reason = machine.attention(1);
          break resuming;
        }
        // Exhausted: memory is full; the instruction is to be tried again.
        machine.save(fp, pc - 1 - mi, at);
        reason = machine.outOfMemory();
      }
      // Resuming: whatever happened, linear memory says where the active process goes on.
      if (reason !== 0) return reason;
      fp = H[fpWord] | 0;
      mi = H[(fp + 1) | 0] >>> 2;
      pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
    }
  };
}
