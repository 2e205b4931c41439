/**
 * The host of a machine that runs in a browser's worker. The terminal is in the
 * page: what the image prints is gathered and sent about once a frame.
 *
 * Always: when more than a window of output is on its way, the machine gets no
 * turn until the page has taken some, or somebody asks for its attention.
 */
import type { Host, HostClock, HostConsole, HostMessage } from "../vm/host.ts";
import { outputWindowBytes } from "./protocol.ts";

const frameMilliseconds = 16;

export class BrowserHost implements Host {
  readonly kind = "browser";
  readonly clock: HostClock = browserClock;
  readonly console: BrowserConsole;
  readonly arguments: readonly string[];
  readonly post: (message: HostMessage) => void;
  private endTurn: (() => void) | undefined;

  constructor(
    words: readonly string[],
    console: BrowserConsole,
    post: (message: HostMessage) => void,
  ) {
    this.arguments = words;
    this.console = console;
    this.post = post;
  }

  random(into: Uint8Array): void {
    crypto.getRandomValues(into as Uint8Array<ArrayBuffer>);
  }

  environment(name: string): string | undefined {
    return name === "LANG" ? navigator.language : undefined;
  }

  environmentNames(): readonly string[] {
    return ["LANG"];
  }

  get wantsTurn(): boolean {
    return this.console.isFull;
  }

  /** Lets the worker receive its messages; lasts while the page is behind with the output. */
  async turn(): Promise<void> {
    await macrotask();
    if (!this.console.isFull) return;
    await new Promise<void>((resolve) => {
      this.endTurn = resolve;
    });
    this.endTurn = undefined;
  }

  /** The page has taken output. */
  taken(byteCount: number): void {
    this.console.taken(byteCount);
    if (!this.console.isFull) this.attend();
  }

  /** Gives the machine its turn, for something that does not wait for the page. */
  attend(): void {
    this.endTurn?.();
  }
}

const browserClock: HostClock = {
  monotonicMilliseconds: () => performance.now(),
  utcMicroseconds: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  timeZoneOffsetMinutes: () => -new Date().getTimezoneOffset(),
};

/** A terminal whose keys and screen are in the page. */
export class BrowserConsole implements HostConsole {
  /** Called for what is written beyond the window. */
  whenFull: (() => void) | undefined;
  private readonly send: (bytes: Uint8Array) => void;
  private columns: number;
  private rows: number;
  private pieces: Uint8Array[] = [];
  private gathered = 0;
  private onTheirWay = 0;
  private flushing: ReturnType<typeof setTimeout> | undefined;
  private lastFlush = Number.NEGATIVE_INFINITY;

  constructor(send: (bytes: Uint8Array) => void, columns: number, rows: number) {
    this.send = send;
    this.columns = columns;
    this.rows = rows;
  }

  write(_stream: 1 | 2, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.pieces.push(bytes.slice());
    this.gathered += bytes.length;
    if (this.isFull) this.whenFull?.();
    const wait = Math.max(0, this.lastFlush + frameMilliseconds - performance.now());
    this.flushing ??= setTimeout(() => this.flush(), wait);
  }

  isTerminal(): boolean {
    return true;
  }

  size(): { columns: number; rows: number } {
    return { columns: this.columns, rows: this.rows };
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
  }

  /** Whether the page is behind by a window. */
  get isFull(): boolean {
    return this.gathered + this.onTheirWay >= outputWindowBytes;
  }

  taken(byteCount: number): void {
    this.onTheirWay -= byteCount;
  }

  /** Sends what was gathered. */
  flush(): void {
    clearTimeout(this.flushing);
    this.flushing = undefined;
    if (this.gathered === 0) return;
    const bytes = new Uint8Array(this.gathered);
    let position = 0;
    for (const piece of this.pieces) {
      bytes.set(piece, position);
      position += piece.length;
    }
    this.pieces = [];
    this.gathered = 0;
    this.onTheirWay += bytes.length;
    this.lastFlush = performance.now();
    this.send(bytes);
  }
}

const channel = new MessageChannel();
let onTurn: (() => void) | undefined;
channel.port1.onmessage = () => onTurn?.();

/** Ends when the messages that have come are dealt with. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    onTurn = resolve;
    channel.port2.postMessage(null);
  });
}
