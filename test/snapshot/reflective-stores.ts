/**
 * Programs that store at random where the machine relies on what stands there,
 * through everything reflection offers, and what becomes of their images.
 */

import { ImageFile } from "../../image-format/image-file.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { describeProblem, verifyHeap } from "../../vm/memory/heap-verifier.ts";
import type { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SaveVerifier } from "../../vm/memory/save-verifier.ts";
import { newImage } from "../../vm/snapshot.ts";
import type { SnapshotKind } from "../../vm/virtual-machine.ts";
import { openSession, output, runFor, type Session } from "./sessions.ts";

const mostSteps = 400_000;
const slice = 5_000;

const rounds = 3;

/** Stores are done one by one, each with its errors caught; between rounds of them, and at last, the program waits to be saved. */
export const program = (seed: number, stores: number): string => `
| state next victims values scratch run slots blocks |
state := ${seed} * 7919 + 17.
next := [ :n | state := (state \\\\ 46341 * 30011 + 12345) bitAnd: 16r3FFFFFFF. (state bitShift: -5) \\\\ n + 1 ].
scratch := Object subclass: #ReflectiveScratch instanceVariableNames: 'a b' classVariableNames: 'V' package: 'Scratch'.
scratch compile: 'a ^ a'.
scratch compile: 'b: x b := x. ^ [ :y | b + y. ^ a ]'.
scratch compile: 'loop | t | t := 0. [ t < 1000000000 ] whileTrue: [ t := t + 1. Processor yield ]. ^ [ t ]'.
blocks := OrderedCollection new.
victims := OrderedCollection new.
values := OrderedCollection new.
1 to: 3 do: [ :i | | object semaphore process |
	object := scratch new.
	semaphore := Semaphore new.
	blocks add: (object b: i).
	process := [ [ semaphore wait. i ] ensure: [ i + 1 ] ] forkAt: Processor activePriority.
	victims add: object; add: semaphore; add: process; add: ([ object loop ] forkAt: Processor activePriority - i);
		add: ([ object b: i ] newProcess); add: (object b: 3); add: (LinkedList new); add: (Array new: 3) ].
5 timesRepeat: [ Processor yield ].
victims copy do: [ :each | (each isKindOf: Process) ifTrue: [
	each suspendedContext ifNotNil: [ :top | top contextsDo: [ :context |
		victims add: context.
		context closure ifNotNil: [ :closure | victims add: closure ] ] ] ] ].
victims add: scratch; add: scratch class; add: scratch methodDict; add: (scratch methodDict instVarAt: 2);
	add: (scratch >> #a); add: (scratch >> #b:); add: (scratch >> #loop); addAll: (scratch >> #b:) withAllBlocks;
	add: Processor; add: thisContext; add: Processor activeProcess; add: (Processor waitingProcessesAt: 5);
	add: (scratch bindingOf: #V); add: scratch package; add: 'text' copy; add: (WeakArray new: 2).
values addAll: victims; addAll: { nil. true. 3. -1. 0. 70000. 16r3FFFFFFF. $a. 'x'. #sym. 2.5. 1 bitShift: 40. Object. Object new. #( 1 2 ). Array. Context. Process. 4. 7. 12. 65537. 1. 2 }.
slots := [ :object | (object class instSize max: 1) + 1 ].
run := [ | victim value |
	victim := victims at: (next value: victims size).
	value := values at: (next value: values size).
	(next value: 16) caseOf: {
		[ 1 ] -> [ victim basicAt: (next value: 6) put: value ].
		[ 2 ] -> [ victim privSender: value ].
		[ 3 ] -> [ victim pc: value ].
		[ 4 ] -> [ victim stackp: value ].
		[ 5 ] -> [ victim suspendedContext: value ].
		[ 6 ] -> [ victim become: value ].
		[ 7 ] -> [ victim becomeForward: value ].
		[ 8 ] -> [ victim primitiveChangeClassTo: value ].
		[ 9 ] -> [ victim class adoptInstance: value ].
		[ 10 ] -> [ victim codeSlotAt: (next value: 8) put: value ].
		[ 11 ] -> [ scratch instVarAt: (next value: 4) put: value ].
		[ 12 ] -> [ victim tempAt: (next value: 4) put: value ].
		[ 13 ] -> [ scratch setFormat: value ] }
		otherwise: [ victim instVarAt: (next value: (slots value: victim)) put: value ] ].
Transcript show: 'made'; cr.
1 to: ${rounds} do: [ :round |
	1 to: 20000 do: [ :i | i \\\\ 100 = 0 ifTrue: [ Processor yield ] ].
	${stores} timesRepeat: [ run on: Exception do: [ :error | error return ] ].
	Transcript show: 'stored'; show: round printString; cr ].
[ Processor yield ] repeat`;

export interface Outcome {
  /** Whether the machine would save the heap. */
  readonly saved: boolean;
  /** How often it would be saved quickly. */
  readonly quickSaves: number;
  /** What is wrong with that, if anything. */
  readonly complaint: string | undefined;
}

/**
 * Runs the program of that seed. Has its heap checked as for quick saves when all is
 * there and between the rounds, at last as for a full one, saved and opened.
 */
export function storeAndSave(image: Uint8Array, seed: number): Outcome {
  const session = openSession(image, ["eval", program(seed, 1 + (seed % 3))]);
  const { memory } = session;
  const verifier = new SaveVerifier(memory);
  verifier.adopt();
  let quickSaves = 0;
  for (const sign of ["made", "stored1", "stored2"]) {
    if (!runUntil(session, sign, "delta")) return unsaved(quickSaves);
    const { saved, complaint } = judge(verifier, memory, "delta");
    if (complaint !== undefined) return { saved, quickSaves, complaint };
    if (saved) {
      memory.clearDirty();
      quickSaves++;
    }
    session.machine.resumeAfterSnapshot();
  }
  if (!runUntil(session, "stored3", "full")) return unsaved(quickSaves);
  const { saved, complaint } = judge(verifier, memory, "full");
  if (!saved || complaint !== undefined) return { saved, quickSaves, complaint };
  return { saved, quickSaves, complaint: complaintOfOpening(session) };
}

const unsaved = (quickSaves: number): Outcome => ({
  saved: false,
  quickSaves,
  complaint: undefined,
});

/** Whether the heap would be saved, and whether that is right. */
function judge(
  verifier: SaveVerifier,
  memory: ObjectMemory,
  kind: SnapshotKind,
): Pick<Outcome, "saved" | "complaint"> {
  const refused = verifier.problem(kind);
  const found = verifyHeap(memory, "loaded");
  if (refused === undefined) {
    return { saved: true, complaint: found && `${kind}: ${describeProblem(found)}` };
  }
  const isWrong = found === undefined;
  const complaint = isWrong
    ? `${kind}: refused for nothing: ${describeProblem(refused)}`
    : undefined;
  return { saved: false, complaint };
}

/** Runs until that has been printed, and for a while, and prepares a save; answers false if the machine says no. */
function runUntil(session: Session, sign: string, kind: SnapshotKind): boolean {
  const end = session.steps + mostSteps;
  try {
    while (!session.ended && session.steps < end && !output(session).includes(sign)) {
      runFor(session, slice);
    }
    if (!session.ended) runFor(session, slice);
  } catch {
    // A machine that stops, or that can run nothing more, can still be saved, unless it says no.
  }
  try {
    session.machine.prepareSnapshot(kind, false);
    return true;
  } catch {
    return false;
  }
}

function complaintOfOpening(session: Session): string | undefined {
  const fresh = new MemoryFile();
  try {
    const { fileId } = session.file.manifest;
    const notes = { created: "", toolVersion: "test" };
    now(ImageFile.create(fresh, newImage(session.memory, notes, fileId), {}));
    openSession(fresh.contents().slice(), ["eval", "3"]);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
