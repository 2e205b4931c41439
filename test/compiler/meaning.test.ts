import { expect, test } from "vitest";
import { parseMethod } from "../../vm/compiler/parser.ts";
import { run } from "../interpreter/mini-kernel.ts";
import { MeaningfulWriter } from "./meaningful-programs.ts";
import { evaluateMethod, show } from "./tree-evaluator.ts";

const programsInOneMachine = 40;

test("compiled programs mean what their trees mean", () => {
  const seed = Number(process.env.SEED ?? 1);
  for (let batch = 0; batch < 5; batch++) {
    const sources: string[] = [];
    const expected: string[] = [];
    for (let i = 0; i < programsInOneMachine; i++) {
      const source = `p${i}\n${new MeaningfulWriter(seed * 10_000 + batch * 100 + i).body()}`;
      sources.push(source);
      expected.push(show(evaluateMethod(parseMethod(source))));
    }
    const main = `^ {${sources.map((_, i) => `self p${i}`).join(". ")}}`;
    const answer = run(main, { Mini: sources.map((source) => `class ${source}`) });
    const answers = topLevel(answer);
    sources.forEach((source, i) => {
      expect(answers[i], `seed ${seed}, batch ${batch}, program ${i}:\n${source}`).toBe(
        expected[i],
      );
    });
  }
});

/** The elements of a shown Array. */
function topLevel(text: string): string[] {
  const result: string[] = [];
  let depth = 0;
  let start = 1;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(" && depth++ === 1) start = at;
    if (text[at] === ")" && --depth === 1) result.push(text.slice(start, at + 1));
  }
  return result;
}
