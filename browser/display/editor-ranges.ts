/** Parts of a text with a look of their own: matches of a search, lines that are in one of two versions only. */
import { type EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

export type LookedRange = readonly [from: number, to: number, look: string];

/** Looks that go with whole lines. */
const lineLooks: ReadonlySet<string> = new Set(["added", "removed"]);

export const setRanges = StateEffect.define<readonly LookedRange[]>();

export const rangesField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, { changes, effects, state }) {
    let now = value.map(changes);
    for (const effect of effects) {
      if (effect.is(setRanges)) now = decorations(effect.value, state);
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorations(ranges: readonly LookedRange[], { doc }: EditorState): DecorationSet {
  return Decoration.set(
    ranges.flatMap(([from, to, look]) => {
      const attributes = { class: `cm-look-${look}` };
      if (lineLooks.has(look)) return Decoration.line(attributes).range(doc.lineAt(from).from);
      return from < to ? Decoration.mark(attributes).range(from, to) : [];
    }),
    true,
  );
}
