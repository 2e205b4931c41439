/**
 * Captured anywhere: a program is stopped at random safepoints, saved, and
 * finished in a fresh machine; what both parts print must be what an
 * uninterrupted run prints.
 */

import { readdirSync, readFileSync } from "node:fs";
import type { SnapshotKind } from "../../vm/virtual-machine.ts";
import { finish, openSession, output, runFor, type Session, saved } from "./sessions.ts";

export interface Program {
  readonly name: string;
  readonly source: string;
}

/** The programs of the folder beside this file, by name. */
export function programs(): Program[] {
  const folder = new URL("programs/", import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".st"))
    .sort()
    .map((name) => ({
      name: name.slice(0, -3),
      source: readFileSync(new URL(name, folder), "utf8"),
    }));
}

export interface Reference {
  readonly program: Program;
  readonly output: string;
  /** When the image had read its command; before that there is no program to capture. */
  readonly begin: number;
  /** Calls and backward jumps from start to end. */
  readonly steps: number;
}

export function startProgram(image: Uint8Array, program: Program): Session {
  return openSession(image, ["eval", program.source]);
}

/** No program asks for its command later than this. */
const longestStart = 500;

/** Runs a program without interruption. */
export function reference(image: Uint8Array, program: Program): Reference {
  const session = startProgram(image, program);
  let begin = 0;
  const command = session.host.arguments;
  Object.defineProperty(session.host, "arguments", {
    get: () => {
      begin = session.steps + 1;
      return command;
    },
  });
  for (let step = 0; step < longestStart; step++) runFor(session, 1);
  const printed = finish(session);
  return { program, output: printed, begin, steps: session.steps };
}

export interface Capture {
  readonly reference: Reference;
  readonly step: number;
  readonly kind: SnapshotKind;
}

/** A generator of captures that repeats for the same seed (mulberry32). */
export function* captures(references: readonly Reference[], seed: number): Generator<Capture> {
  let state = seed | 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  for (let turn = 0; ; turn++) {
    const each = references[turn % references.length]!;
    const step = each.begin + Math.floor(random() * (each.steps - each.begin));
    yield { reference: each, step, kind: random() < 0.5 ? "full" : "delta" };
  }
}

/**
 * Runs to the capture's step and saves; answers the image and what was printed so far. Long work of
 * the machine counts as steps up to the end of its slice, so a run in other slices may have ended by then.
 */
export function interrupt(
  image: Uint8Array,
  capture: Capture,
): { image: Uint8Array; printed: string; ended: boolean } {
  const session = startProgram(image, capture.reference.program);
  runFor(session, capture.step);
  const { ended } = session;
  return { image: saved(session, capture.kind), printed: output(session), ended };
}

/** What differs from the uninterrupted run; undefined if nothing does. */
export function difference(image: Uint8Array, capture: Capture): string | undefined {
  const { program, output: expected } = capture.reference;
  let printed: string;
  try {
    const before = interrupt(image, capture);
    printed = before.printed + (before.ended ? "" : finish(openSession(before.image, [])));
  } catch (problem) {
    printed = String(problem);
  }
  if (printed === expected) return undefined;
  return `${program.name}, ${capture.kind} save at step ${capture.step}:\n${printed}\ninstead of\n${expected}`;
}
