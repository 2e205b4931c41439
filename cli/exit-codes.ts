/** What the exit code of the command line means, and refusals that carry one. */

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  badImage: 3,
  outOfMemory: 4,
  interrupted: 130,
} as const;

/** A program may also end with a code of its own. */
export type ExitCode = number;

/** What cannot be done, said to the user as it is, and the exit code for it. */
export class Refused extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.name = "Refused";
    this.exitCode = exitCode;
  }
}
