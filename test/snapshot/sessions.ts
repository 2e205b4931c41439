/**
 * Sessions for the tests of saving and resuming: images opened in memory on a
 * simulated host, stepped to an exact safepoint, saved and opened again.
 */

import { browserServices } from "../../browser/image-services.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { MemoryFile } from "../../image-format/memory-storage.ts";
import { now } from "../../image-format/steps.ts";
import { Stop } from "../../vm/interpreter/interpreter.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import { deltaSave, newImage, openHeap } from "../../vm/snapshot.ts";
import { type SnapshotKind, VirtualMachine } from "../../vm/virtual-machine.ts";

const notes = { created: "", toolVersion: "test" };

export interface Session {
  readonly machine: VirtualMachine;
  readonly host: SimulatedHost;
  readonly memory: ObjectMemory;
  readonly file: ImageFile;
  readonly storage: MemoryFile;
  /** Calls and backward jumps done so far. */
  steps: number;
  ended: boolean;
}

/** Opens the newest generation of an image and starts it with that command. */
export function openSession(image: Uint8Array, command: readonly string[]): Session {
  const storage = new MemoryFile(image);
  const memory = new ObjectMemory(0x8000000);
  const file = now(openHeap(storage, memory, { services: browserServices }));
  const host = new SimulatedHost(command);
  const machine = new VirtualMachine(memory, host);
  machine.start();
  return { machine, host, memory, file, storage, steps: 0, ended: false };
}

const longestSlice = 10_000;

/** Runs for that many steps, or to the end of the session. */
export function runFor(session: Session, steps: number): void {
  const end = session.steps + steps;
  while (session.steps < end && !session.ended) {
    const slice = Math.min(end - session.steps, longestSlice);
    const reason = session.machine.runSlice(slice);
    session.steps += slice - session.machine.interpreter.stepsLeft;
    if (reason === Stop.exit) session.ended = true;
    if (reason === Stop.snapshot) throw new Error("the program asked for a snapshot");
    if (reason === Stop.idle && session.machine.idleMilliseconds === Number.POSITIVE_INFINITY) {
      throw new Error(`nothing can run; so far:\n${output(session)}`);
    }
  }
}

/** Runs, in slices of that many steps, until the program waits for nothing but input, or has ended. */
export function runUntilIdle(session: Session, slice = longestSlice): void {
  const start = session.steps;
  for (;;) {
    const reason = session.machine.runSlice(slice);
    session.steps += slice - session.machine.interpreter.stepsLeft;
    if (reason === Stop.exit) session.ended = true;
    if (session.ended) return;
    if (reason === Stop.idle && session.machine.idleMilliseconds === Number.POSITIVE_INFINITY)
      return;
    if (session.steps - start > tooLong) throw new Error("the program does not stop");
  }
}

const tooLong = 20_000_000;

/** Runs to the end of the session; answers all it printed. */
export function finish(session: Session): string {
  while (!session.ended) {
    runFor(session, longestSlice);
    if (session.steps > tooLong) throw new Error("the program does not end");
  }
  return output(session);
}

export const output = (session: Session): string => session.host.output(1) + session.host.output(2);

/** Saves the session where it stands; answers the bytes of the image. The session may go on. */
export function saved(session: Session, kind: SnapshotKind): Uint8Array {
  const { machine, memory, file, storage } = session;
  while (!machine.maySave) runFor(session, 1);
  machine.prepareSnapshot(kind, false);
  if (kind === "delta") {
    now(file.commit(deltaSave(memory, notes)));
    memory.clearDirty();
    machine.resumeAfterSnapshot();
    return storage.contents().slice();
  }
  const fresh = new MemoryFile();
  now(
    ImageFile.create(fresh, newImage(memory, notes, file.manifest.fileId), {
      services: browserServices,
    }),
  );
  machine.resumeAfterSnapshot();
  return fresh.contents().slice();
}
