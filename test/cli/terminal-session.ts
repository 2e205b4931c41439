/** A conversation with the REPL in a real terminal, step by step; terminal-session.py does it. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const program = join(import.meta.dirname, "../../cli/engram.cjs");
const terminal = join(import.meta.dirname, "terminal-session.py");

/** Whether there is what it needs. */
export const hasTerminal = spawnSync("python3", ["-c", "import pty"]).status === 0;

export type Step =
  | { readonly send: string }
  | { readonly wait: string; readonly seconds: number }
  | { readonly pause: number }
  | { readonly columns: number }
  | { readonly end: "SIGTERM" | "SIGHUP" | "hangup" };

/** What a wait saw; of an end, the program's exit code. */
export interface Answer {
  readonly came: boolean;
  readonly milliseconds: number;
  readonly text: string;
}

/** Does the steps with `engram repl` and those words; answers one answer for each wait, and for the end. */
export function terminalSession(steps: readonly Step[], ...words: readonly string[]): Answer[] {
  const command = [terminal, process.execPath, program, "repl", ...words];
  const { stdout, stderr } = spawnSync("python3", command, {
    input: steps.map((step) => `${JSON.stringify(step)}\n`).join(""),
    encoding: "utf8",
    timeout: 110_000,
    env: { ...process.env, TERM: "xterm" },
  });
  const answers = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Answer);
  const waits = steps.filter((step) => "wait" in step || "end" in step).length;
  if (answers.length !== waits) throw new Error(`the terminal said: ${stdout}${stderr}`);
  return answers;
}
