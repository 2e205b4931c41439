/** Code in addresses, packages in zips, a workspace in another page, and the page without a network. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { oneBrowser } from "./one-browser.ts";
import type { Chromium, PageServer } from "./page.ts";
import { WindowsPage } from "./windows.ts";

let server: PageServer;
let chromium: Chromium;
let windows: WindowsPage;

oneBrowser(async (place) => {
  ({ server, chromium } = place);
  await chromium.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  windows = await WindowsPage.open(chromium.context, `${server.address}#code=6%20*%207`);
});

afterEach(() => expect(windows.problems).toEqual([]));

it("opens the code of an address, and does not run it", async () => {
  await expect.poll(() => windows.playgrounds().count(), { timeout: 60_000 }).toBe(2);
  await expect.poll(() => windows.text(), { timeout: 60_000 }).toBe("6 * 7");
  expect(new URL(windows.page.url()).hash).toBe("");
});

it("makes such an address", async () => {
  await windows.write("'a & b' size");
  await windows.page.getByRole("button", { name: "Share" }).click();
  await windows.page.getByText("An address with this code is on the clipboard").waitFor();
  const address = await windows.page.evaluate(() => navigator.clipboard.readText());
  expect(address).toBe(`${server.address}#code=${encodeURIComponent("'a & b' size")}`);
});

it("gives a package as a zip, and takes it again", async () => {
  const path = join(tmpdir(), `engram-sharing-${process.pid}.zip`);
  await windows.run(`(Object << #Zorkling slots: { #size }; package: 'Zorks') install compile: 'answer\n\t^ 42'.
(PackageOrganizer default packageNamed: 'Zorks') browse`);
  const row = windows.page
    .getByRole("tree", { name: "Packages" })
    .getByText("Zorks", { exact: true });
  await row.click({ button: "right" });
  const waiting = windows.page.waitForEvent("download");
  await windows.page.getByRole("menuitem", { name: "Export package as zip" }).click();
  await (await waiting).saveAs(path);
  await windows.openPlayground();
  await windows.run("(Smalltalk at: #Zorkling) removeFromSystem");
  await windows.page.locator("#file").setInputFiles(path);
  await windows.page.getByRole("dialog").getByRole("button", { name: "Load" }).click();
  const loaded = windows.page.getByRole("dialog", { name: "Loaded" });
  await loaded.getByRole("button", { name: "OK" }).click();
  await loaded.waitFor({ state: "detached" });
  expect(await windows.print("Zorkling new answer")).toBe("Zorkling new answer 42");
});

it("opens without a network once it was visited", async () => {
  await windows.page.evaluate(() => navigator.serviceWorker.ready);
  await expect
    .poll(
      () => windows.page.evaluate(async () => (await caches.match("engram.image")) !== undefined),
      {
        timeout: 60_000,
      },
    )
    .toBe(true);
  await windows.save();
  await chromium.context.setOffline(true);
  await windows.reload();
  await windows.openPlayground();
  expect(await windows.print("3 + 4")).toBe("3 + 4 7");
  await chromium.context.setOffline(false);
});

it("is in another page by one script", async () => {
  const other = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(
      `<!doctype html><title>Other</title><script src="${server.address}embed.js" data-code="100 factorial"></script>`,
    );
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const page = await chromium.context.newPage();
  try {
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    const code = page.frameLocator("iframe").getByRole("textbox", { name: "Code" });
    await code.getByText("100 factorial").waitFor();
  } finally {
    await page.close();
    other.close();
  }
});
