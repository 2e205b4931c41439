/**
 * What a newcomer does: the tutorial, click by click, up to a test that fails
 * and is mended in the debugger; and then what it promises, that all is still
 * there after the browser was killed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { startServer } from "./page.ts";
import { visit, type WindowsPage } from "./windows.ts";

/** Somebody who reads the tutorial and does what it says. */
class Newcomer {
  readonly windows: WindowsPage;

  constructor(windows: WindowsPage) {
    this.windows = windows;
  }

  get tutorial(): Locator {
    return this.windows.window("Tutorial");
  }

  async reads(title: string): Promise<void> {
    await this.tutorial.getByRole("heading", { name: title, exact: true }).waitFor();
  }

  /** Clicks into the code of the lesson. */
  async code(): Promise<Locator> {
    const code = this.tutorial.getByRole("textbox", { name: "Try it here" });
    await code.click();
    return code;
  }

  async runs(keys: string): Promise<void> {
    await this.code();
    await this.windows.press(`Control+a ${keys}`);
  }

  /** The lesson has noticed; on to the next. */
  async isDone(number: number): Promise<void> {
    await this.tutorial.getByText(/^Done: /).waitFor();
    await this.tutorial.getByText(`Lesson ${number} of 10, ${number} done`).waitFor();
    await this.tutorial.getByRole("button", { name: "Next" }).click();
  }

  /** Puts the text of the lesson, as it was read, into an editor and accepts it. */
  async accepts(editor: string, text: string): Promise<void> {
    await this.windows.page.getByRole("textbox", { name: editor }).last().focus();
    await this.windows.press("Control+a");
    await this.windows.page.keyboard.insertText(text);
    await this.windows.press("Control+s");
  }

  get debugger(): Locator {
    return this.windows.page.getByRole("region", { name: /^TestFailure/ });
  }

  /** Starts the test anew in the debugger and goes into `increment`. */
  async goesIntoIncrement(): Promise<void> {
    const { windows } = this;
    const stack = this.debugger.getByRole("listbox", { name: "Stack" });
    await stack.getByText("TallyTest>>testIncrement", { exact: true }).click();
    await this.debugger.getByRole("button", { name: "Restart", exact: true }).click();
    const top = stack.getByRole("option").first();
    for (let step = 0; step < 8; step++) {
      await this.debugger.getByText("Running…").waitFor({ state: "detached" });
      // A step that has ended is shown a moment later.
      await windows.page.waitForTimeout(400);
      if ((await top.innerText()).trim() === "Tally>>increment") return;
      await this.debugger.getByRole("button", { name: "Into", exact: true }).click();
    }
    throw new Error(`no way into increment:\n${await stack.innerText()}`);
  }

  /** Writes the method right, there where it runs, and goes on. */
  async mends(): Promise<void> {
    await this.accepts("Source", "increment\n\tcount := (count ifNil: [ 0 ]) + 1.\n\t^ count");
    await this.windows.until(
      async () =>
        (await this.debugger.getByRole("textbox", { name: "Source" }).innerText()).includes("+ 1"),
      "the method to be changed",
    );
    await this.debugger.getByRole("button", { name: "Proceed", exact: true }).click();
    await this.debugger.waitFor({ state: "detached" });
  }

  get runner(): Locator {
    return this.windows.window("Test Runner");
  }

  async runsTests(): Promise<void> {
    await this.runner.getByRole("button", { name: "Run all" }).click();
    await this.runner.getByText(/^\d+ run, /).waitFor();
  }

  async debugs(): Promise<void> {
    const results = this.runner.getByRole("listbox", { name: "Results" });
    await results.getByText("TallyTest >> testIncrement").click();
    await this.runner.getByRole("button", { name: "Debug", exact: true }).click();
    await this.debugger.waitFor();
  }
}

async function doTutorial(windows: WindowsPage): Promise<void> {
  const newcomer = new Newcomer(windows);
  await windows.choose("Tools", /^Tutorial/);
  await newcomer.reads("Run something");
  await newcomer.code();
  await windows.press("Control+p");
  await newcomer.isDone(1);
  await newcomer.reads("Messages");
  await newcomer.code();
  await windows.press("Control+End Control+p");
  await newcomer.isDone(2);
  await newcomer.reads("Blocks");
  await newcomer.code();
  await windows.press("Control+End Control+p");
  await newcomer.isDone(3);
  await newcomer.reads("Look into an object");
  await newcomer.runs("Control+i");
  await newcomer.isDone(4);
  await newcomer.reads("Make a class");
  const definition = await (await newcomer.code()).innerText();
  await windows.press("Control+o b");
  await windows.window("System Browser").waitFor();
  await newcomer.accepts("Definition", definition);
  await newcomer.isDone(5);
  await newcomer.reads("Give it a method");
  const method = await (await newcomer.code()).innerText();
  await windows.window("Tally").getByRole("tree", { name: "Classes" }).click();
  await windows.press("Alt+m");
  await newcomer.accepts("Source code", method);
  await newcomer.isDone(6);
  await newcomer.reads("Write a test");
  await newcomer.runs("Control+d");
  await newcomer.isDone(7);
  await newcomer.reads("Run it");
  await newcomer.code();
  await windows.press("Control+o u");
  await newcomer.runsTests();
  await newcomer.runner.getByText("1 run, 0 passed, 1 failed").waitFor();
  await newcomer.isDone(8);
  await newcomer.reads("Mend it in the debugger");
  await newcomer.debugs();
  await newcomer.goesIntoIncrement();
  await newcomer.mends();
  await newcomer.isDone(9);
  await newcomer.reads("It is all still here");
  await newcomer.runs("Control+d");
  await windows.page.getByRole("img", { name: "Life" }).waitFor();
  await newcomer.tutorial.getByText("Lesson 10 of 10, 10 done").waitFor();
}

it("teaches a newcomer, and keeps an open debugger over a kill", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "engram-tutorial-"));
  const server = await startServer();
  try {
    let former = "";
    await visit(folder, server.address, async (windows) => {
      await windows.page.setViewportSize({ width: 1500, height: 1000 });
      await doTutorial(windows);
      await windows.window("Life").click();
      await windows.press("Alt+w");
      // Again with the bug, up to the debugger.
      await windows.openPlayground();
      await windows.run("Tally compile: 'increment\n\t^ count := (count ifNil: [ 0 ]) + 2'");
      const newcomer = new Newcomer(windows);
      await newcomer.runner
        .or(windows.page.getByText("Test Runner", { exact: true }))
        .first()
        .click();
      await newcomer.runsTests();
      await newcomer.debugs();
      await newcomer.goesIntoIncrement();
      await windows.save();
      former = await windows.shape();
      expect(windows.problems).toEqual([]);
    });
    await visit(folder, server.address, async (windows) => {
      await windows.page.setViewportSize({ width: 1500, height: 1000 });
      await expect.poll(() => windows.shape(), { timeout: 60_000 }).toBe(former);
      const newcomer = new Newcomer(windows);
      await newcomer.mends();
      await windows.page.getByText("TallyTest>>#testIncrement pass").waitFor();
      expect(windows.problems).toEqual([]);
    });
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
