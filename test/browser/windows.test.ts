/** Windows, views and editors: what the image shows and what the user does with it. */
import type { Locator } from "playwright-core";
import { describe, expect, it } from "vitest";
import { freshWindows } from "./fresh-windows.ts";
import type { WindowsPage } from "./windows.ts";

let windows: WindowsPage;
freshWindows((page) => {
  windows = page;
});

const counter = `| count |
count := ValueHolder with: 0.
(WindowView title: 'Counter' content: (RowView with: {
  (LabelView on: count) width: 40; name: 'Count'; yourself.
  ButtonView label: 'More' do: [ count update: [ :n | n + 1 ] ].
  ButtonView label: 'Fail' do: [ 1 / 0 ].
  ButtonView label: 'Work' do: [ [ (count value) < 1000000 ] whileTrue ].
  ButtonView label: 'Ask' do: [ count value: (Display current request: 'How many?' initialAnswer: '42') asNumber ] })) place: #right; open`;

const count = (): Promise<string> =>
  windows.window("Counter").locator(".label").first().innerText();

async function counts(text: string): Promise<void> {
  await windows.until(async () => (await count()) === text, `${text} to be counted`);
}

const click = (name: string): Promise<void> =>
  windows.page.getByRole("button", { name, exact: true }).click();

describe("the playground", () => {
  it("is there for those who have never been here", async () => {
    await windows.window("Playground").waitFor();
    expect(await windows.text()).toContain("Welcome");
    await windows.window("Transcript").waitFor();
  });

  it("prints a value behind the code and selects it", async () => {
    expect(await windows.print("6 * 7")).toBe("6 * 7 42");
    await windows.page.keyboard.type(".");
    await windows.until(async () => (await windows.text()) === "6 * 7.", "the value to go");
  });

  it("keeps its variables", async () => {
    await windows.run("answer := 6 * 7");
    expect(await windows.print("answer + 1")).toBe("answer + 1 43");
  });

  it("has pages, each with its own text, variables and results to inspect", async () => {
    await windows.print("x := Set new");
    const results = windows.page.getByRole("listbox", { name: "Results" });
    await results.getByText("a Set()", { exact: true }).waitFor();
    await windows.code().focus();
    await windows.press("Alt+p");
    await windows.page.getByRole("tab", { name: "Page 2", selected: true }).waitFor();
    expect(await results.count()).toBe(0);
    expect(await windows.print("x := 7")).toBe("x := 7 7");
    await windows.save();
    await windows.reload();
    await windows.page.getByRole("tab", { name: "Page 1" }).click();
    await results.getByText("a Set()", { exact: true }).dblclick();
    await windows.window("a Set()").waitFor();
  });

  it("offers what the value of a variable understands", async () => {
    await windows.write("all := OrderedCollection new. ");
    await windows.page.keyboard.type("all addFir");
    const choices = windows.page.getByRole("listbox", { name: "Completions" });
    await choices.getByRole("option", { name: /^addFirst:/ }).click();
    await windows.page.keyboard.type(" 7; yourself");
    await windows.press("Control+a Control+p");
    await windows.code().getByText("an OrderedCollection(7)").waitFor();
  });

  it("leads to the class and the senders of what it has", async () => {
    await windows.write("OrderedCollection");
    await windows.press("Control+b");
    await windows.window("OrderedCollection").waitFor();
    await windows.press("Alt+w");
    await windows.code().focus();
    await windows.press("Alt+n");
    await windows.window("References to OrderedCollection").waitFor();
  });

  it("marks an error in its place, until the text changes", async () => {
    await windows.write("3 + + 4");
    await windows.press("Control+d");
    const alert = windows.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).not.toBe("");
    await windows.page.locator(".cm-lintRange-error, .cm-lintPoint-error").waitFor();
    await windows.page.keyboard.type(" ");
    await alert.waitFor({ state: "detached" });
  });

  it("shows no mark of a text that was changed before the mark came", async () => {
    await windows.run(`| editor |
editor := EditorView text: 'some text'.
editor name: 'Marked'.
(WindowView title: 'Marks' content: editor) open.
[ (Delay forMilliseconds: 1500) wait. editor markError: 'too late' at: 1.
  (WindowView title: 'Done' content: (LabelView text: '')) place: #right; open ] fork`);
    const marked = windows.page.getByRole("textbox", { name: "Marked" });
    await marked.waitFor();
    // What is typed is told the image two seconds later.
    await windows.page.evaluate(() => {
      const usual = window.setTimeout.bind(window);
      const late = (act: TimerHandler, wait = 0, ...rest: unknown[]) =>
        usual(act, wait > 100 ? wait + 2500 : wait, ...rest);
      Object.assign(window, { setTimeout: late });
    });
    await marked.focus();
    await windows.page.keyboard.type("x");
    await windows.window("Done").waitFor();
    await windows.window("Marks").getByRole("alert").waitFor({ state: "detached" });
  });

  it("has a caret that blinks without frames being drawn for it, and not for those who want none", async () => {
    await windows.write("here");
    expect(await windows.page.evaluate(() => document.getAnimations().length)).toBe(0);
    const layer = windows.code().locator("../..").locator(".cm-cursorLayer");
    const visibility = () => layer.evaluate((element) => getComputedStyle(element).visibility);
    await windows.until(async () => (await visibility()) === "hidden", "the caret to go");
    await windows.until(async () => (await visibility()) === "visible", "the caret to come back");
    await windows.page.emulateMedia({ reducedMotion: "reduce" });
    await windows.press("x");
    await windows.page.waitForTimeout(1500);
    expect(await windows.page.locator(".cm-editor[data-caret]").count()).toBe(0);
    await windows.page.emulateMedia({ reducedMotion: null });
  });

  it("counts characters as the image does", async () => {
    expect(await windows.print("'a\u{1f600}b' size")).toBe("'a\u{1f600}b' size 3");
    await windows.page.keyboard.type(" + 1");
    await windows.press("Control+a Control+p");
    await windows.until(
      async () => (await windows.text()) === "'a\u{1f600}b' size + 1 4",
      "what comes behind a character of two units",
    );
  });
});

describe("commands", () => {
  it("are in menus and in the palette, with their keys", async () => {
    await windows.page.getByRole("menuitem", { name: "Tools" }).click();
    const item = windows.page.getByRole("menu").getByRole("menuitem", { name: /Playground/ });
    expect(await item.innerText()).toMatch(/Ctrl\+O P/);
    await windows.press("Escape");
    await windows.code().focus();
    await windows.press("F1");
    const palette = windows.page.getByRole("listbox", { name: "Commands" });
    expect(await palette.getByRole("option", { name: /Print it/ }).innerText()).toMatch(/Ctrl\+P/);
    const nothing = windows.page.getByText("No command is called so");
    await windows.page.keyboard.type("zork");
    await nothing.waitFor();
    await windows.press("Control+a");
    await windows.page.keyboard.type("close win");
    await nothing.waitFor({ state: "hidden" });
    expect(await palette.getByRole("option").allInnerTexts()).toHaveLength(1);
    await windows.press("Enter");
    await windows.window("Playground").waitFor({ state: "detached" });
  });

  it("open tools by Mod+O and a letter, and close windows by Alt+W", async () => {
    await windows.code().focus();
    await windows.openPlayground();
    await windows.press("Alt+w");
    await windows.until(async () => (await windows.playgrounds().count()) === 1, "one to close");
  });
});

describe("handlers", () => {
  it("that fail do not keep others from their turn", async () => {
    await windows.run(counter);
    await click("More");
    await click("Fail");
    // What fails opens a window of its own.
    await windows.page.getByRole("region", { name: /ZeroDivide/ }).waitFor();
    await windows.page.locator(".window-title", { hasText: /^Counter$/ }).click();
    await click("More");
    await counts("2");
  });

  it("that take long do not freeze the display", async () => {
    await windows.run(counter);
    await click("Work");
    await click("More");
    await counts("1");
    await windows.page.locator("#stop").click();
  });

  it("may ask, and wait for the answer", async () => {
    await windows.run(counter);
    await click("Ask");
    const dialog = windows.page.getByRole("dialog", { name: "How many?" });
    await dialog.getByRole("textbox").fill("17");
    await windows.press("Enter");
    await counts("17");
    await click("Ask");
    await dialog.getByRole("button", { name: "OK" }).click();
    await counts("42");
    await click("Ask");
    await dialog.locator(":focus").waitFor();
    await windows.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await windows.page.locator("[inert]").count()).toBe(0);
  });

  it("that only ever ask can be stopped", async () => {
    await windows.run("[ Display current inform: 'And now?' ] repeat");
    const dialog = windows.page.getByRole("dialog", { name: "And now?" });
    await dialog.getByRole("button", { name: "OK" }).click();
    await dialog.waitFor();
    await windows.page.locator("#stop").click();
    await windows.page.getByRole("region", { name: /UserInterrupt/ }).waitFor();
    await dialog.getByRole("button", { name: "OK" }).click();
    await dialog.waitFor({ state: "detached" });
  });
});

describe("lists", () => {
  const list = `(WindowView title: 'Numbers' content: ((ListView items: (1 to: 100000)) name: 'Numbers'; display: [ :n | 'Number ', n printString ]; yourself)) open`;

  it("scroll through a hundred thousand items, and stay there", async () => {
    await windows.run(list);
    const numbers = windows.page.getByRole("listbox", { name: "Numbers" });
    await numbers.getByText("Number 1", { exact: true }).waitFor();
    await numbers.focus();
    await windows.press("End");
    await numbers.getByText("Number 100000", { exact: true }).waitFor();
    await numbers.evaluate((element) => {
      element.scrollTop = 1_200_000;
    });
    await numbers.getByText("Number 50010", { exact: true }).waitFor();
    await windows.save();
    await windows.reload();
    await numbers.getByText("Number 50010", { exact: true }).waitFor();
    await numbers.focus();
    expect(await numbers.evaluate((element) => element.scrollTop)).toBe(1_200_000);
    expect(await numbers.getAttribute("aria-activedescendant")).toMatch(/-99999$/);
  });

  const isInSight = (row: Locator): Promise<boolean> =>
    row.evaluate((each) => {
      const list = each.closest(".list-scroller")!.getBoundingClientRect();
      const { top, bottom } = each.getBoundingClientRect();
      return top >= list.top && bottom <= list.bottom;
    });

  it("show what is selected when they open", async () => {
    await windows.openPlayground();
    await windows.run(`| list |
list := ListView items: (1 to: 50).
list name: 'Opened'.
(WindowView title: 'Room' content: list) open.
list selectIndex: 30`);
    const list = windows.page.getByRole("listbox", { name: "Opened" });
    const row = list.getByRole("option", { name: "30", exact: true });
    await windows.until(() => isInSight(row), "the row to be in sight");
  });

  it("show what is selected when there is room for them", async () => {
    await windows.openPlayground();
    await windows.run(`| list room |
list := ListView items: (1 to: 50).
list name: 'Cramped'.
room := ColumnView with: { list }.
room height: 0.
(WindowView title: 'Room' content: (ColumnView with: {
  room. ButtonView label: 'Give room' do: [ room height: 120 ] })) open.
list selectIndex: 30`);
    const list = windows.page.getByRole("listbox", { name: "Cramped" });
    expect(await list.evaluate((each) => each.clientHeight)).toBe(0);
    await windows.page.getByRole("button", { name: "Give room" }).click();
    const row = list.getByRole("option", { name: "30", exact: true });
    await windows.until(() => isInSight(row), "the row to be in sight");
  });

  it("go on by keys", async () => {
    await windows.run(list);
    const numbers = windows.page.getByRole("listbox", { name: "Numbers" });
    await numbers.focus();
    await windows.press("ArrowDown ArrowDown PageDown ArrowUp Home ArrowDown");
    await numbers.getByRole("option", { name: "Number 2", exact: true, selected: true }).waitFor();
  });
});

describe("dragging", () => {
  it("tells the list on whose item something is dropped", async () => {
    await windows.run(`| from to told |
from := ListView items: #( 'apple' 'pear' ).
from name: 'From'; beDraggable.
to := ListView items: #( 'basket' 'bowl' ).
told := LabelView text: '-'.
to name: 'To'; acceptDrops; on: #dropOn do: [ :pair | told text: pair first , ' on ' , pair second ].
(WindowView title: 'Fruit' content: (ColumnView with: { (SplitView row: { from. to }) grow; yourself. told })) place: #right; open`);
    const from = windows.page.getByRole("listbox", { name: "From" });
    const to = windows.page.getByRole("listbox", { name: "To" });
    await from.getByText("pear").dragTo(to.getByText("bowl"));
    await windows.window("Fruit").getByText("pear on bowl").waitFor();
  });
});

describe("a loop", () => {
  it("is stopped by Mod+., wherever the keyboard is", async () => {
    await windows.run("[ true ] whileTrue");
    await windows.page.getByText("Running…").waitFor();
    await windows.press("Control+.");
    await windows.page
      .getByRole("region", { name: /UserInterrupt/ })
      .locator(":focus")
      .waitFor();
    await windows.page.locator(".window-title", { hasText: /^Playground$/ }).click();
    expect(await windows.print("3 + 4")).toBe("3 + 4 7");
  });
});

describe("reopening", () => {
  it("shows the same windows, texts and selections", async () => {
    await windows.run(counter);
    await click("More");
    await counts("1");
    await windows.write("'typed before the end'");
    await windows.press("Home Shift+ArrowRight Shift+ArrowRight");
    await windows.save();
    const former = await windows.shape();
    await windows.reload();
    await counts("1");
    await windows.until(async () => (await windows.shape()) === former, "the same display");
    const selected = await windows.page.evaluate(() => getSelection()?.toString());
    expect(selected).toBe("'t");
    await click("More");
    await counts("2");
  });

  it("has what was typed just before the page went away", async () => {
    await windows.write("'the last words'");
    await windows.reload();
    await windows.until(
      async () => (await windows.text()) === "'the last words'",
      "what was typed",
    );
  });

  it("keeps how windows are arranged", async () => {
    await windows.run(counter);
    const box = await windows.window("Counter").boundingBox();
    await windows.page.locator(".dv-sash").first().hover();
    await windows.page.mouse.down();
    await windows.page.mouse.move(500, 250, { steps: 4 });
    await windows.page.mouse.up();
    const moved = await windows.window("Counter").boundingBox();
    expect(moved).not.toEqual(box);
    await windows.save();
    await windows.reload();
    await windows.window("Counter").waitFor();
    const after = await windows.window("Counter").boundingBox();
    expect(Math.abs(after!.height - moved!.height)).toBeLessThan(3);
  });
});

describe("a narrow page", () => {
  it("shows one window at a time", async () => {
    await windows.page.setViewportSize({ width: 390, height: 780 });
    const tabs = windows.page.getByRole("tablist", { name: "Windows" });
    await tabs.getByRole("tab", { name: "Transcript" }).click();
    await windows.window("Transcript").waitFor();
    expect(await windows.window("Playground").count()).toBe(0);
    await tabs.getByRole("tab", { name: "Playground" }).click();
    await windows.window("Playground").waitFor();
    const heightOf = async (selector: string): Promise<number> =>
      (await windows.page.locator(selector).boundingBox())!.height;
    const room = await heightOf(".window-area");
    expect(await heightOf(".editor.code")).toBeGreaterThan(room * 0.8);
    expect(await windows.violations()).toEqual([]);
    const each = tabs.getByRole("tab");
    for (let count = await each.count(); count < 6; count++) {
      await windows.press("Control+o p");
      await windows.until(async () => (await each.count()) > count, "another playground");
    }
    const shownTab = (await tabs.getByRole("tab", { selected: true }).boundingBox())!;
    expect(shownTab.x).toBeGreaterThanOrEqual(0);
    expect(shownTab.x + shownTab.width).toBeLessThanOrEqual(390);
    await windows.page.setViewportSize({ width: 1280, height: 800 });
    await windows.window("Transcript").waitFor();
    await windows.window("Playground").waitFor();
  });
});

describe("a canvas", () => {
  it("draws about as often as the page does", async () => {
    await windows.run(`| canvas n |
n := 0.
canvas := CanvasView new.
canvas name: 'Picture'; animate: [ :pen :ms |
  n := n + 1.
  pen clear: Color black; fill: 'red'.
  1 to: 500 do: [ :i | pen fillCircleX: i * 7 \\\\ 600 y: n + (i * 13) \\\\ 400 radius: 3 ] ].
(WindowView title: 'Picture' content: canvas) place: #right; open.
frames := [ n ]`);
    await windows.page.getByRole("img", { name: "Picture" }).waitFor();
    const drawn = async (): Promise<number> =>
      Number((await windows.print("frames value")).replace("frames value ", ""));
    const before = await drawn();
    const start = performance.now();
    const frames = await windows.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let count = 0;
          const end = performance.now() + 2000;
          const next = () => {
            count++;
            if (performance.now() < end) requestAnimationFrame(next);
            else resolve(count);
          };
          requestAnimationFrame(next);
        }),
    );
    const seconds = (performance.now() - start) / 1000;
    const after = await drawn();
    const total = (performance.now() - start) / 1000;
    console.log(
      `page ${Math.round(frames / seconds)}/s, canvas ${Math.round((after - before) / total)}/s`,
    );
    expect((after - before) / total).toBeGreaterThan((frames / seconds) * 0.75);
  });
});

const everyKind = `| tree table tabs editor |
tree := TreeView new.
tree children: [ :each | each subclasses asArray ]; display: [ :each | each name ]; icon: [ :each | #class ]; name: 'Classes'; roots: { Collection }; expandItem: Collection.
table := TableView new.
table column: 'Class' do: [ :each | each name ]; column: 'Size' width: 90 do: [ :each | each selectors size ]; items: Collection withAllSubclasses asArray; name: 'Sizes'.
editor := EditorView method.
editor text: (Collection >> #inject:into:) sourceCode; name: 'Source'; showLineNumbers: true; highlightFrom: 1 to: 20; markError: 'A mark' at: 30.
tabs := TabsView new.
tabs addTab: 'Tree' view: tree; addTab: 'Table' view: table; beClosable.
(WindowView title: 'Kinds' content: (SplitView row: { tabs. ColumnView with: {
  ToolbarView with: { ButtonView label: 'Do' do: [  ]. ButtonView icon: #add label: 'Add' do: [  ] }.
  RowView with: { LabelView text: 'Label'. FieldView placeholder: 'Field'. CheckBoxView label: 'Box' on: (ValueHolder with: true). ChoiceView items: #( one two ) on: (ValueHolder with: #two) }.
  editor } })) place: #right; open`;

describe("accessibility", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`finds nothing wrong with any kind of view, ${colorScheme}`, async () => {
      await windows.page.emulateMedia({ colorScheme });
      expect(await windows.violations()).toEqual([]);
      await windows.run(everyKind);
      await windows.page.getByRole("tree", { name: "Classes" }).waitFor();
      expect(await windows.violations()).toEqual([]);
      await windows.page.getByRole("tab", { name: "Table" }).click();
      await windows.page.getByRole("listbox", { name: "Sizes" }).getByText("Array2D").click();
      expect(await windows.violations()).toEqual([]);
      await windows.press("F1");
      await windows.page.getByRole("listbox", { name: "Commands" }).waitFor();
      expect(await windows.violations()).toEqual([]);
    });
  }
});
