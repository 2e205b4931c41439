/** Image files in the storage of a real Chromium, under a policy that forbids eval. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build, type Rollup } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPrivateChromium } from "./page.ts";

const policy = "default-src 'none'; script-src 'self'; worker-src 'self'";
let server: Server;
let browser: Browser;
let page: Page;

async function bundle(entry: string): Promise<string> {
  const output = (await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, lib: { entry, formats: ["es"] } },
  })) as Rollup.RollupOutput[];
  return output[0]!.output[0].code;
}

beforeAll(async () => {
  const worker = await bundle(join(import.meta.dirname, "storage-worker.ts"));
  server = createServer((request, response) => {
    const isWorker = request.url === "/worker.js";
    response.setHeader("content-security-policy", policy);
    response.setHeader("content-type", isWorker ? "text/javascript" : "text/html");
    response.end(isWorker ? worker : "<!doctype html><title>storage</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await startPrivateChromium();
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

describe("browser storage", () => {
  it("holds images and journals in OPFS and in IndexedDB, for one writer", async () => {
    const answer = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const worker = new Worker("/worker.js", { type: "module" });
          worker.onmessage = (event) => resolve(event.data);
          worker.onerror = (event) => resolve({ failure: event.message });
          worker.postMessage("run");
        }),
    );
    const outcome = {
      missing: "EIMG_MISSING",
      locked: "EIMG_LOCKED",
      exists: "EIMG_EXISTS",
      unlocked: "no error",
      areEqual: [true, true],
      sound: ["sound", "sound"],
      entries: 1,
    };
    expect(answer).toEqual({
      opfs: { ...outcome, generation: 8 },
      indexedDb: { ...outcome, generation: 9 },
    });
  });
});
