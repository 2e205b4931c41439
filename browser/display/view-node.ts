/**
 * What the page has of a view of the image: an element, kept as the view's
 * attributes say. Whatever the user changes in it goes to the image; what has
 * not gone yet goes when the projector flushes.
 */
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";

export abstract class ViewNode {
  readonly id: number;
  readonly projector: Projector;
  readonly element: HTMLElement;
  /** The keys that give commands of this view. */
  keys: readonly string[] = [];

  constructor(projector: Projector, id: number, element: HTMLElement) {
    this.projector = projector;
    this.id = id;
    this.element = element;
    element.dataset.view = String(id);
    element.classList.add("view");
  }

  /** The view in this one that the user has before him. */
  get frontNode(): ViewNode {
    return this;
  }

  /** Takes names of attributes, each with its value behind it. */
  setAll(attributes: readonly Plain[]): void {
    for (let index = 0; index < attributes.length; index += 2) {
      this.set(String(attributes[index]), attributes[index + 1] ?? null);
    }
  }

  /** Takes an attribute as it is in the image now. */
  set(name: string, value: Plain): void {
    const { element } = this;
    const { style } = element;
    switch (name) {
      case "grow":
        style.flex = value === null || value === 0 ? "" : `${value} ${value} 0`;
        return;
      case "width":
        style.width = length(value);
        style.flexShrink = "0";
        return;
      case "height":
        style.height = length(value);
        // A view that shares the room it is given begins at no height of its own.
        style.minHeight = style.height;
        style.flexShrink = "0";
        return;
      case "look":
        element.dataset.look = String(value ?? "");
        return;
      case "hidden":
        element.hidden = value === true;
        return;
      case "name":
        this.focusElement.setAttribute("aria-label", String(value));
        return;
      case "help":
        element.title = String(value ?? "");
        return;
      case "keys":
        this.keys = (value as readonly string[] | null) ?? [];
        return;
    }
  }

  /** Carries out an order. */
  order(name: string, _given: readonly Plain[]): void {
    if (name === "focus") this.focus();
  }

  /** What gets the keyboard. */
  get focusElement(): HTMLElement {
    return this.element;
  }

  focus(): void {
    const { focusElement } = this;
    if (focusElement.matches(focusable)) focusElement.focus({ preventScroll: true });
    else focusElement.querySelector<HTMLElement>(focusable)?.focus({ preventScroll: true });
  }

  /** Sends what the image does not know yet. */
  flush(): void {}

  /** The element has been out of sight, where browsers forget how far it was scrolled. */
  restoreScroll(): void {}

  /** Letters have another size. */
  lettersChanged(): void {}

  /** The view is gone. */
  dispose(): void {
    this.element.remove();
  }

  protected send(event: string, ...given: Plain[]): void {
    this.projector.sendEvent(this, event, ...given);
  }
}

const focusable =
  "button:enabled, input:enabled, select:enabled, textarea:enabled, [tabindex], [contenteditable=true]";

export function length(value: Plain): string {
  if (value === null) return "";
  return typeof value === "number" ? `${value}px` : String(value);
}

/** An element of a class, with children. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.append(...children);
  return element;
}

/** A view that has other views in it. */
export class BoxNode extends ViewNode {
  protected children: readonly ViewNode[] = [];
  private scroll = 0;
  private scrollSent = 0;

  constructor(projector: Projector, id: number, kind: string) {
    super(projector, id, make("div", `box ${kind}`));
    if (kind === "toolbar") this.beToolbar();
  }

  private beScrollable(): void {
    const { element } = this;
    element.style.overflow = "auto";
    element.addEventListener(
      "scroll",
      () => {
        this.scroll = Math.round(element.scrollTop);
        this.projector.wantFlush(this);
      },
      { passive: true },
    );
  }

  override flush(): void {
    if (this.scroll === this.scrollSent) return;
    this.scrollSent = this.scroll;
    this.projector.sendNow(this, "scroll", this.scroll);
  }

  override restoreScroll(): void {
    this.element.scrollTop = this.scroll;
  }

  override set(name: string, value: Plain): void {
    const { style } = this.element;
    switch (name) {
      case "children":
        this.children = (value as number[]).map((id) => this.projector.node(id));
        this.showChildren();
        return;
      case "gap":
        style.gap = length(value);
        return;
      case "padding":
        style.padding = length(value);
        return;
      case "align":
        style.alignItems = alignments[String(value)] ?? "";
        return;
      case "scrolls":
        if (value === true) this.beScrollable();
        return;
      case "scroll":
        this.scroll = Number(value);
        this.scrollSent = this.scroll;
        return;
      default:
        super.set(name, value);
    }
  }

  protected showChildren(): void {
    placeChildren(
      this.element,
      this.children.map((each) => each.element),
    );
  }

  /** One stop for the Tab key; the arrows go on from there. */
  private beToolbar(): void {
    const { element } = this;
    element.setAttribute("role", "toolbar");
    element.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0 || event.target instanceof HTMLInputElement) return;
      const buttons = [...element.querySelectorAll<HTMLElement>("button:enabled, select, input")];
      const at = buttons.indexOf(event.target as HTMLElement);
      buttons[(at + step + buttons.length) % buttons.length]?.focus();
      event.preventDefault();
    });
  }
}

/** Gives an element those children, moving none that is in its place: what moves loses focus and scroll position. */
export function placeChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let place = parent.firstElementChild;
  for (const child of children) {
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
}

const alignments: Readonly<Record<string, string>> = {
  start: "flex-start",
  center: "center",
  end: "flex-end",
  stretch: "stretch",
};
