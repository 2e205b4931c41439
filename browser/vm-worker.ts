/**
 * The worker: serves requests about stored images, and runs one.
 *
 * An image is opened and checked first, then it runs until its session ends or
 * the page closes it. Every save is reported, whoever asked for it. When the machine
 * fails nothing is saved any more: what is stored stays as it is.
 */
import type { CborValue } from "../image-format/cbor.ts";
import type { HostMessage } from "../vm/host.ts";
import { MemoryExhausted } from "../vm/interpreter/contexts.ts";
import type { EventField, InputEvent } from "../vm/interpreter/input-queue.ts";
import { Stop } from "../vm/interpreter/interpreter.ts";
import { Collector } from "../vm/memory/collector.ts";
import { type Saver, type SnapshotKind, VirtualMachine } from "../vm/virtual-machine.ts";
import { BrowserConsole, BrowserHost } from "./browser-host.ts";
import { ImageSession } from "./image-session.ts";
import { ImageStore } from "./image-store.ts";
import {
  type FromPage,
  type FromWorker,
  type ImageSource,
  type Numbered,
  type Opened,
  type OpenParameters,
  Ordering,
  type Refused,
  type Request,
  type RequestName,
  type Requests,
  refusedOf,
} from "./protocol.ts";

/** How long a save waits for the image to take the input that came before. */
const inputPatience = 300;

/** The types of pages stand in for those of workers, which exclude them. */
const page = globalThis as unknown as {
  postMessage(message: Numbered<FromWorker>, transfer: Transferable[]): void;
};
const order = new Ordering();

function send(message: FromWorker, transfer: Transferable[] = []): void {
  page.postMessage(order.numbered(message), transfer);
}

let store: Promise<ImageStore>;
/** How many requests are answered, for a page that cannot hear. */
let answered: Int32Array | undefined;

/** An image that runs. */
class Running {
  private readonly session: ImageSession;
  private readonly host: BrowserHost;
  private readonly console: BrowserConsole;
  private readonly machine: VirtualMachine;
  private isOver = false;

  constructor(session: ImageSession, { columns, rows }: OpenParameters) {
    this.session = session;
    const write = (bytes: Uint8Array) => {
      send({ kind: "output", bytes }, [bytes.buffer as ArrayBuffer]);
    };
    this.console = new BrowserConsole(write, columns, rows);
    this.console.whenFull = () => this.machine.interpreter.endSlice();
    const { name, isReadOnly } = session.opened;
    // An image that is named saves itself when the user leaves the conversation.
    const words = isReadOnly ? ["repl"] : ["repl", "--", name];
    this.host = new BrowserHost(words, this.console, (message) => {
      if (message.kind === "journal") void this.journal(message);
      else send({ kind: "posted", message });
    });
    const saver = (kind: SnapshotKind) => this.saveFile(kind);
    this.machine = new VirtualMachine(session.memory, this.host, { saver });
  }

  async run(): Promise<void> {
    let end: FromWorker;
    try {
      this.machine.start();
      end = { kind: "ended", exitCode: await this.machine.run() };
    } catch (error) {
      end = { kind: "failed", refused: failure(error) };
    }
    if (this.isOver) return;
    this.isOver = true;
    this.console.flush();
    send(end);
  }

  get hasChanges(): boolean {
    return this.session.hasChanges;
  }

  input(bytes: Uint8Array): void {
    this.machine.postKeys(bytes);
    this.host.attend();
  }

  event(event: InputEvent): void {
    this.machine.postEvent(event);
    this.host.attend();
  }

  interrupt(): void {
    this.machine.interrupt();
    this.host.attend();
  }

  resize(columns: number, rows: number): void {
    this.console.resize(columns, rows);
    // The image says among its output where what it draws for that size begins.
    this.machine.postEvent(["terminalResizing", columns, rows]);
  }

  taken(byteCount: number): void {
    this.host.taken(byteCount);
  }

  async save(kind: SnapshotKind): Promise<number> {
    await this.snapshot(kind);
    return this.session.generation;
  }

  async saveAs(name: string): Promise<Opened> {
    await this.snapshot("full", () => this.session.saveAs(name));
    send({ kind: "saved", generation: this.session.generation });
    return this.session.opened;
  }

  async export(): Promise<Blob> {
    let bytes = new Blob();
    await this.snapshot("full", async () => {
      bytes = await this.session.export();
    });
    return bytes;
  }

  async close(): Promise<void> {
    if (!this.session.opened.isReadOnly && !this.isOver) await this.snapshot("delta");
    this.isOver = true;
    this.machine.interpreter.requestStop(Stop.exit);
    await this.session.close();
  }

  private async snapshot(kind: SnapshotKind, saver?: Saver): Promise<void> {
    if (this.isOver) throw new Error("the session has ended");
    await this.inputTaken();
    const saved = this.machine.save(kind, saver);
    this.host.attend();
    await saved;
  }

  /** What the user has done is the image's before it is captured, unless the image takes no input. */
  private async inputTaken(): Promise<void> {
    const giveUp = performance.now() + inputPatience;
    while (!this.machine.interpreter.input.isEmpty && performance.now() < giveUp) {
      this.host.attend();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** The image asks what the journal has, or has accepted a change. */
  private async journal({ do: what, number, change }: HostMessage): Promise<void> {
    if (what === "open") {
      const found = this.session.takeFoundChanges();
      if (found.length > 0) this.event(["journal", "found", found as EventField]);
      return;
    }
    try {
      await this.session.writeChange(change as CborValue);
      this.event(["journal", "written", number as number]);
    } catch (error) {
      send({ kind: "saveFailed", refused: refusedOf(error) });
    }
  }

  private async saveFile(kind: SnapshotKind): Promise<void> {
    send({ kind: "saving" });
    try {
      const generation = await this.session.save(kind);
      send({ kind: "saved", generation });
    } catch (error) {
      send({ kind: "saveFailed", refused: refusedOf(error) });
      throw error;
    }
  }
}

function failure(error: unknown): Refused {
  const refused = refusedOf(error);
  if (error instanceof MemoryExhausted) return { ...refused, message: "memory is full" };
  console.error(error);
  return refused;
}

/** What is opened before anybody has asked for it. */
let expected: { readonly source: ImageSource; readonly session: Promise<ImageSession> } | undefined;

function expect(source: ImageSource): void {
  const session = store.then((opened) => ImageSession.ahead(opened, source));
  expected = { source, session };
  // Whoever asks for it finds out.
  session.catch(() => {});
}

/** What was expected, if it was this and could be had. */
async function takeExpected(parameters: OpenParameters): Promise<ImageSession | undefined> {
  const session = await expected?.session.catch(() => undefined);
  const isIt = expected !== undefined && isSame(expected.source, parameters);
  expected = undefined;
  if (isIt) return session;
  await session?.close();
  return undefined;
}

function isSame(known: ImageSource, { source, as, generation }: OpenParameters): boolean {
  if (generation !== undefined) return false;
  if (known.kind === "stored") {
    return source.kind === "stored" && source.name === known.name && as === "itself";
  }
  return known.kind === "base" && source.kind === "base";
}

async function open(parameters: OpenParameters): Promise<ImageSession> {
  const session = await takeExpected(parameters);
  if (session === undefined) return ImageSession.open(await store, parameters);
  const { as } = parameters;
  if (typeof as === "object") await session.saveAs(as.copy);
  return session;
}

let running: Running | undefined;

function theRunning(): Running {
  if (running === undefined) throw new Error("no image runs here");
  return running;
}

const services: {
  [Name in RequestName]: (takes: Requests[Name]["takes"]) => Promise<Requests[Name]["answers"]>;
} = {
  list: async () => (await store).list(),
  generations: async (source) => (await store).generations(source),
  remove: async (name) => {
    await (await store).remove(name);
    return null;
  },
  rename: async ({ from, to }) => {
    await (await store).rename(from, to);
    return null;
  },
  export: (name) => (name === null ? theRunning().export() : exportStored(name)),
  open: async (parameters) => {
    const session = await open(parameters);
    running = new Running(session, parameters);
    // The page learns that it is open before it hears from it.
    setTimeout(() => running?.run(), 0);
    return session.opened;
  },
  save: (kind) => theRunning().save(kind),
  saveAs: (name) => theRunning().saveAs(name),
  close: async () => {
    await theRunning().close();
    return null;
  },
};

/** A collected copy of an image that does not run. */
async function exportStored(name: string): Promise<Blob> {
  const session = await ImageSession.open(await store, {
    source: { kind: "stored", name },
    as: "readOnly",
    columns: 80,
    rows: 24,
  });
  const collector = new Collector(session.memory);
  collector.heapLoaded();
  collector.compact();
  return session.export();
}

async function serve(id: number, request: Request): Promise<void> {
  try {
    const service = services[request.name] as (takes: unknown) => Promise<unknown>;
    send({ kind: "answered", id, answer: await service(request.takes) });
  } catch (error) {
    send({ kind: "refused", id, refused: refusedOf(error) });
  }
  if (answered !== undefined) Atomics.add(answered, 0, 1);
}

function receive(message: FromPage): void {
  switch (message.kind) {
    case "begin":
      store = ImageStore.open(message.storage);
      answered = message.answered;
      return;
    case "expect":
      expect(message.source);
      return;
    case "request":
      void serve(message.id, message.request);
      return;
    case "input":
      running?.input(message.bytes);
      return;
    case "event":
      running?.event(message.event);
      return;
    case "resized":
      running?.resize(message.columns, message.rows);
      return;
    case "interrupt":
      running?.interrupt();
      return;
    case "taken":
      running?.taken(message.byteCount);
      return;
    case "ping":
      send({ kind: "pong", hasChanges: running?.hasChanges ?? false });
  }
}

addEventListener("message", ({ data }: MessageEvent<Numbered<FromPage>>) =>
  receive(order.take(data)),
);
