/**
 * No program takes the terminal away: Ctrl-C stops it, or it ends with an error
 * of its own, and the conversation goes on.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { buildWhatIsStale } from "../../cli/build.mjs";
import { runaways } from "../runaways.ts";
import { type Answer, hasTerminal, type Step, terminalSession } from "./terminal-session.ts";

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
  const steps = runaways.flatMap(([, expression], at): Step[] => {
    const [first, second] = sums(at);
    return [
      { send: `${expression}\r` },
      { pause: 0.4 },
      { send: "\x03" },
      { pause: 0.1 },
      { send: `${700001 + at} * 10 + 7\r` },
      { wait: first, seconds: 15 },
      { send: `${800001 + at} * 10 + 8\r` },
      { wait: second, seconds: 15 },
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

  for (const [at, [name]] of runaways.entries()) {
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
