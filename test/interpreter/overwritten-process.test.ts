import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { baseImage } from "../base-image.ts";
import { openSession, output, runFor } from "../snapshot/sessions.ts";

it.each([
  ["SmallInteger minVal", "-1073741824"],
  ["0", "0"],
  ["-7", "-7"],
])("a process with the priority %s is preempted and goes on", (priority, printed) => {
  const image = new Uint8Array(readFileSync(baseImage()));
  const session = openSession(image, [
    "eval",
    `Processor activeProcess instVarAt: 3 put: ${priority}.
    [ Transcript show: 'first '; flush ] forkAt: 79.
    Processor activeProcess instVarAt: 3`,
  ]);
  while (!session.ended && session.steps < 1_000_000) runFor(session, 5000);
  expect(output(session)).toContain("first");
  expect(output(session)).toContain(printed);
  expect(verifyHeap(session.memory)?.code).not.toBe("POINTER");
});
