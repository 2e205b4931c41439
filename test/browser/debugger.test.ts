/** Debugger, inspector and process browser, as a person works with them. */
import { describe, expect, it } from "vitest";
import { freshWindows } from "./fresh-windows.ts";
import { rowOf, type WindowsPage } from "./windows.ts";

let windows: WindowsPage;
freshWindows((page) => {
  windows = page;
});

const debuggerWindow = (title = "ZeroDivide") => windows.window(title);

const press = (name: string, title?: string): Promise<void> =>
  debuggerWindow(title).getByRole("button", { name, exact: true }).click();

/** A row of a list or table of a debugger, by its text. */
const row = (list: string, text: string | RegExp, title?: string) =>
  rowOf(debuggerWindow(title), list, text);

describe("the debugger", () => {
  it("opens on an error, shows variables, and goes on with edited code", async () => {
    await windows.write("| zero answer |\nzero := 0.\nanswer := 6 / zero.\nanswer * 7");
    await windows.press("Control+a Control+p");
    await row("Stack", "UndefinedObject>>DoIt").click();
    await row("Variables", "zero").waitFor();
    const source = debuggerWindow().getByRole("textbox", { name: "Source" });
    await source.focus();
    await windows.press("Control+a");
    await windows.page.keyboard.insertText("6 * 7");
    await windows.press("Control+s");
    await debuggerWindow("ZeroDivide").waitFor();
    await windows.until(
      async () => (await source.innerText()).trim() === "6 * 7",
      "the edited code to begin",
    );
    await windows.until(
      async () => await debuggerWindow().getByRole("button", { name: "Proceed" }).isEnabled(),
      "the process to stop",
    );
    if (process.env.SHOTS)
      await windows.page.screenshot({ path: `${process.env.SHOTS}/edited.png` });
    await press("Proceed");
    await windows.until(async () => /\b42\b/.test(await windows.text()), "the value to be printed");
    expect(await debuggerWindow().count()).toBe(0);
  });

  it("ends the process when it is abandoned", async () => {
    await windows.run("[ 1 / 0 ] ensure: [ Transcript show: 'unwound'; cr ]");
    await debuggerWindow().waitFor();
    if (process.env.SHOTS)
      await windows.page.screenshot({ path: `${process.env.SHOTS}/debugger.png` });
    await press("Abandon");
    await windows.page.locator(".xterm-rows").getByText("unwound").waitFor();
    expect(await debuggerWindow().count()).toBe(0);
  });

  it("survives saving and reopening, and goes on", async () => {
    await windows.run("self halt. Transcript show: 'went on'; cr");
    await debuggerWindow("Halt").waitFor();
    await row("Stack", "UndefinedObject>>DoIt", "Halt").waitFor();
    await windows.save();
    await windows.reload();
    await debuggerWindow("Halt").waitFor();
    await row("Stack", "UndefinedObject>>DoIt", "Halt").click();
    await windows.press("F10");
    await windows.press("F8");
    await windows.page.locator(".xterm-rows").getByText("went on").waitFor();
    expect(await debuggerWindow("Halt").count()).toBe(0);
  });

  it("opens on a program that is stopped", async () => {
    await windows.run("[ true ] whileTrue");
    await new Promise((resolve) => setTimeout(resolve, 300));
    await windows.page.locator("header").getByRole("button", { name: "Stop" }).click();
    await debuggerWindow("UserInterrupt: interrupted").waitFor();
    await press("Abandon", "UserInterrupt: interrupted");
    expect(await windows.print("3 + 4")).toBe("3 + 4 7");
  });
});

describe("the debugger's commands", () => {
  const evaluation = "Debug Evaluation";
  const stack = () =>
    debuggerWindow(evaluation).getByLabel("Stack").getByRole("option").allInnerTexts();
  const atWork = async () =>
    (await debuggerWindow(evaluation).locator(".cm-at-work").allInnerTexts()).join("");

  /** Stops before the first message of some code. */
  async function debug(code: string): Promise<void> {
    await windows.write(code);
    await windows.press("Control+a Control+Shift+d");
    await windows.until(async () => (await stack())[0] === "UndefinedObject>>DoIt", "the debugger");
  }

  /** Takes a step, and answers once it is done: what is on top then, and what is next there. */
  async function step(name: string): Promise<[string, string]> {
    const state = async () => JSON.stringify([await stack(), await atWork()]);
    const before = await state();
    await press(name, evaluation);
    await windows.until(async () => (await state()) !== before, `${name} to be done`);
    return [(await stack())[0]!.trim(), await atWork()];
  }

  const steps = `((Object << #Stepper) slots: { #count }; package: 'Steps'; install)
    compile: 'run ^ self twice: 3';
    compile: 'twice: n | one | one := self add: n. ^ one + (self add: one)';
    compile: 'add: n ^ n + 1'`;

  async function makeClass(): Promise<void> {
    await windows.run(steps);
    await windows.until(
      async () => (await windows.print("Stepper new run")).endsWith(" 9"),
      "the class",
    );
  }

  it("step into, over and out, restart, and return a value", async () => {
    await makeClass();
    await debug(
      "| stepper |\nstepper := Stepper new.\nTranscript show: stepper run printString; cr",
    );
    expect(await step("Over")).toEqual(["UndefinedObject>>DoIt", "stepper run"]);
    expect(await step("Into")).toEqual(["Stepper>>run", "self twice: 3"]);
    expect(await step("Into")).toEqual(["Stepper>>twice:", "self add: n"]);
    expect(await step("Over")).toEqual(["Stepper>>twice:", "self add: one"]);
    expect(await step("Into")).toEqual(["Stepper>>add:", "n + 1"]);
    expect(await step("Out")).toEqual(["Stepper>>twice:", "one + (self add: one)"]);
    expect(await step("Restart")).toEqual(["Stepper>>twice:", "self add: n"]);
    expect(await step("Into")).toEqual(["Stepper>>add:", "n + 1"]);
    await press("Return…", evaluation);
    await windows.answer("Return the value of", "100");
    await windows.until(async () => (await stack())[0] === "Stepper>>twice:", "the return");
    await press("Proceed", evaluation);
    await debuggerWindow(evaluation).waitFor({ state: "detached" });
    await windows.page.locator(".xterm-rows").getByText("201", { exact: true }).waitFor();
  });

  it("run to the caret, and go on with another value of a variable", async () => {
    await debug(
      "| sum |\nsum := 0.\n1 to: 5 do: [ :each |\n\tsum := sum + each ].\nTranscript show: 'sum ' , sum printString; cr",
    );
    await debuggerWindow(evaluation).getByRole("textbox", { name: "Source" }).focus();
    await windows.press("Control+End");
    await press("Run to here", evaluation);
    await row("Variables", "15", evaluation).waitFor();
    await windows.chooseFor(row("Variables", "sum", evaluation), "Change value…");
    await windows.answer("New value of sum", "77");
    await row("Variables", "77", evaluation).waitFor();
    await press("Proceed", evaluation);
    await windows.page.locator(".xterm-rows").getByText("sum 77").waitFor();
  });

  it("make a method that is missing", async () => {
    await makeClass();
    await windows.run("Transcript show: 'half ' , (Stepper new half: 84) printString; cr");
    const missing = "Instance of Stepper did not understand #half:";
    await press("Create method", missing);
    await windows.pick(/./, "Stepper");
    const source = debuggerWindow(missing).getByRole("textbox", { name: "Source" });
    await windows.until(async () => /^half: /.test(await source.innerText()), "the new method");
    await source.focus();
    await windows.press("Control+a");
    await windows.page.keyboard.insertText("half: n\n\t^ n / 2");
    await windows.press("Control+s");
    await press("Proceed", missing);
    await windows.page.locator(".xterm-rows").getByText("half 42").waitFor();
  });
});

describe("the inspector", () => {
  it("drills down, and runs code with the object as self", async () => {
    await windows.write("{ 3 -> 'three'. 4 -> 'four' }");
    await windows.press("Control+a Control+i");
    const inspector = windows
      .window("{3->'three'. 4->'four'}")
      .or(windows.window("an Array(3->'three' 4->'four')"));
    await inspector.waitFor();
    await inspector.getByText("4->'four'", { exact: true }).last().click();
    await inspector.getByText("an Association").waitFor();
    const code = inspector.getByRole("textbox", { name: "Evaluate in an Association" });
    await code.focus();
    await windows.page.keyboard.insertText("value reversed");
    await windows.press("Control+p");
    await windows.until(
      async () => (await code.innerText()).includes("'ruof'"),
      "the value to be printed",
    );
    if (process.env.SHOTS)
      await windows.page.screenshot({ path: `${process.env.SHOTS}/inspector.png` });
  });
});

describe("the process browser", () => {
  it("ends a process", async () => {
    await windows.run(
      "[ [ true ] whileTrue: [ (Delay forSeconds: 1) wait ] ] forkAt: 35 named: 'Idle one'",
    );
    await windows.press("Control+o r");
    const browser = windows.window("Processes");
    await browser.getByText("Idle one").click();
    if (process.env.SHOTS)
      await windows.page.screenshot({ path: `${process.env.SHOTS}/processes.png` });
    await browser.getByRole("button", { name: "Terminate" }).click();
    await browser.getByText("Idle one").waitFor({ state: "detached" });
  });
});
