/**
 * Real power cuts of a real file system: a saving program works on an ext4 in a
 * loop-mounted file, the file system is shut down under it without a flush of
 * its journal, mounted again, and the image opened. CUTS says how often. Needs
 * root, loop mounts and python3; says so and is skipped where they are missing.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, expect, it } from "vitest";
import { NodeFolder, nodeServices } from "../../cli/node-storage.ts";
import { ImageFile } from "../../image-format/image-file.ts";
import { pageSize } from "../../image-format/layout.ts";
import { now } from "../../image-format/steps.ts";
import { fingerprint, sampleImage } from "../image-format/samples.ts";
import { changeHeap, pageCount } from "./saving-program.ts";

const cuts = Number(process.env.CUTS ?? 100);
const diskMegabytes = 128;

const folder = mkdtempSync(join(tmpdir(), "engram-ext4-"));
const disk = join(folder, "disk");
const mountPoint = join(folder, "mnt");

function command(...words: readonly string[]): boolean {
  return spawnSync(words[0]!, words.slice(1), { stdio: "ignore" }).status === 0;
}

const mount = (): boolean => command("mount", "-o", "loop", disk, mountPoint);
const unmount = (): boolean => command("umount", mountPoint);

/** FS_IOC_SHUTDOWN with "do not flush the log": what was not synced is gone. */
const shutdownProgram = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))
`;
const shutDown = (): boolean => command("python3", "-c", shutdownProgram, mountPoint);

/** Why it cannot be done here, or undefined when the file system is ready. */
function prepare(): string | undefined {
  mkdirSync(mountPoint);
  if (!command("truncate", "-s", `${diskMegabytes}M`, disk)) return "no room for a disk";
  if (!command("mkfs.ext4", "-q", "-F", disk)) return "no mkfs.ext4";
  if (!mount()) return "loop mounts are not permitted here";
  if (!shutDown()) return "the file system cannot be shut down";
  if (!unmount() || !mount()) return "the file system cannot be mounted again";
  return undefined;
}

const obstacle = prepare();

afterAll(() => {
  unmount();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the program, shuts the file system down some time after its first save; answers the last save acknowledged. */
function runAndCut(program: string, image: string, milliseconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, "save", image], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let output = "";
    child.stdout.on("data", (text) => {
      if (output === "") {
        setTimeout(() => {
          if (!shutDown()) reject(new Error("the file system was not shut down"));
          child.kill("SIGKILL");
        }, milliseconds);
      }
      output += text;
    });
    child.on("error", reject);
    child.on("close", () => {
      const lines = output.split("\n");
      if (lines.length < 2) reject(new Error("the program saved nothing"));
      else resolve(Number(lines.at(-2)));
    });
  });
}

if (obstacle !== undefined) console.log(`skipped: ${obstacle}`);

it.skipIf(obstacle !== undefined)(`loses nothing in ${cuts} power cuts of ext4`, async () => {
  const built = join(folder, "program");
  await build({
    configFile: false,
    logLevel: "silent",
    ssr: { noExternal: true },
    build: { ssr: join(import.meta.dirname, "saving-program.ts"), outDir: built },
  });
  const program = join(built, "saving-program.js");
  const storage = new NodeFolder(mountPoint);
  const heap = new Uint8Array(pageCount * pageSize);
  now(ImageFile.writeTo(storage, "a.image", sampleImage(heap, { serial: 0 })));
  let serial = 0;
  const seen = { acknowledged: 0, written: 0 };
  for (let cut = 0; cut < cuts; cut++) {
    const acknowledged = await runAndCut(program, join(mountPoint, "a.image"), (cut * 7) % 90);
    if (!unmount() || !mount()) throw new Error("the file system cannot be mounted again");
    const target = new Uint8Array(heap.length);
    const image = await ImageFile.open(storage.open("a.image", "write"), {
      services: nodeServices,
      heap: () => target,
    });
    const found = Number(image.manifest.state.serial);
    expect([acknowledged, acknowledged + 1]).toContain(found);
    if (found === acknowledged) seen.acknowledged++;
    else seen.written++;
    while (serial < found) changeHeap(heap, ++serial);
    expect(fingerprint(target)).toBe(fingerprint(heap));
    image.close();
  }
  console.log(`${cuts} cuts: ${JSON.stringify(seen)}`);
});
