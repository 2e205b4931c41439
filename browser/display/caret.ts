/**
 * A caret that blinks by a timer. CodeMirror's own blinks by an animation, for which a browser draws
 * frames without end, and then each key waits for the next of them: a quarter of its way to the screen.
 */
import { drawSelection, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

const halfPeriodMilliseconds = 600;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

class Blinking {
  private readonly view: EditorView;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(view: EditorView) {
    this.view = view;
  }

  update(update: ViewUpdate): void {
    if (update.focusChanged || update.selectionSet || update.docChanged) this.restart();
  }

  destroy(): void {
    clearInterval(this.timer);
  }

  private restart(): void {
    clearInterval(this.timer);
    const { dom, hasFocus } = this.view;
    delete dom.dataset.caret;
    if (!hasFocus || reducedMotion.matches) return;
    this.timer = setInterval(() => {
      if (dom.dataset.caret === "off") delete dom.dataset.caret;
      else dom.dataset.caret = "off";
    }, halfPeriodMilliseconds);
  }
}

export const blinkingCaret = [
  drawSelection({ cursorBlinkRate: 0 }),
  ViewPlugin.fromClass(Blinking),
  EditorView.baseTheme({ "&[data-caret=off] .cm-cursorLayer": { visibility: "hidden" } }),
];
