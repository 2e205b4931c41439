/** Commands of the tools beside the system browser, as a person gives them: debugger, inspector, processes, tests, changes, lists, settings. */
import type { Locator } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { oneBrowser } from "./one-browser.ts";
import { rowOf as row, WindowsPage } from "./windows.ts";

let windows: WindowsPage;

oneBrowser(async ({ server, chromium }) => {
  windows = await WindowsPage.open(chromium.context, server.address);
  await windows.page.setViewportSize({ width: 1400, height: 900 });
});

/** A class, a test case, and no window but this one. */
const beginAnew = `(PackageOrganizer default packageNamed: #Pots ifAbsent: [ nil ]) ifNotNil: [ :it | it removeFromSystem ].
Breakpoint removeAll.
Object << #PotCup slots: { #water }; package: 'Pots'; install.
TestCase << #PotTest package: 'Pots'; install.
PotCup compile: 'fill: n
	water := n.
	^ self level' classified: 'filling'.
PotCup compile: 'level
	^ water' classified: 'filling'.
PotTest compile: 'testFull
	self assert: (PotCup new fill: 3) equals: 3' classified: 'tests'.
PotTest compile: 'testWrong
	self assert: (PotCup new fill: 3) equals: 4' classified: 'tests'.
Display current desktop windows allButLast do: [ :each | each closeNow ]`;

beforeEach(async () => {
  await windows.press("Escape");
  await windows.closeAll();
  await windows.openPlayground();
  expect(await windows.print(`${beginAnew}. 3 + 4`)).toMatch(/ 7$/);
});

afterEach(() => expect(windows.problems).toEqual([]));

const title = (text: string | RegExp): Locator =>
  windows.page.locator(".window-title", { hasText: text });
const button = (window: Locator, name: string): Promise<void> =>
  window.getByRole("button", { name, exact: true }).click();
const printed = (text: string): Promise<void> =>
  windows.page.locator(".xterm-rows").getByText(text, { exact: true }).waitFor();

/** Gives a command by its name. */
async function byPalette(command: string): Promise<void> {
  await windows.press("F1");
  const palette = windows.page.getByRole("listbox", { name: "Commands" });
  await palette.waitFor();
  await windows.page.keyboard.type(command);
  await palette.getByRole("option", { name: new RegExp(`^${command}`) }).click();
  await palette.waitFor({ state: "detached" });
}

describe("in the debugger", () => {
  const halted = () => windows.window("Halt");

  async function halt(): Promise<void> {
    await windows.run("| cup |\ncup := PotCup new.\ncup fill: 5.\nself halt.\ncup level");
    await row(halted(), "Stack", "UndefinedObject>>DoIt").click();
  }

  it("an expression is run, printed and inspected where the program is", async () => {
    await halt();
    const source = halted().getByRole("textbox", { name: "Source" });
    await source.focus();
    await windows.press("Control+End Control+Shift+ArrowLeft Control+Shift+ArrowLeft");
    await windows.press("Control+p");
    await halted().getByText("5", { exact: true }).first().waitFor();
    await windows.press("Control+i");
    await title(/^5$/).waitFor();
  });

  it("receiver, activation, method and variables are looked at", async () => {
    await halt();
    const line = () => row(halted(), "Stack", "UndefinedObject>>DoIt");
    await windows.chooseFor(line(), "Inspect activation");
    await title(/^UndefinedObject>>DoIt$/).waitFor();
    await windows.press("Alt+w");
    await windows.chooseFor(line(), "Inspect receiver");
    await title(/^nil$/).waitFor();
    await windows.press("Alt+w");
    await windows.chooseFor(row(halted(), "Variables", "cup"), "Inspect");
    await title(/^a PotCup$/).waitFor();
    await windows.press("Alt+w");
    await row(halted(), "Stack", "OpalCompiler>>evaluate").click();
    await windows.chooseFor(row(halted(), "Stack", "OpalCompiler>>evaluate"), "Browse method");
    await title(/^OpalCompiler >> evaluate$/).waitFor();
  });

  it("more of a deep stack is shown", async () => {
    await windows.run(
      "| down |\ndown := nil.\ndown := [ :n | n = 0 ifTrue: [ self halt ] ifFalse: [ down value: n - 1 ] ].\ndown value: 400",
    );
    const stack = () => row(halted(), "Stack", /in UndefinedObject>>DoIt/);
    await stack().click();
    const shown = (): Promise<number> =>
      halted()
        .locator('[aria-label="Stack"]')
        .evaluate((list) => list.scrollHeight);
    const before = await shown();
    await windows.chooseFor(stack(), "Show more of the stack");
    await windows.until(async () => (await shown()) > before, "more of the stack");
  });

  it("a step goes through blocks", async () => {
    await windows.write("#( 1 2 ) do: [ :each |\n\tTranscript show: each printString; cr ]");
    await windows.press("Control+a Control+Shift+d");
    const evaluation = windows.window("Debug Evaluation");
    await row(evaluation, "Stack", "UndefinedObject>>DoIt").waitFor();
    await button(evaluation, "Through");
    await row(evaluation, "Stack", "[ ... ] in UndefinedObject>>DoIt").waitFor();
    await button(evaluation, "Abandon");
    await evaluation.waitFor({ state: "detached" });
  });

  it("the stack is copied as text", async () => {
    await windows.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await halt();
    await windows.chooseFor(row(halted(), "Stack", "UndefinedObject>>DoIt"), "Copy stack");
    await windows.until(
      async () =>
        (await windows.page.evaluate(() => navigator.clipboard.readText())).includes(
          "UndefinedObject>>DoIt",
        ),
      "the stack in the clipboard",
    );
  });
});

describe("breakpoints", () => {
  const stopped = () => windows.window("Break: breakpoint");

  async function atLevel(): Promise<void> {
    await windows.run("SystemBrowser browse: PotCup selector: #level");
    await title(/^PotCup >> level$/).waitFor();
    await windows.page.getByRole("textbox", { name: "Source code" }).focus();
    await windows.press("Control+End Shift+F10");
  }

  const choose = (command: string) =>
    windows.page.getByRole("menu").getByRole("menuitem", { name: command }).click();

  it("stop if a condition holds", async () => {
    await atLevel();
    await choose("Break here if…");
    await windows.answer("Stop here if", "water = 8");
    await windows.page.getByTitle(/Breakpoint/).waitFor();
    await windows.openPlayground();
    expect(await windows.print("PotCup new fill: 7")).toBe("PotCup new fill: 7 7");
    await windows.run("PotCup new fill: 8");
    await row(stopped(), "Stack", "PotCup>>level").waitFor();
    await button(stopped(), "Proceed");
    await stopped().waitFor({ state: "detached" });
  });

  it("stop once", async () => {
    await atLevel();
    await choose("Break here once");
    await windows.page.getByTitle(/Breakpoint/).waitFor();
    await windows.openPlayground();
    await windows.run("PotCup new fill: 8");
    await button(stopped(), "Proceed");
    await stopped().waitFor({ state: "detached" });
    expect(await windows.print("PotCup new fill: 9")).toBe("PotCup new fill: 9 9");
  });

  it("are listed, and all removed", async () => {
    await atLevel();
    await choose("Toggle breakpoint");
    await windows.page.getByTitle(/Breakpoint/).waitFor();
    await byPalette("All breakpoints");
    await title(/reakpoints/).waitFor();
    await windows.page.getByText("PotCup", { exact: true }).last().waitFor();
    await byPalette("Remove all breakpoints");
    await windows.openPlayground();
    expect(await windows.print("Breakpoint all size")).toBe("Breakpoint all size 0");
  });
});

describe("in the inspector", () => {
  it("a value is changed, and what is shown follows", async () => {
    await windows.write("cup := PotCup new. cup fill: 5. cup");
    await windows.press("Control+a Control+i");
    const inspector = windows.window("a PotCup");
    await windows.chooseFor(inspector.getByText("water", { exact: true }), "Change value…");
    await windows.answer("New value of water", "6 * 7");
    await inspector.getByText("42", { exact: true }).first().waitFor();
    await inspector.getByText("'2r101010'", { exact: true }).waitFor();
    await byPalette("Inspect in another window");
    await title(/^42$/).waitFor();
    await windows.press("Control+b");
    await title(/^SmallInteger$/).waitFor();
  });

  it("a program that goes on is followed live, or when one asks", async () => {
    await windows.write("cup := PotCup new. cup fill: 5. cup");
    await windows.press("Control+a Control+i");
    const inspector = windows.window("a PotCup");
    await inspector.getByText("5", { exact: true }).waitFor();
    await inspector.getByRole("checkbox", { name: "Live" }).setChecked(false);
    await title(/^Playground$/).click();
    await windows.run("cup fill: 66");
    await title(/^a PotCup$/).click();
    await button(inspector, "Refresh");
    await inspector.getByText("66", { exact: true }).waitFor();
    await inspector.getByRole("checkbox", { name: "Live" }).setChecked(true);
    await title(/^Playground$/).click();
    await windows.run("cup fill: 77");
    await title(/^a PotCup$/).click();
    await inspector.getByText("77", { exact: true }).waitFor();
  });
});

describe("in the process browser", () => {
  it("a process is suspended, resumed, given a priority, and looked into", async () => {
    await windows.run(
      "[ [ true ] whileTrue: [ (Delay forSeconds: 1) wait ] ] forkAt: 35 named: 'Idle two'",
    );
    await windows.press("Control+o r");
    const browser = windows.window("Processes");
    await row(browser, "Processes", "Idle two").click();
    await button(browser, "Suspend");
    await row(browser, "Processes", "suspended").waitFor();
    await button(browser, "Resume");
    await row(browser, "Processes", "suspended").waitFor({ state: "detached" });
    await button(browser, "Priority…");
    await windows.answer(/^Priority of Idle two/, "36");
    await row(browser, "Processes", "36").waitFor();
    await button(browser, "Inspect");
    await title(/Process/)
      .nth(1)
      .waitFor();
    await windows.press("Alt+w");
    await row(browser, "Processes", "Idle two").click();
    await button(browser, "Debug");
    const debuggerOf = windows.page.getByRole("region", { name: /^Debug|Idle two/ }).last();
    await button(debuggerOf, "Abandon");
    await title(/^Processes$/).click();
    await row(browser, "Processes", "Idle two").waitFor({ state: "detached" });
  });
});

describe("in the test runner", () => {
  const runner = () => windows.window("Test Runner");

  async function openRunner(): Promise<void> {
    await windows.press("Control+o u");
    await runner().getByPlaceholder("Filter tests").fill("PotTest");
    await row(runner(), "Tests", "PotTest").click();
  }

  it("tests are run, those that failed again, and debugged", async () => {
    await openRunner();
    await button(runner(), "Run selected");
    await row(runner(), "Results", "PotTest >> testWrong").waitFor();
    await row(runner(), "Results", "PotTest >> testFull").waitFor();
    await runner().getByRole("checkbox", { name: "Only failures" }).setChecked(true);
    await row(runner(), "Results", "PotTest >> testFull").waitFor({ state: "detached" });
    await row(runner(), "Results", "PotTest >> testWrong").click();
    await windows.until(
      async () =>
        /Got 3 instead of 4/.test(
          await runner().getByRole("textbox", { name: "Why it failed" }).innerText(),
        ),
      "the reason",
    );
    await button(runner(), "Debug");
    const failure = windows.page.getByRole("region", { name: /TestFailure/ });
    await row(failure, "Stack", "PotTest>>testWrong").click();
    const source = failure.getByRole("textbox", { name: "Source" });
    await windows.until(async () => /testWrong/.test(await source.innerText()), "the test");
    await source.focus();
    await windows.press("Control+a");
    await windows.page.keyboard.insertText(
      "testWrong\n\tself assert: (PotCup new fill: 3) equals: 3",
    );
    await windows.press("Control+s");
    await windows.until(
      async () => await failure.getByRole("button", { name: "Proceed" }).isEnabled(),
      "the process to stop",
    );
    await button(failure, "Proceed");
    await failure.waitFor({ state: "detached" });
    await title(/^Test Runner$/).click();
    await button(runner(), "Run failed");
    await windows.until(
      async () => (await row(runner(), "Results", "PotTest >> testWrong").count()) === 0,
      "no failure",
    );
  });

  it("a test is browsed", async () => {
    await openRunner();
    await button(runner(), "Run selected");
    await row(runner(), "Results", "PotTest >> testFull").click();
    await button(runner(), "Browse");
    await title(/^PotTest >> testFull$/).waitFor();
  });
});

async function change(): Promise<void> {
  await windows.run("SystemBrowser browse: PotCup selector: #level");
  await title(/^PotCup >> level$/).waitFor();
  await windows.page.getByRole("textbox", { name: "Source code" }).focus();
  await windows.press("Control+a");
  await windows.page.keyboard.insertText("level\n\t^ 77");
  await windows.press("Control+s");
  await windows.until(
    async () =>
      !(
        await title(/PotCup >> level/)
          .first()
          .innerText()
      ).includes("•"),
    "the change",
  );
}

/** What a cup that is filled with 5 answers, in the one playground. */
async function level(): Promise<string> {
  await title(/^Playground$/).click();
  const text = await windows.print("PotCup new fill: 5");
  return text.slice("PotCup new fill: 5 ".length);
}

describe("changes", () => {
  it("are undone, made again, and browsed", async () => {
    await change();
    expect(await level()).toBe("77");
    await windows.press("Control+o c");
    const changes = windows.window("Changes");
    await row(changes, "Changes", "PotCup >> level").click();
    await button(changes, "Undo");
    await windows.until(async () => (await level()) === "5", "the change undone");
    await title(/^Changes$/).click();
    // Above it is now that it was undone.
    const made = changes.locator('[aria-label="Changes"]').getByText("PotCup >> level").nth(1);
    await made.click();
    await button(changes, "Make again");
    await windows.until(async () => (await level()) === "77", "the change made again");
    await title(/^Changes$/).click();
    await windows.chooseFor(made, "Browse");
    await title(/^PotCup >> level$/)
      .nth(1)
      .waitFor();
  });

  it("leave versions, one of which is used again", async () => {
    await change();
    await windows.page.getByRole("tab", { name: "Versions" }).click();
    const versions = windows.page.locator('[aria-label="Versions"]');
    await versions.getByText("added").first().click();
    await windows.page.getByRole("button", { name: "Use this version" }).click();
    await windows.until(async () => (await level()) === "5", "the older version");
  });
});

describe("a version", () => {
  it("is undone", async () => {
    await change();
    await windows.page.getByRole("tab", { name: "Versions" }).click();
    await windows.page.locator('[aria-label="Versions"]').getByText("changed").first().click();
    await windows.page.getByRole("button", { name: "Undo this change" }).click();
    await windows.until(async () => (await level()) === "5", "the older version");
  });
});

describe("lists of methods", () => {
  it("lead to senders, implementors, versions and a browser", async () => {
    await windows.run("SystemNavigation default browseAllImplementorsOf: #level");
    const found = windows.window("Implementors of level");
    await row(found, "Methods", "level").first().click();
    await windows.chooseFor(row(found, "Methods", "PotCup"), "Senders");
    await title(/^Senders of level$/).waitFor();
    await row(windows.window("Senders of level"), "Methods", "fill:").waitFor();
    await title(/^Implementors of level$/).click();
    await windows.chooseFor(row(found, "Methods", "PotCup"), "Versions");
    await title(/PotCup >> level/).waitFor();
    await windows.press("Alt+w");
    await title(/^Implementors of level$/).click();
    await row(found, "Methods", "PotCup").click();
    await button(found, "Browse");
    await title(/^PotCup >> level$/).waitFor();
  });
});

describe("settings", () => {
  const settings = () => windows.window("Settings");

  it("choose the theme and the size of letters", async () => {
    await windows.press("Control+o s");
    const background = () =>
      windows.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await settings().getByLabel("Theme").selectOption("Light");
    const light = await background();
    await settings().getByLabel("Theme").selectOption("Dark");
    await windows.until(async () => (await background()) !== light, "the dark theme");
    await settings().getByLabel("Theme").selectOption("As the computer");
    const size = () =>
      windows.page.evaluate(
        () => getComputedStyle(document.querySelector("[role=menubar]")!).fontSize,
      );
    const usual = await size();
    const chosen = await settings().getByLabel("Font size").inputValue();
    await settings().getByLabel("Font size").selectOption({ index: 4 });
    await windows.until(async () => (await size()) !== usual, "larger letters");
    await settings().getByLabel("Font size").selectOption(chosen);
    await windows.until(async () => (await size()) === usual, "the usual letters");
  });

  it("give a command another key, none, and its usual one", async () => {
    await windows.press("Control+o s");
    const printIt = () => row(settings(), "Keys", "Print it");
    await printIt().click();
    await button(settings(), "Change key…");
    await windows.page.getByRole("dialog").getByRole("textbox").focus();
    await windows.press("Control+j");
    await windows.confirm(/Press the key/, "OK");
    await row(settings(), "Keys", "Ctrl+J").waitFor();
    await title(/^Playground$/).click();
    await windows.write("6 * 7");
    await windows.press("Control+a Control+j");
    await windows.until(async () => (await windows.text()) === "6 * 7 42", "the value");
    await title(/^Settings$/).click();
    await printIt().click();
    await button(settings(), "No key");
    await row(settings(), "Keys", "Ctrl+J").waitFor({ state: "detached" });
    await button(settings(), "Usual key");
    await row(settings(), "Keys", "Ctrl+P").waitFor();
    await button(settings(), "All usual keys");
    await row(settings(), "Keys", "Ctrl+P").waitFor();
  });
});

describe("windows", () => {
  it("are gone through by keys of commands", async () => {
    await windows.press("Control+o s");
    await title(/^Settings$/).waitFor();
    await byPalette("Previous window");
    await windows.code().waitFor();
    await byPalette("Next window");
    await windows.window("Settings").waitFor();
  });

  it("print where one sees it", async () => {
    await windows.press("Control+o t");
    await title(/Transcript/)
      .first()
      .waitFor();
    await title(/^Playground$/).click();
    await windows.run("Transcript show: 'seen there'; cr");
    await title(/Transcript/)
      .first()
      .click();
    await printed("seen there");
  });
});

describe("results of a playground", () => {
  it("are forgotten at once", async () => {
    await windows.print("Set new");
    const results = windows.page.getByRole("listbox", { name: "Results" });
    await windows.chooseFor(results.getByText("a Set()", { exact: true }), "Forget all results");
    await results.waitFor({ state: "detached" });
  });
});
