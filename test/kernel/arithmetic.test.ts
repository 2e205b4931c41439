/** Arithmetic, printing and reading against the host's BigInt and Number: a sample. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLine } from "../cli/command-line.ts";
import { arithmeticCases, differences, printed } from "./arithmetic.ts";

const { engram } = commandLine(["cli", "image"]);
const script = join(import.meta.dirname, "arithmetic.st");

describe("arithmetic", () => {
  it("is the host's", async () => {
    const seed = Number(process.env.SEED ?? 1);
    const cases = arithmeticCases(seed, 5000);
    const input = cases.map(({ line }) => line).join("\n");
    const { code, out, err } = await engram(["run", script], { input, timeLimit: 120_000 });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(differences(cases, out)).toEqual([]);
  }, 120_000);

  it("is checked by something that can tell", () => {
    const [first] = arithmeticCases(1, 1);
    expect(differences([first!], "nonsense")).toHaveLength(1);
    expect(printed(-0)).toBe("-0.0");
    expect(printed(123456)).toBe("123456.0");
    expect(printed(1234567)).toBe("1.234567e6");
    expect(printed(0.0001)).toBe("0.0001");
    expect(printed(0.00001)).toBe("1.0e-5");
  });
});
