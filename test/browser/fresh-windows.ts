/** For each test of a file the windows that one finds who has never been here, in a page that all of them share. */
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type PageServer, startPrivateChromium, startServer } from "./page.ts";
import { WindowsPage } from "./windows.ts";

/** Has the windows ready before each test, and expects after it that nothing went wrong in scripts. A test that fails takes the page along. */
export function freshWindows(use: (windows: WindowsPage) => void): void {
  let server: PageServer;
  let browser: Browser;
  let context: BrowserContext | undefined;
  let windows: WindowsPage | undefined;

  beforeAll(async () => {
    server = await startServer();
    browser = await startPrivateChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.stop();
  });

  beforeEach(async () => {
    if (windows === undefined) {
      context = await browser.newContext({ acceptDownloads: true });
      context.setDefaultTimeout(60_000);
      windows = await WindowsPage.open(context, server.address);
    } else await windows.beginAnew();
    use(windows);
  });

  afterEach(async ({ task }) => {
    const problems = windows?.problems.splice(0) ?? [];
    if (task.result?.state === "fail" || problems.length > 0) {
      windows = undefined;
      await context?.close();
    }
    expect(problems).toEqual([]);
  });
}
