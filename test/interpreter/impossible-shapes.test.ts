import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { baseImage } from "../base-image.ts";
import { openSession, output, runFor } from "../snapshot/sessions.ts";

it("makes no instance of a class whose format was overwritten with one that none can have", () => {
  const image = new Uint8Array(readFileSync(baseImage()));
  const session = openSession(image, [
    "eval",
    `| c | c := Object subclass: #Misshapen instanceVariableNames: '' classVariableNames: '' package: 'X'.
    c instVarAt: 3 put: 41.
    (1 to: 3) collect: [ :each | [ c basicNew. #made ] on: Error do: [ :error | #refused ] ]`,
  ]);
  while (!session.ended && session.steps < 1_000_000) runFor(session, 5000);
  expect(output(session)).toContain("#(#refused #refused #refused)");
  expect(verifyHeap(session.memory)).toBeUndefined();
});
