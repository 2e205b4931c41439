/** A conversation with an image of one's own loses nothing when its terminal goes, or the system ends it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildWhatIsStale } from "../../cli/build.mjs";
import { hasTerminal, terminalSession } from "./terminal-session.ts";

const folder = mkdtempSync(join(tmpdir(), "engram-ended-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasTerminal)("a conversation that is ended", () => {
  beforeAll(() => buildWhatIsStale(["cli", "image"]));

  for (const [end, code] of [
    ["SIGTERM", -15],
    ["SIGHUP", -1],
    ["hangup", -1],
  ] as const) {
    it(`by ${end} is saved as it stands`, () => {
      const image = join(folder, `${end}.image`);
      const ended = terminalSession(
        [
          { wait: "> ", seconds: 30 },
          { send: "kept := 1000003 * 2\r" },
          { wait: "2000006", seconds: 20 },
          { send: "[ true ] whileTrue\r" },
          { pause: 0.5 },
          { end },
        ],
        image,
      );
      expect(ended.at(-1)!.text).toBe(`${code}`);
      const resumed = terminalSession(
        [
          { wait: "\x1b[?2004h", seconds: 30 },
          { send: "\x03" },
          { wait: "> ", seconds: 20 },
          { send: "kept * 10\r" },
          { wait: "20000060", seconds: 20 },
        ],
        image,
      );
      expect(resumed.map(({ came }) => came)).toEqual([true, true, true]);
    });
  }
});
