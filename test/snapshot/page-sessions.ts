/** Sessions inside a page: what `sessions.ts` does, for images that come and go as base64. */

import { openSession, output, runFor, saved } from "./sessions.ts";

export interface Leg {
  readonly image: string;
  readonly printed: string;
  readonly ended: boolean;
}

function decode(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
}

function encode(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

/** Opens an image, runs it for that many steps, and saves it. */
function runLeg(image: string, steps: number): Leg {
  const session = openSession(decode(image), []);
  runFor(session, steps);
  const { ended } = session;
  return { image: ended ? "" : encode(saved(session, "full")), printed: output(session), ended };
}

(globalThis as { runLeg?: typeof runLeg }).runLeg = runLeg;
