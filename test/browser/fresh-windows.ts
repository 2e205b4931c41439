/** For each test of a file a new page with its windows, private to it. */
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type PageServer, startPrivateChromium, startServer } from "./page.ts";
import { WindowsPage } from "./windows.ts";

/** Opens a page before each test, and expects after it that nothing went wrong in scripts. */
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
    context = await browser.newContext({ acceptDownloads: true });
    context.setDefaultTimeout(20_000);
    windows = await WindowsPage.open(context, server.address);
    use(windows);
  });

  afterEach(async () => {
    const problems = windows?.problems ?? [];
    await context?.close();
    expect(problems).toEqual([]);
  });
}
