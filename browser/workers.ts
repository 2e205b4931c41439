/** The workers of the page. The first one is started before there is anybody to use it. */

/** Started, and nobody's yet. */
let first: Worker | undefined;

const newWorker = (): Worker =>
  new Worker(new URL("./vm-worker.ts", import.meta.url), { type: "module" });

/** Starts a worker for whoever takes one first. */
export function startWorker(): void {
  const worker = newWorker();
  first = worker;
  // Whoever takes another one sees it fail too, and can say so.
  worker.onerror = () => {
    if (first === worker) first = undefined;
  };
}

/** A worker that has heard nothing yet. */
export function takeWorker(): Worker {
  const worker = first ?? newWorker();
  first = undefined;
  return worker;
}
