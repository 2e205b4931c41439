/** The kernel's tests under all the stress there is: EVERY says how often to collect. */
import { expect, it } from "vitest";
import { runKernelTests, testImage } from "../kernel/kernel-tests.ts";

const every = Number(process.env.EVERY ?? 200);
/** Files stay open in a session only, and memory is looked at by the others. */
const bound = /^(DiskFileSystem|Finalization|Weak)/;

it(`passes with a collection every ${every} calls, verified`, async () => {
  const image = await testImage();
  const stress = { collectionEvery: every, verifyEvery: 500 };
  expect(runKernelTests(image, [], stress).failures).toEqual([]);
});

it("passes with a collection after each call that has allocated", async () => {
  const image = await testImage();
  const stress = { collectionEvery: 1, fullEvery: 20_000, verifyEvery: 20_000 };
  expect(runKernelTests(image, [], stress).failures).toEqual([]);
});

it("passes with the heap verified after each collection that is due", async () => {
  const image = await testImage();
  expect(runKernelTests(image, [], { verifyEvery: 1 }).failures).toEqual([]);
});

it("passes when saved and reopened all the time", async () => {
  const image = await testImage();
  const { failures, reopened } = runKernelTests(image, [], { reopenEvery: 100_000 });
  console.log(`reopened ${reopened} times`);
  expect(failures.filter((each) => !bound.test(each))).toEqual([]);
});
