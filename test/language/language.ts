/**
 * Programs with their expected output: statements, each followed by a comment
 * that says what is shown for it.
 *
 *     3 > 2 ifTrue: [ 'big' ]     "expect: 'big'"
 *     1 foo                       "error: Instance of SmallInteger did not understand #foo"
 *
 * A statement may go over several lines; the comment ends it. Statements of a
 * file share their variables. They are typed into a conversation of the image,
 * so they can be run in every mode, and must give one answer in all.
 */

import { describeProblem, verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { openSession, output, runUntilIdle, type Session, saved } from "../snapshot/sessions.ts";

export interface Statement {
  readonly line: number;
  readonly text: string;
  readonly kind: "expect" | "error";
  readonly expected: string;
}

const ending = /"(expect|error): ((?:[^"]|"")*)"\s*$/;

/** The statements of a program; throws if something stands behind the last. */
export function statementsOf(program: string): Statement[] {
  const statements: Statement[] = [];
  let lines: string[] = [];
  program.split("\n").forEach((line, index) => {
    const match = ending.exec(line);
    lines.push(match === null ? line : line.slice(0, match.index));
    if (match === null) return;
    const text = lines.join(" ").trim();
    lines = [];
    const expected = match[2]!.replaceAll('""', '"');
    statements.push({ line: index + 1, text, kind: match[1] as Statement["kind"], expected });
  });
  if (lines.join("").trim() !== "") throw new Error(`nothing is expected of ${lines.join("\n")}`);
  return statements;
}

/** What is done to the machine while it runs a program. */
export interface Mode {
  readonly name: string;
  /** A collection whenever that many calls and backward jumps have been done; the heap is verified now and then. */
  readonly collectionEvery?: number;
  /** Saved, and opened again, behind every so-many-th statement. */
  readonly reopenEvery?: number;
}

export const modes: readonly Mode[] = [
  { name: "plain" },
  { name: "with a collection every few calls", collectionEvery: 100 },
  { name: "saved and reopened between statements", reopenEvery: 6 },
];

function sessionIn(image: Uint8Array, command: readonly string[], mode: Mode): Session {
  const session = openSession(image, command);
  if (mode.collectionEvery !== undefined) session.machine.interpreter.stressInterval = 1;
  runUntilIdle(session, mode.collectionEvery);
  return session;
}

/** In statements. */
const verifiedEvery = 8;

/** What the program shows otherwise than expected, a line for each statement. */
export function differences(
  image: Uint8Array,
  statements: readonly Statement[],
  mode: Mode,
): string[] {
  const found: string[] = [];
  let session = sessionIn(image, ["repl"], mode);
  for (const [index, { line, text, kind, expected }] of statements.entries()) {
    const before = output(session).length;
    session.machine.postInput(new TextEncoder().encode(`${text}\n`));
    runUntilIdle(session, mode.collectionEvery);
    const shown = output(session).slice(before).trimEnd().split(/\r?\n/);
    // Behind an error stands its stack.
    const actual = kind === "error" ? shown[0]! : shown.join("\n");
    if (actual !== expected)
      found.push(`line ${line}: ${text}\n  expected ${expected}\n  shown    ${actual}`);
    if (mode.collectionEvery !== undefined && index % verifiedEvery === 0) {
      const problem = verifyHeap(session.memory);
      if (problem !== undefined) found.push(`line ${line}: ${text}\n  ${describeProblem(problem)}`);
    }
    if (mode.reopenEvery !== undefined && index % mode.reopenEvery === 0) {
      session = sessionIn(saved(session, "full"), [], mode);
    }
  }
  return found;
}
