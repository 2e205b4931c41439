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
  | { readonly columns: number };

/** What a wait saw. */
export interface Answer {
  readonly came: boolean;
  readonly milliseconds: number;
  readonly text: string;
}

/** Does the steps; answers one answer for each wait. */
export function terminalSession(steps: readonly Step[]): Answer[] {
  const { stdout, stderr } = spawnSync("python3", [terminal, process.execPath, program, "repl"], {
    input: steps.map((step) => `${JSON.stringify(step)}\n`).join(""),
    encoding: "utf8",
    timeout: 110_000,
    env: { ...process.env, TERM: "xterm" },
  });
  const answers = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Answer);
  const waits = steps.filter((step) => "wait" in step).length;
  if (answers.length !== waits) throw new Error(`the terminal said: ${stdout}${stderr}`);
  return answers;
}
