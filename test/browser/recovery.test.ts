/** What was accepted and not saved is there again after the browser was killed. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { spawnChromium } from "./kills.ts";
import { type PageServer, startServer } from "./page.ts";
import { WindowsPage } from "./windows.ts";

let server: PageServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server?.stop());

async function kill({ pid }: ChildProcess, ended: Promise<unknown>): Promise<void> {
  process.kill(-pid!, "SIGKILL");
  await ended;
}

/** Opens the workspace in a Chromium on that folder, and kills it after what is done there. */
async function visit(
  folder: string,
  query: string,
  act: (windows: WindowsPage) => Promise<void>,
): Promise<void> {
  const { process: child, endpoint } = await spawnChromium(folder);
  const ended = once(child, "exit");
  try {
    const browser = await chromium.connectOverCDP(endpoint);
    await act(await WindowsPage.open(browser.contexts()[0]!, `${server.address}${query}`));
  } finally {
    await kill(child, ended);
  }
}

const definition = "Object << #Zorkling\n\tslots: { #size };\n\tpackage: 'Zorks'";

async function type(windows: WindowsPage, name: string, text: string): Promise<void> {
  await windows.page.getByRole("textbox", { name }).last().focus();
  await windows.press("Control+a");
  await windows.page.keyboard.insertText(text);
  await windows.press("Control+s");
}

it.each(["", "?storage=indexedDb"])(
  "recovers a class and a method that were accepted, with storage %s",
  async (query) => {
    const folder = mkdtempSync(join(tmpdir(), "engram-recovery-"));
    try {
      await visit(folder, query, async (windows) => {
        await windows.save();
        await windows.code().focus();
        await windows.press("Control+o b");
        await type(windows, "Definition", definition);
        await windows.window("Zorkling").waitFor();
        await windows.press("Alt+m");
        await type(windows, "Source code", "answer\n\t^ 6 * 7");
        await windows.window("Zorkling >> answer").waitFor();
        await windows.page.getByText("Accepted", { exact: true }).first().waitFor();
      });
      await visit(folder, query, async (windows) => {
        await windows.page.getByText(/changes? accepted after the last save recovered/).waitFor();
        await windows.press("Control+o p");
        expect(await windows.print("Zorkling new answer")).toBe("Zorkling new answer 42");
        await windows.save();
      });
      await visit(folder, query, async (windows) => {
        await windows.press("Control+o p");
        expect(await windows.print("Zorkling new answer")).toBe("Zorkling new answer 42");
      });
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
);
