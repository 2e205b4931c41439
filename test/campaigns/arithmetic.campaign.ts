/** Arithmetic against the host's, CASES of it in batches; SEED says which, and is printed. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { commandLine } from "../cli/command-line.ts";
import { arithmeticCases, differences } from "../kernel/arithmetic.ts";

const { engram } = commandLine(["cli", "image"]);
const script = join(import.meta.dirname, "../kernel/arithmetic.st");
const seed = Number(process.env.SEED ?? Date.now() % 0x7fffffff);
const count = Number(process.env.CASES ?? 1_000_000);
const batch = 50_000;

it(`is the host's in ${count} cases from seed ${seed} on`, async () => {
  for (let done = 0; done < count; done += batch) {
    const cases = arithmeticCases(seed + done, Math.min(batch, count - done));
    const input = cases.map(({ line }) => line).join("\n");
    const { code, out, err } = await engram(["run", script], { input, timeLimit: 600_000 });
    expect({ seed: seed + done, code, err }).toEqual({ seed: seed + done, code: 0, err: "" });
    expect(differences(cases, out).slice(0, 20)).toEqual([]);
  }
});
