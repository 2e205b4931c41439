/** Runs the built command line in a process of its own, in a folder of its own. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { buildWhatIsStale } from "../../cli/build.mjs";

const program = join(import.meta.dirname, "../../cli/engram.cjs");

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** Another copy of the program than the built one. */
  readonly program?: string;
  readonly input?: string;
  /** A folder inside the temporary one to run in. */
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** In milliseconds. */
  readonly timeLimit?: number;
  /** Called when the process runs; may send it signals. */
  readonly whileRunning?: (process: ReturnType<typeof spawn>) => void;
}

/** Builds what is stale of what the tests of a file need, and gives them a temporary folder. */
export function commandLine(needs: readonly ("cli" | "image")[]): {
  readonly folder: () => string;
  readonly engram: (words: readonly string[], options?: RunOptions) => Promise<Outcome>;
} {
  let folder = "";
  beforeAll(async () => {
    await buildWhatIsStale(needs);
    folder = mkdtempSync(join(tmpdir(), "engram-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { folder: () => folder, engram: (words, options) => run(words, folder, options) };
}

function run(words: readonly string[], folder: string, options: RunOptions = {}): Promise<Outcome> {
  const { ENGRAM_IMAGE: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [options.program ?? program, ...words], {
    cwd: join(folder, options.folder ?? "."),
    env: { ...inherited, XDG_CACHE_HOME: join(folder, "cache"), ...options.environment },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: options.timeLimit ?? 60_000,
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  // A program that ends without reading closes the pipe.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  options.whileRunning?.(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}
