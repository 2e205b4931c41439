/**
 * Input on its way from the host to the image: bytes of standard input and
 * events, in the order they came. The image takes them one by one with the
 * primitive `inputNext`; the input semaphore tells it that something waits.
 *
 * No bytes: the input has ended. An event is plain data.
 */

/** What an event may carry. */
export type EventField = string | number | boolean | null | Uint8Array | readonly EventField[];
/** An event: its kind, then its fields. */
export type InputEvent = readonly [string, ...EventField[]];
export type Input = Uint8Array | InputEvent;

export class InputQueue {
  private readonly pending: Input[] = [];
  private readonly arrived: () => void;

  /** `arrived` is called for each piece of input; it signals the input semaphore. */
  constructor(arrived: () => void = () => {}) {
    this.arrived = arrived;
  }

  postBytes(bytes: Uint8Array): void {
    this.post(bytes.slice());
  }

  postEvent(event: InputEvent): void {
    this.post(event);
  }

  private post(input: Input): void {
    this.pending.push(input);
    this.arrived();
  }

  /** Takes the oldest input; undefined if there is none. */
  next(): Input | undefined {
    return this.pending.shift();
  }

  /** The oldest input, left in its place. */
  peek(): Input | undefined {
    return this.pending[0];
  }

  get isEmpty(): boolean {
    return this.pending.length === 0;
  }
}
