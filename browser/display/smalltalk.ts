/** Smalltalk for the editor. */
import type { Extension } from "@codemirror/state";

export function smalltalk(_mode: string): Extension {
  return [];
}
