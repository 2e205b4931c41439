/** A window that changes its size: what is on its way to the screen was drawn for the size before. */
import { describe, expect, it } from "vitest";
import { oneBrowser } from "./one-browser.ts";
import { WorkspacePage } from "./page.ts";

let workspace: WorkspacePage;

oneBrowser(async ({ server, chromium }) => {
  workspace = await WorkspacePage.open(chromium.context, server.address);
  await workspace.ready();
});

const widths = [500, 420, 1280, 380, 700];

async function resize(width: number): Promise<void> {
  await workspace.page.setViewportSize({ width, height: 700 });
}

const withoutBlanks = (text: string): string => text.replaceAll(/\s/g, "");

describe("a window that changes its size", () => {
  it("shows the line being typed once, below what was shown", async () => {
    await resize(1280);
    await workspace.evaluate("3 + 4");
    const line = "'a line that is half typed and long enough to wrap when the window gets narrow'";
    await workspace.type(line);
    for (const width of widths) {
      await resize(width);
      await workspace.until(async () => {
        const lines = (await workspace.text()).split("\n");
        const typed = lines.slice(2);
        return (
          lines[0] === "> 3 + 4" &&
          lines[1] === "7" &&
          withoutBlanks(typed.join("")) === withoutBlanks(`>${line}`) &&
          (width < 800 ? typed.length > 1 : typed.length === 1)
        );
      }, `a line in ${width} pixels`);
      await workspace.type(" ");
    }
    await workspace.press("Control+c");
    await workspace.waitFor(/\n>$/);
  });

  it("does so while keys are typed and a process prints", async () => {
    await resize(1280);
    const ticking =
      "[ 1 to: 60 do: [ :i | (Delay forMilliseconds: 20) wait. Transcript show: 'tick '. Transcript show: i printString; cr ] ] fork";
    await workspace.evaluate(ticking);
    await workspace.press("Control+l");
    const words = "'a line that is typed while the window changes and a process prints";
    const typing = workspace.type(words);
    for (let turn = 0; turn < 3; turn++) for (const width of widths) await resize(width);
    await typing;
    await workspace.until(async () => {
      const text = await workspace.text();
      const [ticks = "", typed = ""] = text.split(/^> /m);
      const lines = ticks.trimEnd().split("\n");
      const isInOrder = lines.every(
        (each, index) => each === `tick ${60 - (lines.length - 1 - index)}`,
      );
      return isInOrder && withoutBlanks(typed) === withoutBlanks(words);
    }, "60 ticks above the line that was typed");
    await workspace.press("Control+c");
    await workspace.waitFor(/\n>$/);
  });

  it("does so in the middle of output without end", async () => {
    await resize(1280);
    await workspace.press("Control+l");
    await workspace.type(
      "1 to: 400 do: [ :i | Transcript show: i printString; show: (String new: 97 withAll: $x); cr. (Delay forMilliseconds: 3) wait ]",
    );
    await workspace.press("Enter");
    for (let turn = 0; turn < 3; turn++) for (const width of widths) await resize(width);
    await workspace.waitFor(/^400x+\n(x+\n)*1\n>$/m);
    const whole = withoutBlanks(await workspace.text()).match(/\d+x+(?=\d)/g) ?? [];
    expect(whole.length).toBeGreaterThan(3);
    for (const each of whole.slice(1)) expect(each).toMatch(/^\d+x{97}$/);
    expect(await workspace.evaluate("3 + 4")).toBe("7");
  });

  it("is read to those who cannot see it, where they want that", async () => {
    await resize(1280);
    await workspace.evaluate("3 + 4");
    const tree = workspace.page.locator(".xterm-accessibility-tree");
    expect(await tree.count()).toBe(0);
    await workspace.images();
    await workspace.dialog.getByLabel("Terminal for screen readers").check();
    await workspace.press("Escape");
    await tree.getByText("7", { exact: true }).waitFor();
    await workspace.page.reload();
    await workspace.ready();
    await workspace.evaluate("6 * 7");
    await tree.getByText("42", { exact: true }).waitFor();
    await workspace.images();
    await workspace.dialog.getByLabel("Terminal for screen readers").uncheck();
    await workspace.press("Escape");
    await tree.waitFor({ state: "detached" });
  });

  it("shows whole rows, the last one too", async () => {
    for (const [width, height] of [
      [1100, 640],
      [390, 700],
      [900, 333],
    ] as const) {
      await workspace.page.setViewportSize({ width, height });
      await workspace.until(
        () =>
          workspace.page.evaluate(() => {
            const screen = document.querySelector(".xterm-screen")!.getBoundingClientRect();
            const room = innerHeight - screen.bottom;
            const row = screen.height / document.querySelectorAll(".xterm-rows > div").length;
            return room >= 0 && room < row + 20 && screen.right <= innerWidth;
          }),
        `rows that fit ${width} by ${height} pixels`,
      );
    }
  });

  it("fits its screen all the same when the image does not say for which size it draws", async () => {
    await resize(1280);
    await workspace.press("Control+l");
    await workspace.type("ConsoleInput default on: 'terminalResizing' do: [ :event |  ]");
    await workspace.press("Enter");
    await workspace.waitFor(/ConsoleInput\n>$/);
    await resize(420);
    await workspace.until(
      () =>
        workspace.page.evaluate(
          () => document.querySelector(".xterm-screen")!.getBoundingClientRect().width < 420,
        ),
      "a screen that fits",
    );
    expect(await workspace.evaluate("3 + 4")).toBe("7");
  });
});
