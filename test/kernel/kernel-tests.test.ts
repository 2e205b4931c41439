/**
 * Some of the kernel's own tests under stress: all of them are for `npm run campaign:kernel`. That
 * they pass without is shown by `cli/sunit.test.ts`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runKernelTests, testImageFile } from "./kernel-tests.ts";
import { survival, testClasses } from "./mutants.ts";

const folder = mkdtempSync(join(tmpdir(), "engram-kernel-"));
let file: string;
let image: Uint8Array;

beforeAll(async () => {
  file = await testImageFile(folder);
  image = new Uint8Array(readFileSync(file));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A sample that leaves out what is slow, files, and what looks at memory. */
const sample = ["IntervalTest", "OrderedCollectionTest", "ExceptionTest", "ContextTest"];

const seed = Number(process.env.SEED ?? 1);
/** One class in so many. */
const share = 12;

describe("the kernel's tests", () => {
  it("pass with collections between them", () => {
    const some = testClasses(file).filter((_, index) => index % share === seed % share);
    const { passed, failures } = runKernelTests(image, some, { collectionEvery: 60_000 });
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(some.length);
  });

  it("pass with a collection every few calls", () => {
    const stress = { collectionEvery: 100, verifyEvery: 400 };
    const { passed, failures } = runKernelTests(image, ["PointTest", "SemaphoreTest"], stress);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(5);
  });

  it("pass when saved and reopened on the way", () => {
    const { passed, failures, reopened } = runKernelTests(image, sample, { reopenEvery: 40_000 });
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(20);
    expect(reopened).toBeGreaterThan(3);
  });

  it("can fail, each by one mistake in it", () => {
    expect(testClasses(file).length).toBeGreaterThan(200);
    for (const name of ["PointTest", "FractionTest", "StackProtocolTest", "HaltTest"]) {
      const { tests, survivors } = survival(file, name);
      expect(survivors).toEqual([]);
      expect(tests).toBeGreaterThan(2);
    }
  });
});
