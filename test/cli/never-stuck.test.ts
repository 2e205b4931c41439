/**
 * No program takes the terminal away: Ctrl-C stops it, or it ends with an error
 * of its own, and the conversation goes on.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { buildWhatIsStale } from "../../cli/build.mjs";
import { type Answer, hasTerminal, type Step, terminalSession } from "./terminal-session.ts";

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
  ["an unwind block that loops", "[ [ true ] whileTrue ] ensure: [ [ true ] whileTrue ]"],
  [
    "unwind blocks that make others",
    "| f | f := nil. f := [ [ [ true ] whileTrue ] ifCurtailed: [ f value ] ]. f value",
  ],
  ["what resists being ended", "[ [ true ] whileTrue ] valueUninterruptably"],
  ["a loop at the highest priority", "[ [ true ] whileTrue ] forkAt: 80"],
  ["a loop that nobody preempts", "[ [ true ] whileTrue ] valueUnpreemptively"],
  [
    "processes of high priority that make others",
    "| f | f := nil. f := [ [ f value ] forkAt: 70. f value ]. f value",
  ],
  [
    "the last message to an object that does not end",
    "(Object subclass: #Lasting) compile: 'finalize [ true ] whileTrue'. FinalizationRegistry default add: (Smalltalk at: #Lasting) new. Smalltalk garbageCollect. [ true ] whileTrue",
  ],
  ["collections without end", "[ Smalltalk garbageCollect ] repeat"],
  ["walks through memory without end", "[ Object allInstances ] repeat"],
  ["a number that grows without end", "| n | n := 3. [ n := n * n ] repeat"],
  [
    "long numbers printed without end",
    "| n | n := 1 << 1000000. [ (n := n + 1) printString ] repeat",
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

/** What must come after each: the prompt works, and the next evaluation too. */
const sums = (at: number): readonly [string, string] => [`${700001 + at}7`, `${800001 + at}8`];

/** Types each expression, lets it run, presses Ctrl-C, and has two values worked out. */
function converse(): Answer[] {
  const steps = expressions.flatMap(([, expression], at): Step[] => {
    const [first, second] = sums(at);
    return [
      { send: `${expression}\r` },
      { pause: 0.4 },
      { send: "\x03" },
      { pause: 0.1 },
      { send: `${700001 + at} * 10 + 7\r` },
      { wait: first, seconds: 5 },
      { send: `${800001 + at} * 10 + 8\r` },
      { wait: second, seconds: 10 },
    ];
  });
  return terminalSession([{ wait: "> ", seconds: 30 }, ...steps]).slice(1);
}

describe.skipIf(!hasTerminal)("Ctrl-C", () => {
  let answers: Answer[] = [];
  beforeAll(async () => {
    await buildWhatIsStale(["cli", "image"]);
    answers = converse();
  });

  for (const [at, [name]] of expressions.entries()) {
    it(`ends ${name}`, () => {
      const [stopped, next] = answers.slice(at * 2, at * 2 + 2);
      console.log(`${name}: ${Math.round(stopped!.milliseconds)} ms to the next answer`);
      expect(stopped, stopped!.text).toMatchObject({ came: true });
      expect(next, next!.text).toMatchObject({ came: true });
    });
  }

  it("ends what keeps an evaluation from running", () => {
    expect(terminalSession(hindrance).map(({ came }) => came)).toEqual([true, true, true, true]);
  });
});
