/**
 * Lists, trees and tables of any length. Only rows near those in sight are in
 * the page; scrolling asks the image for others. What lies beyond the greatest
 * height an element may have is reached by a scale between scroll position and
 * row.
 */
import { icon } from "./icons.ts";
import { rowHeight } from "./metrics.ts";
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { make, placeChildren, ViewNode } from "./view-node.ts";

/** A row: cells, icon, look, depth, and 0 for nothing in it, 1 closed, 2 open. */
type Row = readonly [readonly string[], string | null, string | null, number, number];
type Column = readonly [title: string, width: number];

/** Browsers cut elements that are higher. */
const greatestHeight = 8_000_000;
/** Rows asked for beyond those in sight, and how near their end others are asked for. */
const overscan = 60;
const margin = 25;
/** Letters typed within this time belong together. */
const typingMilliseconds = 800;

interface DrawnRow {
  readonly element: HTMLElement;
  /** All that the element depends on. */
  readonly state: string;
}

export class ListNode extends ViewNode {
  private readonly scroller = make("div", "list-scroller");
  private readonly body = make("div", "list-body");
  private readonly header = make("div", "list-header");
  /** Says why there are no rows. */
  private readonly hint = make("p", "list-hint");
  private size = 0;
  private first = 0;
  private rows: readonly Row[] = [];
  private columns: readonly Column[] = [];
  private selected: readonly number[] = [];
  /** Rows in the page, by index. One that stays as it is keeps its element, and what the pointer does there. */
  private drawn = new Map<number, DrawnRow>();
  private sorted: readonly Plain[] = [];
  /** The row that the arrow keys go on from. */
  private cursor = 0;
  private isMultiple = false;
  private isTree = false;
  private isDraggable = false;
  private isDroppable = false;
  private asked: readonly [number, number] = [0, 60];
  /** Whether rows are on their way that were asked for. */
  private isAsking = false;
  private scroll = 0;
  private scrollSent = 0;
  private typed = "";
  private typedTime = 0;
  private isRenderPending = false;
  private wasSeen = false;
  private readonly observer: ResizeObserver;

  constructor(projector: Projector, id: number) {
    super(projector, id, make("div", "list"));
    const { element, scroller, body, header } = this;
    header.hidden = true;
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "listbox");
    body.setAttribute("role", "presentation");
    scroller.append(body);
    element.append(header, scroller, this.hint);
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    scroller.addEventListener("keydown", (event) => this.keyDown(event));
    body.addEventListener("pointerdown", (event) => this.pointerDown(event));
    body.addEventListener("click", (event) => this.clicked(event));
    // Not dblclick: the first click has put another element in the place of the row.
    body.addEventListener("click", (event) => {
      const index = indexOf(event);
      if (event.detail === 2 && index !== undefined && !isToggle(event)) {
        this.send("activate", index);
      }
    });
    scroller.addEventListener("contextmenu", (event) => this.menuWanted(event));
    body.addEventListener("dragstart", (event) => this.dragStarted(event));
    scroller.addEventListener("dragover", (event) => this.draggedOver(event));
    scroller.addEventListener("dragleave", () => this.markDrop(undefined));
    scroller.addEventListener("drop", (event) => this.dropped(event));
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(scroller);
  }

  override get focusElement(): HTMLElement {
    return this.scroller;
  }

  override lettersChanged(): void {
    this.setHeight();
    this.wantRender();
  }

  private setHeight(): void {
    this.body.style.height = `${Math.min(this.size * rowHeight, greatestHeight)}px`;
  }

  override dispose(): void {
    this.observer.disconnect();
    super.dispose();
  }

  override set(name: string, value: Plain): void {
    switch (name) {
      case "placeholder":
        this.hint.textContent = String(value ?? "");
        return;
      case "size":
        this.size = Number(value);
        this.hint.hidden = this.size > 0;
        this.setHeight();
        this.cursor = Math.min(this.cursor, Math.max(this.size - 1, 0));
        this.wantRender();
        return;
      case "rows":
        [this.first, this.rows] = value as unknown as [number, Row[]];
        if (!this.isAsking) this.asked = [this.first, this.first + this.rows.length - 1];
        this.isAsking = false;
        this.wantRender();
        return;
      case "columns":
        this.columns = value as unknown as Column[];
        this.body.style.minWidth = `${leastWidth(this.columns)}px`;
        this.showColumns();
        return;
      case "sorted":
        this.sorted = (value as Plain[] | null) ?? [];
        this.showColumns();
        return;
      case "selected":
        this.selected = value as number[];
        if (this.selected.length > 0) this.cursor = this.selected.at(-1)!;
        this.wantRender();
        return;
      case "multiple":
        this.isMultiple = value === true;
        this.scroller.setAttribute("aria-multiselectable", String(this.isMultiple));
        return;
      case "tree":
        this.isTree = value === true;
        this.scroller.setAttribute("role", "tree");
        return;
      case "draggable":
        this.isDraggable = value === true;
        return;
      case "droppable":
        this.isDroppable = value === true;
        return;
      case "scroll":
        this.scroll = Number(value);
        this.scrollSent = this.scroll;
        return;
      default:
        super.set(name, value);
    }
  }

  override order(name: string, given: readonly Plain[]): void {
    if (name === "reveal") this.reveal(Number(given[0]));
    else super.order(name, given);
  }

  override flush(): void {
    if (this.scroll === this.scrollSent) return;
    this.scrollSent = this.scroll;
    this.projector.sendNow(this, "scroll", this.scroll);
  }

  override restoreScroll(): void {
    if (!this.isSeen) return;
    this.scroller.scrollTop = this.scroll;
    this.render();
  }

  // Rows

  private get isSeen(): boolean {
    return this.scroller.clientHeight > 0;
  }

  /** Rows for each pixel of scrolling. */
  private get scale(): number {
    const height = this.size * rowHeight;
    if (height <= greatestHeight) return 1 / rowHeight;
    const page = this.scroller.clientHeight;
    return (this.size - page / rowHeight) / (greatestHeight - page);
  }

  private get firstInSight(): number {
    return this.scroller.scrollTop * this.scale;
  }

  private scrolled(): void {
    this.scroll = Math.round(this.scroller.scrollTop);
    this.wantRender();
    this.projector.wantFlush(this);
    this.header.scrollLeft = this.scroller.scrollLeft;
  }

  /** Where it had no room it could not scroll to what was revealed. */
  private resized(): void {
    const { isSeen, wasSeen } = this;
    this.wasSeen = isSeen;
    if (isSeen && !wasSeen) this.restoreScroll();
    else this.wantRender();
  }

  private wantRender(): void {
    if (this.isRenderPending) return;
    this.isRenderPending = true;
    queueMicrotask(() => {
      this.isRenderPending = false;
      this.render();
    });
  }

  private render(): void {
    const { scroller, body, first, rows } = this;
    const top = this.firstInSight;
    const inSight = Math.ceil(scroller.clientHeight / rowHeight) + 1;
    this.ask(Math.floor(top), inSight);
    const from = Math.max(Math.floor(top) - 4, first);
    const to = Math.min(Math.floor(top) + inSight + 4, first + rows.length);
    const offset = scroller.scrollTop - top * rowHeight;
    const drawn = new Map<number, DrawnRow>();
    for (let index = from; index < to; index++) {
      const row = rows[index - first]!;
      const state = JSON.stringify([row, this.selected.includes(index), this.size]);
      const former = this.drawn.get(index);
      const element = former?.state === state ? former.element : this.rowElement(index, row);
      element.style.transform = `translateY(${offset + index * rowHeight}px)`;
      drawn.set(index, { element, state });
    }
    this.drawn = drawn;
    placeChildren(
      body,
      [...drawn.values()].map(({ element }) => element),
    );
    this.noteActive();
  }

  /** Asks for rows around those in sight, when some are missing. */
  private ask(top: number, inSight: number): void {
    if (!this.isSeen) return;
    const last = Math.min(top + inSight, this.size - 1);
    const [from, to] = this.asked;
    const first = Math.max(top - margin, 0);
    if (first >= from && Math.min(last + margin, this.size - 1) <= to) return;
    this.asked = [Math.max(top - overscan, 0), top + inSight + overscan];
    this.isAsking = true;
    this.projector.sendNow(this, "view", ...this.asked);
  }

  private rowElement(index: number, [cells, iconName, look, depth, state]: Row): HTMLElement {
    const element = make("div", "list-row");
    const isSelected = this.selected.includes(index);
    element.id = `row-${this.id}-${index}`;
    element.dataset.index = String(index);
    element.setAttribute("role", this.isTree ? "treeitem" : "option");
    element.setAttribute("aria-selected", String(isSelected));
    element.setAttribute("aria-setsize", String(this.size));
    element.setAttribute("aria-posinset", String(index + 1));
    if (look !== null) element.dataset.look = look;
    if (this.isDraggable) element.draggable = true;
    if (this.isTree) {
      element.setAttribute("aria-level", String(depth + 1));
      const toggle = make("span", "toggle");
      toggle.style.marginLeft = `${depth * 14}px`;
      if (state !== 0) {
        element.setAttribute("aria-expanded", String(state === 2));
        toggle.append(icon(state === 2 ? "down" : "right"));
      }
      element.append(toggle);
    }
    if (iconName !== null) element.append(icon(iconName));
    cells.forEach((text, column) => {
      const cell = make("span", "cell", text);
      if (this.columns.length > 0) sizeCell(cell, this.columns[column]);
      element.append(cell);
    });
    return element;
  }

  private noteActive(): void {
    const active = this.selected.at(-1);
    if (active === undefined) this.scroller.removeAttribute("aria-activedescendant");
    else this.scroller.setAttribute("aria-activedescendant", `row-${this.id}-${active}`);
  }

  private showColumns(): void {
    this.drawn.clear();
    this.header.hidden = this.columns.length === 0;
    this.header.replaceChildren(
      ...this.columns.map((column, index) => {
        const cell = make("button", "cell", column[0]);
        cell.type = "button";
        cell.tabIndex = -1;
        if (this.sorted[0] === index) cell.append(icon(this.sorted[1] === true ? "down" : "up"));
        sizeCell(cell, column);
        cell.addEventListener("click", () => this.send("sort", index));
        return cell;
      }),
    );
    this.wantRender();
  }

  private reveal(index: number): void {
    this.cursor = index;
    const top = this.firstInSight;
    const inSight = Math.floor(this.scroller.clientHeight / rowHeight);
    if (!this.isSeen) this.scroll = Math.max(0, index * rowHeight - 60);
    else if (index < top) this.scrollTo(index);
    else if (index > top + inSight - 1) this.scrollTo(index - inSight + 1.2);
    this.projector.wantFlush(this);
    this.wantRender();
  }

  /** The event of scrolling may come too late: a window that is just opening is moved within the page. */
  private scrollTo(row: number): void {
    this.scroller.scrollTop = row / this.scale;
    this.scroll = Math.round(this.scroller.scrollTop);
  }

  // Selecting

  private select(indices: readonly number[]): void {
    this.selected = indices;
    this.render();
    this.send("select", indices);
  }

  private clicked(event: MouseEvent): void {
    const index = indexOf(event);
    if (index === undefined) return;
    if (isToggle(event)) {
      this.send("toggle", index);
      return;
    }
    if (this.isMultiple && (event.ctrlKey || event.metaKey)) {
      this.cursor = index;
      const others = this.selected.filter((each) => each !== index);
      this.select(others.length < this.selected.length ? others : [...others, index]);
    } else if (this.isMultiple && event.shiftKey) {
      this.select(range(this.cursor, index));
    } else {
      this.cursor = index;
      this.select([index]);
    }
  }

  private pointerDown(event: PointerEvent): void {
    if (event.pointerType === "mouse" && !this.isDraggable) this.scroller.focus();
  }

  private keyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / rowHeight) - 1);
    const { cursor, size } = this;
    const current = this.selected.length === 0 ? -1 : cursor;
    switch (event.key) {
      case "ArrowDown":
        this.goTo(current + 1, event);
        break;
      case "ArrowUp":
        this.goTo(current < 0 ? size - 1 : current - 1, event);
        break;
      case "PageDown":
        this.goTo(current + page, event);
        break;
      case "PageUp":
        this.goTo(current - page, event);
        break;
      case "Home":
        this.goTo(0, event);
        break;
      case "End":
        this.goTo(size - 1, event);
        break;
      case "Enter":
        if (current >= 0) this.send("activate", current);
        break;
      case "ArrowRight":
      case "ArrowLeft":
        if (!this.isTree || current < 0) return;
        this.openOrClose(current, event.key === "ArrowRight");
        break;
      case "ContextMenu":
        return;
      default:
        if (event.key.length !== 1 || (event.key === " " && this.typed === "")) return;
        this.find(event.key);
    }
    event.preventDefault();
  }

  private goTo(wanted: number, event: KeyboardEvent): void {
    if (this.size === 0) return;
    const index = Math.min(Math.max(wanted, 0), this.size - 1);
    const start = this.selected[0] ?? index;
    this.reveal(index);
    this.select(event.shiftKey && this.isMultiple ? range(start, index) : [index]);
  }

  private openOrClose(index: number, open: boolean): void {
    const row = this.rows[index - this.first];
    if (row === undefined) return;
    const [, , , depth, state] = row;
    if (state === (open ? 1 : 2)) {
      this.send("toggle", index);
    } else if (open && state === 2) {
      this.cursor = index + 1;
      this.select([this.cursor]);
    } else if (!open) {
      for (let at = index - 1; at >= this.first; at--) {
        if (this.rows[at - this.first]![3] >= depth) continue;
        this.reveal(at);
        this.select([at]);
        return;
      }
    }
  }

  private find(letter: string): void {
    const now = performance.now();
    this.typed = now - this.typedTime < typingMilliseconds ? this.typed + letter : letter;
    this.typedTime = now;
    this.send("find", this.typed);
  }

  private menuWanted(event: MouseEvent): void {
    event.preventDefault();
    event.stopPropagation();
    const index = indexOf(event);
    if (index !== undefined && !this.selected.includes(index)) this.select([index]);
    this.send("menu", event.clientX, event.clientY);
  }

  // Dragging

  private dragStarted(event: DragEvent): void {
    const index = indexOf(event);
    if (index === undefined || event.dataTransfer === null) return;
    dragged = { view: this.id, index };
    event.dataTransfer.effectAllowed = "copyMove";
    const text = this.rows[index - this.first]?.[0][0] ?? "";
    event.dataTransfer.setData("text/plain", text);
  }

  private draggedOver(event: DragEvent): void {
    if (dragged === undefined || !this.isDroppable) return;
    event.preventDefault();
    this.markDrop(indexOf(event));
  }

  private markDrop(index: number | undefined): void {
    for (const row of this.body.querySelectorAll(".drop-target"))
      row.classList.remove("drop-target");
    if (index === undefined) return;
    this.body.querySelector(`[data-index="${index}"]`)?.classList.add("drop-target");
  }

  private dropped(event: DragEvent): void {
    if (dragged === undefined || !this.isDroppable) return;
    event.preventDefault();
    this.markDrop(undefined);
    this.send("dropOn", dragged.view, dragged.index, indexOf(event) ?? -1);
    dragged = undefined;
  }
}

let dragged: { readonly view: number; readonly index: number } | undefined;

function indexOf(event: Event): number | undefined {
  const row = (event.target as Element).closest<HTMLElement>(".list-row");
  return row === null ? undefined : Number(row.dataset.index);
}

function isToggle(event: Event): boolean {
  return (event.target as Element).closest(".toggle")?.firstChild != null;
}

/** Below this a column that takes what is left does not go, nor one of a given width where there is too little room. */
const leastColumn = 110;
const leastGivenColumn = 64;

const leastOf = (width: number): number =>
  width === 0 ? leastColumn : Math.min(width, leastGivenColumn);

function leastWidth(columns: readonly Column[]): number {
  const gap = 5;
  return columns.reduce((sum, [, width]) => sum + gap + leastOf(width), 16);
}

function sizeCell(cell: HTMLElement, column: Column | undefined): void {
  const width = column?.[1] ?? 0;
  cell.style.flex = width === 0 ? `1 0 ${leastColumn}px` : `0 1 ${width}px`;
  cell.style.minWidth = `${leastOf(width)}px`;
}

function range(one: number, other: number): number[] {
  const from = Math.min(one, other);
  const to = Math.max(one, other);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
