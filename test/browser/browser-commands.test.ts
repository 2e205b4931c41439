/** Each command of the system browser and each refactoring, as a person gives it, by menus and dialogs. */
import type { Locator } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { oneBrowser } from "./one-browser.ts";
import { WindowsPage } from "./windows.ts";

let windows: WindowsPage;

oneBrowser(async ({ server, chromium }) => {
  windows = await WindowsPage.open(chromium.context, server.address);
  await windows.page.setViewportSize({ width: 1400, height: 900 });
});

/** Two classes, a test case, and nothing that an earlier test has left. */
const beginAnew = `#(Plots Plants Flats) do: [ :each |
	(PackageOrganizer default packageNamed: each ifAbsent: [ nil ]) ifNotNil: [ :it | it removeFromSystem ] ].
Object << #PlotShape slots: { #size }; sharedVariables: { #Unit }; package: 'Plots'; install.
PlotShape << #PlotSquare package: 'Plots'; install.
TestCase << #PlotTest package: 'Plots'; install.
PlotShape compile: 'area
	^ self side * self side' classified: 'measuring'.
PlotShape compile: 'side
	^ size ifNil: [ 3 ]' classified: 'measuring'.
PlotShape compile: 'double: aNumber
	| answer |
	answer := aNumber + aNumber.
	^ answer' classified: 'arithmetic'.
PlotShape compile: 'unit
	^ Unit' classified: 'measuring'.
PlotSquare compile: 'corners
	^ 4' classified: 'measuring'.
PlotTest compile: 'testArea
	self assert: PlotShape new area equals: 9' classified: 'tests'.
PlotTest compile: 'testWrong
	self assert: 3 equals: 4' classified: 'tests'.
Display current desktop windows do: [ :each | each closeNow ].
SystemBrowser browse: PlotShape selector: #area`;

const theBrowser = (): Locator => windows.page.getByRole("region", { name: /^Plot|^Flat/ }).last();

beforeEach(async () => {
  await windows.closeAll();
  await windows.openPlayground();
  await windows.run(beginAnew);
  await windows.window("PlotShape >> area").waitFor();
});

afterEach(() => expect(windows.problems).toEqual([]));

const list = (name: string): Locator => windows.page.getByLabel(name, { exact: true }).last();
const item = (of: string, name: string | RegExp): Locator =>
  list(of).getByText(name, { exact: typeof name === "string" });

/** Shows something else in the browser. */
async function select(of: string, name: string, title: string): Promise<void> {
  await item(of, name).click();
  await windows.window(title).waitFor();
}

async function value(code: string): Promise<string> {
  await windows.openPlayground();
  const text = await windows.print(code);
  await windows.press("Alt+w");
  const discard = windows.page.getByRole("dialog").getByRole("button", { name: "Discard" });
  await windows.until(
    async () => (await windows.playgrounds().count()) === 0 || (await discard.isVisible()),
    "the playground to close",
  );
  if (await discard.isVisible()) await discard.click();
  return text.slice(code.length + 1);
}

const source = (): Locator => windows.page.getByRole("textbox", { name: "Source code" }).last();

/** Makes the changes that a refactoring shows in a window of that title. */
async function makeChanges(title: string | RegExp): Promise<void> {
  const preview = windows.page.getByRole("region", { name: title });
  const button = preview.getByRole("button", { name: "Make the changes" });
  await button.click();
  await button.waitFor({ state: "detached" });
}

/** Puts the caret behind a piece of the source, or selects the piece. */
async function atSource(piece: string, how: "select" | "behind"): Promise<void> {
  await source().focus();
  await windows.press("Control+Home");
  const text = (await source().locator(".cm-line").allInnerTexts()).join("\n");
  const start = text.indexOf(piece);
  expect(start).toBeGreaterThanOrEqual(0);
  for (let count = 0; count < start; count++) await windows.press("ArrowRight");
  const key = how === "select" ? "Shift+ArrowRight" : "ArrowRight";
  for (let count = 0; count < piece.length; count++) await windows.press(key);
}

/** Chooses from the menu of the source, opened by its key. */
async function chooseByKey(command: string): Promise<void> {
  await windows.press("Shift+F10");
  await windows.page.getByRole("menu").getByRole("menuitem", { name: command }).click();
}

describe("of packages", () => {
  it("makes one, renames it, and removes it with all that is in it", async () => {
    await windows.chooseFor(item("Packages", "Plots"), "New package…");
    await windows.answer(/package/, "Flats");
    await item("Packages", "Flats").waitFor();
    await windows.chooseFor(item("Packages", "Plots"), "Rename package…");
    await windows.answer("New name of the package", "Plants");
    await item("Packages", "Plants").waitFor();
    expect(await value("PlotShape package name")).toBe("#Plants");
    await windows.chooseFor(item("Packages", "Plants"), "Remove package…");
    await windows.confirm(/Plants with all that is in it/, "Remove");
    await item("Packages", "Plants").waitFor({ state: "detached" });
    expect(await value("Smalltalk includesKey: #PlotShape")).toBe("false");
  });

  it("runs its tests and shows the results", async () => {
    await windows.chooseFor(item("Packages", "Plots"), "Run tests");
    const report = windows.page.getByText("1 passed, 1 failed").first();
    await report.waitFor();
  });
});

describe("of classes", () => {
  it("makes one, and a subclass", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "New class");
    const definition = windows.page.getByRole("textbox", { name: "Definition" }).last();
    await windows.until(async () => /NameOf/.test(await definition.innerText()), "a template");
    await windows.press("Escape");
    await select("Classes", "PlotShape", "PlotShape");
    await windows.chooseFor(item("Classes", "PlotShape"), "New subclass");
    await windows.until(
      async () => /PlotShape << #NameOf/.test(await definition.innerText()),
      "a template of a subclass",
    );
    await windows.page.keyboard.insertText("PlotCircle");
    await windows.press("Control+s");
    await windows.window("PlotCircle").waitFor();
    expect(await value("PlotCircle superclass")).toBe("PlotShape");
  });

  it("copies one", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "Copy class…");
    await windows.answer("Name of the copy", "PlotForm");
    await windows.window("PlotForm").waitFor();
    expect(await value("PlotForm new area")).toBe("9");
  });

  it("moves one to another package", async () => {
    await windows.chooseFor(item("Classes", "PlotSquare"), "Move to package…");
    await windows.answer(/to move the class to/, "Plants");
    expect(await value("PlotSquare package name")).toBe("#Plants");
  });

  it("removes one that has no subclasses, after asking", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "Remove class…");
    await windows.confirm("PlotShape has subclasses", "OK");
    await windows.chooseFor(item("Classes", "PlotSquare"), "Remove class…");
    await windows.confirm(/Remove the class PlotSquare/, "Cancel");
    await windows.chooseFor(item("Classes", "PlotSquare"), "Remove class…");
    await windows.confirm(/Remove the class PlotSquare/, "Remove");
    await item("Classes", "PlotSquare").waitFor({ state: "detached" });
    expect(await value("PlotShape subclasses isEmpty")).toBe("true");
  });

  it("finds what refers to it and to its variables", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "References to the class");
    await windows.page.getByRole("region", { name: /References to PlotShape/ }).waitFor();
    await item("Methods", "testArea").waitFor();
    await windows.press("Alt+w");
    await windows.chooseFor(item("Classes", "PlotShape"), "References to a variable…");
    await windows.pick("References to which variable?", "Unit");
    await windows.page.getByRole("region", { name: /Unit/ }).waitFor();
    await item("Methods", "unit").waitFor();
  });

  it("runs the tests of a test case", async () => {
    await select("Classes", "PlotTest", "PlotTest");
    await windows.chooseFor(item("Classes", "PlotTest"), "Run tests of the class");
    await windows.page.getByText("1 passed, 1 failed").first().waitFor();
  });

  it("are shown as a hierarchy, and from the class side", async () => {
    await theBrowser().getByRole("button", { name: "Hierarchy" }).click();
    await item("Classes", "Object").waitFor();
    await item("Classes", "PlotSquare").waitFor();
    await theBrowser().getByRole("button", { name: "Class", exact: true }).click();
    await windows.window("PlotShape class").waitFor();
    await theBrowser().getByRole("button", { name: "Instance", exact: true }).click();
    await windows.window("PlotShape").waitFor();
  });
});

describe("of protocols", () => {
  it("makes one, renames it, and removes it with its methods", async () => {
    await windows.chooseFor(item("Protocols", "measuring"), "New protocol…");
    await windows.answer("Name of the new protocol", "drawing");
    await item("Protocols", "drawing").waitFor();
    await windows.chooseFor(item("Protocols", "measuring"), "Rename protocol…");
    await windows.answer(/protocol/, "sizes");
    await item("Protocols", "sizes").waitFor();
    expect(await value("(PlotShape >> #area) protocolName")).toBe("#sizes");
    await windows.chooseFor(item("Protocols", "arithmetic"), "Remove protocol…");
    await windows.confirm("Remove the protocol and what is in it, 1 method?", "Remove");
    await item("Protocols", "arithmetic").waitFor({ state: "detached" });
    expect(await value("PlotShape includesSelector: #double:")).toBe("false");
  });
});

describe("of methods", () => {
  it("moves one to another protocol", async () => {
    await windows.chooseFor(item("Methods", "area"), "Move to protocol…");
    await windows.answer("Protocol to move the method to", "drawing");
    expect(await value("(PlotShape >> #area) protocolName")).toBe("#drawing");
  });

  it("copies one to another class", async () => {
    await windows.chooseFor(item("Methods", "area"), "Copy to class…");
    await windows.answer("Class to copy the method to", "NoSuchClass");
    await windows.confirm("There is no class NoSuchClass", "OK");
    await windows.chooseFor(item("Methods", "side"), "Copy to class…");
    await windows.answer("Class to copy the method to", "PlotTest");
    expect(await value("PlotTest includesSelector: #side")).toBe("true");
  });

  it("removes one, and asks if it is sent", async () => {
    await windows.chooseFor(item("Methods", "side"), "Remove method…");
    await windows.confirm(/Remove side\?/, "Cancel");
    await windows.chooseFor(item("Methods", "double:"), "Remove method…");
    await item("Methods", "double:").waitFor({ state: "detached" });
    expect(await value("PlotShape includesSelector: #double:")).toBe("false");
    expect(await value("PlotShape includesSelector: #side")).toBe("true");
  });

  it("runs a test", async () => {
    await select("Classes", "PlotTest", "PlotTest");
    await select("Methods", "testWrong", "PlotTest >> testWrong");
    await windows.chooseFor(item("Methods", "testWrong"), "Run test");
    await windows.page.getByText("0 passed, 1 failed").first().waitFor();
  });

  it("opens another window on it", async () => {
    await windows.press("Control+b");
    await windows.until(
      async () =>
        (await windows.page.locator(".window-title", { hasText: "PlotShape >> area" }).count()) ===
        2,
      "a second window",
    );
  });

  it("formats one, and discards what was not accepted", async () => {
    await source().focus();
    await windows.press("Control+a");
    await windows.page.keyboard.insertText("area ^self side*self side");
    await windows.chooseFor(source(), "Format");
    await windows.until(
      async () => /area\n+\s*\^ self side \* self side/.test(await source().innerText()),
      "the formatted text",
    );
    await windows.page.keyboard.insertText("zork");
    await windows.chooseFor(source(), "Discard changes");
    await windows.until(async () => !/zork/.test(await source().innerText()), "the old text");
  });
});

describe("by drag and drop", () => {
  it("a method goes to another protocol", async () => {
    await item("Methods", "area").dragTo(item("Protocols", "arithmetic"));
    await windows.until(
      async () => (await value("(PlotShape >> #area) protocolName")) === "#arithmetic",
      "the method in the other protocol",
    );
  });

  it("a class goes to another package", async () => {
    await windows.chooseFor(item("Packages", "Plots"), "New package…");
    await windows.answer(/package/, "Flats");
    await windows.window("Flats").waitFor();
    await select("Packages", "Plots", "Plots");
    await item("Classes", "PlotSquare").dragTo(item("Packages", "Flats"));
    await windows.until(
      async () => (await value("PlotSquare package name")) === "#Flats",
      "the class in the other package",
    );
  });
});

describe("the comment of a class", () => {
  it("is written and accepted", async () => {
    await select("Classes", "PlotShape", "PlotShape");
    await windows.page.getByRole("tab", { name: "Comment" }).click();
    await windows.page.getByRole("textbox", { name: "Comment" }).last().focus();
    await windows.press("Control+a");
    await windows.page.keyboard.insertText("I am a shape of ground.");
    await windows.press("Control+s");
    await windows.until(
      async () => (await value("PlotShape comment")) === "'I am a shape of ground.'",
      "the comment",
    );
  });
});

describe("refactorings", () => {
  it("rename a class", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "Rename class…");
    await windows.answer("New name of the class", "PlotForm");
    await makeChanges(/PlotForm/);
    expect(
      await value("(PlotTest >> #testArea) sourceCode includesSubstring: 'PlotForm new'"),
    ).toBe("true");
  });

  it("rename a variable of a class", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "Rename variable…");
    await windows.pick("Rename which variable?", "size");
    await windows.answer("New name of size", "length");
    await makeChanges(/length/);
    expect(
      await value(
        "PlotShape instVarNames first -> (PlotShape >> #side) sourceCode lines last trim",
      ),
    ).toContain("length ifNil: [ 3 ]");
  });

  it("create accessors", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "Create accessors…");
    await windows.pick("Accessors of which variable?", "size");
    await makeChanges(/size/);
    expect(await value("(PlotShape new size: 5; yourself) size")).toBe("5");
  });

  it("pull a method up and push it down", async () => {
    await select("Classes", "PlotSquare", "PlotSquare");
    await windows.chooseFor(item("Methods", "corners"), "Pull up");
    await makeChanges(/corners/);
    expect(await value("PlotShape includesSelector: #corners")).toBe("true");
    await select("Classes", "PlotShape", "PlotShape");
    await windows.chooseFor(item("Methods", "corners"), "Push down");
    await makeChanges(/corners/);
    expect(
      await value(
        "(PlotShape includesSelector: #corners) -> (PlotSquare includesSelector: #corners)",
      ),
    ).toBe("false->true");
  });

  it("rename a temporary", async () => {
    await select("Methods", "double:", "PlotShape >> double:");
    await atSource("| ans", "behind");
    await chooseByKey("Rename temporary…");
    await windows.answer("New name of the variable at the caret", "sum");
    await makeChanges(/sum/);
    expect(await value("(PlotShape >> #double:) sourceCode includesSubstring: '^ sum'")).toBe(
      "true",
    );
  });

  it("extract a method", async () => {
    await select("Methods", "double:", "PlotShape >> double:");
    await atSource("aNumber + aNumber", "select");
    await chooseByKey("Extract method…");
    await windows.answer("Selector of the new method", "sumOf:");
    await makeChanges(/sumOf:/);
    expect(await value("PlotShape new sumOf: 4")).toBe("8");
    expect(await value("PlotShape new double: 5")).toBe("10");
  });

  it("extract to a temporary, and put it in line again", async () => {
    await atSource("self side", "select");
    await chooseByKey("Extract to temporary…");
    await windows.answer("Name of the new variable", "length");
    await makeChanges(/length/);
    expect(
      await value("(PlotShape >> #area) sourceCode includesSubstring: 'length := self side'"),
    ).toBe("true");
    await select("Methods", "area", "PlotShape >> area");
    await atSource("length", "behind");
    await chooseByKey("Inline temporary");
    await makeChanges(/length/);
    expect(await value("(PlotShape >> #area) sourceCode includesSubstring: 'length'")).toBe(
      "false",
    );
    expect(await value("PlotShape new area")).toBe("9");
  });

  it("put a message's method in its place", async () => {
    await atSource("self side", "select");
    await chooseByKey("Inline message");
    await makeChanges(/side/);
    expect(await value("(PlotShape >> #area) sourceCode includesSubstring: 'size ifNil:'")).toBe(
      "true",
    );
    expect(await value("PlotShape new area")).toBe("9");
  });

  it("leave a change out", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "Create accessors…");
    await windows.pick("Accessors of which variable?", "size");
    const preview = windows.page.getByRole("region", { name: /size/ });
    await preview.getByText("PlotShape >> size:", { exact: true }).click();
    await preview.getByRole("button", { name: "Leave out or in" }).click();
    await makeChanges(/size/);
    expect(await value("PlotShape includesSelector: #size")).toBe("true");
    expect(await value("PlotShape includesSelector: #size:")).toBe("false");
  });

  it("change nothing when they are cancelled", async () => {
    await windows.chooseFor(item("Classes", "PlotShape"), "Rename class…");
    await windows.answer("New name of the class", "PlotForm");
    const preview = windows.page.getByRole("region", { name: /PlotForm/ });
    await preview.getByRole("button", { name: "Cancel" }).click();
    await preview.waitFor({ state: "detached" });
    expect(await value("Smalltalk includesKey: #PlotForm")).toBe("false");
  });
});
