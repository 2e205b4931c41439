/**
 * What the image's Display and the page say to each other: plain data.
 *
 * The image sends numbered batches of patches; a page that has been opened anew
 * gets a new epoch. Each batch is acknowledged when it is on the screen. The
 * page sends events, each with the view it belongs to.
 */
import type { EventField } from "../../vm/interpreter/input-queue.ts";

export type Plain = EventField;

/** Names and values in turn. */
export type Attributes = readonly Plain[];

export type Patch =
  | readonly ["create", id: number, kind: string, attributes: Attributes]
  | readonly ["set", id: number, attributes: Attributes]
  | readonly ["remove", id: number]
  /** Something to be done that leaves nothing behind. */
  | readonly ["do", id: number, order: string, ...given: Plain[]];

export interface Batch {
  readonly epoch: number;
  readonly number: number;
  readonly patches: readonly Patch[];
}

/** A command in a menu: label, key, whether it can be chosen, whether it has a mark, icon, group. */
export type MenuRow = readonly [
  label: string,
  key: string | null,
  isEnabled: boolean,
  isChecked: boolean,
  icon: string | null,
  group: string | null,
];

/** The way to the image. */
export type SendEvent = (event: readonly Plain[]) => void;
