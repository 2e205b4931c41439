/** A conversation with an image of one's own loses nothing when its terminal goes, or the system ends it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildWhatIsStale } from "../../cli/build.mjs";
import { commandLine } from "./command-line.ts";
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

  it("goes on while it cannot be saved", () => {
    const place = join(folder, "place");
    mkdirSync(place);
    const answers = terminalSession(
      [
        { wait: "> ", seconds: 30 },
        { send: `(kept := 1000003 * 2) -> '${place}' asFileReference deleteAll\r` },
        { wait: "2000006", seconds: 20 },
        { send: "\x04" },
        { wait: "not saved", seconds: 20 },
        { wait: "> ", seconds: 20 },
        { send: `'${place}' asFileReference createDirectory. kept * 10\r` },
        { wait: "20000060", seconds: 20 },
        { send: "\x04" },
        { pause: 3 },
      ],
      join(place, "mine.image"),
    );
    expect(answers.map(({ came }) => came)).toEqual([true, true, true, true, true]);
    expect(existsSync(join(place, "mine.image"))).toBe(true);
  });
});

describe("a conversation whose file", () => {
  const { folder: place, engram } = commandLine(["cli", "image"]);
  const converse = (image: string, input: string) => engram(["repl", image], { input });

  it("is removed meanwhile is saved under its name again", async () => {
    await converse("gone.image", "kept := 1\n'gone.image' asFileReference delete\n");
    expect(existsSync(join(place(), "gone.image"))).toBe(true);
    expect((await converse("gone.image", "kept\n")).out).toBe("1\n");
  });

  it("is replaced by another meanwhile leaves that alone", async () => {
    await engram(["save", "other.image"]);
    const other = readFileSync(join(place(), "other.image"));
    const input =
      "kept := 1\n'mine.image' asFileReference delete\n'other.image' asFileReference renameTo: 'mine.image'\n";
    const { code, err } = await converse("mine.image", input);
    expect(code).toBe(0);
    expect(err).toMatch(/another file is called .*mine\.image now; .* saved as .*mine-2\.image/);
    expect(readFileSync(join(place(), "mine.image")).equals(other)).toBe(true);
    expect((await converse("mine-2.image", "kept\n")).out).toBe("1\n");
    expect(readdirSync(place()).filter((each) => each.endsWith(".lock"))).toEqual([]);
  });

  it("is lost with its folder ends with an error", async () => {
    mkdirSync(join(place(), "inner"));
    const { code, err } = await converse("inner/a.image", "'inner' asFileReference deleteAll\n");
    expect(code).toBe(1);
    expect(err).toContain("engram: not saved: image: there is no such file");
    expect(err).not.toContain(">>");
  });
});
