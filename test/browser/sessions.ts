/**
 * Somebody at work who does not know what he wants: random actions in the page, by mouse and
 * keyboard. A seed decides them, as far as the page shows the same at the same moments.
 *
 * What must hold afterwards: the page shows the same when it is opened again, to the text, the
 * selection and the scroll position; the image verifies; nothing failed in a script.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startChromium } from "./page.ts";
import { WindowsPage } from "./windows.ts";

const program = join(import.meta.dirname, "../../cli/engram.cjs");

/** Numbers that look random, the same for the same seed (mulberry32). */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** From 0 up to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  from<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

const toolLetters = "bcfhlprstu";
const steps = ["F10", "F11", "F8"];
const motions =
  "ArrowUp ArrowDown ArrowLeft ArrowRight Home End PageUp PageDown Tab Shift+Tab Enter".split(" ");
const widths = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
  { width: 390, height: 844 },
];

const snippets = [
  "3 + 4",
  "#( 3 1 2 ) sorted collect: [ :each | each * each ]",
  "1 / 0",
  "nil foo",
  "3 + + 4",
  "'a\u{1f600}b' reversed",
  "self halt",
  "(1 to: 100000) asArray",
  "Dictionary new at: 1 put: 'one'; yourself",
  "Transcript show: 'hello'; cr",
  "[ 20 timesRepeat: [ (Delay forMilliseconds: 20) wait ] ] fork",
  "[ true ] whileTrue",
  "x := OrderedCollection withAll: #( 1 2 3 )",
  "x add: 7; yourself",
  "thisContext",
  "100 factorial",
  "Object subclasses",
  "ToDoList open",
  "Spreadsheet open",
  "#( 1 2 ) do: [ :each | each bar ]",
];
const methods = [
  "answer\n\t^ 6 * 7",
  "describe\n\t| all |\n\tall := OrderedCollection new.\n\tall add: self.\n\t^ all",
  "broken\n\t^ ( 3",
  "countTo: limit\n\t1 to: limit do: [ :each | Transcript show: each printString; cr ]",
];
const words = [
  "Object",
  "print",
  "add:",
  "Set",
  "3. 4. 7",
  "zork",
  "Collection",
  "test",
  "do it",
  "",
];
/** What a session would not come back from, what takes all its time, and processes that each session starts anew. */
const shunned =
  /remove|delete|terminate|kill|suspend|rename|move|push|pull|extract|inline|revert|all tests|^run$|run selected|run tests|^clear|download|export|share|load|open an image|discard all|every|\d\d(waiting|suspended|active)/i;

type Action = (session: Session) => Promise<unknown>;

const actions: Readonly<Record<string, { readonly weight: number; readonly act: Action }>> = {
  openTool: { weight: 6, act: (it) => it.openTool() },
  type: { weight: 8, act: (it) => it.typeCode() },
  evaluate: { weight: 12, act: (it) => it.evaluate() },
  row: { weight: 16, act: (it) => it.clickOn("[role=option], [role=treeitem]") },
  rowMenu: { weight: 4, act: (it) => it.rowMenu() },
  button: { weight: 10, act: (it) => it.clickOn(".display button, .display [role=checkbox]") },
  tab: { weight: 4, act: (it) => it.clickOn("[role=tab], .window-title") },
  menu: { weight: 3, act: (it) => it.menu() },
  palette: { weight: 3, act: (it) => it.palette() },
  key: { weight: 8, act: (it) => it.press(it.dice.from(motions)) },
  wheel: { weight: 6, act: (it) => it.wheel() },
  undo: { weight: 3, act: (it) => it.press(it.dice.from(["Control+z", "Control+y"])) },
  accept: { weight: 4, act: (it) => it.accept() },
  field: { weight: 4, act: (it) => it.field() },
  step: { weight: 4, act: (it) => it.press(it.dice.from(steps)) },
  browse: {
    weight: 3,
    act: (it) => it.press(it.dice.from(["Control+b", "Control+m", "Alt+n", "Alt+h", "Alt+i"])),
  },
  drag: { weight: 3, act: (it) => it.drag() },
  close: { weight: 5, act: (it) => it.press("Alt+w") },
  next: { weight: 2, act: (it) => it.press(it.dice.from(["Alt+PageDown", "Alt+PageUp"])) },
  resize: { weight: 2, act: (it) => it.page.setViewportSize(it.dice.from(widths)) },
  stop: { weight: 2, act: (it) => it.clickOn("#stop") },
  save: { weight: 2, act: (it) => it.clickOn("#save") },
};

const total = Object.values(actions).reduce((sum, { weight }) => sum + weight, 0);

/** An element that is in sight, and where. */
interface Target {
  readonly x: number;
  readonly y: number;
  readonly name: string;
}

export class Session {
  readonly page: Page;
  readonly dice: Dice;
  /** What was done, to tell when something went wrong. */
  readonly done: string[] = [];
  private readonly windows: WindowsPage;

  constructor(windows: WindowsPage, seed: number) {
    this.windows = windows;
    this.page = windows.page;
    this.dice = new Dice(seed);
  }

  async act(count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      await this.answerDialog();
      let choice = this.dice.next() * total;
      for (const [name, { weight, act }] of Object.entries(actions)) {
        choice -= weight;
        if (choice >= 0) continue;
        this.done.push(name);
        await act(this);
        break;
      }
    }
  }

  /** Ends what runs and what is open for a moment only, and waits until nothing changes any more; answers what is shown. */
  async rest(): Promise<string[]> {
    await this.page.setViewportSize(widths[0]!);
    for (let stop = 0; stop < 2; stop++) {
      await this.page.keyboard.press("Escape");
      await this.page.waitForTimeout(200);
      await this.answerDialog();
      await this.page.locator("#stop").click();
      await this.page.waitForTimeout(200);
    }
    for (const close of await this.page.locator("#notices .close").all()) await close.click();
    return this.settled();
  }

  /** What is shown once it stays the same for a while. */
  async settled(): Promise<string[]> {
    let former = "";
    let times = 0;
    for (const end = performance.now() + 60_000; performance.now() < end; ) {
      const lines = await shown(this.page);
      const now = lines.join("\n");
      times = lines.length > 0 && now === former ? times + 1 : 0;
      if (times === steadyTimes) return lines;
      former = now;
      await this.page.waitForTimeout(500);
    }
    throw new Error(`what is shown does not come to rest: ${this.done.join(" ")}`);
  }

  async press(keys: string): Promise<void> {
    this.note(keys);
    await this.windows.press(keys);
  }

  async openTool(): Promise<void> {
    await this.press(`Control+o ${this.dice.from([...toolLetters])}`);
    await this.page.waitForTimeout(100);
  }

  /** Answers whether there is an editor to type into: in the terminal the same keys end the session. */
  async typeCode(): Promise<boolean> {
    if (!(await this.clickOn(".cm-content"))) return false;
    const text = this.dice.from(snippets);
    if (this.dice.below(2) === 0) await this.press("Control+a");
    if (this.dice.below(4) === 0) await this.page.keyboard.type(text, { delay: 5 });
    else await this.page.keyboard.insertText(text);
    return true;
  }

  async evaluate(): Promise<void> {
    if (!(await this.typeCode())) return;
    await this.press(this.dice.from(["Control+a ", "Shift+Home ", ""]).trim() || "End");
    await this.press(this.dice.from(["Control+d", "Control+p", "Control+i", "Control+Shift+d"]));
  }

  async accept(): Promise<void> {
    if (!(await this.clickOn('.cm-content[aria-label^="Source"]'))) return;
    await this.press("Control+a");
    await this.page.keyboard.insertText(this.dice.from(methods));
    await this.press("Control+s");
    await this.page.waitForTimeout(100);
  }

  async field(): Promise<void> {
    if (!(await this.clickOn(".display input[type=text], .display input[type=search]"))) return;
    await this.press("Control+a");
    await this.page.keyboard.insertText(this.dice.from(words));
    if (this.dice.below(2) === 0) await this.press("Enter");
  }

  async rowMenu(): Promise<void> {
    if (!(await this.clickOn("[role=option], [role=treeitem]", "right"))) return;
    await this.chooseItem();
  }

  async menu(): Promise<void> {
    if (!(await this.clickOn("[role=menubar] [role=menuitem]"))) return;
    await this.chooseItem();
  }

  async palette(): Promise<void> {
    await this.press("F1");
    await this.page.waitForTimeout(150);
    if (!(await this.clickOn("[role=listbox][aria-label=Commands] [role=option]"))) {
      await this.press("Escape");
    }
  }

  private async chooseItem(): Promise<void> {
    await this.page.waitForTimeout(150);
    if (!(await this.clickOn("[role=menu] [role=menuitem]"))) await this.press("Escape");
  }

  async wheel(): Promise<void> {
    const { width, height } = this.page.viewportSize()!;
    await this.page.mouse.move(this.dice.below(width), this.dice.below(height));
    await this.page.mouse.wheel(0, this.dice.from([-600, 300, 1200, 5000]));
  }

  /** A window by its tab, or the line between two. */
  async drag(): Promise<void> {
    const [from] = this.choose(await this.targets(".dv-sash, .dv-tab, .sash"));
    if (from === undefined) return;
    const { width, height } = this.page.viewportSize()!;
    this.note(`drag ${from.name}`);
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move(this.dice.below(width), 80 + this.dice.below(height - 100), {
      steps: 4,
    });
    await this.page.mouse.up();
  }

  /** Clicks on one of those in sight; answers whether there is any. */
  async clickOn(selector: string, button: "left" | "right" = "left"): Promise<boolean> {
    const [target] = this.choose(await this.targets(selector));
    if (target === undefined) return false;
    this.note(`${button === "left" ? "" : "right "}${target.name}`);
    await this.page.mouse.click(target.x, target.y, { button });
    return true;
  }

  private choose(targets: readonly Target[]): readonly [Target?] {
    const fit = targets.filter(({ name }) => !shunned.test(name));
    return fit.length === 0 ? [] : [this.dice.from(fit)];
  }

  private async answerDialog(): Promise<void> {
    const buttons = "dialog[open] button";
    for (let tries = 0; tries < 20 && (await this.clickOn(buttons)); tries++) {
      await this.page.waitForTimeout(100);
    }
  }

  private async targets(selector: string): Promise<Target[]> {
    return this.page.evaluate((wanted) => {
      const targets = [];
      for (const element of document.querySelectorAll<HTMLElement>(wanted)) {
        const { left, top, width, height } = element.getBoundingClientRect();
        if (width < 2 || height < 2) continue;
        const x = left + Math.min(width / 2, 200);
        const y = top + Math.min(height / 2, 100);
        const hit = document.elementFromPoint(x, y);
        if (hit === null || !(element.contains(hit) || hit.contains(element))) continue;
        const name = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40);
        targets.push({ x, y, name });
      }
      return targets;
    }, selector);
  }

  private note(what: string): void {
    const last = this.done.length - 1;
    if (last >= 0) this.done[last] += ` ${JSON.stringify(what)}`;
  }
}

/** So often what is shown is seen to be the same: on a busy machine a debugger takes its time to open. */
const steadyTimes = 4;

/** Everything the page shows of an image, a line for each view: what it is and says, what is selected in it and how far it is scrolled. */
export function shown(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    interface Editor {
      readonly state: {
        readonly doc: { toString(): string };
        readonly selection: { readonly main: { readonly anchor: number; readonly head: number } };
      };
    }
    const editorOf = (element: Element): Editor | undefined => {
      const content = element.querySelector(":scope > .cm-editor .cm-content");
      const tile = (content as unknown as { cmTile?: { root: { view: Editor } } } | null)?.cmTile;
      return tile?.root.view;
    };
    const ownText = (element: Element): string =>
      [...element.childNodes]
        .map((node) =>
          node instanceof Text
            ? node.data
            : node instanceof HTMLElement && node.dataset.view === undefined && !isLayout(node)
              ? ownText(node)
              : "",
        )
        .join("");
    // How many tabs there is no room for is dockview's to say, a moment later or earlier.
    const isLayout = (element: HTMLElement): boolean =>
      element.matches(".dv-tabs-overflow-dropdown-root, .dv-tabs-overflow-dropdown-default") ||
      !element.checkVisibility();
    // Processes and their delays go on, and each session has some of its own.
    const isAlive = (row: string): boolean =>
      /\d\d(waiting|suspended|active|ended|ready)|^resumptionTime|\ba Process\b/.test(row);
    const hasLife = (scroller: Element): boolean =>
      [...scroller.querySelectorAll(".list-row")].some((row) => isAlive(row.textContent));
    // A list has others at hand, more or fewer.
    const rowsInSight = (scroller: Element): string[] => {
      const { top, bottom } = scroller.getBoundingClientRect();
      if (bottom - top < 60) return [];
      return [...scroller.querySelectorAll(".list-row")]
        .filter((row) => {
          const box = row.getBoundingClientRect();
          return box.top >= top - 2 && box.bottom <= bottom - 8;
        })
        .map((row) => row.textContent)
        .filter((row) => !isAlive(row));
    };
    const lines: string[] = [];
    const visit = (element: HTMLElement, depth: number): void => {
      if (element.dataset.view !== undefined) lines.push(" ".repeat(depth) + lineFor(element));
      if (element.classList.contains("desktop")) {
        visitWindows(element);
        return;
      }
      for (const child of element.children) {
        if (child instanceof HTMLElement && child.checkVisibility()) visit(child, depth + 1);
      }
    };
    // By their numbers: floating windows, the one in front last, are anywhere among the others.
    const visitWindows = (desktop: HTMLElement): void => {
      const windows = [...desktop.querySelectorAll<HTMLElement>(".window")];
      const tabs = [...desktop.querySelectorAll(".window-title")].map((each) => each.textContent);
      lines.push(`tabs ${tabs.sort().join(", ")}`);
      windows
        .filter((each) => each.checkVisibility())
        .sort((one, other) => Number(one.dataset.view) - Number(other.dataset.view))
        .forEach((each) => {
          visit(each, 1);
        });
    };
    const lineFor = (element: HTMLElement): string => {
      const isHost = element.classList.contains("host");
      const editor = editorOf(element);
      const scroller = element.querySelector(
        ":scope > .list-scroller, :scope > .cm-editor .cm-scroller",
      );
      const input = element.querySelector<HTMLInputElement>(":scope > input, :scope > select");
      const kind = [...element.classList].filter((name) => !/focus|drop|drag/.test(name)).join(".");
      const { width, height } = element.getBoundingClientRect();
      const about: Record<string, unknown> = {
        label: element.getAttribute("aria-label") ?? undefined,
        look: element.dataset.look,
        isHidden: element.hidden || undefined,
        extent: element.classList.contains("window")
          ? [width, height]
          : scroller?.classList.contains("list-scroller")
            ? [scroller.clientWidth, scroller.clientHeight]
            : undefined,
        // Without height nothing is seen of where it is; once there is room it scrolls back.
        scroll:
          scroller !== null && (hasLife(scroller) || scroller.clientHeight === 0)
            ? undefined
            : Math.round((scroller ?? element).scrollTop) || undefined,
        value: input?.value,
        isChecked: input?.checked,
        pressed: element.getAttribute("aria-pressed") ?? undefined,
        disabled: (element as HTMLButtonElement).disabled || undefined,
      };
      if (editor !== undefined) {
        const { doc, selection } = editor.state;
        about.text = doc.toString();
        about.selection = [selection.main.anchor, selection.main.head];
      } else if (!isHost && !element.classList.contains("desktop")) {
        about.text = scroller === null ? ownText(element) : rowsInSight(scroller);
        about.selected = [...element.querySelectorAll("[aria-selected=true]")]
          .filter((each) => each.closest("[data-view]") === element && each.checkVisibility())
          .map((each) => each.textContent)
          .filter((each) => !isAlive(each));
      }
      return `${kind} ${element.dataset.view} ${JSON.stringify(about)}`;
    };
    const display = document.querySelector<HTMLElement>(".display");
    if (display !== null) visit(display, 0);
    return lines;
  });
}

/** The lines in which two displays differ. */
function changes(former: readonly string[], now: readonly string[]): string[] {
  const found: string[] = [];
  for (let line = 0; line < Math.max(former.length, now.length); line++) {
    if (former[line] !== now[line]) found.push(`- ${former[line]}`, `+ ${now[line]}`);
  }
  return found.slice(0, 12);
}

/** Milliseconds that an action may take on average; waiting for the browser itself has no end. */
const slowestAction = 3000;

function inTime(done: Promise<void>, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = new Error(`not done after ${milliseconds} ms`);
    const timer = setTimeout(() => reject(late), milliseconds);
    done.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** A session of so many actions in a browser of its own; answers what is wrong then. */
export async function sessionProblems(
  address: string,
  seed: number,
  count: number,
): Promise<string[]> {
  const chromium = await startChromium();
  try {
    const windows = await WindowsPage.open(chromium.context, address);
    windows.page.setDefaultTimeout(60_000);
    const session = new Session(windows, seed);
    try {
      await inTime(session.act(count), count * slowestAction);
      const former = await session.rest();
      await windows.save();
      await windows.reload();
      const problems = changes(former, await session.settled());
      const image = join(chromium.folder, "session.image");
      problems.push(...windows.problems, ...(await verified(windows, image)));
      return problems.length === 0
        ? []
        : [`seed ${seed}:`, ...problems, ...session.done.slice(-40)];
    } catch (error) {
      // Closing a browser that hangs may hang as well.
      process.stderr.write(`seed ${seed}: ${error}\n${session.done.slice(-40).join("\n")}\n`);
      const text = await windows.page
        .locator("body")
        .innerText({ timeout: 5000 })
        .catch(() => "the page does not answer");
      return [`seed ${seed}: ${error}`, text, ...windows.problems, ...session.done.slice(-40)];
    }
  } finally {
    await chromium.close();
  }
}

/** What the command line finds wrong with a copy of the image. */
async function verified({ page }: WindowsPage, path: string): Promise<string[]> {
  const waiting = page.waitForEvent("download");
  await page.locator("#download").click();
  await (await waiting).saveAs(path);
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "verify", path], {
    encoding: "utf8",
  });
  return status === 0 ? [] : [`verify: ${status}`, stdout, stderr];
}
