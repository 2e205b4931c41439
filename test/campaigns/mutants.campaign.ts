/** Each test of the kernel is seen to fail; ONLY names the classes to look at, as a regular expression. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { testImageFile } from "../kernel/kernel-tests.ts";
import { survival, testClasses } from "../kernel/mutants.ts";

const only = new RegExp(process.env.ONLY ?? "");
const folder = mkdtempSync(join(tmpdir(), "engram-mutants-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("sees each test fail for a mistake in it", async () => {
  const image = await testImageFile(folder);
  let tests = 0;
  const survivors: string[] = [];
  for (const name of testClasses(image).filter((each) => only.test(each))) {
    const found = survival(image, name);
    tests += found.tests;
    survivors.push(...found.survivors);
    process.stderr.write(found.survivors.length === 0 ? "." : `\n${found.survivors.join("\n")}\n`);
  }
  console.log(`${tests} tests, of which ${survivors.length} never failed`);
  expect(survivors).toEqual([]);
});
