/** A terminal that changes its size while a line is typed: the line is drawn anew where it was. */
import { beforeAll, describe, expect, it } from "vitest";
import { buildWhatIsStale } from "../../cli/build.mjs";
import { type Answer, hasTerminal, terminalSession } from "./terminal-session.ts";

const line = "'sixty characters that are typed before the window changes..'";
const drawn = (rowsUp: string): string => `${rowsUp}\r\x1b[J> ${line}`;

/** Types a line of 62 columns with its prompt, makes the terminal narrow, and lets it say in which column the cursor is now. */
function drawnAnew(column: number): readonly Answer[] {
  const steps = [
    { wait: "> ", seconds: 30 },
    { send: line },
    { wait: line.slice(-5), seconds: 20 },
    { pause: 0.2 },
    { columns: 30 },
    { wait: "\x1b[6n", seconds: 20 },
    { send: `\x1b[3;${column}R` },
    { wait: drawn(""), seconds: 20 },
    { send: "\x03" },
    { send: "1000003 * 7\r" },
    { wait: "7000021", seconds: 20 },
  ];
  return terminalSession(steps);
}

describe.skipIf(!hasTerminal)("a terminal that gets other columns", () => {
  beforeAll(() => buildWhatIsStale(["cli", "image"]));

  it("and wraps its rows anew has the line drawn from the row where that begins now", () => {
    const [, , asked, redrawn, sum] = drawnAnew(line.length + 2 - 60 + 1);
    expect(asked).toMatchObject({ came: true });
    expect(redrawn?.text).toContain(drawn("\x1b[2A"));
    expect(sum).toMatchObject({ came: true });
  });

  it("and cuts its rows has the line drawn where that began", () => {
    const [, , asked, redrawn, sum] = drawnAnew(30);
    expect(asked).toMatchObject({ came: true });
    expect(redrawn).toMatchObject({ came: true });
    expect(redrawn?.text).not.toContain(drawn("\x1b[2A"));
    expect(sum).toMatchObject({ came: true });
  });
});
