/**
 * The page's side of a worker: sends requests and input, hands on what comes
 * back, and watches that the worker lives.
 *
 * The machine goes back to its event loop every few milliseconds, so a worker
 * that answers no ping for seconds hangs, in a primitive or by a mistake of
 * ours, and nothing but ending it will help. Saving may take longer.
 */
import type { HostMessage } from "../vm/host.ts";
import type { InputEvent } from "../vm/interpreter/input-queue.ts";
import {
  type FromPage,
  type FromWorker,
  type ImageSource,
  type Numbered,
  Ordering,
  type Refused,
  type Request,
  type RequestName,
  type Requests,
  refusedOf,
  type StorageKind,
  storageKinds,
} from "./protocol.ts";

const pingMilliseconds = 1000;
/** A worker silent for so long is taken to hang. */
const patienceMilliseconds = 6000;
const savingPatienceMilliseconds = 120_000;
/** How long a page that goes away waits for answers: where it can tell that they are there, and elsewhere. */
const leavingPatienceMilliseconds = { known: 5000, unknown: 250 };
/** Requests that capture what the image is. */
const capturing: ReadonlySet<RequestName> = new Set(["save", "saveAs", "export", "close"]);

/** What a request was refused for. */
export class RequestRefused extends Error {
  readonly refused: Refused;

  constructor(refused: Refused) {
    super(refused.message);
    this.name = "RequestRefused";
    this.refused = refused;
  }
}

/** What a worker has to say of its own accord. */
export interface ClientListener {
  /** Output for the terminal; `taken` is to be called when that has it. */
  output?(bytes: Uint8Array, taken: () => void): void;
  /** The image has something for the page. */
  posted?(message: HostMessage): void;
  /** The image is about to be captured: what it does not know yet must go to it now. */
  flush?(): void;
  saving?(): void;
  saved?(generation: number): void;
  saveFailed?(refused: Refused): void;
  /** The image ended its session. */
  ended?(exitCode: number): void;
  /** The machine cannot go on. */
  failed?(refused: Refused): void;
  /** The image has changed since its last save. */
  changed?(): void;
  /** The worker is silent, or speaks again. */
  silent?(isSilent: boolean): void;
}

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class VmClient {
  listener: ClientListener = {};
  private readonly worker: Worker;
  private readonly order = new Ordering();
  private readonly pending = new Map<number, Pending>();
  private requestCount = 0;
  private readonly answered =
    typeof SharedArrayBuffer === "undefined"
      ? undefined
      : new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private watch: ReturnType<typeof setInterval> | undefined;
  private lastHeard = 0;
  private isSaving = false;
  private isSilent = false;
  private isEnded = false;
  private failure: Refused | undefined;

  constructor() {
    this.worker = new Worker(new URL("./vm-worker.ts", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }: MessageEvent<Numbered<FromWorker>>) => {
      this.receive(this.order.take(data));
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.fail(refusedOf(new Error(event.message || "the worker could not be started")));
    };
    this.send({ kind: "begin", storage: askedStorage(), answered: this.answered });
  }

  /** Has the worker read what it will be asked to open. */
  expect(source: ImageSource): void {
    this.send({ kind: "expect", source });
  }

  request<Name extends RequestName>(
    name: Name,
    takes: Requests[Name]["takes"],
  ): Promise<Requests[Name]["answers"]> {
    if (this.isEnded) return Promise.reject(new Error("the worker has ended"));
    if (this.failure !== undefined) return Promise.reject(new RequestRefused(this.failure));
    if (capturing.has(name)) this.listener.flush?.();
    const id = this.requestCount++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as Pending["resolve"], reject });
      this.send({ kind: "request", id, request: { name, takes } as Request });
    });
  }

  input(bytes: Uint8Array): void {
    this.send({ kind: "input", bytes });
  }

  event(event: InputEvent): void {
    this.send({ kind: "event", event });
  }

  resize(columns: number, rows: number): void {
    this.send({ kind: "resized", columns, rows });
  }

  interrupt(): void {
    this.send({ kind: "interrupt" });
  }

  /** Pings the worker from now on, while the page is seen: the timers of hidden pages are slow. */
  startWatching(): void {
    this.lastHeard = performance.now();
    let lastCheck = this.lastHeard;
    this.watch = setInterval(() => {
      const now = performance.now();
      // The page itself was held up, or slept with the whole machine.
      if (document.hidden || now - lastCheck > pingMilliseconds * 3) this.lastHeard = now;
      lastCheck = now;
      const patience = this.isSaving ? savingPatienceMilliseconds : patienceMilliseconds;
      this.noteSilence(now - this.lastHeard > patience);
      this.send({ kind: "ping" });
    }, pingMilliseconds);
  }

  /** The page goes away, and the worker with it: holds both until all requests are answered. */
  awaitAnswersAtOnce(): void {
    const { answered, requestCount } = this;
    if (this.pending.size === 0) return;
    const { known, unknown } = leavingPatienceMilliseconds;
    const end = performance.now() + (answered === undefined ? unknown : known);
    while (performance.now() < end) {
      if (answered !== undefined && Atomics.load(answered, 0) >= requestCount) return;
    }
  }

  /** Ends the worker at once, whatever it does. */
  terminate(): void {
    this.isEnded = true;
    clearInterval(this.watch);
    this.worker.terminate();
    this.rejectAll(new Error("the worker was ended"));
  }

  private send(message: FromPage): void {
    if (!this.isEnded) this.worker.postMessage(this.order.numbered(message));
  }

  private receive(message: FromWorker): void {
    if (this.isEnded) return;
    const { listener } = this;
    this.lastHeard = performance.now();
    this.noteSilence(false);
    switch (message.kind) {
      case "answered":
        this.settle(message.id)?.resolve(message.answer);
        return;
      case "refused":
        this.settle(message.id)?.reject(new RequestRefused(message.refused));
        return;
      case "output": {
        const byteCount = message.bytes.length;
        const taken = () => this.send({ kind: "taken", byteCount });
        if (listener.output === undefined) taken();
        else listener.output(message.bytes, taken);
        return;
      }
      case "posted":
        listener.posted?.(message.message);
        window.dispatchEvent(new CustomEvent("engram-posted", { detail: message.message }));
        return;
      case "saving":
        this.isSaving = true;
        listener.saving?.();
        return;
      case "saved":
        this.isSaving = false;
        listener.saved?.(message.generation);
        return;
      case "saveFailed":
        this.isSaving = false;
        listener.saveFailed?.(message.refused);
        return;
      case "ended":
        listener.ended?.(message.exitCode);
        return;
      case "failed":
        this.fail(message.refused);
        return;
      case "pong":
        if (message.hasChanges) listener.changed?.();
    }
  }

  private fail(refused: Refused): void {
    clearInterval(this.watch);
    this.failure = refused;
    this.rejectAll(new RequestRefused(refused));
    this.listener.failed?.(refused);
  }

  private noteSilence(isSilent: boolean): void {
    if (this.isSilent === isSilent) return;
    this.isSilent = isSilent;
    this.listener.silent?.(isSilent);
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private rejectAll(error: Error): void {
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

/** The kind of storage that the address asks for. */
function askedStorage(): StorageKind | undefined {
  const asked = new URLSearchParams(location.search).get("storage");
  return storageKinds.find((kind) => kind === asked);
}
