/** A conversation in the page, by keys and clicks, and what becomes of it. */
import { beforeEach, describe, expect, it } from "vitest";
import { runaways } from "../runaways.ts";
import { oneBrowser } from "./one-browser.ts";
import { type Chromium, type PageServer, WorkspacePage } from "./page.ts";

let server: PageServer;
let chromium: Chromium;
let workspace: WorkspacePage;

oneBrowser(async (place) => {
  ({ server, chromium } = place);
  workspace = await WorkspacePage.open(chromium.context, server.address);
  await workspace.ready();
});

beforeEach(() => {
  expect(workspace.problems).toEqual([]);
});

const counting =
  "count := 0. [ [ count := count + 1. (Delay forMilliseconds: 5) wait ] repeat ] fork";

describe("a conversation", () => {
  it("begins with a word to one who has never been here", async () => {
    await workspace.waitFor(/^Type an expression, like 100 factorial,\n/);
  });

  it("answers an expression", async () => {
    expect(await workspace.evaluate("30 factorial")).toBe("265252859812191058636308480000000");
  });

  it("takes an expression of several lines", async () => {
    const expression = "(#(1 2 3)\ncollect: [ :each |\neach * each ])";
    expect(await workspace.evaluate(expression)).toBe("#(1 4 9)");
  });

  it("goes back in the history", async () => {
    await workspace.evaluate("6 * 7");
    await workspace.press("Control+l");
    await workspace.waitFor(/^>$/);
    await workspace.press("ArrowUp");
    await workspace.waitFor(/^> 6 \* 7$/);
    await workspace.button("Run");
    await workspace.waitFor(/^> 6 \* 7\n42\n>$/);
  });

  it("completes a name by Tab, which Shift+Tab leaves", async () => {
    await workspace.press("Control+l");
    await workspace.type("OrderedColl");
    await workspace.press("Tab");
    await workspace.waitFor(/OrderedCollection$/);
    await workspace.press("Shift+Tab");
    expect(await workspace.page.evaluate(() => document.activeElement?.tagName)).not.toBe(
      "TEXTAREA",
    );
    await workspace.press("Control+c");
    await workspace.waitFor(/\n>$/);
  });

  it("shows an error and goes on", async () => {
    expect(await workspace.evaluate("nil foo")).toContain("foo");
    expect(await workspace.evaluate("1")).toBe("1");
  });

  it("shows characters beyond ASCII", async () => {
    expect(await workspace.evaluate("'äß→𝄞' reversed")).toBe("'𝄞→ßä'");
  });
});

describe("output of processes in the background", () => {
  it("appears above the line that is being typed", async () => {
    const process =
      "[ 1 to: 2 do: [ :i | (Delay forMilliseconds: 300) wait. Transcript show: 'tick '. Transcript show: i printString; cr ] ] fork";
    await workspace.evaluate(process);
    await workspace.press("Control+l");
    await workspace.type("3 + ");
    await workspace.waitFor(/^tick 1\ntick 2\n> 3 \+$/m);
    await workspace.type("4");
    await workspace.press("Enter");
    await workspace.waitFor(/^> 3 \+ 4\n7\n>$/m);
  });

  it("goes on in the line where it ended", async () => {
    await workspace.evaluate(
      "[ #(a b c) do: [ :each | (Delay forMilliseconds: 100) wait. Transcript show: each ] ] fork",
    );
    await workspace.waitFor(/^abc\n>$/m);
  });
});

describe("stopping", () => {
  async function runEndlessly(expression: string): Promise<void> {
    await workspace.press("Control+l");
    await workspace.waitFor(/^>$/);
    await workspace.type(expression);
    await workspace.press("Enter");
    await new Promise((resolve) => setTimeout(resolve, 400));
  }

  it("works by Ctrl-C in a loop", async () => {
    await runEndlessly("[ true ] whileTrue");
    await workspace.press("Control+c");
    await workspace.waitFor(/Interrupt.*\n>$/s);
    expect(await workspace.evaluate("3 + 4")).toBe("7");
  });

  it("works by the button in a loop, and says where the expression was", async () => {
    await runEndlessly("[ true ] whileTrue");
    await workspace.button("Stop");
    await workspace.waitFor(/\n>$/);
    expect(await workspace.text()).toContain("UserInterrupt");
    expect(await workspace.text()).not.toContain("Repl>>");
    expect(await workspace.evaluate("3 + 4")).toBe("7");
  });

  it.each(runaways)("works on %s", async (name, expression) => {
    await workspace.press("Control+l");
    await workspace.waitFor(/^>$/);
    await workspace.page.keyboard.insertText(expression);
    await workspace.press("Enter");
    await new Promise((resolve) => setTimeout(resolve, 400));
    const start = performance.now();
    await workspace.button("Stop");
    await workspace.waitFor(/\n>$/);
    console.log(`${name}: ${Math.round(performance.now() - start)} ms to the next prompt`);
    expect(await workspace.evaluate("3 + 4")).toBe("7");
  });

  it("works while output runs away, and the page goes on drawing", async () => {
    await runEndlessly("[ Transcript show: (String new: 200 withAll: $x); cr ] repeat");
    await workspace.page.evaluate(async () => {
      for (let frame = 0; frame < 20; frame++) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    });
    await workspace.button("Stop");
    await workspace.waitFor(/\n>$/);
    expect(await workspace.evaluate("3 + 4")).toBe("7");
  });
});

describe("a reload", () => {
  it("comes back to variables, history, and processes that run", async () => {
    await workspace.evaluate(counting);
    const before = Number(await workspace.evaluate("count"));
    expect(before).toBeGreaterThan(0);
    await workspace.page.reload();
    await workspace.ready();
    const after = await workspace.evaluate("count");
    expect(after).toMatch(/^\d+$/);
    expect(Number(after)).toBeGreaterThan(before);
    await workspace.until(
      async () => Number(await workspace.evaluate("count")) > Number(after),
      "a step",
    );
  });

  it("shows again what was shown, and a line half typed", async () => {
    await workspace.evaluate("(1 to: 3) collect: [ :each |\n each * each ]");
    await workspace.type("half a li");
    await workspace.waitFor(/half a li$/);
    await workspace.page.reload();
    await workspace.waitFor(
      /^> \(1 to: 3\) collect: \[ :each \|\n\. +each \* each \]\n#\(1 4 9\)\n> half a li$/m,
    );
    await workspace.press("Control+c");
    await workspace.waitFor(/\n>$/);
  });

  it("goes on with an expression that is being evaluated", async () => {
    await workspace.press("Control+l");
    await workspace.waitFor(/^>$/);
    await workspace.type("(Delay forSeconds: 2) wait. 'it went on'");
    await workspace.press("Enter");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await workspace.page.reload();
    await workspace.waitFor(/'it went on'\n>$/);
    await workspace.type("[ true ] whileTrue");
    await workspace.press("Enter");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await workspace.page.reload();
    await workspace.state("saved");
    await workspace.press("Control+c");
    await workspace.waitFor(/Interrupted.*\n>$/s);
  });

  it("loses nothing that was typed right before it", async () => {
    await workspace.evaluate("last := 'typed before leaving'");
    await workspace.page.reload();
    await workspace.ready();
    expect(await workspace.evaluate("last")).toBe("'typed before leaving'");
  });
});

describe("a server that sends no headers but a strict policy", () => {
  it("can serve the page too", async () => {
    const headers = {
      "content-security-policy":
        "default-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'",
    };
    const { origin } = new URL(server.address);
    // The images are large, and no policy is about them.
    const isConcerned = (url: URL) => url.origin === origin && !url.pathname.endsWith(".image");
    await chromium.context.route(isConcerned, async (route) => {
      const response = await route.fetch();
      const type = response.headers()["content-type"]!;
      await route.fulfill({ response, headers: { ...headers, "content-type": type } });
    });
    const other = await WorkspacePage.open(chromium.context, server.address);
    expect(await other.page.evaluate(() => crossOriginIsolated)).toBe(false);
    await other.choose("Open a copy");
    await other.giveName("strict", "Open");
    await other.opened("strict");
    expect(await other.evaluate("left := 3 + 4")).toBe("7");
    await other.page.reload();
    await other.opened("strict");
    expect(await other.evaluate("left")).toBe("7");
    expect(other.problems).toEqual([]);
    await chromium.context.unroute(isConcerned);
    await other.page.close();
  });
});

describe("a recursion without end", () => {
  // On a page of its own: it fills the heap.
  it("is stopped by the button, and the session goes on", async () => {
    const other = await WorkspacePage.open(chromium.context, `${server.address}?storage=indexedDb`);
    await other.ready();
    await other.evaluate("kept := 6 * 7");
    await other.press("Control+l");
    await other.type(
      "[ :block | block value: block ] value: [ :block | (block value: block) + 1 ]",
    );
    await other.press("Enter");
    await new Promise((resolve) => setTimeout(resolve, 400));
    await other.button("Stop");
    await other.waitFor(/\n>$/);
    expect(await other.evaluate("kept")).toBe("42");
    await other.save();
    expect(other.problems).toEqual([]);
    await other.page.close();
  });
});
