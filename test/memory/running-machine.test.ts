import { describe, expect, it } from "vitest";
import { Stop } from "../../vm/interpreter/interpreter.ts";
import { describeProblem, verifyHeap } from "../../vm/memory/heap-verifier.ts";
import type { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { smallInteger } from "../../vm/spec/layouts.ts";
import { globalValue, miniMachine } from "../interpreter/mini-kernel.ts";

interface Program {
  readonly main: string;
  readonly methods: string[];
  readonly answer: number;
}

/** Programs that leave much on the stack, in closures and in Contexts. */
const programs: Record<string, Program> = {
  "deep recursion over live arrays": {
    main: "\t^ self down: 3000",
    methods: [
      `class down: n
	| pair |
	n = 0 ifTrue: [ ^ 0 ].
	pair := { n. { n } }.
	^ (self down: n - 1) + ((pair at: 2) at: 1) - n + 1`,
    ],
    answer: 3000,
  },
  "closures that share a variable": {
    main: `	| sum blocks |
	sum := 0.
	blocks := { [ :x | sum := sum + x ]. [ :x | | y | y := { x. sum }. sum := (y at: 2) + (y at: 1) ] }.
	1 to: 300 do: [ :n | (blocks at: 1 + (n \\\\ 2)) value: n ].
	^ sum`,
    methods: [],
    answer: 45150,
  },
  "returns out of blocks, and Contexts asked for": {
    main: `	| sum |
	sum := 0.
	1 to: 100 do: [ :n | sum := sum + (self find: n) + (self here: n) ].
	^ sum`,
    methods: [
      `class find: n
	{ [ :x | [ :y | ^ x + y ] value: n ] } do: 1.
	^ 0`,
      `class here: n
	| context |
	context := thisContext.
	^ { context. n } at: 2`,
    ],
    answer: 10200,
  },
};

function expectSound(memory: ObjectMemory, state: "loaded" | "running"): void {
  const problem = verifyHeap(memory, state);
  expect(problem && describeProblem(problem)).toBeUndefined();
}

describe("a running machine", () => {
  for (const [name, { main, methods, answer }] of Object.entries(programs)) {
    for (const stressInterval of [0, 1]) {
      const how = stressInterval === 0 ? "" : ", collecting at every safepoint";
      it(`has a sound heap between slices: ${name}${how}`, () => {
        const machine = miniMachine(main, {
          Mini: methods,
          Array: ["do: value\n\t^ (self at: 1) value: value"],
        });
        const { interpreter } = machine;
        const { memory, scheduler } = interpreter;
        interpreter.stressInterval = stressInterval;
        let slices = 0;
        while (machine.runSlice(97) !== Stop.exit) {
          slices++;
          expectSound(memory, "running");
          if (slices % 3 !== 0) continue;
          // As for a snapshot: every frame in its Context, new space empty.
          const active = scheduler.activeProcess;
          interpreter.suspendActive();
          scheduler.makeReady(active);
          interpreter.collector.tenureAll();
          expectSound(memory, "loaded");
        }
        expect(slices).toBeGreaterThan(1);
        expect(globalValue(machine, "Result")).toBe(smallInteger(answer));
      });
    }
  }
});
