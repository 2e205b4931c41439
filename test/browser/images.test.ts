/** What the page does with images: saving, listing, opening, refusing, and coming back from failures. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { oneBrowser } from "./one-browser.ts";
import { type Chromium, type PageServer, WorkspacePage } from "./page.ts";

const program = join(import.meta.dirname, "../../cli/engram.cjs");
let server: PageServer;
let chromium: Chromium;
let workspace: WorkspacePage;
let folder: string;

oneBrowser(async (place) => {
  ({ server, chromium } = place);
  folder = mkdtempSync(join(tmpdir(), "engram-images-"));
});

beforeEach(async () => {
  workspace = await WorkspacePage.open(chromium.context, server.address);
  await workspace.ready();
});

afterEach(async () => {
  await workspace.page.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function engram(...words: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...words], {
    encoding: "utf8",
    cwd: folder,
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** Chooses a file as with the button, which needs no more than the file. */
async function openFile(path: string): Promise<void> {
  await workspace.page.locator("#file").setInputFiles(path);
}

describe("saving", () => {
  it("counts a generation up and says when", async () => {
    const first = await workspace.save();
    await workspace.evaluate("saved := 1");
    const second = await workspace.save();
    expect(second).toBeGreaterThan(first);
    const state = await workspace.page.locator("#state").textContent();
    expect(state).toMatch(/^Saved \d+:\d\d/);
    expect(state).toContain(`generation ${second}`);
  });

  it("happens by itself when the user is quiet, so that a killed tab loses nothing", async () => {
    await workspace.evaluate("quiet := 'saved by itself'");
    // It may have been saved before the prompt was seen; if not, the page says so by now.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await workspace.state("saved");
    const next = await WorkspacePage.open(chromium.context, "about:blank");
    // No event tells the page that it is gone.
    const session = await chromium.context.newCDPSession(workspace.page);
    const crashed = workspace.page.waitForEvent("crash");
    void session.send("Page.crash").catch(() => {});
    // The browser drops what it asks of a process that is just dying.
    await crashed;
    await next.goto(server.address);
    await next.ready();
    expect(await next.evaluate("quiet")).toBe("'saved by itself'");
    await next.page.close();
  });

  it("happens when the page is hidden", async () => {
    await workspace.evaluate(
      "[ [ hidden := 'in the background'. (Delay forSeconds: 1) wait ] repeat ] fork",
    );
    const before = await workspace.save();
    const saved = workspace.nextSave();
    await workspace.page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      Reflect.deleteProperty(document, "hidden");
    });
    expect(await saved).toBeGreaterThan(before);
  });

  it("fails loudly when the storage is full, and works again when it is not", async () => {
    const { origin } = new URL(server.address);
    const session = await chromium.context.newCDPSession(workspace.page);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1000 });
    await workspace.evaluate("large := (1 to: 1000) collect: [ :each | ByteArray new: 10000 ]");
    await workspace.button("Save");
    await workspace.state("failed");
    const notice = workspace.page.getByRole("alert");
    expect(await notice.textContent()).toContain("the storage is full");
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    await notice.getByRole("button", { name: "Save again" }).click();
    await workspace.state("saved");
    expect(await notice.count()).toBe(0);
    expect(await workspace.evaluate("large := large size")).toBe("1000");
  });
});

describe("the list of images", () => {
  it("shows names, sizes and dates, and how much room there is", async () => {
    await workspace.images();
    const row = workspace.dialog.getByRole("row", { name: "workspace" }).first();
    await row.waitFor();
    expect(await row.textContent()).toMatch(/workspace.*\d MB.*\d{4}.*\d:\d\d/);
    expect(await workspace.dialog.textContent()).toMatch(/[\d.]+ MB of [\d.]+ GB used/);
    await workspace.choose("Close");
  });

  it("makes, renames and deletes images", async () => {
    await workspace.images();
    await workspace.choose("New image");
    await workspace.opened("workspace 2");
    await workspace.evaluate("mark := 2");
    await workspace.images();
    await workspace.choose("Rename workspace 2");
    await workspace.giveName("second", "Rename");
    await workspace.page.locator("#name", { hasText: "second" }).waitFor();
    await workspace.choose("Close");
    expect(await workspace.evaluate("mark")).toBe("2");
    await workspace.images();
    await workspace.choose("workspace");
    await workspace.opened("workspace");
    await workspace.images();
    await workspace.choose("Delete second");
    await workspace.choose("Delete");
    await workspace.dialog.getByRole("row", { name: "second" }).waitFor({ state: "detached" });
  });

  it("opens an older generation as a copy", async () => {
    await workspace.evaluate("age := 'old'");
    const old = await workspace.save();
    await workspace.evaluate("age := 'new'");
    await workspace.save();
    await workspace.images();
    await workspace.choose("Generations workspace");
    await workspace.choose(`Open ${old} as a copy`);
    await workspace.giveName("older", "Open");
    await workspace.opened("older");
    expect(await workspace.evaluate("age")).toBe("'old'");
    await workspace.page.evaluate(() => sessionStorage.clear());
    await workspace.page.evaluate(() => localStorage.setItem("engram.image", "workspace"));
  });
});

describe("an image file", () => {
  it("goes to Node and comes back with what was done there", async () => {
    await workspace.evaluate("Smalltalk at: #Travelled put: OrderedCollection new");
    await workspace.evaluate("(Smalltalk at: #Travelled) add: 'browser'");
    const path = await workspace.download(join(folder, "downloaded.image"));
    const added = engram(
      "-i",
      path,
      "eval",
      "--save",
      "(Smalltalk at: #Travelled) add: 'node'; size",
    );
    expect(added).toBe("2");
    await openFile(path);
    await workspace.giveName("back", "Open");
    await workspace.opened("back");
    expect(await workspace.evaluate("(Smalltalk at: #Travelled) asArray")).toBe(
      "#('browser' 'node')",
    );
  });

  it("can be dropped on the page", async () => {
    const path = join(folder, "dropped.image");
    engram("save", path);
    const bytes = readFileSync(path).toString("base64");
    const data = await workspace.page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      const content = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
      transfer.items.add(new File([content], "dropped.image"));
      return transfer;
    }, bytes);
    await workspace.page.dispatchEvent("body", "dragover", { dataTransfer: data });
    await workspace.page.getByText("Drop an image file").waitFor();
    await workspace.page.dispatchEvent("body", "drop", { dataTransfer: data });
    await workspace.choose("Open");
    await workspace.opened("dropped");
    expect(await workspace.evaluate("3 + 4")).toBe("7");
  });

  it("is opened from an address after asking, once", async () => {
    const address = `${server.address}?image=engram.image&name=fetched`;
    await workspace.goto(address);
    expect(await workspace.dialog.textContent()).toContain("/engram.image");
    await workspace.choose("Open");
    await workspace.opened("fetched");
    expect(new URL(workspace.page.url()).search).toBe("?terminal=");
    await workspace.page.reload();
    await workspace.opened("fetched");
    await workspace.goto(address);
    await workspace.choose("Open it as it is here");
    await workspace.opened("fetched");
  });

  it("is refused readably when there is none at the address", async () => {
    await workspace.goto(`${server.address}?image=nowhere.image`);
    await workspace.choose("Open");
    await workspace.dialog.getByText("nowhere cannot be opened").waitFor();
    const text = await workspace.dialog.textContent();
    expect(text).toContain("EIMG_FETCH");
    expect(text).toContain("status 404");
    // The browser itself tells of the missing file.
    workspace.problems.length = 0;
    await workspace.goto(server.address);
    await workspace.ready();
  });

  it("is refused readably when it is none, and the open image stays", async () => {
    const path = join(folder, "letter.image");
    writeFileSync(path, "Dear Sir or Madam,\n".repeat(1000));
    await openFile(path);
    await workspace.choose("Open");
    await workspace.dialog.getByText("letter cannot be opened").waitFor();
    const text = await workspace.dialog.textContent();
    expect(text).toContain("EIMG_NOT_IMAGE");
    expect(text).toContain("Check the name of the file.");
    await workspace.choose("Close");
    await workspace.state("saved");
    expect(await workspace.evaluate("3 + 4")).toBe("7");
  });

  it("with a damaged heap is refused with code, place, expected and found", async () => {
    const path = join(folder, "damaged.image");
    engram("save", path);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    await openFile(path);
    await workspace.choose("Open");
    await workspace.dialog.getByText("damaged cannot be opened").waitFor();
    const text = await workspace.dialog.textContent();
    expect(text).toMatch(/EIMG_CHUNK_CRC.*Chunk.*Expected.*Found/s);
    await workspace.choose("Close");
  });
});

describe("an image that is open in another tab", () => {
  it("can be opened read-only and as a copy", async () => {
    await workspace.evaluate("shared := 'first tab'");
    await workspace.save();
    const other = await WorkspacePage.open(chromium.context, server.address);
    const name = (await workspace.page.locator("#name").textContent())!;
    await other.page.getByText(`${name} is open in another tab`).waitFor();
    await other.choose("Open read-only");
    await other.state("readOnly");
    await other.waitFor(/^>$/m);
    expect(await other.evaluate("shared")).toBe("'first tab'");
    await other.page.reload();
    await other.choose("Open a copy");
    await other.choose("Open");
    await other.ready();
    expect(await other.evaluate("shared")).toBe("'first tab'");
    await other.page.evaluate((used) => localStorage.setItem("engram.image", used), name);
    await other.page.close();
    expect(await workspace.evaluate("shared")).toBe("'first tab'");
  });
});

describe("a machine in trouble", () => {
  it("that hangs in a primitive can be left for the last save", async () => {
    await workspace.evaluate("kept := 'before it hung'");
    await workspace.save();
    await workspace.type("((1 bitShift: 400000000) - 1) printString size");
    await workspace.press("Enter");
    const notice = workspace.page.getByRole("alert");
    await notice.getByText("does not answer").waitFor();
    await notice.getByRole("button", { name: "Open the last save" }).click();
    await notice.waitFor({ state: "detached" });
    await workspace.ready();
    expect(await workspace.evaluate("kept")).toBe("'before it hung'");
  });

  it("that ends its session can begin again", async () => {
    await workspace.evaluate("kept := 'before it ended'");
    await workspace.press("Control+d");
    await workspace.dialog.getByText("The session has ended.").waitFor();
    await workspace.choose("Begin again");
    await workspace.ready();
    expect(await workspace.evaluate("kept")).toBe("'before it ended'");
  });
});

describe("a browser without the private file system", () => {
  it("keeps images in a database", async () => {
    const address = `${server.address}?storage=indexedDb`;
    await workspace.goto(address);
    await workspace.ready();
    await workspace.evaluate("place := 'database'");
    await workspace.page.reload();
    await workspace.ready();
    expect(await workspace.evaluate("place")).toBe("'database'");
  });
});
