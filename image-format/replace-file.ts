/**
 * Replacing a file by a new one: at every moment the name stands for the
 * whole old file or the whole new one.
 */
import { ImageError } from "./errors.ts";
import type { Protocol } from "./protocol.ts";
import type { Steps } from "./steps.ts";
import { GuardedFile, guarded, type RenamingFolder } from "./storage.ts";

/**
 * Lets `write` fill a new file, makes it durable, gives it the name, and
 * makes that durable. Answers what `write` answered, and the file, still
 * open. When it fails before the name could change, nothing has happened.
 * `whenUncertain` is told of failures after that, and of every failed sync:
 * a disk that fails one is not to be trusted with another.
 */
export function* replaceFile<T>(
  folder: RenamingFolder,
  name: string,
  protocol: Protocol,
  write: (file: GuardedFile) => Steps<T>,
  whenUncertain: (error: ImageError) => void = () => {},
): Steps<{ readonly file: GuardedFile; readonly written: T }> {
  const temporary = `${name}.new`;
  // One that is there was left by an interrupted save: who saves has the lock.
  if (yield* guarded("EIMG_READ", () => folder.exists(temporary), temporary)) {
    yield* guarded("EIMG_WRITE", () => folder.remove(temporary), temporary);
  }
  const storage = yield* guarded("EIMG_WRITE", () => folder.open(temporary, "create"), temporary);
  const file = new GuardedFile(storage, protocol.loopShortWrites);
  let written: T;
  try {
    written = yield* write(file);
    if (protocol.syncBeforeRename) yield* file.sync();
  } catch (error) {
    if (error instanceof ImageError && error.code === "EIMG_SYNC") whenUncertain(error);
    yield* discard(folder, temporary, file);
    throw error;
  }
  try {
    yield* guarded("EIMG_WRITE", () => folder.rename(temporary, name), name);
    if (protocol.syncFolder) yield* guarded("EIMG_SYNC", () => folder.sync(), name);
  } catch (error) {
    whenUncertain(error as ImageError);
    file.close();
    throw error;
  }
  return { file, written };
}

/** Removes what was written in vain; the failure that made it so is what gets reported. */
function* discard(folder: RenamingFolder, temporary: string, file: GuardedFile): Steps<void> {
  try {
    file.close();
    yield* guarded("EIMG_WRITE", () => folder.remove(temporary), temporary);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
  }
}
