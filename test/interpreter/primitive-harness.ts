/**
 * Just enough of a machine to call primitives one by one: a memory with the
 * symbol table missing, a host, and a window for receiver and arguments.
 */

import type { Host } from "../../vm/host.ts";
import { InputQueue } from "../../vm/interpreter/input-queue.ts";
import type { Machine, Primitive } from "../../vm/interpreter/machine.ts";
import { integerOop, integerValue } from "../../vm/interpreter/primitives/integer-values.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import {
  classIndexOf,
  falseOop,
  nilOop,
  type Oop,
  oldBase,
  stackBase,
  trueOop,
} from "../../vm/spec/layouts.ts";
import type { FailureCode } from "../../vm/spec/primitives.ts";

/** What a test passes and sees. An Integer is a bigint, a Float a number. */
export type Value = bigint | number | string | boolean | null | Uint8Array | readonly Value[];

export class PrimitiveHarness {
  readonly memory: ObjectMemory;
  readonly machine: Machine;
  readonly input = new InputQueue();
  failure: FailureCode | undefined;

  constructor(host: Host = new SimulatedHost(), session = 7, heapBytes = 0x10000000) {
    this.memory = new ObjectMemory(heapBytes);
    // nil, false and true stand at their fixed addresses.
    for (let index = 0; index < 3; index++) this.memory.allocateOld(classIndexOf.Array, 0, 0);
    if (this.memory.oldEnd < oldBase + 24) throw new Error("no room for nil, false and true");
    const fail = (code: FailureCode): 0 => {
      this.failure = code;
      return 0;
    };
    this.machine = {
      memory: this.memory,
      host,
      session,
      input: this.input,
      fail,
      signal: () => {},
      lookupChanged: () => {},
    } as unknown as Machine;
  }

  /** Calls a primitive. Answers the result, or the failure code behind an exclamation mark. */
  call(primitive: Primitive, ...operands: Value[]): Value | undefined {
    const at = stackBase >>> 2;
    this.failure = undefined;
    operands.forEach((each, index) => {
      this.memory.words[at + index] = this.oop(each);
    });
    const result = primitive(this.machine, at, operands.length - 1);
    return result === 0 ? `!${this.failure}` : this.value(result);
  }

  oop(value: Value): Oop {
    if (value === null) return nilOop;
    switch (typeof value) {
      case "bigint":
        return integerOop(this.memory, value);
      case "number":
        return this.memory.newFloat(value);
      case "string":
        return this.memory.newString(value);
      case "boolean":
        return this.memory.booleanOop(value);
    }
    if (value instanceof Uint8Array) return this.memory.newBytes(classIndexOf.ByteArray, value);
    return this.memory.newArray(value.map((each) => this.oop(each)));
  }

  value(oop: Oop): Value | undefined {
    if (oop === nilOop) return null;
    if (oop === trueOop || oop === falseOop) return oop === trueOop;
    if (this.memory.isFloat(oop)) return this.memory.floatValue(oop);
    if (this.memory.isString(oop)) return this.memory.stringValue(oop);
    const integer = integerValue(this.memory, oop);
    if (integer !== undefined) return BigInt(integer);
    if (this.memory.classIndex(oop) === classIndexOf.ByteArray) {
      const body = this.memory.bodyAddress(oop);
      return this.memory.bytes.slice(body, body + this.memory.elementCount(oop));
    }
    const elements: Value[] = [];
    for (let index = 0; index < this.memory.slotCount(oop); index++) {
      elements.push(this.value(this.memory.fetchPointer(index, oop)) ?? null);
    }
    return elements;
  }
}
