/** A dialog: nothing else can be done until it is answered. */
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { BoxNode, make, placeChildren } from "./view-node.ts";

export class DialogNode extends BoxNode {
  private readonly dialog = make("dialog", "display-dialog");
  private readonly title = make("h2");

  constructor(projector: Projector, id: number) {
    super(projector, id, "column");
    const { dialog, element } = this;
    dialog.append(this.title, element);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.send("cancel");
    });
    dialog.addEventListener("keydown", (event) => {
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
    this.projector.host.append(this.dialog);
    this.dialog.showModal();
  }

  protected override showChildren(): void {
    placeChildren(
      this.element,
      this.children.map((each) => each.element),
    );
  }

  override dispose(): void {
    this.dialog.close();
    this.dialog.remove();
    super.dispose();
  }
}
