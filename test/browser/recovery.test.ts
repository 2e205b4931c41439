/** What was accepted and not saved is there again after the browser was killed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type PageServer, startServer } from "./page.ts";
import { visit, type WindowsPage } from "./windows.ts";

let server: PageServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server?.stop());

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
      await visit(folder, `${server.address}${query}`, async (windows) => {
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
      await visit(folder, `${server.address}${query}`, async (windows) => {
        await windows.page.getByText(/changes? accepted after the last save recovered/).waitFor();
        await windows.openPlayground();
        expect(await windows.print("Zorkling new answer")).toBe("Zorkling new answer 42");
        await windows.save();
      });
      await visit(folder, `${server.address}${query}`, async (windows) => {
        await windows.openPlayground();
        expect(await windows.print("Zorkling new answer")).toBe("Zorkling new answer 42");
      });
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
);
