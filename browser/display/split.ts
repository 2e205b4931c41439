/**
 * Views that share their room; what is between them can be moved by pointer and keys. On a narrow
 * page two that are side by side are above each other, and more are in rows of two.
 */
import { narrowPage } from "./metrics.ts";
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { BoxNode, make, placeChildren } from "./view-node.ts";

const smallest = 40;
const keyStep = 24;

export class SplitNode extends BoxNode {
  private wantsRow = true;
  private shares: number[] = [];
  private isPending = false;
  private readonly narrowChanged = () => this.showChildren();

  constructor(projector: Projector, id: number) {
    super(projector, id, "split");
    narrowPage.addEventListener("change", this.narrowChanged);
  }

  override dispose(): void {
    narrowPage.removeEventListener("change", this.narrowChanged);
    super.dispose();
  }

  private get isRow(): boolean {
    return this.wantsRow && !(narrowPage.matches && this.children.length === 2);
  }

  private get isInTwos(): boolean {
    return this.isRow && narrowPage.matches && this.children.length > 2;
  }

  override set(name: string, value: Plain): void {
    if (name === "direction") {
      this.wantsRow = value !== "column";
      this.showChildren();
    } else if (name === "shares") {
      this.shares = [...(value as number[])];
      this.showShares();
    } else super.set(name, value);
  }

  override flush(): void {
    super.flush();
    if (!this.isPending) return;
    this.isPending = false;
    this.projector.sendNow(this, "resize", this.shares);
  }

  protected override showChildren(): void {
    const bars = [...this.element.children].filter((each) => each.classList.contains("sash"));
    const elements = this.children.flatMap((child, index) =>
      index === 0 ? [child.element] : [bars[index - 1] ?? this.sash(index), child.element],
    );
    placeChildren(this.element, elements);
    this.element.classList.toggle("upright", !this.isRow);
    this.element.classList.toggle("in-twos", this.isInTwos);
    this.element.querySelectorAll(":scope > .sash").forEach((bar) => {
      bar.setAttribute("aria-orientation", this.isRow ? "vertical" : "horizontal");
    });
    this.showShares();
  }

  private showShares(): void {
    while (this.shares.length < this.children.length) this.shares.push(1);
    const total = this.shares.slice(0, this.children.length).reduce((sum, each) => sum + each, 0);
    this.children.forEach((child, index) => {
      const share = (this.shares[index]! / total) * 100;
      child.element.style.flex = this.isInTwos ? "1 1 45%" : `${share} 1 0`;
    });
    let before = 0;
    this.element.querySelectorAll(":scope > .sash").forEach((bar, index) => {
      before += this.shares[index]!;
      bar.setAttribute("aria-valuenow", String(Math.round((before / total) * 100)));
    });
  }

  private sash(index: number): HTMLElement {
    const bar = make("div", "sash");
    bar.tabIndex = 0;
    bar.setAttribute("role", "separator");
    bar.setAttribute("aria-label", "Resize");
    bar.addEventListener("pointerdown", (event) => this.dragBegins(event, bar, index));
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.move(index, step * keyStep, this.sizes());
    });
    return bar;
  }

  private sizes(): number[] {
    return this.children.map(({ element }) =>
      this.isRow ? element.offsetWidth : element.offsetHeight,
    );
  }

  private dragBegins(event: PointerEvent, bar: HTMLElement, index: number): void {
    if (event.button !== 0) return;
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    const start = this.isRow ? event.clientX : event.clientY;
    const sizes = this.sizes();
    const moved = (now: PointerEvent) =>
      this.move(index, (this.isRow ? now.clientX : now.clientY) - start, sizes);
    bar.addEventListener("pointermove", moved);
    bar.addEventListener(
      "lostpointercapture",
      () => bar.removeEventListener("pointermove", moved),
      {
        once: true,
      },
    );
  }

  private move(index: number, pixels: number, sizes: readonly number[]): void {
    const [before, after] = [sizes[index - 1]!, sizes[index]!];
    const step = Math.min(Math.max(pixels, smallest - before), after - smallest);
    const shares = [...sizes];
    shares[index - 1] = before + step;
    shares[index] = after - step;
    this.shares = shares;
    this.isPending = true;
    this.showShares();
    this.projector.wantFlush(this);
  }
}
