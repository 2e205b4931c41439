/** Labels, buttons, boxes to be ticked, fields and choices. */
import { icon } from "./icons.ts";
import { keyName, modifierNames, shownKey } from "./keys.ts";
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { make, ViewNode } from "./view-node.ts";

export class LabelNode extends ViewNode {
  private readonly text = make("span");

  constructor(projector: Projector, id: number) {
    super(projector, id, make("div", "label"));
    this.element.append(this.text);
  }

  override set(name: string, value: Plain): void {
    if (name === "text") this.text.textContent = String(value);
    else if (name === "icon") showIcon(this.element, value);
    else {
      super.set(name, value);
      if (name === "look") this.noteRole(String(value));
    }
  }

  private noteRole(look: string): void {
    if (look.includes("heading")) {
      this.element.setAttribute("role", "heading");
      this.element.setAttribute("aria-level", "2");
    }
  }
}

function showIcon(element: HTMLElement, name: Plain): void {
  element.querySelector(":scope > .icon")?.remove();
  if (name !== null) element.prepend(icon(String(name)));
}

export class ButtonNode extends ViewNode {
  private readonly button: HTMLButtonElement;
  private readonly label = make("span");
  private key = "";
  private help = "";
  private isPopup = false;

  constructor(projector: Projector, id: number) {
    const button = make("button", "button");
    super(projector, id, button);
    this.button = button;
    button.type = "button";
    button.append(this.label);
    // What is selected elsewhere stays so.
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.clicked());
  }

  override set(name: string, value: Plain): void {
    const { button } = this;
    switch (name) {
      case "label":
        this.label.textContent = String(value);
        button.setAttribute("aria-label", String(value));
        return;
      case "icon":
        showIcon(button, value);
        return;
      case "iconOnly":
        button.classList.toggle("icon-only", value === true);
        return;
      case "disabled":
        button.disabled = value === true;
        return;
      case "pressed":
        button.setAttribute("aria-pressed", String(value === true));
        return;
      case "popup":
        this.isPopup = value === true;
        button.setAttribute("aria-haspopup", "menu");
        return;
      case "key":
        this.key = String(value ?? "");
        this.showHelp();
        return;
      case "help":
        this.help = String(value ?? "");
        this.showHelp();
        return;
      default:
        super.set(name, value);
    }
  }

  private showHelp(): void {
    const key = this.key === "" ? "" : ` (${shownKey(this.key)})`;
    this.button.title = `${this.help || this.label.textContent}${key}`;
  }

  private clicked(): void {
    if (!this.isPopup) {
      this.send("click");
      return;
    }
    const { left, bottom } = this.button.getBoundingClientRect();
    this.send("menu", left, bottom);
  }
}

export class CheckBoxNode extends ViewNode {
  private readonly box = make("input");
  private readonly label = make("span");

  constructor(projector: Projector, id: number) {
    super(projector, id, make("label", "checkbox"));
    this.box.type = "checkbox";
    this.element.append(this.box, this.label);
    this.box.addEventListener("change", () => this.send("input", this.box.checked));
  }

  override set(name: string, value: Plain): void {
    if (name === "label") this.label.textContent = String(value);
    else if (name === "value") this.box.checked = value === true;
    else if (name === "disabled") this.box.disabled = value === true;
    else super.set(name, value);
  }
}

export class FieldNode extends ViewNode {
  private readonly input: HTMLInputElement;
  private isPending = false;
  private takesKey = false;

  constructor(projector: Projector, id: number) {
    const input = make("input", "field");
    super(projector, id, input);
    this.input = input;
    input.type = "text";
    input.spellcheck = false;
    input.autocapitalize = "off";
    input.autocomplete = "off";
    input.addEventListener("input", () => {
      this.isPending = true;
      projector.wantFlush(this);
    });
    input.addEventListener("keydown", (event) => this.keyDown(event));
  }

  override set(name: string, value: Plain): void {
    const { input } = this;
    switch (name) {
      case "text":
        if (input.value !== value) input.value = String(value);
        return;
      case "placeholder":
        input.placeholder = String(value ?? "");
        if (!input.hasAttribute("aria-label")) input.setAttribute("aria-label", String(value));
        return;
      case "search":
        input.type = value === true ? "search" : "text";
        return;
      case "takesKey":
        this.takesKey = value === true;
        return;
      case "password":
        input.type = value === true ? "password" : "text";
        return;
      case "disabled":
        input.disabled = value === true;
        return;
      default:
        super.set(name, value);
    }
  }

  override order(name: string, given: readonly Plain[]): void {
    if (name === "selectAll") this.input.select();
    else super.order(name, given);
  }

  override flush(): void {
    if (!this.isPending) return;
    this.isPending = false;
    this.projector.sendNow(this, "input", this.input.value);
  }

  private keyDown(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (this.takesKey && this.takeKey(event)) return;
    const told = toldKeys[event.key];
    if (told === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (told === "up" || told === "down") event.preventDefault();
    this.send(told);
  }

  /** Shows the name of a key; those by which one gets along in a dialog keep their meaning. */
  private takeKey(event: KeyboardEvent): boolean {
    const isPlain = !(event.ctrlKey || event.metaKey || event.altKey);
    if (modifierNames.has(event.key)) return false;
    if (isPlain && ["Enter", "Escape", "Tab"].includes(event.key)) return false;
    event.preventDefault();
    event.stopPropagation();
    this.input.value = keyName(event);
    this.isPending = true;
    this.projector.wantFlush(this);
    return true;
  }
}

const toldKeys: Readonly<Record<string, string>> = {
  Enter: "accept",
  Escape: "cancel",
  ArrowUp: "up",
  ArrowDown: "down",
};

export class ChoiceNode extends ViewNode {
  private readonly select: HTMLSelectElement;
  private selected = -1;

  constructor(projector: Projector, id: number) {
    const select = make("select", "choice");
    super(projector, id, select);
    select.setAttribute("aria-label", "Choice");
    this.select = select;
    select.addEventListener("change", () => {
      this.selected = select.selectedIndex;
      this.send("select", select.selectedIndex);
    });
  }

  override set(name: string, value: Plain): void {
    const { select } = this;
    if (name === "labels") {
      select.replaceChildren(...(value as string[]).map((label) => new Option(label)));
      select.selectedIndex = this.selected;
    } else if (name === "selected") {
      this.selected = Number(value);
      select.selectedIndex = this.selected;
    } else if (name === "disabled") select.disabled = value === true;
    else super.set(name, value);
  }
}
