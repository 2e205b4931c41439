/**
 * Kills a Chromium, really, while an image in it is being saved again and
 * again, and opens what it left.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, errors } from "playwright-core";
import { findChromium } from "../chromium.mjs";
import { chromiumFlags, startServer, WorkspacePage } from "./page.ts";

/** What is known to be durable. */
interface Known {
  generation: number;
  count: number;
}

/** Counts on, and keeps some of the heap in motion. */
const counting = `count := 0. data := OrderedCollection new.
 [ [ count := count + 1.
 data addLast: (ByteArray new: 2000).
 data size > 500 ifTrue: [ data removeFirst ].
 (Delay forMilliseconds: 1) wait ] repeat ] fork`;

/** Answers what was lost, a line for each. */
export async function loseByKills(kills: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "engram-kills-"));
  const server = await startServer();
  const known: Known = { generation: 0, count: 0 };
  const losses: string[] = [];
  try {
    for (let kill = 0; kill <= kills; kill++) {
      const milliseconds = 20 + Math.random() * 400;
      const loss = await openAndKill(folder, server.address, known, milliseconds);
      if (loss !== undefined) losses.push(`kill ${kill} after ${milliseconds} ms: ${loss}`);
    }
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return losses;
}

async function openAndKill(
  folder: string,
  address: string,
  known: Known,
  milliseconds: number,
): Promise<string | undefined> {
  const { process: child, endpoint } = await spawnChromium(folder);
  try {
    const browser = await connect(endpoint);
    const workspace = await WorkspacePage.open(browser.contexts()[0]!, address);
    await workspace.ready().catch(async (error: unknown) => {
      throw new Error(`${error}\n${await workspace.page.locator("body").textContent()}`);
    });
    if (known.generation === 0) await workspace.evaluate(counting);
    const count = Number(await workspace.evaluate("count"));
    const loss = await lossIn(workspace, known, count);
    let noteSaving = () => {};
    const isSaving = new Promise<void>((resolve) => {
      noteSaving = resolve;
    });
    await workspace.page.exposeFunction("acknowledged", (generation: number) => {
      known.generation = generation;
      known.count = count;
      noteSaving();
    });
    await workspace.page.evaluate(() => {
      const save = document.querySelector<HTMLElement>("#save")!;
      addEventListener("engram-saved", (event) => {
        (window as unknown as { acknowledged(generation: number): void }).acknowledged(
          (event as CustomEvent<number>).detail,
        );
        save.click();
      });
      save.click();
    });
    await isSaving;
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return loss;
  } finally {
    const ended = once(child, "exit");
    // All of its processes: they are a group of their own.
    process.kill(-child.pid!, "SIGKILL");
    await ended;
  }
}

async function lossIn(
  workspace: WorkspacePage,
  known: Known,
  count: number,
): Promise<string | undefined> {
  if (count < known.count) return `count ${known.count} became ${count}`;
  const generation = await workspace.save();
  if (generation <= known.generation) return `generation ${known.generation}, then ${generation}`;
  return undefined;
}

/** Now and then a Chromium that has just started takes a connection and says nothing on it; it does on the next. */
export async function connect(endpoint: string): Promise<Browser> {
  for (let tries = 2; tries > 0; tries--) {
    try {
      return await chromium.connectOverCDP(endpoint, { timeout: 10_000 });
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error;
    }
  }
  return chromium.connectOverCDP(endpoint);
}

export async function spawnChromium(
  folder: string,
): Promise<{ process: ChildProcess; endpoint: string }> {
  const program = findChromium();
  if (program === undefined) throw new Error("no Chromium found");
  const child = spawn(
    program,
    [...chromiumFlags, "--headless", "--remote-debugging-port=0", `--user-data-dir=${folder}`],
    { stdio: ["ignore", "ignore", "pipe"], detached: true },
  );
  let output = "";
  for await (const text of child.stderr) {
    output += text;
    const endpoint = /DevTools listening on (\S+)/.exec(output)?.[1];
    if (endpoint !== undefined) {
      child.stderr.resume();
      return { process: child, endpoint };
    }
  }
  throw new Error(`Chromium did not start:\n${output}`);
}
