import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import { commitSave, deltaSave, fullSave, openHeap } from "../../vm/snapshot.ts";
import { VirtualMachine } from "../../vm/virtual-machine.ts";
import { baseImage } from "../base-image.ts";

const notes = { created: "", toolVersion: "test" };

/** Runs a program that saves itself, to the end; answers what it printed and the bytes of its image. */
async function runSaving(image: Uint8Array, program: string): Promise<[string, Uint8Array]> {
  const storage = new MemoryFile(image);
  const memory = new ObjectMemory(0x8000000);
  const file = now(openHeap(storage, memory));
  const host = new SimulatedHost(["eval", program]);
  const machine = new VirtualMachine(memory, host, {
    saver: (kind) => {
      now(
        commitSave(
          memory,
          file,
          kind === "full" ? fullSave(memory, notes) : deltaSave(memory, notes),
        ),
      );
    },
  });
  machine.start();
  await machine.run();
  return [host.output(1) + host.output(2), storage.contents().slice()];
}

/** Stores that spoil the image, and what they are refused with. */
const spoilers: readonly (readonly [string, string, string])[] = [
  ["a context's sender", "it := [ 3 ] asContext. it privSender: 3", "CONTEXT"],
  ["a context's pc", "it := [ 3 ] asContext. it pc: 100000", "CONTEXT"],
  ["a context's depth", "it := [ :x | x ] asContext. it stackp: 70", "CONTEXT"],
  ["a process's context", "it := [ 3 ] newProcess. it suspendedContext: 3", "PROCESS"],
  ["a semaphore's list", "it := Semaphore new. it instVarAt: 1 put: Object new", "PROCESS"],
  ["a closure's block", "it := [ 3 ]. it instVarAt: 2 put: 7", "CLOSURE"],
  [
    "a class's format",
    "it := Object subclass: #Spoilt instanceVariableNames: 'a' classVariableNames: '' package: 'X'. other := it new. it instVarAt: 3 put: 65540",
    "SHAPE",
  ],
  [
    "a method dictionary",
    "it := Object subclass: #Spoilt instanceVariableNames: 'a' classVariableNames: '' package: 'X'. it instVarAt: 2 put: 5",
    "BEHAVIOR",
  ],
];

describe("a save that would not open", () => {
  const image = new Uint8Array(readFileSync(baseImage()));

  it.each(spoilers)("is refused: %s", async (_what, spoil, code) => {
    const kind = code === "CONTEXT" ? "full" : "delta";
    const [printed, bytes] = await runSaving(
      image,
      `| it other |
      Smalltalk at: #Kept put: 41.
      (Smalltalk snapshot: true andQuit: false kind: #full) ifTrue: [ ^ #resumedWith -> (Smalltalk at: #Kept) ].
      Smalltalk at: #Kept put: 42.
      ${spoil}.
      [ Smalltalk snapshot: true andQuit: false kind: #${kind} ] on: Error do: [ :error |
        Transcript show: error class name; show: ' '; show: error messageText; cr ].
      { it. other } size`,
    );
    expect(printed).toContain("SnapshotFailed");
    expect(printed).toContain(`EIMG_HEAP, ${code}`);
    const [resumed] = await runSaving(bytes, "nil");
    expect(resumed).toContain("#resumedWith->41");
  });

  it("is done once what was wrong is garbage", async () => {
    const [printed, bytes] = await runSaving(
      image,
      `| it |
      it := [ 3 ] asContext. it privSender: 3. it := nil.
      Smalltalk snapshot: true andQuit: false kind: #delta`,
    );
    expect(printed).toContain("false");
    const [resumed] = await runSaving(bytes, "nil");
    expect(resumed).toContain("true");
  });
});
