/**
 * The page as a person meets it: `engram serve` and a real Chromium, driven by
 * keys and clicks, read from the screen.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { findChromium } from "../chromium.mjs";

const root = join(import.meta.dirname, "../..");

export interface PageServer {
  readonly address: string;
  stop(): void;
}

/** Serves the workspace with the base image, or with another one; `ENGRAM` names another build's launcher. */
export function startServer(...words: string[]): Promise<PageServer> {
  const server = spawn(
    process.execPath,
    [process.env.ENGRAM ?? join(root, "cli/engram.cjs"), "serve", ...words, "--port", "0"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return new Promise((resolve, reject) => {
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    server.stdout.once("data", (line: Buffer) =>
      resolve({ address: line.toString().trim(), stop: () => stop(server) }),
    );
  });
}

function stop(server: ChildProcess): void {
  server.removeAllListeners("exit");
  server.kill();
}

/**
 * Of what Chromium draws around a page, the pop-ups below its address line take more of a processor for
 * each new window than the workspace does. The last such list counts, so Playwright's must be in it.
 */
const disabledFeatures = [
  ...["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"],
  ...["AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync"],
  ...["DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades"],
  ...["LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints"],
  ...["PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"],
];

export const chromiumFlags = [
  "--no-sandbox",
  `--disable-features=${disabledFeatures}`,
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
] as const;

export interface Chromium {
  readonly context: BrowserContext;
  /** Where it keeps what pages store. */
  readonly folder: string;
  close(): Promise<void>;
}

function chromiumPath(): string {
  const path = findChromium();
  if (path === undefined) throw new Error("no Chromium found");
  return path;
}

/** Starts a Chromium that keeps nothing, for tests that each have a private context of it. */
export function startPrivateChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: [...chromiumFlags] });
}

/** Starts a Chromium on a folder of its own, or on one another has left. */
export async function startChromium(
  folder = mkdtempSync(join(tmpdir(), "engram-chromium-")),
): Promise<Chromium> {
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: chromiumPath(),
    acceptDownloads: true,
    args: [...chromiumFlags],
  });
  context.setDefaultTimeout(60_000);
  return {
    context,
    folder,
    async close() {
      await context.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A tab with the workspace. */
export class WorkspacePage {
  readonly page: Page;
  /** What went wrong in scripts. */
  readonly problems: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.problems.push(message.text());
    });
  }

  static async open(context: BrowserContext, address: string): Promise<WorkspacePage> {
    const workspace = new WorkspacePage(await context.newPage());
    await workspace.goto(address);
    return workspace;
  }

  /** Goes to an address, and asks for the terminal without windows. */
  async goto(address: string): Promise<void> {
    const url = new URL(address);
    url.searchParams.set("terminal", "");
    await this.page.goto(url.href);
  }

  /** Waits until an image is open and asks for input. */
  async ready(): Promise<this> {
    await this.state("saved");
    await this.waitFor(/^>$/m);
    return this;
  }

  /** Waits for a state of the image. */
  async state(name: string): Promise<void> {
    await this.page.locator(`#state[data-state="${name}"]`).waitFor();
  }

  /** Types keys into the terminal. */
  async type(text: string): Promise<void> {
    await this.page.locator("#terminal textarea").focus();
    await this.page.keyboard.type(text);
  }

  async press(key: string): Promise<void> {
    await this.page.locator("#terminal textarea").focus();
    await this.page.keyboard.press(key);
  }

  /** Types an expression and Enter on an empty screen; answers what is printed until the next prompt. */
  async evaluate(expression: string): Promise<string> {
    await this.press("Control+l");
    await this.waitFor(/^>$/);
    await this.type(expression);
    await this.press("Enter");
    await this.waitFor(/\n>$/);
    const lines = (await this.text()).split("\n");
    const typed = expression.split("\n");
    // What was shown before a reload may have been drawn again above it.
    const start = Math.max(lines.lastIndexOf(`> ${typed[0]}`), 0);
    return lines.slice(start + typed.length, -1).join("\n");
  }

  /** What the terminal shows. */
  text(): Promise<string> {
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".xterm-rows > div")]
        .map((row) => row.textContent.replaceAll("\u00a0", " ").trimEnd())
        .join("\n")
        .trimEnd(),
    );
  }

  /** Waits until the terminal shows it. */
  async waitFor(pattern: RegExp): Promise<void> {
    await this.until(async () => pattern.test(await this.text()), pattern);
  }

  /** Clicks a button of the page. */
  async button(name: string): Promise<void> {
    await this.page.locator("header").getByRole("button", { name, exact: true }).click();
  }

  /** Saves with the button; answers the generation acknowledged. */
  async save(): Promise<number> {
    const saved = this.nextSave();
    await this.button("Save");
    return saved;
  }

  /** The generation that is acknowledged next. */
  nextSave(): Promise<number> {
    return this.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          addEventListener(
            "engram-saved",
            (event) => resolve((event as CustomEvent<number>).detail),
            { once: true },
          );
        }),
    );
  }

  /** Downloads the image to a path; answers that. */
  async download(path: string): Promise<string> {
    const waiting = this.page.waitForEvent("download");
    await this.button("Download");
    await (await waiting).saveAs(path);
    return path;
  }

  /** The dialog that is in front, when it is there. */
  get dialog(): Locator {
    return this.page.locator("dialog[open]").last();
  }

  /** Clicks a button of the dialog in front. */
  async choose(name: string): Promise<void> {
    await this.dialog.getByRole("button", { name, exact: true }).click();
  }

  /** Opens the list of images. */
  async images(): Promise<void> {
    await this.page.locator("#images").click();
    await this.dialog.getByText("Images in this browser").waitFor();
  }

  /** Answers the dialog that asks for a name. */
  async giveName(name: string, action: string): Promise<void> {
    await this.dialog.getByLabel("Name", { exact: true }).fill(name);
    await this.choose(action);
  }

  /** Waits until the image of that name is open. */
  async opened(name: string): Promise<void> {
    const pattern = new RegExp(`^${name}$`);
    await this.page.locator("#name", { hasText: pattern }).waitFor();
    await this.ready();
  }

  async until(test: () => Promise<boolean>, what: unknown = test): Promise<void> {
    const end = performance.now() + 60_000;
    while (!(await test())) {
      if (performance.now() > end) {
        throw new Error(`waited for ${what} in vain; the terminal shows:\n${await this.text()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}
