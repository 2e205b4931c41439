/**
 * The projector shows the image's Display in an element of the page: it keeps a
 * node for each view, applies patches once a frame, acknowledges them, and
 * sends what the user does.
 *
 * Always: batches are applied in the order of their numbers, and what the user
 * has typed goes to the image before anything he does afterwards.
 */
import { addressOf, downloadZip } from "./exchange.ts";
import { isMac, KeyDispatcher } from "./keys.ts";
import { MenuLayer } from "./menus.ts";
import { setRowHeightFor, usualFontSize } from "./metrics.ts";
import { newNode } from "./nodes.ts";
import type { Batch, Patch, Plain, SendEvent } from "./patches.ts";
import { isDark } from "./theme.ts";
import type { ViewNode } from "./view-node.ts";

/** A hidden page gets no animation frames. */
const hiddenFrameMilliseconds = 100;
/** What was typed goes to the image when nothing more is for so long. */
const flushMilliseconds = 120;

export class Projector {
  readonly host: HTMLElement;
  readonly menus: MenuLayer;
  /** Elements of the page that views of kind `host` show, by name, such as the terminal. */
  readonly hosted = new Map<string, HTMLElement>();
  /** Where those are that no view shows. */
  parking: HTMLElement | undefined;
  /** Called when theme or size of letters may be others. */
  whenSet: ((fontSize: number) => void) | undefined;
  private readonly post: SendEvent;
  private readonly nodes = new Map<number, ViewNode>();
  private root: ViewNode | undefined;
  private waiting: Batch[] = [];
  /** Nodes with something that the image does not know yet. */
  private unsent = new Set<ViewNode>();
  private epoch = 0;
  private isFramePending = false;
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private focused: ViewNode | undefined;

  constructor(host: HTMLElement, post: SendEvent) {
    this.host = host;
    this.post = post;
    this.menus = new MenuLayer(this);
    new KeyDispatcher(this);
    host.addEventListener("focusin", (event) => this.noteFocus(event));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.flush();
    });
    addEventListener("resize", () => this.post(["surroundings", ...this.surroundings()]));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
      this.post(["surroundings", ...this.surroundings()]),
    );
  }

  /** An image has been opened: it is asked for all it shows. */
  open(): void {
    this.forgetAll();
    this.post(["open", ...this.surroundings()]);
  }

  private surroundings(): Plain[] {
    const dark = isDark();
    const { clientWidth, clientHeight } = this.host;
    return ["width", clientWidth, "height", clientHeight, "dark", dark, "mac", isMac];
  }

  // From the image

  receive(batch: Batch): void {
    this.waiting.push(batch);
    if (this.isFramePending) return;
    this.isFramePending = true;
    const apply = () => {
      this.isFramePending = false;
      this.applyWaiting();
    };
    if (document.hidden) setTimeout(apply, hiddenFrameMilliseconds);
    else requestAnimationFrame(apply);
  }

  private applyWaiting(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const batch of waiting) this.apply(batch);
  }

  private apply({ epoch, number, patches }: Batch): void {
    if (epoch < this.epoch) return;
    if (epoch > this.epoch) {
      this.forgetAll();
      this.epoch = epoch;
    }
    for (const patch of patches) {
      try {
        this.applyPatch(patch);
      } catch (error) {
        // One view that cannot be drawn must not take the others along.
        reportError(error);
      }
    }
    this.post(["ack", epoch, number]);
  }

  private applyPatch(patch: Patch): void {
    switch (patch[0]) {
      case "create": {
        const [, id, kind, attributes] = patch;
        const node = newNode(this, id, kind);
        this.nodes.set(id, node);
        node.setAll(attributes);
        return;
      }
      case "set":
        this.node(patch[1]).setAll(patch[2]);
        return;
      case "remove":
        this.nodes.get(patch[1])?.dispose();
        this.nodes.delete(patch[1]);
        return;
      case "do": {
        const [, id, order, ...given] = patch;
        // Nodes put themselves in order once they know all their attributes.
        queueMicrotask(() => {
          const node = this.nodes.get(id);
          if (node !== undefined) this.carryOut(node, order, given);
        });
      }
    }
  }

  private carryOut(node: ViewNode, order: string, given: readonly Plain[]): void {
    if (order === "root") this.showRoot(node);
    else if (order === "menu") this.menus.openMenu(given);
    else if (order === "palette") this.menus.openPalette(given);
    else if (order === "settings") this.takeSettings(given);
    else if (order === "share") void navigator.clipboard.writeText(addressOf(String(given[0])));
    else if (order === "download") downloadZip(String(given[0]), given[1] as readonly string[]);
    else if (order === "clipboard") void navigator.clipboard.writeText(String(given[0]));
    else node.order(order, given);
  }

  /** How the user wants things shown: theme, size of letters, and what belongs to the page around. */
  private takeSettings(given: readonly Plain[]): void {
    const settings = new Map<Plain, Plain>();
    for (let index = 0; index < given.length; index += 2) {
      settings.set(given[index] ?? "", given[index + 1] ?? null);
    }
    const theme = settings.get("theme");
    const root = document.documentElement;
    root.dataset.theme = String(theme);
    const size = Number(settings.get("fontSize") ?? usualFontSize);
    this.host.style.setProperty("--font-size", `${size}px`);
    this.host.style.setProperty("--row-height", `${setRowHeightFor(size)}px`);
    for (const node of this.nodes.values()) node.lettersChanged();
    this.whenSet?.(size);
    this.post(["surroundings", ...this.surroundings()]);
  }

  private showRoot(node: ViewNode): void {
    this.root = node;
    this.host.replaceChildren(node.element);
    this.shown(node.element);
  }

  private forgetAll(): void {
    for (const node of this.nodes.values()) node.dispose();
    this.nodes.clear();
    this.menus.close();
    this.root = undefined;
    this.focused = undefined;
    this.host.replaceChildren();
  }

  /** What is in an element has come in sight. */
  shown(element: HTMLElement): void {
    requestAnimationFrame(() => {
      for (const node of this.nodes.values()) {
        if (element.contains(node.element)) node.restoreScroll();
      }
    });
  }

  /** Keeps an element of the page that no view shows. */
  park(element: HTMLElement): void {
    this.parking?.append(element);
  }

  /** The node of a view. */
  node(id: number): ViewNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`there is no view ${id}`);
    return node;
  }

  /** The innermost view around an element. */
  nodeAround(target: EventTarget | null): ViewNode | undefined {
    const element = target instanceof Element ? target.closest<HTMLElement>("[data-view]") : null;
    return element === null ? undefined : this.nodes.get(Number(element.dataset.view));
  }

  get rootNode(): ViewNode | undefined {
    return this.root;
  }

  // To the image

  sendEvent(node: ViewNode, event: string, ...given: Plain[]): void {
    this.flush();
    this.sendNow(node, event, ...given);
  }

  /** Sends without what is pending before: for that itself. */
  sendNow(node: ViewNode, event: string, ...given: Plain[]): void {
    this.post(["event", node.id, event, ...given]);
  }

  /** Tells the image of something that belongs to no view. */
  tell(event: readonly Plain[]): void {
    this.flush();
    this.post(event);
  }

  sendKey(node: ViewNode, key: string): void {
    this.flush();
    this.post(["key", node.id, key]);
  }

  /** Gives a command, by its name, where the keyboard is or was last. */
  sendCommand(name: string): void {
    this.flush();
    this.post(["command", this.focused?.id ?? null, name]);
  }

  sendChoice(menu: number, index: number): void {
    this.flush();
    this.post(["choose", menu, index]);
  }

  /** Something is to be sent soon. */
  wantFlush(node: ViewNode): void {
    this.unsent.add(node);
    clearTimeout(this.flushTimer);
    this.flushTimer = setTimeout(() => this.flush(), flushMilliseconds);
  }

  /** Sends everything the image does not know yet: texts, selections, scroll positions, the layout of windows. */
  flush(): void {
    clearTimeout(this.flushTimer);
    const { unsent } = this;
    this.unsent = new Set();
    for (const node of unsent) if (this.nodes.get(node.id) === node) node.flush();
  }

  private noteFocus(event: FocusEvent): void {
    const node = this.nodeAround(event.target);
    if (node === undefined || node === this.focused) return;
    this.focused = node;
    this.sendEvent(node, "focus");
  }
}
