/** One of several views, chosen by tabs. */
import { icon } from "./icons.ts";
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { BoxNode, make } from "./view-node.ts";

export class TabsNode extends BoxNode {
  private readonly bar = make("div", "tab-bar");
  private readonly pages = make("div", "tab-pages");
  private labels: readonly string[] = [];
  private selected = 0;
  private isClosable = false;
  private hidesSingle = false;

  constructor(projector: Projector, id: number) {
    super(projector, id, "tabs");
    this.bar.setAttribute("role", "tablist");
    this.element.append(this.bar, this.pages);
    this.bar.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0 || this.labels.length === 0) return;
      event.preventDefault();
      this.choose((this.selected + step + this.labels.length) % this.labels.length);
      this.bar.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
    });
  }

  override set(name: string, value: Plain): void {
    if (name === "labels") this.labels = value as string[];
    else if (name === "selected") this.selected = Number(value);
    else if (name === "closable") this.isClosable = value === true;
    else if (name === "hidesSingle") this.hidesSingle = value === true;
    else {
      super.set(name, value);
      return;
    }
    this.showChildren();
  }

  private choose(index: number): void {
    this.selected = index;
    this.showChildren();
    this.send("select", index);
  }

  protected override showChildren(): void {
    if (this.pages === undefined) return;
    this.bar.replaceChildren(...this.labels.map((label, index) => this.tab(label, index)));
    this.bar.hidden = this.hidesSingle && this.labels.length < 2;
    const page = this.children[this.selected];
    const shown = this.pages.firstElementChild;
    if (shown === page?.element) return;
    if (page === undefined) this.pages.replaceChildren();
    else this.pages.replaceChildren(page.element);
    this.projector.shown(this.pages);
    page?.element.setAttribute("role", "tabpanel");
    page?.element.setAttribute("aria-label", this.labels[this.selected] ?? "");
  }

  private tab(label: string, index: number): HTMLElement {
    const isSelected = index === this.selected;
    const tab = make("div", "tab", make("span", "", label));
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-label", label);
    tab.setAttribute("aria-selected", String(isSelected));
    tab.tabIndex = isSelected ? 0 : -1;
    tab.addEventListener("click", () => this.choose(index));
    if (this.isClosable) {
      const close = make("span", "tab-close", icon("close"));
      close.title = `Close ${label}`;
      close.addEventListener("click", (event) => {
        event.stopPropagation();
        this.send("close", index);
      });
      tab.append(close);
      tab.addEventListener("keydown", (event) => {
        if (event.key === "Delete") this.send("close", index);
      });
    }
    return tab;
  }
}
