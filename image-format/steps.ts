/**
 * Work that waits only where the storage or a codec makes it wait.
 *
 * The same code serves file descriptors, where everything is done at once,
 * and browser storage, where a sync or a decompression may be a promise. It
 * is written as a generator that yields the promises it meets. Met none, it
 * answers its result at once; else it answers a promise of the result.
 */
import { assert } from "./errors.ts";

export type MaybePromise<T> = T | Promise<T>;

export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>;

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === "function";
}

/** Inside steps: the value, waited for if it is a promise. */
export function* settled<T>(value: T | PromiseLike<T>): Steps<T> {
  return isPromise(value) ? ((yield value) as T) : value;
}

/** Takes all steps; answers at once if none had to wait. */
export function finish<T>(steps: Steps<T>): MaybePromise<T> {
  const first = steps.next();
  return first.done ? first.value : finishLater(steps, first.value);
}

async function finishLater<T>(steps: Steps<T>, pending: PromiseLike<unknown>): Promise<T> {
  let waiting = pending;
  for (;;) {
    let step: IteratorResult<PromiseLike<unknown>, T>;
    try {
      step = steps.next(await waiting);
    } catch (error) {
      // Thrown by the promise, or already by the steps: then they are over and this throws it again.
      step = steps.throw(error);
    }
    if (step.done) return step.value;
    waiting = step.value;
  }
}

/** The result of work on storage that never makes anyone wait, such as Node's. */
export function now<T>(value: MaybePromise<T>): T {
  assert(!isPromise(value), "this storage or codec makes its caller wait");
  return value as T;
}
