/**
 * The command line. It starts with little: what a command needs is loaded when
 * the command is known.
 */

import { version } from "../package.json";
import {
  type CommandRow,
  commandHelp,
  generalHelp,
  parseWords,
  type Request,
  UsageError,
} from "./command-table.ts";
import { type ExitCode, exitCodes, Refused } from "./exit-codes.ts";

/** What carries out a command; answers the exit code. */
export type Command = (request: Request) => Promise<ExitCode>;

const hostCommands: Readonly<Record<string, () => Promise<Command>>> = {
  save: async () => (await import("./commands/save.ts")).save,
  info: async () => (await import("./commands/info.ts")).info,
  verify: async () => (await import("./commands/verify.ts")).verify,
  build: async () => (await import("./commands/build.ts")).build,
  serve: async () => (await import("./commands/serve.ts")).serve,
};

/** Runs the command line; answers the exit code. */
export async function main(words: readonly string[]): Promise<ExitCode> {
  try {
    const request = parseWords(words, process.env.ENGRAM_IMAGE || undefined);
    if (request === "help") return print(generalHelp());
    if (request === "version") return print(`engram ${version}\n`);
    if (request.options.has("help")) return print(commandHelp(request.command));
    const command = await commandFor(request.command);
    return await command(request);
  } catch (error) {
    return report(error);
  }
}

async function commandFor(row: CommandRow): Promise<Command> {
  if (row.in === "image") return (await import("./commands/in-image.ts")).inImage;
  return hostCommands[row.name]!();
}

function print(text: string): ExitCode {
  process.stdout.write(text);
  return exitCodes.ok;
}

/** Says what went wrong on standard error; what we did not foresee keeps its stack. */
function report(error: unknown): ExitCode {
  if (error instanceof UsageError) {
    const usage = error.command ? `${error.command.name} --help` : "--help";
    process.stderr.write(`engram: ${error.message}\nTry: engram ${usage}\n`);
    return exitCodes.usage;
  }
  if (error instanceof Refused) {
    process.stderr.write(`engram: ${error.message}\n`);
    return error.exitCode;
  }
  if (isImageRefusal(error)) {
    process.stderr.write(`engram: ${error.message}\n${error.advice}\n`);
    return exitCodes.badImage;
  }
  process.stderr.write(`engram: ${error instanceof Error ? error.stack : String(error)}\n`);
  return exitCodes.failed;
}

/** An ImageError, told without loading its module. */
function isImageRefusal(error: unknown): error is Error & { advice: string } {
  return error instanceof Error && error.name === "ImageError" && "advice" in error;
}
