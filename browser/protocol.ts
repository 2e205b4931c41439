/**
 * What the page and its worker say to each other.
 *
 * A worker serves requests about stored images, and runs at most one image. All
 * messages are numbered, each way on its own, and taken in order. Output comes
 * in batches, about one a frame; the page acknowledges what its terminal has
 * taken, and the machine waits while more than a window is on its way: a
 * program that prints without end neither fills memory nor freezes the page.
 */
import { ImageError } from "../image-format/errors.ts";
import type { HostMessage } from "../vm/host.ts";
import type { InputEvent } from "../vm/interpreter/input-queue.ts";

/** How many bytes of output may be on their way to the terminal. */
export const outputWindowBytes = 0x40000;

/** Where an image is taken from. */
export type ImageSource =
  | { readonly kind: "stored"; readonly name: string }
  | { readonly kind: "bytes"; readonly bytes: Blob; readonly title: string }
  | { readonly kind: "url"; readonly url: string; readonly title: string }
  | BaseImage;

/** The image that comes with the page, and its bytes where they are here already. */
export interface BaseImage {
  readonly kind: "base";
  readonly url: string;
  readonly bytes?: Blob;
  readonly title: string;
}

/** An image in the browser's storage. */
export interface StoredImage {
  readonly name: string;
  readonly sizeInBytes: number;
  /** When it was last saved, in milliseconds since 1970. */
  readonly modified: number;
  /** Whether some tab or window has it open for writing. */
  readonly isOpen: boolean;
}

/** Why something was refused, as far as it can be told. */
export interface Refused {
  /** Of an image, one of its codes; else "ERROR". */
  readonly code: string;
  readonly message: string;
  readonly place: readonly (readonly [string, string])[];
  readonly expected: string | undefined;
  readonly found: string | undefined;
  readonly advice: string;
  readonly causes: readonly Refused[];
}

/** A generation that an image holds. */
export interface Generation {
  readonly number: number;
  /** When it was saved, as ISO 8601; may be empty. */
  readonly created: string;
  readonly sizeInBytes: number;
  /** Absent: it is whole. */
  readonly defect: Refused | undefined;
}

/** How to open an image: as it is stored, as it was without ever saving, or as a copy under a name of its own. */
export type OpenAs = "itself" | "readOnly" | { readonly copy: string };

export interface OpenParameters {
  readonly source: ImageSource;
  readonly as: OpenAs;
  /** This one and no other. */
  readonly generation?: number;
  readonly columns: number;
  readonly rows: number;
}

export interface Opened {
  readonly name: string;
  readonly generation: number;
  readonly created: string;
  readonly isReadOnly: boolean;
  /** What is wrong with newer generations than the one opened. */
  readonly warnings: readonly Refused[];
}

/** Every request, with what it takes and what is answered. */
export interface Requests {
  /** Stored images, the one saved last first. */
  list: { takes: null; answers: readonly StoredImage[] };
  /** The generations that could be opened. */
  generations: { takes: ImageSource; answers: readonly Generation[] };
  remove: { takes: string; answers: null };
  rename: { takes: { readonly from: string; readonly to: string }; answers: null };
  /** A compact copy of a stored image, or of the running one. */
  export: { takes: string | null; answers: Blob };
  open: { takes: OpenParameters; answers: Opened };
  /** Makes what runs durable; answers the generation. */
  save: { takes: "delta" | "full"; answers: number };
  /** Goes on under another name, in a file of its own. */
  saveAs: { takes: string; answers: Opened };
  /** Saves if it may, stops the machine and gives the file back. */
  close: { takes: null; answers: null };
}

export type RequestName = keyof Requests;

export type Request = {
  [Name in RequestName]: { readonly name: Name; readonly takes: Requests[Name]["takes"] };
}[RequestName];

/** Kinds of storage a browser may have. */
export const storageKinds = ["opfs", "indexedDb"] as const;
export type StorageKind = (typeof storageKinds)[number];

export type FromPage =
  /** Comes first. */
  | {
      readonly kind: "begin";
      /** Absent: the best there is. */
      readonly storage: StorageKind | undefined;
      /** One number, counted up with each answer or refusal; only where the page is isolated. */
      readonly answered: Int32Array | undefined;
    }
  /** What will be asked for: it may be read before. */
  | { readonly kind: "expect"; readonly source: ImageSource }
  | { readonly kind: "request"; readonly id: number; readonly request: Request }
  | { readonly kind: "input"; readonly bytes: Uint8Array }
  | { readonly kind: "event"; readonly event: InputEvent }
  | { readonly kind: "resized"; readonly columns: number; readonly rows: number }
  | { readonly kind: "interrupt" }
  | { readonly kind: "taken"; readonly byteCount: number }
  | { readonly kind: "ping" };

export type FromWorker =
  | { readonly kind: "answered"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "refused"; readonly id: number; readonly refused: Refused }
  | { readonly kind: "output"; readonly bytes: Uint8Array }
  | { readonly kind: "posted"; readonly message: HostMessage }
  | { readonly kind: "saving" }
  | { readonly kind: "saved"; readonly generation: number }
  | { readonly kind: "saveFailed"; readonly refused: Refused }
  /** The image has ended its session. */
  | { readonly kind: "ended"; readonly exitCode: number }
  /** The machine cannot go on. */
  | { readonly kind: "failed"; readonly refused: Refused }
  /** Whether there is something to save since the last save. */
  | { readonly kind: "pong"; readonly hasChanges: boolean };

/** A message and its place in the order of those sent that way. */
export interface Numbered<Message> {
  readonly number: number;
  readonly message: Message;
}

/** Numbers what is sent and checks what is received. */
export class Ordering {
  private sent = 0;
  private received = 0;

  numbered<Message>(message: Message): Numbered<Message> {
    return { number: this.sent++, message };
  }

  take<Message>({ number, message }: Numbered<Message>): Message {
    if (number !== this.received) {
      throw new Error(`message ${number} came where ${this.received} was due`);
    }
    this.received++;
    return message;
  }
}

/** What can be told of an error. */
export function refusedOf(error: unknown): Refused {
  if (!(error instanceof ImageError)) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      code: "ERROR",
      message,
      place: [],
      expected: undefined,
      found: undefined,
      advice: "",
      causes: [],
    };
  }
  const { code, message, place, expected, found, advice, causes } = error;
  return {
    code,
    message: message.replace(/^image: /, ""),
    place: Object.entries(place).map(([key, value]) => [
      key,
      key === "offset" ? `0x${value.toString(16)}` : String(value),
    ]),
    expected,
    found,
    advice,
    causes: causes.map(refusedOf),
  };
}
