/** The windows of the workspace as a person meets them, by what they are called. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import axe from "axe-core";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { connect, spawnChromium } from "./kills.ts";

const usualSize = { width: 1280, height: 720 };
const closeOthers = "Display current desktop windows allButLast do: [ :each | each closeNow ]";
const openFirst = `| desktop |
desktop := Display current desktop.
desktop openFirstWindows.
desktop windows first closeNow`;

/** A row of a list or table of a window, by its text. */
export const rowOf = (window: Locator, list: string, text: string | RegExp): Locator =>
  window
    .locator(`[aria-label="${list}"]`)
    .getByText(text, { exact: typeof text === "string" })
    .first();

/** A tab with windows. */
export class WindowsPage {
  readonly page: Page;
  /** What went wrong in scripts. */
  readonly problems: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.problems.push(message.text());
    });
  }

  /** Opens the workspace and waits until its windows are there. */
  static async open(context: BrowserContext, address: string): Promise<WindowsPage> {
    const windows = new WindowsPage(await context.newPage());
    await windows.page.goto(address);
    await windows.ready();
    return windows;
  }

  /** Waits until an image is open and shows itself. */
  async ready(): Promise<void> {
    await this.page.locator("#state:not([data-state=opening])").waitFor();
    await this.page.getByRole("menubar", { name: "Menus" }).waitFor();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Closes all windows by their keys; what was not accepted in them is discarded. */
  async closeAll(): Promise<void> {
    const titles = this.page.locator(".window-title");
    const discard = this.page.getByRole("dialog").getByRole("button", { name: "Discard" });
    for (let open = await titles.count(); open > 0; open = await titles.count()) {
      await this.press("Alt+w");
      await this.until(
        async () => (await titles.count()) < open || (await discard.isVisible()),
        "a window to close",
      );
      if (await discard.isVisible()) await discard.click();
    }
  }

  /** Closes all windows, whatever is in them, and opens those of a first visit. */
  async beginAnew(): Promise<void> {
    await this.page.emulateMedia({ colorScheme: null });
    await this.page.setViewportSize(usualSize);
    await this.press("Escape");
    const titles = this.page.locator(".window-title");
    await this.page.evaluate((code) => {
      location.hash = `code=${encodeURIComponent(code)}`;
    }, closeOthers);
    const last = this.page.locator(".cm-content:focus").getByText("allButLast");
    await last.waitFor();
    await this.press("Control+a Control+d");
    await this.until(async () => (await titles.count()) === 1, "the others to close");
    await this.run(openFirst);
    await last.waitFor({ state: "detached" });
    await this.code().getByText("Welcome").waitFor();
    await this.until(async () => (await titles.count()) === 2, "the first windows");
    await this.code().focus();
  }

  /** A window by its title. */
  window(title: string): Locator {
    return this.page.getByRole("region", { name: title, exact: true });
  }

  /** The code of a playground, the first one or that of a window. */
  code(inside: Locator | Page = this.page): Locator {
    return inside.getByRole("textbox", { name: "Code" });
  }

  /** Presses keys one after another, such as "Control+o p". */
  async press(keys: string): Promise<void> {
    for (const key of keys.split(" ")) await this.page.keyboard.press(key);
  }

  /** The titles of all playgrounds. */
  playgrounds(): Locator {
    return this.page.locator(".window-title", { hasText: "Playground" });
  }

  /** Opens one more playground, in which code is written from then on. */
  async openPlayground(): Promise<void> {
    const count = await this.playgrounds().count();
    await this.press("Control+o p");
    const isOpen = async () => (await this.playgrounds().count()) === count + 1;
    await this.until(isOpen, "another playground");
  }

  /** Puts text into the playground in place of what it has. */
  async write(text: string): Promise<void> {
    await this.code().focus();
    await this.press("Control+a");
    await this.page.keyboard.insertText(text);
  }

  /** Runs code in the playground. */
  async run(text: string): Promise<void> {
    await this.write(text);
    await this.press("Control+a Control+d");
  }

  /** Prints the value of code in the playground; answers what it has then. */
  async print(text: string): Promise<string> {
    await this.write(text);
    await this.press("Control+a Control+p");
    await this.until(async () => (await this.text()) !== text, `the value of ${text}`);
    return this.text();
  }

  /** The text of the playground. */
  async text(): Promise<string> {
    return (await this.code().locator(".cm-line").allInnerTexts())
      .map((line) => line.replace(/^\n$/, ""))
      .join("\n");
  }

  /** Chooses from a menu of the bar. */
  async choose(menu: string, command: string | RegExp): Promise<void> {
    await this.page.getByRole("menuitem", { name: menu, exact: true }).click();
    await this.page.getByRole("menu").getByRole("menuitem", { name: command }).click();
  }

  /** Chooses from the menu that belongs to something. */
  async chooseFor(something: Locator, command: string | RegExp): Promise<void> {
    await something.click({ button: "right" });
    await this.page.getByRole("menu").getByRole("menuitem", { name: command }).click();
  }

  /** Answers a dialog that asks for a line. */
  async answer(question: string | RegExp, line: string): Promise<void> {
    const dialog = this.page.getByRole("dialog", { name: question });
    await dialog.getByRole("textbox").fill(line);
    await this.press("Enter");
    await dialog.waitFor({ state: "detached" });
  }

  /** Answers a dialog by a button of it. */
  async confirm(question: string | RegExp, button: string): Promise<void> {
    const dialog = this.page.getByRole("dialog", { name: question });
    await dialog.getByRole("button", { name: button, exact: true }).click();
    await dialog.waitFor({ state: "detached" });
  }

  /** Answers a dialog with a list. */
  async pick(question: string | RegExp, name: string): Promise<void> {
    const dialog = this.page.getByRole("dialog", { name: question });
    await dialog.getByRole("option", { name, exact: true }).click();
    await dialog.getByRole("button", { name: "OK" }).click();
    await dialog.waitFor({ state: "detached" });
  }

  /** Saves with the button, and waits until it is done. */
  async save(): Promise<void> {
    const saved = this.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          addEventListener("engram-saved", () => resolve(), { once: true });
        }),
    );
    await this.page.locator("header").getByRole("button", { name: "Save", exact: true }).click();
    await saved;
  }

  /** What axe finds wrong with what is shown: the rule, and where. */
  async violations(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    return this.page.evaluate(async () => {
      const { axe } = window as unknown as { axe: typeof import("axe-core") };
      const { violations } = await axe.run(document, { resultTypes: ["violations"] });
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    });
  }

  /** All that can be seen and read, with roles, names and states; but not how many tabs there is no room for. */
  async shape(): Promise<string> {
    const shape = await this.page.locator(".display").ariaSnapshot();
    return shape.replace(/^( *- text:) "\d+"$/gm, "$1");
  }

  async until(test: () => Promise<boolean>, what: string): Promise<void> {
    const end = performance.now() + 60_000;
    while (!(await test())) {
      if (performance.now() > end) throw new Error(`waited for ${what} in vain`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Opens the workspace in a Chromium on that folder, and kills it after what is done there. */
export async function visit(
  folder: string,
  address: string,
  act: (windows: WindowsPage) => Promise<void>,
): Promise<void> {
  const { process: child, endpoint } = await spawnChromium(folder);
  const ended = once(child, "exit");
  try {
    const browser = await connect(endpoint);
    await act(await WindowsPage.open(browser.contexts()[0]!, address));
  } finally {
    await kill(child, ended);
  }
}

async function kill({ pid }: ChildProcess, ended: Promise<unknown>): Promise<void> {
  process.kill(-pid!, "SIGKILL");
  await ended;
}
