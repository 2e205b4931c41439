/** Menus and the command palette: what the image offers, until one is chosen. */
import { icon } from "./icons.ts";
import { shownKey } from "./keys.ts";
import type { MenuRow, Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { make } from "./view-node.ts";

export class MenuLayer {
  private readonly projector: Projector;
  private open: HTMLElement | undefined;
  private former: Element | null = null;

  constructor(projector: Projector) {
    this.projector = projector;
    document.addEventListener(
      "pointerdown",
      (event) => {
        if (this.open !== undefined && !this.open.contains(event.target as Node)) this.close();
      },
      { capture: true },
    );
    addEventListener("blur", () => this.close());
  }

  get isOpen(): boolean {
    return this.open !== undefined;
  }

  close(): void {
    const { open, former } = this;
    if (open === undefined) return;
    this.open = undefined;
    open.remove();
    if (former instanceof HTMLElement) former.focus({ preventScroll: true });
  }

  openMenu(given: readonly Plain[]): void {
    const [menu, x, y, rows] = given as unknown as [number, number, number, MenuRow[]];
    const list = make("div", "menu");
    list.setAttribute("role", "menu");
    rows.forEach((row, index) => {
      if (index > 0 && row[5] !== rows[index - 1]![5]) {
        const line = make("div", "menu-line");
        line.setAttribute("role", "separator");
        list.append(line);
      }
      list.append(this.item(row, () => this.choose(menu, index)));
    });
    list.addEventListener("keydown", (event) => this.menuKey(event, list));
    this.show(list);
    const box = list.getBoundingClientRect();
    list.style.left = `${Math.max(4, Math.min(x, innerWidth - box.width - 4))}px`;
    list.style.top = `${Math.max(4, Math.min(y, innerHeight - box.height - 4))}px`;
    list.querySelector<HTMLElement>("button:enabled")?.focus();
  }

  openPalette(given: readonly Plain[]): void {
    const [menu, rows] = given as unknown as [number, MenuRow[]];
    const field = make("input", "field search");
    field.placeholder = "What is to be done?";
    field.setAttribute("aria-label", "Command");
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("aria-controls", "palette-items");
    const list = make("div", "palette-items");
    list.id = "palette-items";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Commands");
    const nothing = make("p", "palette-nothing", "No command is called so");
    nothing.setAttribute("role", "status");
    const panel = make("div", "menu palette", field, list, nothing);
    let shown: number[] = [];
    let at = 0;
    const mark = () => {
      [...list.children].forEach((each, index) => {
        each.setAttribute("aria-selected", String(index === at));
        if (index === at) each.scrollIntoView({ block: "nearest" });
      });
    };
    const filter = () => {
      const words = field.value.toLowerCase().split(/\s+/);
      shown = rows.flatMap(([label], index) =>
        words.every((word) => label.toLowerCase().includes(word)) ? [index] : [],
      );
      at = 0;
      nothing.hidden = shown.length > 0;
      list.replaceChildren(
        ...shown.map((index) => {
          const item = this.item(rows[index]!, () => this.choose(menu, index));
          item.setAttribute("role", "option");
          item.tabIndex = -1;
          return item;
        }),
      );
      mark();
    };
    field.addEventListener("input", filter);
    panel.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined && shown.length > 0) {
        at = (at + step + shown.length) % shown.length;
        mark();
      } else if (event.key === "Enter" && shown[at] !== undefined) this.choose(menu, shown[at]);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.show(panel);
    filter();
    field.focus();
  }

  private show(element: HTMLElement): void {
    this.close();
    this.former = document.activeElement;
    this.open = element;
    this.projector.host.append(element);
  }

  private choose(menu: number, index: number): void {
    this.close();
    this.projector.sendChoice(menu, index);
  }

  private item([label, key, isEnabled, isChecked, iconName]: MenuRow, act: () => void) {
    const item = make("button", "menu-item");
    item.type = "button";
    item.setAttribute("role", "menuitem");
    item.disabled = !isEnabled;
    item.append(icon(isChecked ? "accept" : (iconName ?? "")), make("span", "label", label));
    if (key !== null) item.append(make("kbd", "", shownKey(key)));
    item.addEventListener("click", act);
    return item;
  }

  private menuKey(event: KeyboardEvent, list: HTMLElement): void {
    const items = [...list.querySelectorAll<HTMLElement>("button:enabled")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length]?.focus();
    else if (event.key === "Home") items[0]?.focus();
    else if (event.key === "End") items.at(-1)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else if (event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      const next = [...items.slice(at + 1), ...items].find((each) =>
        each.querySelector(".label")?.textContent.toLowerCase().startsWith(letter),
      );
      next?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
