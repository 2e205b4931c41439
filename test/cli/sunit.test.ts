import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLine } from "./command-line.ts";

const { engram } = commandLine(["cli", "image"]);
const tests = join(import.meta.dirname, "../../images/tests");

interface TestRecord {
  readonly class: string;
  readonly selector: string;
  readonly outcome: string;
  readonly message: string | null;
}

describe("the tests in the image", () => {
  it("all pass", async () => {
    const { code, out, err } = await engram(
      ["test", "--json", "--timeout", "60", "--load", tests],
      {
        timeLimit: 600_000,
      },
    );
    // What tests print themselves is no record.
    const records = out
      .split("\n")
      .filter((line) => line.startsWith('{"class":'))
      .map((line) => JSON.parse(line) as TestRecord);
    const failed = records.filter(({ outcome }) => outcome !== "pass" && outcome !== "skip");
    expect(failed).toEqual([]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(records.length).toBeGreaterThan(400);
  }, 600_000);
});
