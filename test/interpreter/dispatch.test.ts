import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytecodes } from "../../vm/spec/bytecodes.ts";
import {
  arrayClassIndex,
  classIndexOf,
  falseOop,
  floatClassIndex,
  nilOop,
  oldBase,
  State,
  stateBase,
  trueOop,
} from "../../vm/spec/layouts.ts";

const source = readFileSync(
  new URL("../../vm/interpreter/dispatch-loop.ts", import.meta.url),
  "utf8",
);
const cases = new Map(
  [...source.matchAll(/case (\d+): (?:\{\s*)?\/\/ (\w+)/g)].map((match) => [
    match[2]!,
    Number(match[1]),
  ]),
);

describe("the interpreter's switch", () => {
  it("handles every bytecode of the table under its opcode", () => {
    for (const { name, opcode } of bytecodes)
      expect([name, cases.get(name)]).toEqual([name, opcode]);
  });

  it("has its plain numbers from the tables", () => {
    expect([floatClassIndex, arrayClassIndex]).toEqual([
      classIndexOf.BoxedFloat64,
      classIndexOf.Array,
    ]);
    expect([nilOop, falseOop, trueOop]).toEqual([oldBase, oldBase + 8, oldBase + 16]);
    expect(Object.values(State)).toEqual(Object.keys(State).map((_, n) => (stateBase >> 2) + n));
  });

  it("gives no opcode to two bytecodes", () => {
    expect(new Set(bytecodes.map((row) => row.opcode)).size).toBe(bytecodes.length);
  });
});
