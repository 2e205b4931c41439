/** Sessions inside a page: what `sessions.ts` does, for images that the server of the page has and takes back. */

import { openSession, output, runFor, saved } from "./sessions.ts";

export interface Leg {
  readonly printed: string;
  /** Whether the program has ended; if not, the server has the image it goes on from. */
  readonly ended: boolean;
}

/** Opens the image at the address, runs it for that many steps, and saves it there. */
async function runLeg(address: string, steps: number): Promise<Leg> {
  const image = await (await fetch(address)).arrayBuffer();
  const session = openSession(new Uint8Array(image), []);
  runFor(session, steps);
  const { ended } = session;
  if (!ended) {
    const body = saved(session, "full") as Uint8Array<ArrayBuffer>;
    await fetch(address, { method: "POST", body });
  }
  return { printed: output(session), ended };
}

(globalThis as { runLeg?: typeof runLeg }).runLeg = runLeg;
