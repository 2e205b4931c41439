/**
 * Keys as the image knows them: `Mod+Shift+D`, `F8`, or one behind another,
 * `Mod+O P`. Mod is Command on a Mac, Control elsewhere. A key belongs to the
 * innermost view around the focus that has a command for it; where nothing has the focus, to the
 * window in front.
 */
import type { Projector } from "./projector.ts";
import type { ViewNode } from "./view-node.ts";

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
/** How long the second key of two may take. */
const chordMilliseconds = 3000;

export const modifierNames = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph"]);

/** The name of a key that was pressed. */
export function keyName(event: KeyboardEvent): string {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const parts: string[] = [];
  if (mod) parts.push("Mod");
  if (isMac && event.ctrlKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key))) parts.push("Shift");
  // With Alt a Mac types other characters.
  const letter = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1];
  const name = event.altKey && letter !== undefined ? letter : event.key.replace(/^Arrow(?=.)/, "");
  parts.push(name.length === 1 ? name.toUpperCase() : name);
  return parts.join("+");
}

/** A key as it is written for people. */
export function shownKey(key: string): string {
  const named = key.replaceAll("PageDown", "PgDn").replaceAll("PageUp", "PgUp");
  if (!isMac) return named.replaceAll("Mod", "Ctrl");
  return named
    .replaceAll("Mod+", "⌘")
    .replaceAll("Shift+", "⇧")
    .replaceAll("Alt+", "⌥")
    .replaceAll("Ctrl+", "⌃");
}

export class KeyDispatcher {
  private readonly projector: Projector;
  private first = "";
  private firstTime = 0;

  constructor(projector: Projector) {
    this.projector = projector;
    document.addEventListener("keydown", (event) => this.keyDown(event), { capture: true });
  }

  private keyDown(event: KeyboardEvent): void {
    const { projector } = this;
    if (modifierNames.has(event.key) || event.isComposing || projector.menus.isOpen) return;
    const target = event.target as HTMLElement;
    // What is behind a dialog has to wait.
    if (document.querySelector("dialog[open]") !== null) return;
    if (target !== document.body && !projector.host.contains(target)) return;
    const innermost = projector.nodeAround(target) ?? projector.rootNode?.frontNode;
    if (innermost === undefined) return;
    const name = keyName(event);
    const isSecond = this.first !== "" && performance.now() - this.firstTime < chordMilliseconds;
    const key = isSecond ? `${this.first} ${name.replace(/^Mod\+/, "")}` : name;
    this.first = "";
    const all = keysAround(projector, innermost);
    if (all.some((each) => each.startsWith(`${key} `))) {
      this.first = key;
      this.firstTime = performance.now();
    } else if (all.includes(key)) {
      if (!event.repeat || key.length > 1) projector.sendKey(innermost, key);
    } else if (!isSecond) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function keysAround(projector: Projector, innermost: ViewNode): string[] {
  const keys: string[] = [];
  let node: ViewNode | undefined = innermost;
  while (node !== undefined) {
    keys.push(...node.keys);
    node = projector.nodeAround(node.element.parentElement);
  }
  if (projector.rootNode !== undefined) keys.push(...projector.rootNode.keys);
  return keys;
}
