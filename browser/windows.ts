/** The windows of the image that is open, in the middle of the page; the terminal is in one of them. */
import type { HostMessage } from "../vm/host.ts";
import "dockview-core/dist/styles/dockview.css";
import "./display/display.css";
import { takeCode } from "./display/exchange.ts";
import type { Batch, Plain } from "./display/patches.ts";
import { Projector } from "./display/projector.ts";
import type { WindowsView } from "./workspace.ts";

/** Events that keep the display going and change nothing worth saving. */
const routine: ReadonlySet<Plain> = new Set(["ack", "open", "surroundings"]);

export class Windows implements WindowsView {
  private readonly projector: Projector;
  private readonly terminal: HTMLElement;
  private readonly parking = document.createElement("div");

  /** Theme and size of letters are the image's; `whenSet` hears of them. */
  constructor(
    terminal: HTMLElement,
    post: (event: readonly Plain[], isChange: boolean) => void,
    whenSet: (fontSize: number) => void,
  ) {
    this.terminal = terminal;
    const element = document.createElement("div");
    element.className = "display";
    terminal.before(element);
    terminal.parentElement?.classList.add("with-windows");
    // Until a window shows it.
    this.parking.hidden = true;
    this.parking.append(terminal);
    element.after(this.parking);
    this.projector = new Projector(element, (event) => {
      const isFrame = event[0] === "event" && event[2] === "frame";
      post(event, !isFrame && !routine.has(event[0] ?? null));
    });
    this.projector.whenSet = whenSet;
    this.projector.hosted.set("terminal", terminal);
    this.projector.parking = this.parking;
  }

  /** Runs the code where the keyboard is; answers false when that is the terminal. */
  run(): boolean {
    if (this.terminal.contains(document.activeElement)) return false;
    this.projector.sendCommand("doIt");
    return true;
  }

  /** Does what a key of the keyboard would, by its name or its character; answers false when the terminal has it. */
  type(name: string): boolean {
    const target = document.activeElement;
    if (target === null || this.terminal.contains(target)) return false;
    if (name === "Interrupt") return false;
    const key = name.length === 1 || name === "Tab" ? name : `Arrow${name}`;
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    const isFree = target.dispatchEvent(event);
    if (isFree && key.length === 1) document.execCommand("insertText", false, key);
    return true;
  }

  begin(): void {
    this.projector.open();
    this.openCode();
  }

  /** Opens the code that the address has, if it has any. */
  openCode(): void {
    const code = takeCode();
    if (code !== undefined) this.projector.tell(["code", code]);
  }

  /** Offers source files to the image: paths and texts in turn. */
  offerFiles(pairs: readonly string[]): void {
    this.projector.tell(["files", pairs]);
  }

  posted(message: HostMessage): void {
    if (message.kind === "display") this.projector.receive(message as unknown as Batch);
  }

  flush(): void {
    this.projector.flush();
  }
}
