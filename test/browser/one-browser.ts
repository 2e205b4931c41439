/** A server and a Chromium for all tests of a file. */
import { afterAll, beforeAll } from "vitest";
import { type Chromium, type PageServer, startChromium, startServer } from "./page.ts";

export interface Place {
  readonly server: PageServer;
  readonly chromium: Chromium;
}

/** Starts both before the first test, has the file open what it needs, and ends both after the last. */
export function oneBrowser(open: (place: Place) => Promise<void>): void {
  let server: PageServer | undefined;
  let chromium: Chromium | undefined;

  beforeAll(async () => {
    server = await startServer();
    chromium = await startChromium();
    await open({ server, chromium });
  });

  afterAll(async () => {
    await chromium?.close();
    server?.stop();
  });
}
