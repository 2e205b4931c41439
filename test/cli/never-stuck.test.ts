/**
 * No program takes the terminal away: Ctrl-C stops it, or it ends with an error
 * of its own, and the conversation goes on.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { buildWhatIsStale } from "../../cli/build.mjs";
import { type Answer, hasTerminal, terminalSession } from "./terminal-session.ts";

/** Types an expression, lets it run, presses Ctrl-C; then asks for 3 + 4. */
function converse(expression: string): { stopped: Answer; sum: Answer } {
  const steps = [
    { wait: "> ", seconds: 30 },
    { send: `${expression}\r` },
    { pause: 0.7 },
    { send: "\x03" },
    { pause: 0.1 },
    { send: "1000003 * 7\r" },
    { wait: "7000021", seconds: 60 },
    { send: "1000001 + 4\r" },
    { wait: "1000005", seconds: 20 },
  ];
  const answers = terminalSession(steps);
  return { stopped: answers[1]!, sum: answers[2]! };
}

const expressions: readonly (readonly [name: string, expression: string])[] = [
  ["a loop without end", "[ true ] whileTrue"],
  ["a recursion without end", "| f | f := nil. f := [ f value + 1 ]. f value"],
  [
    "a process that makes others",
    "| f | f := nil. f := [ [ f value ] fork. [ f value ] fork ]. f value. [ true ] whileTrue",
  ],
  [
    "processes that make others and go on",
    "| f | f := nil. f := [ [ f value ] fork. f value ]. f value",
  ],
  ["an Array larger than memory", "Array new: (1 bitShift: 40)"],
  ["a number larger than memory", "2 ** (2 ** 40)"],
  ["a printString without end", "| c | c := OrderedCollection new. c add: c. c printString size"],
  [
    "an allocation without end",
    "| c | c := OrderedCollection new. [ c add: (Array new: 1000) ] repeat",
  ],
  ["an unwind block without end", "[ [ true ] whileTrue ] ensure: [ ]"],
  [
    "a handler without end",
    "| f | f := nil. f := [ [ 1 / 0 ] on: ZeroDivide do: [ :e | f value ] ]. f value",
  ],
];

/** What a process that outlives its evaluation keeps from being evaluated ends with it. */
const hindrance = [
  { wait: "> ", seconds: 30 },
  { send: "[ [ true ] whileTrue ] fork. 1000003 * 2\r" },
  { wait: "2000006", seconds: 20 },
  { send: "1000003 * 3\r" },
  { pause: 0.5 },
  { send: "\x03" },
  { wait: "Interrupted", seconds: 20 },
  { send: "1000003 * 7\r" },
  { wait: "7000021", seconds: 20 },
];

describe.skipIf(!hasTerminal)("Ctrl-C", () => {
  beforeAll(() => buildWhatIsStale(["cli", "image"]));

  for (const [name, expression] of expressions) {
    it(`ends ${name}`, () => {
      const { stopped, sum } = converse(expression);
      console.log(`${name}: ${Math.round(stopped.milliseconds)} ms to the next answer`);
      expect(stopped).toMatchObject({ came: true });
      expect(sum).toMatchObject({ came: true });
    });
  }

  it("ends what keeps an evaluation from running", () => {
    expect(terminalSession(hindrance).map(({ came }) => came)).toEqual([true, true, true, true]);
  });
});
