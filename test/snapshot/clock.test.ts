/** The machine's clock stands still while the image is a file: what waits for a time has waited as long as it did. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { baseImage } from "../base-image.ts";
import { openSession, output, runFor, type Session, saved } from "./sessions.ts";

const image = new Uint8Array(readFileSync(baseImage()));

const steps = 100_000;

/** Lets the session work, then time pass, then the session work. */
function pass(session: Session, milliseconds: number): void {
  runFor(session, steps);
  session.host.idle(milliseconds);
  runFor(session, steps);
}

/** A process that keeps the image from idling, so that time passes when we say so. */
const busy =
  "[ [ true ] whileTrue: [ Processor yield ] ] forkAt: Processor userBackgroundPriority. ";

for (const kind of ["full", "delta"] as const) {
  it(`goes on in a delay that was saved in the middle (${kind})`, () => {
    const program = `${busy}(Delay forMilliseconds: 1000) wait. Transcript show: 'done'`;
    let session = openSession(image, ["eval", program]);
    pass(session, 400);
    for (let times = 0; times < 3; times++) {
      session = openSession(saved(session, kind), []);
      pass(session, 199);
    }
    expect(output(session)).not.toContain("done");
    pass(session, 4);
    expect(output(session)).toContain("done");
  });
}

it("goes on where it stood", () => {
  const program = `${busy}[ Transcript show: (Time millisecondClockValue // 1000) printString; cr. (Delay forMilliseconds: 1000) wait ] repeat`;
  let session = openSession(image, ["eval", program]);
  pass(session, 1000);
  session = openSession(saved(session, "full"), []);
  pass(session, 1000);
  expect(output(session).trim()).toBe("2");
});
