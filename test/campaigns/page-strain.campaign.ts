/**
 * What strains the page: a window that changes its size while a line is typed,
 * and a recursion that fills the heap. Each has a page of its own. The first can
 * fail: rows drawn for the old width may stay.
 */
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  type Chromium,
  type PageServer,
  startChromium,
  startServer,
  WorkspacePage,
} from "../browser/page.ts";

let server: PageServer;
let chromium: Chromium;
let workspace: WorkspacePage;

beforeEach(async () => {
  server = await startServer();
  chromium = await startChromium();
  workspace = await WorkspacePage.open(chromium.context, server.address);
  await workspace.ready();
});

afterEach(async () => {
  await chromium?.close();
  server?.stop();
});

it("shows the line being typed anew in a window that changes its size", async () => {
  await workspace.evaluate("3 + 4");
  const [start, end] = [
    "'a line that is half typed and long ",
    "enough to wrap when the window gets narrow'",
  ];
  await workspace.type(start + end);
  for (const width of [500, 420, 1280]) {
    await workspace.page.setViewportSize({ width, height: 700 });
    await workspace.until(async () => {
      const lines = (await workspace.text()).split("\n");
      return (
        lines[0] === "> 3 + 4" &&
        lines[1] === "7" &&
        lines.slice(2).join("").replaceAll(" ", "") === `>${start}${end}`.replaceAll(" ", "") &&
        (width < 600 || lines.length === 3)
      );
    }, `a line in ${width} pixels`);
    await workspace.type(" ");
  }
  await workspace.press("Control+c");
  await workspace.waitFor(/\n>$/);
});

it("stops an endless recursion by the button", async () => {
  await workspace.press("Control+l");
  await workspace.waitFor(/^>$/);
  await workspace.type(
    "[ :block | block value: block ] value: [ :block | (block value: block) + 1 ]",
  );
  await workspace.press("Enter");
  await new Promise((resolve) => setTimeout(resolve, 400));
  await workspace.button("Stop");
  await workspace.waitFor(/\n>$/);
  expect(await workspace.evaluate("3 + 4")).toBe("7");
});
