/** Source the compiler refuses: what is wrong and where, for every tool to show in place. */

export class SyntaxProblem extends Error {
  /** Offset into the source. */
  readonly position: number;
  /** How many characters are concerned; at least 1 unless at the end. */
  readonly length: number;
  readonly line: number;
  readonly column: number;
  /** What would have been right, in plain words; the same as the message where the parser refused. */
  readonly expected: string | undefined;

  constructor(message: string, source: string, position: number, length = 1, expected?: string) {
    super(message);
    this.name = "SyntaxProblem";
    this.position = Math.min(position, source.length);
    this.length = length;
    this.expected = expected;
    const before = source.slice(0, this.position);
    const lines = before.split(/\r\n|\r|\n/);
    this.line = lines.length;
    this.column = lines[lines.length - 1]!.length + 1;
  }
}

/** The problem's line of the source with a caret below the place. */
export function describe(problem: SyntaxProblem, source: string): string {
  const line = source.split(/\r\n|\r|\n/)[problem.line - 1] ?? "";
  const margin = `${problem.line}: `;
  const indent = line.slice(0, problem.column - 1).replace(/[^\t]/g, " ");
  const carets = "^".repeat(
    Math.max(1, Math.min(problem.length, line.length - problem.column + 1)),
  );
  return `${problem.line}:${problem.column}: ${problem.message}\n${margin}${line}\n${" ".repeat(margin.length)}${indent}${carets}`;
}
