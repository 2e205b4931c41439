/**
 * Captured programs that cross from Node to Chromium and back: begun in Node,
 * continued in a page for a while, finished in Node again.
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { chromium } from "playwright-core";
import { build, type Rollup } from "vite";
import { findChromium } from "../chromium.mjs";
import { type Capture, interrupt } from "../snapshot/captured-anywhere.ts";
import type { Leg } from "../snapshot/page-sessions.ts";
import { finish, openSession } from "../snapshot/sessions.ts";
import { chromiumFlags } from "./page.ts";

/** Where the image is that crosses. */
const imagePath = "/crossing.image";

export interface Crossing {
  /** What differs from the uninterrupted run; undefined if nothing does. */
  difference(image: Uint8Array, capture: Capture): Promise<string | undefined>;
  close(): Promise<void>;
}

async function script(): Promise<string> {
  const entry = join(import.meta.dirname, "../snapshot/page-sessions.ts");
  const output = (await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, lib: { entry, formats: ["es"] } },
  })) as Rollup.RollupOutput[];
  return output[0]!.output[0].code;
}

/** A Chromium with a page that runs images. */
export async function openCrossing(): Promise<Crossing> {
  const code = await script();
  let crossing: Uint8Array = new Uint8Array();
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      crossing = await buffer(request);
      response.end();
    } else if (request.url === imagePath) response.end(crossing);
    else {
      const isScript = request.url === "/sessions.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(
        isScript ? code : '<!doctype html><script type="module" src="/sessions.js"></script>',
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("no Chromium found");
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction("typeof runLeg === 'function'");
  return {
    async difference(image, capture) {
      const { program, output: expected, steps } = capture.reference;
      const first = interrupt(image, capture);
      let printed = first.printed;
      if (!first.ended) {
        crossing = first.image;
        const away = Math.ceil((steps - capture.step) / 2);
        const leg = await page.evaluate(
          ([address, count]) =>
            (globalThis as unknown as { runLeg(path: string, steps: number): Promise<Leg> }).runLeg(
              address,
              count,
            ),
          [imagePath, away] as const,
        );
        printed += leg.printed;
        if (!leg.ended) {
          printed += finish(openSession(new Uint8Array(crossing), []));
        }
      }
      if (printed === expected) return undefined;
      return `${program.name} at step ${capture.step}:\n${printed}\ninstead of\n${expected}`;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
