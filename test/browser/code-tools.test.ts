/** The tools for code as a person uses them: browser, finder, lists of methods, changes, refactorings. */
import type { Locator } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { oneBrowser } from "./one-browser.ts";
import { WindowsPage } from "./windows.ts";

let windows: WindowsPage;

// One image for all: each test begins with its windows closed and the class as it was made.
oneBrowser(async ({ server, chromium }) => {
  windows = await WindowsPage.open(chromium.context, server.address);
  await windows.page.setViewportSize({ width: 1400, height: 900 });
});

beforeEach(() => windows.closeAll());

afterEach(() => expect(windows.problems).toEqual([]));

const editor = (name: string): Locator => windows.page.getByRole("textbox", { name }).last();
const item = (list: string, name: string | RegExp): Locator =>
  windows.page.getByLabel(list, { exact: true }).last().getByText(name, { exact: true });

const finderField = (): Locator => windows.window("Finder").getByRole("searchbox");

async function type(name: string, text: string): Promise<void> {
  await editor(name).focus();
  await windows.press("Control+a");
  await windows.page.keyboard.insertText(text);
}

/** Makes a class with a method through the browser's panes. */
async function makeClass(): Promise<void> {
  await windows.press("Control+o b");
  await editor("Definition").waitFor();
  await type("Definition", "Object << #Zorkling\n\tslots: { #size };\n\tpackage: 'Zorks'");
  await windows.press("Control+s");
  await windows.window("Zorkling").waitFor();
  await windows.press("Alt+m");
  await type("Source code", "grow\n\tsize := (size ifNil: [ 0 ]) + 1.\n\t^ size");
  await windows.press("Control+s");
  await windows.window("Zorkling >> grow").waitFor();
}

describe("the system browser", () => {
  it("makes a class and a method, which runs", async () => {
    await makeClass();
    await windows.openPlayground();
    expect(await windows.print("Zorkling new grow")).toBe("Zorkling new grow 1");
  });

  it("undoes in a text what was done to it, and no more", async () => {
    await makeClass();
    await item("Methods", "grow").click();
    const accepted = await editor("Source code").innerText();
    await editor("Source code").focus();
    await windows.press("Control+End");
    await windows.page.keyboard.insertText(" + 1");
    await windows.press("Control+z");
    expect(await editor("Source code").innerText()).toBe(accepted);
    await type("Source code", "shrink\n\tsize := size - 1");
    await windows.press("Control+s");
    await windows.window("Zorkling >> shrink").waitFor();
    const shrink = await editor("Source code").innerText();
    await item("Methods", "grow").click();
    await windows.window("Zorkling >> grow").waitFor();
    await item("Methods", "shrink").click();
    await windows.window("Zorkling >> shrink").waitFor();
    await editor("Source code").focus();
    await windows.press("Control+z Control+z Control+z");
    expect(await editor("Source code").innerText()).toBe(shrink);
  });

  it("marks an error where it is, and keeps the text over a reload", async () => {
    await makeClass();
    await type("Source code", "grow\n\t^ size + ]");
    await windows.press("Control+s");
    await windows.page.getByRole("alert").first().waitFor();
    expect(await windows.page.getByRole("alert").first().innerText()).toMatch(/expected/);
    await windows.save();
    await windows.reload();
    await windows.until(
      async () => (await editor("Source code").innerText()).includes("size + ]"),
      "the text that was not accepted",
    );
  });

  it("asks before it loses a text", async () => {
    await makeClass();
    await type("Source code", "grow\n\t^ 77");
    await item("Classes", "Zorkling").click();
    const dialog = windows.page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await editor("Source code").innerText()).toContain("77");
    await item("Classes", "Zorkling").click();
    await dialog.getByRole("button", { name: "Discard" }).click();
    await windows.window("Zorkling").waitFor();
  });

  it("goes back and forward, and to the senders", async () => {
    await makeClass();
    await item("Classes", "Zorkling").click();
    await windows.window("Zorkling").waitFor();
    await windows.press("Alt+ArrowLeft");
    await windows.window("Zorkling >> grow").waitFor();
    await item("Methods", "grow").click();
    await windows.press("Control+m");
    await windows.window("Implementors of grow").waitFor();
    expect(await windows.page.locator(".cm-look-match").first().innerText()).toBe("grow");
  });

  it("renames a method with a preview", async () => {
    await makeClass();
    await item("Methods", "grow").click();
    await windows.press("F2");
    const dialog = windows.page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("expand");
    await windows.press("Enter");
    await windows.window("Rename grow to expand").waitFor();
    await windows.page.getByRole("button", { name: "Make the changes" }).click();
    await item("Methods", "expand").waitFor();
  });

  it("sets a breakpoint beside a line, which stops the program, after a reload too", async () => {
    await makeClass();
    await editor("Source code").focus();
    await windows.press("Control+End F9");
    const mark = windows.page.getByTitle("Breakpoint");
    await mark.waitFor();
    await windows.save();
    await windows.reload();
    await mark.waitFor();
    await windows.openPlayground();
    await windows.run("Transcript show: Zorkling new grow printString; cr");
    const stopped = windows.window("Break: breakpoint");
    await stopped.getByRole("option", { name: "Zorkling>>grow", exact: true }).waitFor();
    await stopped.getByRole("button", { name: "Proceed" }).click();
    await stopped.waitFor({ state: "detached" });
  });

  it("is accessible", async () => {
    await makeClass();
    expect(await windows.violations()).toEqual([]);
  });
});

describe("the finder", () => {
  it("finds a class by its capitals", async () => {
    await windows.press("Control+k");
    await finderField().waitFor();
    await finderField().focus();
    await windows.page.keyboard.insertText("OrderedCollection");
    await item("Found", "OrderedCollection").waitFor();
    expect(await windows.violations()).toEqual([]);
    await windows.press("Enter");
    await windows.window("OrderedCollection").waitFor();
  });

  it("finds a message by example", async () => {
    await windows.press("Shift+Enter");
    await finderField().waitFor();
    await finderField().focus();
    await windows.page.keyboard.insertText("3. 4. 7");
    await item("Found", "3 + 4").waitFor();
  });
});

describe("changes", () => {
  it("are listed with their differences, and undone", async () => {
    await makeClass();
    await type("Source code", "grow\n\t^ 77");
    await windows.press("Control+s");
    await windows.press("Control+o c");
    await item("Changes", "Zorkling >> grow").first().click();
    await windows.until(
      async () => (await windows.page.locator(".cm-look-added").count()) === 1,
      "the differences",
    );
    expect(await windows.violations()).toEqual([]);
    await windows.page.getByRole("button", { name: "Undo", exact: true }).click();
    await windows.openPlayground();
    expect(await windows.print("Zorkling new grow")).toBe("Zorkling new grow 1");
  });
});
