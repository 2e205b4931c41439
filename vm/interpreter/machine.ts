/**
 * What a primitive sees of the machine.
 *
 * A primitive is called with the word index of the receiver; the arguments are
 * the words behind it. It answers the result, or fails by answering
 * `machine.fail(code)`. Nothing it allocates can make an object move, so it may
 * hold oops in variables freely; but an allocation may answer 0 (memory is
 * full), which it passes on as `machine.fail("noMemory")`.
 */

import type { Host } from "../host.ts";
import type { ClassTable } from "../memory/class-table.ts";
import type { ObjectMemory } from "../memory/object-memory.ts";
import type { SymbolTable } from "../memory/symbol-table.ts";
import type { Oop } from "../spec/layouts.ts";
import type { FailureCode } from "../spec/primitives.ts";
import type { InputQueue } from "./input-queue.ts";

export interface Machine {
  readonly memory: ObjectMemory;
  readonly symbols: SymbolTable;
  readonly classes: ClassTable;
  readonly host: Host;
  /** A number that differs in every session; stamps external handles. */
  readonly session: number;
  /** The machine's clock. */
  milliseconds(): number;
  /** What the host has sent. */
  readonly input: InputQueue;
  /** Notes why, and answers 0. */
  fail(code: FailureCode): 0;
  /** A method dictionary or a class has changed: forgets cached lookups, of one selector if given. */
  lookupChanged(selector?: Oop): void;
  /** Signals a semaphore (or nothing, for nil); takes effect at the next safepoint. */
  signal(semaphore: Oop): void;
}

/** Answers the result oop, or 0 if it failed. */
export type Primitive = (machine: Machine, at: number, argumentCount: number) => Oop;
