/**
 * Windows: docked side by side, behind tabs or floating; on narrow screens one
 * at a time. How they are arranged is kept in the image, in dockview's words.
 */
import {
  type AddPanelOptions,
  createDockview,
  type DockviewApi,
  type DockviewGroupPanel,
  type IContentRenderer,
  type IDockviewPanel,
  type ITabRenderer,
  type SerializedDockview,
  type TabPartInitParameters,
} from "dockview-core";
import { icon } from "./icons.ts";
import { narrowPage } from "./metrics.ts";
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { BoxNode, make, placeChildren, ViewNode } from "./view-node.ts";

/** How much of the room a window takes that opens beside, or above or below, all others. */
const shareBeside = 0.42;
const shareBelow = 0.3;

export class WindowNode extends BoxNode {
  title = "";
  iconName: string | null = null;
  place = "tab";
  extent: readonly [number, number] = [520, 380];
  /** Called when title or icon is another. */
  whenRenamed: (() => void) | undefined;

  constructor(projector: Projector, id: number) {
    super(projector, id, "window");
    this.element.setAttribute("role", "region");
  }

  override set(name: string, value: Plain): void {
    switch (name) {
      case "title":
        this.title = String(value);
        this.element.setAttribute("aria-label", this.title);
        this.whenRenamed?.();
        return;
      case "icon":
        this.iconName = value as string | null;
        this.whenRenamed?.();
        return;
      case "place":
        this.place = String(value);
        return;
      case "extent":
        this.extent = value as unknown as [number, number];
        return;
      default:
        super.set(name, value);
    }
  }

  override focus(): void {
    if (this.element.contains(document.activeElement)) return;
    const wanted =
      this.element.querySelector<HTMLElement>(".cm-content") ??
      this.element.querySelector<HTMLElement>(".list-scroller, input, textarea") ??
      this.element.querySelector<HTMLElement>("button, [tabindex]");
    wanted?.focus({ preventScroll: true });
  }

  /** The user wants it closed. */
  askToClose(): void {
    this.send("close");
  }
}

export class DesktopNode extends ViewNode {
  private readonly menuBar = make("div", "menu-bar");
  private readonly area = make("div", "window-area");
  private readonly narrowBar = make("div", "narrow-bar");
  private readonly narrowTabs = make("div", "narrow-tabs");
  private readonly hint = make(
    "p",
    "no-windows",
    "Open a tool from the menu Tools, or find it by F1.",
  );
  private windows: readonly WindowNode[] = [];
  private layout: string | null = null;
  private layoutSent: string | null = null;
  private active = -1;
  private dock: DockviewApi | undefined;
  private isArranging = false;
  private isLayoutPending = false;
  private readonly narrowChanged = () => this.arrangeAnew();
  private readonly observer: ResizeObserver;
  /** Dockview writes down with floating windows which of them is in front, by an attribute that means something else. */
  private readonly levels = new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (target instanceof Element && target.matches(".dv-resize-container")) {
        target.removeAttribute("aria-level");
      }
    }
  });

  constructor(projector: Projector, id: number) {
    super(projector, id, make("div", "desktop"));
    const { element, menuBar, narrowBar, narrowTabs, area } = this;
    menuBar.setAttribute("role", "menubar");
    menuBar.setAttribute("aria-label", "Menus");
    narrowTabs.setAttribute("role", "tablist");
    narrowTabs.setAttribute("aria-label", "Windows");
    element.append(menuBar, narrowBar, area);
    narrowPage.addEventListener("change", this.narrowChanged);
    this.observer = new ResizeObserver(() => {
      this.fillArea();
      this.noteLayout();
    });
    this.observer.observe(area);
    this.levels.observe(area, { subtree: true, attributes: true, attributeFilter: ["aria-level"] });
  }

  override get frontNode(): ViewNode {
    return this.windows.find((each) => each.id === this.active) ?? this;
  }

  override dispose(): void {
    narrowPage.removeEventListener("change", this.narrowChanged);
    this.observer.disconnect();
    this.levels.disconnect();
    this.isArranging = true;
    this.dock?.dispose();
    super.dispose();
  }

  override set(name: string, value: Plain): void {
    switch (name) {
      case "menus":
        this.showMenus(value as string[]);
        return;
      case "layout":
        this.layout = value as string | null;
        return;
      case "active":
        this.active = Number(value ?? -1);
        queueMicrotask(() => this.showActive());
        return;
      case "children":
        this.windows = (value as number[]).map((id) => this.projector.node(id) as WindowNode);
        for (const each of this.windows) each.whenRenamed = () => this.renamed(each);
        // Attributes may come in any order; the layout belongs to the windows.
        queueMicrotask(() => this.arrange());
        return;
      default:
        super.set(name, value);
    }
  }

  override flush(): void {
    if (!this.isLayoutPending || this.dock === undefined) return;
    this.isLayoutPending = false;
    // In whole pixels, as it will be when it is opened again.
    this.fillArea(true);
    this.layout = JSON.stringify(this.dock.toJSON());
    if (this.layout === this.layoutSent) return;
    this.layoutSent = this.layout;
    const inSight = this.dock.panels.filter(({ api }) => api.isVisible);
    this.projector.sendNow(
      this,
      "layout",
      this.layout,
      inSight.map(({ id }) => Number(id)),
    );
  }

  private showMenus(labels: readonly string[]): void {
    this.menuBar.replaceChildren(
      ...labels.map((label, index) => {
        const button = make("button", "menu-title", label);
        button.type = "button";
        button.setAttribute("role", "menuitem");
        button.setAttribute("aria-haspopup", "menu");
        button.addEventListener("mousedown", (event) => event.preventDefault());
        button.addEventListener("click", () => {
          const { left, bottom } = button.getBoundingClientRect();
          this.send("openMenu", index, left, bottom);
        });
        return button;
      }),
    );
  }

  // Arranging

  private arrangeAnew(): void {
    this.flush();
    this.isArranging = true;
    this.dock?.dispose();
    this.dock = undefined;
    this.isArranging = false;
    this.arrange();
  }

  private arrange(): void {
    const isNarrow = narrowPage.matches;
    this.element.classList.toggle("narrow", isNarrow);
    this.narrowBar.hidden = !isNarrow;
    if (isNarrow) this.arrangeNarrow();
    else this.arrangeDocked();
    this.showActive();
  }

  private arrangeDocked(): void {
    this.isArranging = true;
    try {
      if (this.dock === undefined) this.startDock();
      const dock = this.dock!;
      const wanted = new Set(this.windows.map((each) => String(each.id)));
      for (const panel of [...dock.panels]) if (!wanted.has(panel.id)) dock.removePanel(panel);
      for (const each of this.windows) {
        if (dock.getPanel(String(each.id)) === undefined) this.addPanel(dock, each);
      }
    } finally {
      this.isArranging = false;
    }
    if (this.windows.length === 0) this.area.append(this.hint);
    else this.hint.remove();
    this.noteLayout();
    this.projector.shown(this.area);
  }

  private startDock(): void {
    const { area } = this;
    area.replaceChildren();
    const dock = createDockview(area, {
      createComponent: ({ id }) => this.renderer(Number(id)),
      createTabComponent: ({ id }) => new WindowTab(() => this.windowOf(id)),
      defaultTabComponent: "window",
      disableTabsOverflowList: false,
      // The gap between windows is the style sheet's. Dockview's own is missing in the sizes it writes down.
      theme: { name: "engram", className: "dockview-theme-engram" },
      disableAutoResizing: true,
      scrollbars: "native",
    });
    this.dock = dock;
    this.fillArea();
    this.restoreLayout(dock);
    dock.onDidLayoutChange(() => this.noteLayout());
    dock.onDidActivePanelChange(() => this.noteActive(Number(dock.activePanel?.id ?? -1)));
  }

  private fillArea(isForced = false): void {
    const { clientWidth, clientHeight } = this.area;
    if (clientWidth > 0 && clientHeight > 0) this.dock?.layout(clientWidth, clientHeight, isForced);
  }

  private restoreLayout(dock: DockviewApi): void {
    if (this.layout === null) return;
    try {
      const layout = JSON.parse(this.layout) as SerializedDockview;
      const known = new Set(this.windows.map((each) => String(each.id)));
      if (Object.keys(layout.panels).some((id) => !known.has(id))) return;
      dock.fromJSON(layout);
      for (const panel of dock.panels) this.followPanel(panel);
    } catch (error) {
      // An arrangement that cannot be had is no reason to show nothing.
      reportError(error);
      dock.clear();
    }
  }

  private renderer(id: number): IContentRenderer {
    const element = make("div", "window-content");
    const window = this.windows.find((each) => each.id === id);
    if (window !== undefined) element.append(window.element);
    return { element, init() {} };
  }

  private windowOf(id: string): WindowNode | undefined {
    return this.windows.find((each) => each.id === Number(id));
  }

  private addPanel(dock: DockviewApi, window: WindowNode): void {
    const options: AddPanelOptions = {
      id: String(window.id),
      component: "window",
      title: window.title,
      ...this.position(dock, window),
    };
    const isFirst = dock.panels.length === 0;
    const panel = dock.addPanel(options);
    this.followPanel(panel);
    if (isFirst) return;
    const { place } = window;
    requestAnimationFrame(() => {
      const { clientWidth, clientHeight } = this.area;
      if (place === "left" || place === "right") {
        panel.group.api.setSize({ width: clientWidth * shareBeside });
      } else if (place === "above" || place === "below") {
        panel.group.api.setSize({ height: clientHeight * shareBelow });
      }
    });
  }

  private followPanel(panel: IDockviewPanel): void {
    panel.api.onDidVisibilityChange(({ isVisible }) => {
      if (isVisible) this.projector.shown(this.area);
    });
    // Moved to another group, it has been out of the page.
    panel.api.onDidGroupChange(() => this.projector.shown(this.area));
  }

  private position(dock: DockviewApi, window: WindowNode): Partial<AddPanelOptions> {
    const [width, height] = window.extent;
    if (window.place === "floating") {
      const x = Math.max(20, (this.area.clientWidth - width) / 2 + (dock.panels.length % 5) * 24);
      const y = Math.max(20, (this.area.clientHeight - height) / 3 + (dock.panels.length % 5) * 24);
      return { floating: { x, y, width, height } };
    }
    const { place } = window;
    if (place === "left" || place === "right" || place === "above" || place === "below") {
      return { position: { direction: place } };
    }
    const group = this.groupForTab(dock);
    return group === undefined ? {} : { position: { referenceGroup: group, direction: "within" } };
  }

  /** Where windows go that want to be a tab: not among those that are beside or above the others on purpose. */
  private groupForTab(dock: DockviewApi): DockviewGroupPanel | undefined {
    const isPlain = (group: DockviewGroupPanel): boolean =>
      group.api.location.type === "grid" &&
      group.panels.some(({ id }) => this.windowOf(id)?.place === "tab");
    const { activeGroup } = dock;
    return activeGroup !== undefined && isPlain(activeGroup)
      ? activeGroup
      : dock.groups.find(isPlain);
  }

  private noteLayout(): void {
    if (this.isArranging) return;
    this.isLayoutPending = true;
    this.projector.wantFlush(this);
  }

  private renamed(window: WindowNode): void {
    this.dock?.getPanel(String(window.id))?.api.setTitle(window.title);
    if (narrowPage.matches) this.arrangeNarrow();
  }

  // One at a time

  private arrangeNarrow(): void {
    const { narrowBar, narrowTabs, area, windows } = this;
    if (this.dock !== undefined) {
      this.dock.dispose();
      this.dock = undefined;
    }
    const shown = windows.find((each) => each.id === this.active) ?? windows.at(-1);
    narrowBar.replaceChildren(narrowTabs);
    narrowTabs.replaceChildren(
      ...windows.map((each) => {
        const tab = make("button", "narrow-tab", each.title);
        tab.type = "button";
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-selected", String(each === shown));
        tab.addEventListener("click", () => {
          this.noteActive(each.id);
          this.arrangeNarrow();
        });
        return tab;
      }),
    );
    if (shown !== undefined) {
      const close = make("button", "narrow-close", icon("close"));
      close.type = "button";
      close.setAttribute("aria-label", `Close ${shown.title}`);
      close.addEventListener("click", () => shown.askToClose());
      narrowBar.append(close);
    }
    placeChildren(area, shown === undefined ? [this.hint] : [shown.element]);
    this.projector.shown(area);
    narrowTabs.querySelector('[aria-selected="true"]')?.scrollIntoView({ inline: "nearest" });
  }

  // The window in front

  private showActive(): void {
    if (narrowPage.matches) {
      this.arrangeNarrow();
      return;
    }
    const panel = this.dock?.getPanel(String(this.active));
    if (panel !== undefined && this.dock?.activePanel !== panel) {
      this.isArranging = true;
      panel.api.setActive();
      this.isArranging = false;
    }
  }

  private noteActive(id: number): void {
    if (this.isArranging || id === this.active) return;
    this.active = id;
    this.send("active", id);
  }
}

/** The tab of a window: icon, title, and a button to close it. */
class WindowTab implements ITabRenderer {
  readonly element = make("div", "window-tab");
  private readonly findWindow: () => WindowNode | undefined;
  private readonly title = make("span", "window-title");

  constructor(findWindow: () => WindowNode | undefined) {
    this.findWindow = findWindow;
    const close = make("span", "window-close", icon("close"));
    close.setAttribute("aria-hidden", "true");
    close.addEventListener("pointerdown", (event) => event.stopPropagation());
    close.addEventListener("click", (event) => {
      event.stopPropagation();
      this.findWindow()?.askToClose();
    });
    this.element.append(this.title, close);
    this.element.addEventListener("auxclick", (event) => {
      if (event.button === 1) this.findWindow()?.askToClose();
    });
  }

  init({ api, title }: TabPartInitParameters): void {
    this.show(title);
    api.onDidTitleChange((event) => this.show(event.title));
  }

  private show(title: string): void {
    this.title.textContent = title;
    const name = this.findWindow()?.iconName ?? null;
    this.element.querySelector(":scope > .icon")?.remove();
    if (name !== null) this.element.prepend(icon(name));
  }
}
