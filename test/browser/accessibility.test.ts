/** Every tool as axe sees it, light and dark; and side by side or above each other, as there is room. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { oneBrowser } from "./one-browser.ts";
import { WindowsPage } from "./windows.ts";

let windows: WindowsPage;

// One image for all: each test begins with its windows closed.
oneBrowser(async ({ server, chromium }) => {
  windows = await WindowsPage.open(chromium.context, server.address);
});

beforeEach(() => windows.closeAll());

afterEach(() => expect(windows.problems).toEqual([]));

/** How each tool is opened, and how it is called then. */
const tools: readonly (readonly [title: string | RegExp, open: () => Promise<void>])[] = [
  ["Test Runner", () => windows.press("Control+o u")],
  ["Settings", () => windows.press("Control+o s")],
  ["Tutorial", () => windows.press("Control+o l")],
  ["Help", () => windows.press("Control+o h")],
  ["Changes", () => windows.press("Control+o c")],
  ["Processes", () => windows.press("Control+o r")],
  ["System Browser", () => windows.press("Control+o b")],
  ["Finder", () => windows.press("Control+o f")],
  ["ZeroDivide", () => run("#( 1 0 ) collect: [ :each | 10 / each ]")],
  ["a Dictionary", () => run("(Dictionary new at: 1 put: 2; yourself) inspect")],
  ["To do", () => run("ToDoList open")],
  ["Spreadsheet", () => run("Spreadsheet open")],
  ["Life", () => run("LifeSimulation open")],
];

async function run(code: string): Promise<void> {
  await windows.openPlayground();
  await windows.run(code);
}

for (const [title, open] of tools) {
  it(`finds nothing wrong with ${title}`, async () => {
    await windows.page.emulateMedia({ colorScheme: "light" });
    await open();
    await windows.page.getByRole("region", { name: title }).first().waitFor();
    expect(await windows.violations()).toEqual([]);
    await windows.page.emulateMedia({ colorScheme: "dark" });
    expect(await windows.violations()).toEqual([]);
  });
}

describe("panes that share a row", () => {
  it("are above each other on a narrow page, and side by side again", async () => {
    await windows.press("Control+o h");
    const help = windows.window("Help");
    const pages = help.getByRole("listbox").or(help.getByRole("tree")).first();
    const text = help.getByRole("textbox");
    const isBeside = async (): Promise<boolean> => {
      const [one, other] = [await pages.boundingBox(), await text.boundingBox()];
      return one!.x + one!.width <= other!.x + 1;
    };
    expect(await isBeside()).toBe(true);
    await windows.page.setViewportSize({ width: 390, height: 780 });
    await windows.until(async () => !(await isBeside()), "the panes to be above each other");
    expect((await pages.boundingBox())!.width).toBeGreaterThan(380);
    await windows.page.setViewportSize({ width: 1280, height: 800 });
    await windows.until(isBeside, "the panes to be side by side");
  });
});
