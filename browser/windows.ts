/** The windows of the image that is open, in the middle of the page; the terminal is in one of them. */
import type { HostMessage } from "../vm/host.ts";
import "dockview-core/dist/styles/dockview.css";
import "./display/display.css";
import type { Batch, Plain } from "./display/patches.ts";
import { Projector } from "./display/projector.ts";
import type { WindowsView } from "./workspace.ts";

/** Events that keep the display going and change nothing worth saving. */
const routine: ReadonlySet<Plain> = new Set(["ack", "open", "surroundings"]);

export class Windows implements WindowsView {
  private readonly projector: Projector;
  private readonly parking = document.createElement("div");

  constructor(terminal: HTMLElement, post: (event: readonly Plain[], isChange: boolean) => void) {
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
    this.projector.hosted.set("terminal", terminal);
    this.projector.parking = this.parking;
  }

  begin(): void {
    this.projector.open();
  }

  posted(message: HostMessage): void {
    if (message.kind === "display") this.projector.receive(message as unknown as Batch);
  }

  flush(): void {
    this.projector.flush();
  }
}
