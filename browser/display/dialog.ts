/**
 * A dialog: nothing else can be done in the image's windows until it is answered. The buttons of
 * the page itself stay within reach: who only ever asks can be stopped.
 */
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { BoxNode, make, placeChildren } from "./view-node.ts";

export class DialogNode extends BoxNode {
  private readonly dialog = make("dialog", "display-dialog");
  private readonly veil = make("div", "dialog-veil", this.dialog);
  private readonly title = make("h2");

  constructor(projector: Projector, id: number) {
    super(projector, id, "column");
    const { dialog, element } = this;
    dialog.append(this.title, element);
    // A click beside the dialog leaves it the keyboard.
    this.veil.addEventListener("mousedown", (event) => {
      if (event.target === this.veil) event.preventDefault();
    });
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) {
        event.preventDefault();
        this.send("cancel");
      }
      if (event.key !== "Enter" || event.defaultPrevented) return;
      if (event.target instanceof HTMLButtonElement) return;
      if ((event.target as HTMLElement).isContentEditable && !(event.ctrlKey || event.metaKey)) {
        return;
      }
      event.preventDefault();
      this.send("enter");
    });
  }

  override set(name: string, value: Plain): void {
    if (name === "title") {
      this.title.textContent = String(value);
      this.dialog.setAttribute("aria-label", String(value));
    } else super.set(name, value);
  }

  override order(name: string, given: readonly Plain[]): void {
    if (name !== "show") {
      super.order(name, given);
      return;
    }
    this.projector.host.append(this.veil);
    this.dialog.show();
    this.coverOthers();
  }

  protected override showChildren(): void {
    placeChildren(
      this.element,
      this.children.map((each) => each.element),
    );
  }

  override dispose(): void {
    this.veil.hidden = true;
    this.coverOthers();
    this.dialog.close();
    this.veil.remove();
    super.dispose();
  }

  /** What lies below the dialog in front cannot be used. */
  private coverOthers(): void {
    const { children } = this.projector.host;
    const front = [...children].findLast((each) => each.matches(".dialog-veil:not([hidden])"));
    for (const each of children) {
      if (each instanceof HTMLElement) each.inert = front !== undefined && each !== front;
    }
  }
}
