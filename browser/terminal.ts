/**
 * The terminal in the page: sends keys as bytes, shows what comes back. The
 * conversation, its history and completion are the image's.
 *
 * Keys that a browser's user expects to work go to the browser: copying a selection,
 * pasting, reloading. Shift+Tab leaves the terminal for the buttons.
 *
 * When the window changes, the screen does not change at once: what is on its way
 * was drawn for the size it has. The size wanted goes to the image, which answers
 * by a sequence among its output (CSI 8 ; rows ; columns t) where what it draws
 * for the new size begins; there the screen takes it.
 */
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal as Xterm } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { isDark } from "./display/theme.ts";

const scrollbackLines = 5000;
const fontFamily =
  'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
/** Below this width a smaller font shows more columns. */
const narrowPixels = 600;
const usualFontSize = 15;
const narrowFontSize = 13;

const darkTheme: ITheme = {
  background: "#15181d",
  foreground: "#d9dee7",
  cursor: "#7cc4ff",
  cursorAccent: "#15181d",
  selectionBackground: "#33506f",
  black: "#2b303a",
  red: "#ff8087",
  green: "#8fd18b",
  yellow: "#e6c274",
  blue: "#7cb7ff",
  magenta: "#d3a1f0",
  cyan: "#72d0d8",
  white: "#d9dee7",
  brightBlack: "#8b95a5",
};

const lightTheme: ITheme = {
  background: "#ffffff",
  foreground: "#1f2630",
  cursor: "#0b62c4",
  cursorAccent: "#ffffff",
  selectionBackground: "#bcd9f7",
  black: "#1f2630",
  red: "#b3261e",
  green: "#1c6b2a",
  yellow: "#7a5900",
  blue: "#0b57b0",
  magenta: "#8a2d9c",
  cyan: "#0b6770",
  white: "#5d6775",
  brightBlack: "#5d6775",
};

export interface TerminalListener {
  keys(bytes: Uint8Array): void;
  /** That size is wanted now; answers whether there is an image to say when. */
  sizeWanted(size: Size): boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const isSame = (one: Size, other: Size): boolean =>
  one.columns === other.columns && one.rows === other.rows;

/** So long may the image take to say that it draws for another size. */
const sizePatience = 1000;

export class Terminal {
  /** Who is told of keys and sizes. */
  listener: TerminalListener | undefined;
  /** Sizes the image was told of and has not taken yet, the oldest first. */
  private sizesAsked: Size[] = [];
  private sizeTimer: ReturnType<typeof setTimeout> | undefined;
  private isWritten = false;
  private chosenFontSize: number | undefined;
  private readonly xterm: Xterm;
  private readonly fit = new FitAddon();
  private readonly encoder = new TextEncoder();

  constructor(element: HTMLElement) {
    this.xterm = new Xterm({
      fontFamily,
      fontSize: this.fontSize,
      lineHeight: 1.2,
      scrollback: scrollbackLines,
      convertEol: true,
      reflowCursorLine: true,
      windowOptions: { setWinSizeChars: true },
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    this.followTheme();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.followTheme());
    this.xterm.loadAddon(this.fit);
    this.xterm.open(element);
    this.xterm.attachCustomKeyEventHandler((event) => this.isForTheImage(event));
    this.xterm.textarea?.setAttribute(
      "aria-label",
      "Conversation with the image. Shift+Tab leaves it.",
    );
    this.xterm.onData((text) => this.listener?.keys(this.encoder.encode(text)));
    this.xterm.onBinary((text) =>
      this.listener?.keys(Uint8Array.from(text, (each) => each.charCodeAt(0))),
    );
    this.xterm.parser.registerCsiHandler({ final: "t" }, ([kind, rows, columns]) => {
      if (kind === 8) this.imageTakes({ columns: Number(columns), rows: Number(rows) });
      return true;
    });
    new ResizeObserver(() => this.followWindow()).observe(element);
    this.fit.fit();
  }

  /** The size for which what comes is to be drawn. */
  get size(): Size {
    return { columns: this.xterm.cols, rows: this.xterm.rows };
  }

  /** Shows bytes; calls `taken` once they are in the screen's memory. */
  write(bytes: Uint8Array, taken?: () => void): void {
    this.isWritten = true;
    this.xterm.write(bytes, taken);
  }

  /** Sends what a key would. */
  type(text: string): void {
    this.xterm.input(text);
    this.focus();
  }

  /** Begins anew, empty, for an image that draws for that size. */
  begin(size: Size): void {
    // Resetting lays out anew, which a screen nobody has written on does not need.
    if (this.isWritten) this.xterm.reset();
    this.takeSize(size);
    this.followWindow();
  }

  /** Asks for the size that fits, if it is another one than what was asked for last. */
  private followWindow(): void {
    this.xterm.options.fontSize = this.fontSize;
    const fitting = this.fit.proposeDimensions();
    if (fitting === undefined || Number.isNaN(fitting.cols)) return;
    const wanted = { columns: fitting.cols, rows: fitting.rows };
    if (isSame(wanted, this.sizesAsked.at(-1) ?? this.size)) return;
    if (this.listener?.sizeWanted(wanted) !== true) {
      this.takeSize(wanted);
      return;
    }
    this.sizesAsked.push(wanted);
    clearTimeout(this.sizeTimer);
    // Better a screen that fits, even if some rows on it were drawn for another.
    this.sizeTimer = setTimeout(() => this.takeSize(wanted), sizePatience);
  }

  /** What comes now is drawn for that size. No program can make the screen take one that nobody wanted. */
  private imageTakes(size: Size): void {
    const index = this.sizesAsked.findIndex((each) => isSame(each, size));
    if (index < 0) return;
    const stillAsked = this.sizesAsked.slice(index + 1);
    if (stillAsked.length === 0) this.takeSize(size);
    else this.xterm.resize(size.columns, size.rows);
    this.sizesAsked = stillAsked;
  }

  private takeSize({ columns, rows }: Size): void {
    clearTimeout(this.sizeTimer);
    this.sizesAsked = [];
    this.xterm.resize(columns, rows);
  }

  focus(): void {
    this.xterm.focus();
  }

  /** The page may be dark or light now. */
  followTheme(): void {
    this.xterm.options.theme = isDark() ? darkTheme : lightTheme;
  }

  private get fontSize(): number {
    return this.chosenFontSize ?? (innerWidth < narrowPixels ? narrowFontSize : usualFontSize);
  }

  /** Shows letters of that size, in pixels; undefined for what suits the window. */
  chooseFontSize(size: number | undefined): void {
    this.chosenFontSize = size;
    this.followWindow();
  }

  get screenReader(): boolean {
    return this.xterm.options.screenReaderMode === true;
  }

  set screenReader(isOn: boolean) {
    this.xterm.options.screenReaderMode = isOn;
  }

  private isForTheImage(event: KeyboardEvent): boolean {
    const { key, ctrlKey, metaKey, shiftKey } = event;
    if (key === "Tab" && shiftKey) return false;
    if (key === "F5" || key === "F11" || key === "F12") return false;
    if (!ctrlKey && !metaKey) return true;
    const letter = key.toLowerCase();
    if (letter === "c") return !this.xterm.hasSelection();
    return letter !== "v" && letter !== "r" && letter !== "s";
  }
}
