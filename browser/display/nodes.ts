/** The kinds of views there are, and the node that draws each. */
import { CanvasNode } from "./canvas.ts";
import { ButtonNode, CheckBoxNode, ChoiceNode, FieldNode, LabelNode } from "./controls.ts";
import { DesktopNode, WindowNode } from "./desktop.ts";
import { DialogNode } from "./dialog.ts";
import { EditorNode } from "./editor.ts";
import { ListNode } from "./list.ts";
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { SplitNode } from "./split.ts";
import { TabsNode } from "./tabs.ts";
import { BoxNode, make, ViewNode } from "./view-node.ts";

type Maker = (projector: Projector, id: number, kind: string) => ViewNode;

/** Shows an element that the page itself has, such as the terminal. */
class HostNode extends ViewNode {
  private hosted: HTMLElement | undefined;

  constructor(projector: Projector, id: number) {
    super(projector, id, make("div", "host"));
  }

  override set(name: string, value: Plain): void {
    if (name !== "hosts") {
      super.set(name, value);
      return;
    }
    this.hosted = this.projector.hosted.get(String(value));
    if (this.hosted !== undefined) this.element.append(this.hosted);
  }

  override focus(): void {
    this.hosted?.querySelector<HTMLElement>("textarea")?.focus();
  }

  /** What is the page's own stays in the page. */
  override dispose(): void {
    if (this.hosted !== undefined) this.projector.park(this.hosted);
    super.dispose();
  }
}

const box: Maker = (projector, id, kind) => new BoxNode(projector, id, kind);

const makers: Readonly<Record<string, Maker>> = {
  row: box,
  column: box,
  toolbar: box,
  label: (projector, id) => new LabelNode(projector, id),
  button: (projector, id) => new ButtonNode(projector, id),
  checkbox: (projector, id) => new CheckBoxNode(projector, id),
  field: (projector, id) => new FieldNode(projector, id),
  choice: (projector, id) => new ChoiceNode(projector, id),
  list: (projector, id) => new ListNode(projector, id),
  split: (projector, id) => new SplitNode(projector, id),
  tabs: (projector, id) => new TabsNode(projector, id),
  editor: (projector, id) => new EditorNode(projector, id),
  canvas: (projector, id) => new CanvasNode(projector, id),
  window: (projector, id) => new WindowNode(projector, id),
  desktop: (projector, id) => new DesktopNode(projector, id),
  dialog: (projector, id) => new DialogNode(projector, id),
  host: (projector, id) => new HostNode(projector, id),
};

export function newNode(projector: Projector, id: number, kind: string): ViewNode {
  const maker = makers[kind];
  if (maker === undefined) throw new Error(`the page does not know views of kind ${kind}`);
  return maker(projector, id, kind);
}
