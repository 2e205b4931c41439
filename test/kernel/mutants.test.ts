/** A sample of what the campaign says of all: each test can fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testImageFile } from "./kernel-tests.ts";
import { survival, testClasses } from "./mutants.ts";

const folder = mkdtempSync(join(tmpdir(), "engram-mutants-"));
let image: string;

beforeAll(async () => {
  image = await testImageFile(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("makes the kernel's tests fail by one mistake in each", () => {
  expect(testClasses(image).length).toBeGreaterThan(200);
  for (const name of ["PointTest", "FractionTest", "StackProtocolTest", "HaltTest"]) {
    const { tests, survivors } = survival(image, name);
    expect(survivors).toEqual([]);
    expect(tests).toBeGreaterThan(2);
  }
});
