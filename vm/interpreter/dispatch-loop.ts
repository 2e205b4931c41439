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
 * done says `continue`; a case that must send sets `at` (the window's receiver)
 * and `argumentCount` and breaks to the send that follows the switch.
 *
 * It is a closure over the memory's views, not a method, and `| 0` keeps its
 * locals 32-bit integers: so V8 knows the views as constants and holds the
 * locals untagged. Both are measured to matter.
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
  type Oop,
  oldBase,
  overflowSlotCount,
  sendCacheBase,
  slotCountShift,
  stackBytes,
  stackMarginWords,
  trueOop,
} from "../spec/layouts.ts";
import { primitiveNumber } from "../spec/primitives.ts";
import { stackStart } from "./contexts.ts";
import { Outcome } from "./control-primitives.ts";
import { compareFloats, floatArithmetic } from "./float-arithmetic.ts";
import { type Interpreter, Stop, type StopReason, scratch } from "./interpreter.ts";
import { detailFailureCode, detailStartMask, detailTempMask, detailTempShift } from "./lookup.ts";
import { MachineFault } from "./machine-fault.ts";
import { primitiveTable } from "./primitives/index.ts";

/** The loop of one machine, a function that answers why it stopped. */
export function makeDispatchLoop(machine: Interpreter): () => StopReason {
  const words = machine.memory.words;
  const doubles = machine.memory.doubles;
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
    let fp = H[fpWord] | 0;
    let mi = H[(fp + 1) | 0] >>> 2;
    let pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
    let at = 0;
    let argumentCount = 0;
    let entry = 0;

    if (H[budgetWord] < 0 || H[attentionWord] !== 0) {
      const reason = machine.attention(0);
      if (reason !== 0) return reason;
      fp = H[fpWord];
      mi = H[(fp + 1) | 0] >>> 2;
      pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
    }

    for (;;) {
      let w = H[pc];
      pc = (pc + 1) | 0;
      sending: {
        loading: {
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
            case 8: {
              // storeGlobal
              const binding = H[mi + 4 + (w >>> 16)];
              const value = H[(fp + ((w << 16) >> 24)) | 0];
              H[(binding >>> 2) + 3] = value;
              if (binding >>> 0 >= oldBase) memory.storeCheck(binding, (binding >>> 2) + 3, value);
              continue;
            }
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
              const object = H[(fp + ((w << 16) >> 24)) | 0];
              const index = object >>> 2;
              if ((H[index] & immutableBit) === 0) {
                const value = H[(fp + ((w << 8) >> 24)) | 0];
                const slot = index + 2 + (w >>> 24);
                H[slot] = value;
                if (object >>> 0 >= oldBase) memory.storeCheck(object, slot, value);
                continue;
              }
              at = machine.assignmentWindow(fp, (w << 8) >> 24, object, w >>> 24) | 0;
              argumentCount = 2;
              break sending;
            }
            case 12: {
              // storeVector
              const object = H[(fp + ((w << 16) >> 24)) | 0];
              const value = H[(fp + ((w << 8) >> 24)) | 0];
              const slot = (object >>> 2) + 2 + (w >>> 24);
              H[slot] = value;
              if (object >>> 0 >= oldBase) memory.storeCheck(object, slot, value);
              continue;
            }
            case 13: // loadSlotFar
              H[(fp + ((w << 16) >> 24)) | 0] =
                H[(H[(fp + ((w << 8) >> 24)) | 0] >>> 2) + 2 + H[pc]];
              pc = (pc + 1) | 0;
              continue;
            case 14: {
              // storeSlotFar
              const object = H[(fp + ((w << 16) >> 24)) | 0];
              const index = H[pc];
              pc = (pc + 1) | 0;
              if ((H[object >>> 2] & immutableBit) === 0) {
                memory.storePointer(index, object, H[(fp + ((w << 8) >> 24)) | 0]);
                continue;
              }
              at = machine.assignmentWindow(fp, (w << 8) >> 24, object, index) | 0;
              argumentCount = 2;
              break sending;
            }
            case 15: // storeVectorFar
              memory.storePointer(
                H[pc],
                H[(fp + ((w << 16) >> 24)) | 0],
                H[(fp + ((w << 8) >> 24)) | 0],
              );
              pc = (pc + 1) | 0;
              continue;
            case 16: {
              // newVector
              const vector = memory.allocate(classIndexOf.Array, Format.indexable, w >>> 16);
              if (vector === 0) {
                // It may be a temporary, below the operands.
                machine.save(
                  fp,
                  pc - 1 - mi,
                  Math.max(fp + ((w << 16) >> 24), machine.firstOperand(fp)),
                );
                const reason = machine.outOfMemory();
                if (reason !== 0) return reason;
                fp = H[fpWord];
                mi = H[(fp + 1) | 0] >>> 2;
                pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
                continue;
              }
              H[(fp + ((w << 16) >> 24)) | 0] = vector;
              continue;
            }
            case 17: {
              // newArray
              const first = fp + ((w << 16) >> 24);
              const count = w >>> 16;
              const array = memory.allocate(classIndexOf.Array, Format.indexable, count);
              if (array === 0) {
                machine.save(fp, pc - 1 - mi, first + count);
                const reason = machine.outOfMemory();
                if (reason !== 0) return reason;
                fp = H[fpWord];
                mi = H[(fp + 1) | 0] >>> 2;
                pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
                continue;
              }
              const slots = (array >>> 2) + headerWords;
              for (let n = 0; n < count; n++) H[slots + n] = H[first + n];
              memory.objectFilled(array);
              H[first] = array;
              continue;
            }
            case 18: {
              // newClosure
              const first = fp + ((w << 16) >> 24);
              const block = H[mi + 4 + (w >>> 16)];
              const closure = machine.newClosure(block, fp, first);
              if (closure === 0) {
                machine.save(fp, pc - 1 - mi, first + 1 + machine.code.primitive(block));
                const reason = machine.outOfMemory();
                if (reason !== 0) return reason;
                fp = H[fpWord];
                mi = H[(fp + 1) | 0] >>> 2;
                pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
                continue;
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
              const reason = machine.returnFrom(fp, answer);
              if (reason !== 0) return reason;
              fp = H[fpWord];
              mi = H[(fp + 1) | 0] >>> 2;
              pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
              continue;
            }
            case 29: {
              // nonLocalReturn
              machine.save(
                fp,
                pc - 1 - mi,
                Math.max(fp + ((w << 16) >> 24), machine.firstOperand(fp)),
              );
              const reason = machine.nonLocalReturn(fp, H[(fp + ((w << 16) >> 24)) | 0]);
              if (reason !== 0) return reason;
              fp = H[fpWord];
              mi = H[(fp + 1) | 0] >>> 2;
              pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
              continue;
            }

            case 32: // jump
              pc = (pc + (w >> 16)) | 0;
              continue;
            case 33: // jumpBack
              pc = (pc + (w >> 16)) | 0;
              H[budgetWord] = (H[budgetWord] - 1) | 0;
              if (H[budgetWord] < 0) {
                machine.save(fp, pc - mi, fp + ((w << 16) >> 24));
                const reason = machine.attention(1);
                if (reason !== 0) return reason;
                fp = H[fpWord];
                mi = H[(fp + 1) | 0] >>> 2;
                pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
              }
              continue;
            case 34: {
              // jumpIfFalse
              const value = H[(fp + ((w << 16) >> 24)) | 0];
              if (value === falseOop) {
                pc = (pc + (w >> 16)) | 0;
                continue;
              }
              if (value === trueOop) continue;
              pc = (pc - 1) | 0;
              at = (fp + ((w << 16) >> 24)) | 0;
              argumentCount = 0;
              machine.fillScratch("mustBeBoolean", at, 0);
              entry = scratch | 0;
              break sending;
            }
            case 35: {
              // jumpIfTrue
              const value = H[(fp + ((w << 16) >> 24)) | 0];
              if (value === trueOop) {
                pc = (pc + (w >> 16)) | 0;
                continue;
              }
              if (value === falseOop) continue;
              pc = (pc - 1) | 0;
              at = (fp + ((w << 16) >> 24)) | 0;
              argumentCount = 0;
              machine.fillScratch("mustBeBoolean", at, 0);
              entry = scratch | 0;
              break sending;
            }
            case 36: // jumpIfNil
              if (H[(fp + ((w << 16) >> 24)) | 0] === nilOop) pc = (pc + (w >> 16)) | 0;
              continue;
            case 37: // jumpIfNotNil
              if (H[(fp + ((w << 16) >> 24)) | 0] !== nilOop) pc = (pc + (w >> 16)) | 0;
              continue;
            case 38: {
              // jumpFar
              const offset = H[pc];
              pc = (pc + 1) | 0;
              pc = (pc + offset) | 0;
              if (offset < 0) H[budgetWord] = (H[budgetWord] - 1) | 0;
              if (H[budgetWord] < 0) {
                machine.save(fp, pc - mi, fp + ((w << 16) >> 24));
                const reason = machine.attention(1);
                if (reason !== 0) return reason;
                fp = H[fpWord];
                mi = H[(fp + 1) | 0] >>> 2;
                pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
              }
              continue;
            }

            case 40: {
              // add
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const t = c - 1;
                const sum = (b + t) | 0;
                if (((b ^ sum) & (t ^ sum)) >= 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = sum;
                  pc = (pc + 1) | 0;
                  continue;
                }
              } else if (
                ((b | c) & 3) === 0 &&
                (H[b >>> 2] & 0x3ffff) === floatClassIndex &&
                (H[c >>> 2] & 0x3ffff) === floatClassIndex &&
                H[edenFreeWord] + 16 <= H[edenSoftEndWord]
              ) {
                const start = H[edenFreeWord];
                H[edenFreeWord] = (start + 16) | 0;
                H[start >> 2] = floatHeader;
                H[((start >> 2) + 1) | 0] = floatSize;
                F[((start >> 3) + 1) | 0] = F[((b >>> 3) + 1) | 0] + F[((c >>> 3) + 1) | 0];
                H[(fp + ((w << 16) >> 24)) | 0] = start;
                pc = (pc + 1) | 0;
                continue;
              } else {
                const result = floatArithmetic(H, F, memory, 0, b, c);
                if (result !== 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = result;
                  pc = (pc + 1) | 0;
                  continue;
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 41: {
              // subtract
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const t = c - 1;
                const difference = (b - t) | 0;
                if (((b ^ t) & (b ^ difference)) >= 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = difference;
                  pc = (pc + 1) | 0;
                  continue;
                }
              } else if (
                ((b | c) & 3) === 0 &&
                (H[b >>> 2] & 0x3ffff) === floatClassIndex &&
                (H[c >>> 2] & 0x3ffff) === floatClassIndex &&
                H[edenFreeWord] + 16 <= H[edenSoftEndWord]
              ) {
                const start = H[edenFreeWord];
                H[edenFreeWord] = (start + 16) | 0;
                H[start >> 2] = floatHeader;
                H[((start >> 2) + 1) | 0] = floatSize;
                F[((start >> 3) + 1) | 0] = F[((b >>> 3) + 1) | 0] - F[((c >>> 3) + 1) | 0];
                H[(fp + ((w << 16) >> 24)) | 0] = start;
                pc = (pc + 1) | 0;
                continue;
              } else {
                const result = floatArithmetic(H, F, memory, 1, b, c);
                if (result !== 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = result;
                  pc = (pc + 1) | 0;
                  continue;
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 42: {
              // multiply
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const product = (b >> 1) * (c >> 1);
                if (product >= -0x40000000 && product <= 0x3fffffff) {
                  H[(fp + ((w << 16) >> 24)) | 0] = (product << 1) | 1;
                  pc = (pc + 1) | 0;
                  continue;
                }
              } else if (
                ((b | c) & 3) === 0 &&
                (H[b >>> 2] & 0x3ffff) === floatClassIndex &&
                (H[c >>> 2] & 0x3ffff) === floatClassIndex &&
                H[edenFreeWord] + 16 <= H[edenSoftEndWord]
              ) {
                const start = H[edenFreeWord];
                H[edenFreeWord] = (start + 16) | 0;
                H[start >> 2] = floatHeader;
                H[((start >> 2) + 1) | 0] = floatSize;
                F[((start >> 3) + 1) | 0] = F[((b >>> 3) + 1) | 0] * F[((c >>> 3) + 1) | 0];
                H[(fp + ((w << 16) >> 24)) | 0] = start;
                pc = (pc + 1) | 0;
                continue;
              } else {
                const result = floatArithmetic(H, F, memory, 2, b, c);
                if (result !== 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = result;
                  pc = (pc + 1) | 0;
                  continue;
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 43: {
              // divide
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const x = b >> 1;
                const y = c >> 1;
                if (y !== 0 && x % y === 0) {
                  const quotient = (x / y) | 0;
                  if (quotient <= 0x3fffffff) {
                    H[(fp + ((w << 16) >> 24)) | 0] = (quotient << 1) | 1;
                    pc = (pc + 1) | 0;
                    continue;
                  }
                }
              } else if (
                ((b | c) & 3) === 0 &&
                (H[b >>> 2] & 0x3ffff) === floatClassIndex &&
                (H[c >>> 2] & 0x3ffff) === floatClassIndex &&
                H[edenFreeWord] + 16 <= H[edenSoftEndWord] &&
                F[((c >>> 3) + 1) | 0] !== 0
              ) {
                const start = H[edenFreeWord];
                H[edenFreeWord] = (start + 16) | 0;
                H[start >> 2] = floatHeader;
                H[((start >> 2) + 1) | 0] = floatSize;
                F[((start >> 3) + 1) | 0] = F[((b >>> 3) + 1) | 0] / F[((c >>> 3) + 1) | 0];
                H[(fp + ((w << 16) >> 24)) | 0] = start;
                pc = (pc + 1) | 0;
                continue;
              } else {
                const result = floatArithmetic(H, F, memory, 3, b, c);
                if (result !== 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = result;
                  pc = (pc + 1) | 0;
                  continue;
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 44: {
              // integerDivide
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0 && c !== 1) {
                const x = b >> 1;
                const y = c >> 1;
                let quotient = (x / y) | 0;
                if ((x ^ y) < 0 && x % y !== 0) quotient--;
                if (quotient <= 0x3fffffff) {
                  H[(fp + ((w << 16) >> 24)) | 0] = (quotient << 1) | 1;
                  pc = (pc + 1) | 0;
                  continue;
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 45: {
              // modulo
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0 && c !== 1) {
                const y = c >> 1;
                let remainder = ((b >> 1) % y) | 0;
                if (remainder !== 0 && (remainder ^ y) < 0) remainder += y;
                H[(fp + ((w << 16) >> 24)) | 0] = (remainder << 1) | 1;
                pc = (pc + 1) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 46: {
              // bitAnd
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                H[(fp + ((w << 16) >> 24)) | 0] = b & c;
                pc = (pc + 1) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 47: {
              // bitOr
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                H[(fp + ((w << 16) >> 24)) | 0] = b | c;
                pc = (pc + 1) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 48: {
              // bitXor
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                H[(fp + ((w << 16) >> 24)) | 0] = (b ^ c) | 1;
                pc = (pc + 1) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 49: {
              // bitShift
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const x = b >> 1;
                const shift = c >> 1;
                if (shift <= 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = ((x >> Math.min(-shift, 31)) << 1) | 1;
                  pc = (pc + 1) | 0;
                  continue;
                }
                if (shift < 31) {
                  const shifted = x << (shift + 1);
                  if (shifted >> (shift + 1) === x) {
                    H[(fp + ((w << 16) >> 24)) | 0] = shifted | 1;
                    pc = (pc + 1) | 0;
                    continue;
                  }
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 50: {
              // addInteger
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const t = (w >> 24) << 1;
              if ((b & 1) !== 0) {
                const sum = (b + t) | 0;
                if (((b ^ sum) & (t ^ sum)) >= 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = sum;
                  pc = (pc + 1) | 0;
                  continue;
                }
              } else {
                const result = floatArithmetic(H, F, memory, 0, b, t | 1);
                if (result !== 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = result;
                  pc = (pc + 1) | 0;
                  continue;
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = t | 1;
              argumentCount = 1;
              break sending;
            }
            case 51: {
              // subtractInteger
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const t = (w >> 24) << 1;
              if ((b & 1) !== 0) {
                const difference = (b - t) | 0;
                if (((b ^ t) & (b ^ difference)) >= 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = difference;
                  pc = (pc + 1) | 0;
                  continue;
                }
              } else {
                const result = floatArithmetic(H, F, memory, 1, b, t | 1);
                if (result !== 0) {
                  H[(fp + ((w << 16) >> 24)) | 0] = result;
                  pc = (pc + 1) | 0;
                  continue;
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = t | 1;
              argumentCount = 1;
              break sending;
            }

            case 56: // less
            case 57: // greater
            case 58: // lessOrEqual
            case 59: // greaterOrEqual
            case 60: // equal
            case 61: {
              // notEqual
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              const truth =
                (b & c & 1) !== 0
                  ? compareIntegers((w & 255) - 56, b, c)
                  : compareFloats(H, F, (w & 255) - 56, b, c);
              if (truth >= 0) {
                H[(fp + ((w << 16) >> 24)) | 0] = truth === 1 ? trueOop : falseOop;
                pc = (pc + 1) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 62: // identical
              H[(fp + ((w << 16) >> 24)) | 0] =
                H[(fp + ((w << 8) >> 24)) | 0] === H[(fp + (w >> 24)) | 0] ? trueOop : falseOop;
              continue;
            case 63: // notIdentical
              H[(fp + ((w << 16) >> 24)) | 0] =
                H[(fp + ((w << 8) >> 24)) | 0] !== H[(fp + (w >> 24)) | 0] ? trueOop : falseOop;
              continue;

            case 64: {
              // lessBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (b < c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 0, b, c);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 65: {
              // greaterBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (b > c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 1, b, c);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 66: {
              // lessOrEqualBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (b <= c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 2, b, c);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 67: {
              // greaterOrEqualBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (b >= c === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 3, b, c);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 68: {
              // equalBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if ((b === c) === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 4, b, c);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 69: {
              // notEqualBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & c & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if ((b !== c) === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 5, b, c);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 70: {
              // identicalBranch
              const branch = H[pc];
              pc = (pc + 1) | 0;
              if (
                (H[(fp + ((w << 8) >> 24)) | 0] === H[(fp + (w >> 24)) | 0]) ===
                ((branch & 1) !== 0)
              ) {
                pc = (pc + (branch >> 16)) | 0;
              }
              continue;
            }
            case 71: {
              // notIdenticalBranch
              const branch = H[pc];
              pc = (pc + 1) | 0;
              if (
                (H[(fp + ((w << 8) >> 24)) | 0] !== H[(fp + (w >> 24)) | 0]) ===
                ((branch & 1) !== 0)
              ) {
                pc = (pc + (branch >> 16)) | 0;
              }
              continue;
            }
            case 72: {
              // lessIntegerBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              if ((b & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (b >> 1 < w >> 24 === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 0, b, ((w >> 24) << 1) | 1);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = ((w >> 24) << 1) | 1;
              argumentCount = 1;
              break sending;
            }
            case 73: {
              // greaterIntegerBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              if ((b & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (b >> 1 > w >> 24 === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 1, b, ((w >> 24) << 1) | 1);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = ((w >> 24) << 1) | 1;
              argumentCount = 1;
              break sending;
            }
            case 74: {
              // lessOrEqualIntegerBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              if ((b & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (b >> 1 <= w >> 24 === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 2, b, ((w >> 24) << 1) | 1);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = ((w >> 24) << 1) | 1;
              argumentCount = 1;
              break sending;
            }
            case 75: {
              // greaterOrEqualIntegerBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              if ((b & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (b >> 1 >= w >> 24 === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 3, b, ((w >> 24) << 1) | 1);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = ((w >> 24) << 1) | 1;
              argumentCount = 1;
              break sending;
            }
            case 76: {
              // equalIntegerBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              if ((b & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if ((b >> 1 === w >> 24) === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 4, b, ((w >> 24) << 1) | 1);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = ((w >> 24) << 1) | 1;
              argumentCount = 1;
              break sending;
            }
            case 77: {
              // notEqualIntegerBranch
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              if ((b & 1) !== 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if ((b >> 1 !== w >> 24) === ((branch & 1) !== 0)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              const truth = compareFloats(H, F, 5, b, ((w >> 24) << 1) | 1);
              if (truth >= 0) {
                const branch = H[pc];
                pc = (pc + 1) | 0;
                if (truth === (branch & 1)) pc = (pc + (branch >> 16)) | 0;
                continue;
              }
              at = (fp + ((H[pc] << 16) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = ((w >> 24) << 1) | 1;
              argumentCount = 1;
              break sending;
            }

            case 80: {
              // at
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((b & 3) === 0 && (c & 1) !== 0) {
                const index = b >>> 2;
                if ((H[index] & 0x3ffff) === arrayClassIndex) {
                  let size = H[index + 1] >>> slotCountShift;
                  if (size === overflowSlotCount) size = H[index - 2];
                  const n = (c >> 1) - 1;
                  if (n >>> 0 < size) {
                    H[(fp + ((w << 16) >> 24)) | 0] = H[index + 2 + n];
                    pc = (pc + 1) | 0;
                    continue;
                  }
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = b;
              H[(at + 1) | 0] = c;
              argumentCount = 1;
              break sending;
            }
            case 81: {
              // atPut
              const a = H[(fp + ((w << 16) >> 24)) | 0];
              const b = H[(fp + ((w << 8) >> 24)) | 0];
              const c = H[(fp + (w >> 24)) | 0];
              if ((a & 3) === 0 && (b & 1) !== 0) {
                const index = a >>> 2;
                if ((H[index] & (0x3ffff | immutableBit)) === arrayClassIndex) {
                  let size = H[index + 1] >>> slotCountShift;
                  if (size === overflowSlotCount) size = H[index - 2];
                  const n = (b >> 1) - 1;
                  if (n >>> 0 < size) {
                    H[index + 2 + n] = c;
                    if (a >>> 0 >= oldBase) memory.storeCheck(a, index + 2 + n, c);
                    H[(fp + ((H[pc] << 16) >> 24)) | 0] = c;
                    pc = (pc + 1) | 0;
                    continue;
                  }
                }
              }
              at = (fp + ((H[pc] << 8) >> 24)) | 0;
              H[at] = a;
              H[(at + 1) | 0] = b;
              H[(at + 2) | 0] = c;
              argumentCount = 2;
              break sending;
            }
            default:
              throw new MachineFault(`no bytecode ${w & 255} at word ${pc - 1}`);
          }
        }
        // A value is loaded. More moves and a send often follow: no need to dispatch them.
        w = H[pc];
        while ((w & 255) === 1) {
          H[(fp + ((w << 16) >> 24)) | 0] = H[(fp + ((w << 8) >> 24)) | 0];
          pc = (pc + 1) | 0;
          w = H[pc];
        }
        if ((w & 255) !== 24) continue;
        pc = (pc + 1) | 0;
        at = (fp + ((w << 16) >> 24)) | 0;
        argumentCount = (w >> 16) & 255;
      }

      // Send: the window is complete.
      if (entry === 0) {
        const receiver = H[at];
        const classIndex =
          (receiver & 3) === 0 ? H[receiver >>> 2] & 0x3ffff : (receiver & 1) !== 0 ? 2 : 3;
        const key = ((pc & 0x3fff0000) << 2) | classIndex;
        entry = (sends + (((pc ^ (classIndex << 5)) & 0xffff) << 2)) | 0;
        if (H[entry] !== key) {
          machine.fillSendCache(w, mi, pc, entry, key, receiver, argumentCount);
        }
      }
      act: for (;;) {
        const action = H[(entry + 2) | 0];
        let code = H[(entry + 1) | 0];
        let detail = H[(entry + 3) | 0];
        switch (action & 255) {
          case 0: // activate
            break;
          case 1: {
            // primitive
            const result = primitives[action >>> 8]!(machine, at, argumentCount);
            if (result !== 0) {
              H[at] = result;
              entry = 0;
              break act;
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
              continue;
            }
            entry = 0;
            if (outcome === Outcome.switched) {
              if (H[fpWord] === 0 && !machine.resumeNext()) return Stop.idle;
              if (machine.stop !== 0) {
                const reason = machine.stop;
                machine.stop = 0;
                return reason;
              }
              fp = H[fpWord];
              mi = H[(fp + 1) | 0] >>> 2;
              pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
              break act;
            }
            H[at] = outcome;
            break act;
          }
          case 3: {
            // blockValue
            const closure = H[at];
            code = H[(closure >>> 2) + 2 + ClosureSlot.compiledBlock];
            const index = code >>> 2;
            if (
              (H[index + 3] & (0x7f << 1)) === argumentCount << 1 &&
              (H[index] & 0x3ffff) === classIndexOf.CompiledBlock
            ) {
              const frame = H[index + 3] >> 1;
              detail =
                (4 + ((H[index + 2] >> 1) & 0xffff)) | (((frame >> 7) & 255) << detailTempShift);
            } else {
              code = H[(entry + 1) | 0];
            }
            break;
          }
          case 4: // getter
            H[at] = H[(H[at] >>> 2) + 2 + (action >>> 8)];
            entry = 0;
            pc = branchOn(H, pc, fp, at) | 0;
            break act;
          case 5: // answerSelf
            entry = 0;
            break act;
          case 6: // answerConstant
            H[at] = detail;
            entry = 0;
            pc = branchOn(H, pc, fp, at) | 0;
            break act;
          case 10: {
            // setter
            const object = H[at];
            const index = object >>> 2;
            if ((H[index] & immutableBit) !== 0) break;
            const slot = (index + 2 + (action >>> 8)) | 0;
            const value = H[(at + 1) | 0];
            H[slot] = value;
            if (object >>> 0 >= oldBase) memory.storeCheck(object, slot, value);
            entry = 0;
            break act;
          }
          case 7: {
            // contextReceiver
            machine.save(fp, pc - mi, at);
            const reason = machine.sendToContext(code, at, argumentCount);
            if (reason !== 0) return reason;
            fp = H[fpWord];
            mi = H[(fp + 1) | 0] >>> 2;
            pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
            entry = 0;
            break act;
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
              entry = 0;
              break act;
            }
            const result = primitives[basicNew]!(machine, at, 0);
            if (result !== 0) {
              H[at] = result;
              entry = 0;
              break act;
            }
            detail = machine.lookup.detail(code) | 0;
            break;
          }
          default: {
            machine.save(fp, pc - mi, at);
            argumentCount = machine.notUnderstood(w, mi, pc, entry, at, argumentCount) | 0;
            if (argumentCount < 0) {
              if (!machine.resumeNext()) return Stop.idle;
              fp = H[fpWord];
              mi = H[(fp + 1) | 0] >>> 2;
              pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
              entry = 0;
              break act;
            }
            entry = scratch | 0;
            continue;
          }
        }

        // Activate: the callee's frame begins behind its arguments.
        entry = 0;
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
          for (let n = (detail >>> detailTempShift) & detailTempMask; n > 0; n = (n - 1) | 0) {
            H[temp] = nilOop;
            temp = (temp + 1) | 0;
          }
          if ((detail & detailFailureCode) !== 0) H[(callee + 3) | 0] = machine.failureSymbol();
        }
        H[budgetWord] = (H[budgetWord] - 1) | 0;
        if (H[budgetWord] < 0) {
          machine.save(fp, pc - mi, machine.firstOperand(fp));
          const reason = machine.attention(1);
          if (reason !== 0) return reason;
          fp = H[fpWord];
          mi = H[(fp + 1) | 0] >>> 2;
          pc = (mi + (H[(fp + 2) | 0] >> 1)) | 0;
        }
        break;
      }
    }
  };
}

/** Takes the branch that follows if it decides on the Boolean just answered; answers the new pc. */
function branchOn(H: Int32Array, pc: number, fp: number, at: number): number {
  const next = H[pc];
  if ((next & 0xfe) !== 34 || ((fp + ((next << 16) >> 24)) | 0) !== at) return pc;
  const value = H[at];
  if (value === trueOop) return (pc + 1 + ((next & 1) !== 0 ? next >> 16 : 0)) | 0;
  if (value === falseOop) return (pc + 1 + ((next & 1) !== 0 ? 0 : next >> 16)) | 0;
  return pc;
}

function compareIntegers(operation: number, b: Oop, c: Oop): number {
  switch (operation) {
    case 0:
      return b < c ? 1 : 0;
    case 1:
      return b > c ? 1 : 0;
    case 2:
      return b <= c ? 1 : 0;
    case 3:
      return b >= c ? 1 : 0;
    case 4:
      return b === c ? 1 : 0;
    default:
      return b !== c ? 1 : 0;
  }
}
