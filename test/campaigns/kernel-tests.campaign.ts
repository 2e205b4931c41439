/** The kernel's tests under all the stress there is. FULL and REOPEN say after how many calls. */
import { expect, it } from "vitest";
import { runKernelTests, testImage } from "../kernel/kernel-tests.ts";

const fullEvery = Number(process.env.FULL ?? 500_000);
const reopenEvery = Number(process.env.REOPEN ?? 2_000_000);
/** Files stay open in a session only, and memory is looked at by the others. */
const bound = /^(DiskFileSystem|Finalization|Weak)/;

it("passes with full collections all the time", async () => {
  const image = await testImage();
  const stress = { collectionEvery: fullEvery, fullEvery: 1, verifyEvery: 10 };
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
  const { failures, reopened } = runKernelTests(image, [], { reopenEvery });
  console.log(`reopened ${reopened} times`);
  expect(failures.filter((each) => !bound.test(each))).toEqual([]);
});
