/** Kills a saving program, really, and opens what it left: KILLS says how often. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { expect, it } from "vitest";
import { NodeFolder, nodeServices } from "../../cli/node-storage.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { pageSize } from "../../image-format/layout.ts";
import { now } from "../../image-format/steps.ts";
import { fingerprint, sampleImage } from "../image-format/samples.ts";
import { changeHeap, pageCount } from "./saving-program.ts";

const kills = Number(process.env.KILLS ?? 100);

/** Runs the program for some time after its first save; answers the last save it acknowledged. */
function runAndKill(program: string, image: string, milliseconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, "save", image], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (text) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), milliseconds);
      output += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === null) resolve(Number(output.split("\n").at(-2)));
      else reject(new Error(`the program ended with ${code}`));
    });
  });
}

it(`loses nothing when killed ${kills} times`, async () => {
  const path = mkdtempSync(join(tmpdir(), "engram-kills-"));
  const entry = join(import.meta.dirname, "saving-program.ts");
  await build({
    configFile: false,
    logLevel: "silent",
    ssr: { noExternal: true },
    build: { ssr: entry, outDir: path, emptyOutDir: false },
  });
  const program = join(path, "saving-program.js");
  const folder = new NodeFolder(path);
  const heap = new Uint8Array(pageCount * pageSize);
  now(ImageFile.writeTo(folder, "a.image", sampleImage(heap, { serial: 0 })));
  let serial = 0;
  for (let kill = 0; kill < kills; kill++) {
    const acknowledged = await runAndKill(program, join(path, "a.image"), (kill * 7) % 60);
    const target = new Uint8Array(heap.length);
    const image = await ImageFile.open(folder.open("a.image", "write"), {
      services: nodeServices,
      heap: () => target,
    });
    const found = Number(image.manifest.state.serial);
    expect([acknowledged, acknowledged + 1]).toContain(found);
    while (serial < found) changeHeap(heap, ++serial);
    expect(fingerprint(target)).toBe(fingerprint(heap));
    image.close();
  }
  rmSync(path, { recursive: true });
});
