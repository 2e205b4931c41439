/**
 * A surface to draw on. A picture is an array of numbers, commands with their
 * arguments, beside the strings they name; the codes are those of the image's
 * class Canvas.
 */
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { make, ViewNode } from "./view-node.ts";

type Picture = readonly [numbers: readonly number[], texts: readonly (string | Uint8Array)[]];

const modifierBits = { alt: 8, ctrl: 4, meta: 2, shift: 1 } as const;

export class CanvasNode extends ViewNode {
  private readonly canvas = make("canvas");
  private readonly context: CanvasRenderingContext2D;
  private picture: Picture = [[], []];
  private isAnimated = false;
  /** Whether the image is at a picture that it was asked for. */
  private isAsked = false;
  private frame = 0;
  private extent = "";
  private readonly observer: ResizeObserver;

  constructor(projector: Projector, id: number) {
    super(projector, id, make("div", "canvas"));
    const { canvas, element } = this;
    element.append(canvas);
    element.tabIndex = 0;
    canvas.setAttribute("role", "img");
    this.context = canvas.getContext("2d", { alpha: true })!;
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(element);
    document.addEventListener("visibilitychange", this.pageSeen);
  }

  private readonly pageSeen = (): void => this.askForFrame();

  override set(name: string, value: Plain): void {
    switch (name) {
      case "picture":
        this.picture =
          (value as unknown as Picture).length === 2 ? (value as unknown as Picture) : [[], []];
        this.draw();
        return;
      case "animated":
        this.isAnimated = value === true;
        this.askForFrame();
        return;
      case "wants":
        for (const each of (value as string[] | null) ?? []) this.listen(each);
        return;
      case "name":
        this.canvas.setAttribute("aria-label", String(value));
        this.element.setAttribute("aria-label", String(value));
        return;
      default:
        super.set(name, value);
    }
  }

  override order(name: string, given: readonly Plain[]): void {
    if (name === "next") {
      // Orders come in a frame: the image has until the next one.
      this.isAsked = false;
      this.ask(performance.now());
    } else if (name === "tone") playTone(Number(given[0]), Number(given[1]));
    else super.order(name, given);
  }

  override dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.pageSeen);
    super.dispose();
  }

  private resized(): void {
    const { element, canvas } = this;
    const { clientWidth: width, clientHeight: height } = element;
    if (width === 0 || height === 0) return;
    const extent = `${width} ${height}`;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    this.draw();
    if (extent === this.extent) return;
    this.extent = extent;
    this.send("extent", width, height);
    this.askForFrame();
  }

  private askForFrame(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame((time) => this.ask(time));
  }

  /** Asks for a picture, if it would be seen. */
  private ask(time: number): void {
    const isSeen = this.element.isConnected && !document.hidden;
    if (!this.isAnimated || this.isAsked || !isSeen) return;
    this.isAsked = true;
    this.projector.sendNow(this, "frame", Math.round(time));
  }

  override restoreScroll(): void {
    this.askForFrame();
  }

  // Events

  private listen(name: string): void {
    const { element } = this;
    const point = (event: PointerEvent | WheelEvent): [number, number] => {
      const box = this.canvas.getBoundingClientRect();
      return [Math.round(event.clientX - box.left), Math.round(event.clientY - box.top)];
    };
    const onPointer = (type: "pointermove" | "pointerdown" | "pointerup") =>
      element.addEventListener(type, (event) => {
        if (type === "pointerdown") {
          element.focus({ preventScroll: true });
          element.setPointerCapture(event.pointerId);
        }
        this.projector.sendNow(this, name, ...point(event), event.buttons, modifiers(event));
      });
    const onKey = (type: "keydown" | "keyup") =>
      element.addEventListener(type, (event) => {
        if (event.key === "Tab") return;
        event.preventDefault();
        this.projector.sendNow(this, name, event.key, modifiers(event));
      });
    if (name === "pointerMove") onPointer("pointermove");
    else if (name === "pointerDown") onPointer("pointerdown");
    else if (name === "pointerUp") onPointer("pointerup");
    else if (name === "keyDown") onKey("keydown");
    else if (name === "keyUp") onKey("keyup");
    else if (name === "paste") {
      element.addEventListener("paste", (event) => {
        event.preventDefault();
        const text = event.clipboardData?.getData("text/plain") ?? "";
        this.projector.sendNow(this, "paste", text);
      });
    } else if (name === "wheel") {
      element.addEventListener(
        "wheel",
        (event) => {
          event.preventDefault();
          this.projector.sendNow(this, "wheel", ...point(event), event.deltaX, event.deltaY);
        },
        { passive: false },
      );
    }
  }

  // Drawing

  private draw(): void {
    const { context, canvas } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.scale(devicePixelRatio, devicePixelRatio);
    context.save();
    paint(context, this.picture);
    context.restore();
  }
}

function modifiers(event: PointerEvent | KeyboardEvent): number {
  return (
    (event.altKey ? modifierBits.alt : 0) |
    (event.ctrlKey ? modifierBits.ctrl : 0) |
    (event.metaKey ? modifierBits.meta : 0) |
    (event.shiftKey ? modifierBits.shift : 0)
  );
}

function paint(context: CanvasRenderingContext2D, [numbers, texts]: Picture): void {
  let at = 0;
  const next = (): number => numbers[at++]!;
  const text = (): string => String(texts[next()] ?? "");
  while (at < numbers.length) {
    switch (next()) {
      case 1:
        context.fillStyle = text();
        break;
      case 2:
        context.strokeStyle = text();
        break;
      case 3:
        context.lineWidth = next();
        break;
      case 4:
        context.font = text();
        break;
      case 5:
        context.clearRect(0, 0, context.canvas.width, context.canvas.height);
        break;
      case 6:
        context.fillRect(next(), next(), next(), next());
        break;
      case 7:
        context.strokeRect(next(), next(), next(), next());
        break;
      case 8:
        context.beginPath();
        context.arc(next(), next(), next(), 0, 2 * Math.PI);
        context.fill();
        break;
      case 9:
        context.beginPath();
        context.arc(next(), next(), next(), 0, 2 * Math.PI);
        context.stroke();
        break;
      case 10:
        context.beginPath();
        context.moveTo(next(), next());
        context.lineTo(next(), next());
        context.stroke();
        break;
      case 11:
        context.fillText(text(), next(), next());
        break;
      case 12:
        context.beginPath();
        break;
      case 13:
        context.moveTo(next(), next());
        break;
      case 14:
        context.lineTo(next(), next());
        break;
      case 15:
        context.bezierCurveTo(next(), next(), next(), next(), next(), next());
        break;
      case 16:
        context.arc(next(), next(), next(), next(), next());
        break;
      case 17:
        context.closePath();
        break;
      case 18:
        context.fill();
        break;
      case 19:
        context.stroke();
        break;
      case 20:
        context.save();
        break;
      case 21:
        context.restore();
        break;
      case 22:
        context.translate(next(), next());
        break;
      case 23:
        context.rotate(next());
        break;
      case 24:
        context.scale(next(), next());
        break;
      case 25:
        context.beginPath();
        context.rect(next(), next(), next(), next());
        context.clip();
        break;
      case 26:
        context.globalAlpha = next();
        break;
      case 27:
        context.textAlign = text() as CanvasTextAlign;
        break;
      case 28:
        paintPixels(context, texts[next()], next(), next(), [next(), next(), next(), next()]);
        break;
      default:
        // What follows cannot be told apart.
        return;
    }
  }
}

let pixels: CanvasRenderingContext2D | undefined;

/** Draws a picture of four bytes a pixel into a rectangle, without smoothing. */
function paintPixels(
  context: CanvasRenderingContext2D,
  bytes: string | Uint8Array | undefined,
  width: number,
  height: number,
  into: readonly [number, number, number, number],
): void {
  if (!(bytes instanceof Uint8Array) || bytes.length !== width * height * 4) return;
  pixels ??= make("canvas").getContext("2d", { willReadFrequently: true })!;
  pixels.canvas.width = width;
  pixels.canvas.height = height;
  pixels.putImageData(new ImageData(new Uint8ClampedArray(bytes), width, height), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(pixels.canvas, ...into);
}

let audio: AudioContext | undefined;

function playTone(hertz: number, milliseconds: number): void {
  audio ??= new AudioContext();
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.value = 0.1;
  oscillator.frequency.value = hertz;
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start();
  oscillator.stop(audio.currentTime + milliseconds / 1000);
}
