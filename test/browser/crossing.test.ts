/** An image crosses from Node to Chromium and back, its processes in the middle of what they do. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { oneBrowser } from "./one-browser.ts";
import { type Chromium, type PageServer, WorkspacePage } from "./page.ts";

const program = join(import.meta.dirname, "../../cli/engram.cjs");
let folder: string;
let server: PageServer;
let chromium: Chromium;

oneBrowser(async (place) => {
  ({ server, chromium } = place);
  folder = mkdtempSync(join(tmpdir(), "engram-crossing-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const engram = (...words: string[]): string =>
  execFileSync(process.execPath, [program, ...words], { cwd: folder, encoding: "utf8" }).trim();

/** Processes that go a step further at each signal of the gate, and leave a trail. */
const start = `
| trail gate step |
Smalltalk at: #Trail put: (trail := OrderedCollection new).
Smalltalk at: #Gate put: (gate := Semaphore new).
step := [ :mark | gate wait. trail add: mark ].
[ 1 to: 100 do: [ :leg |
	[ [ step value: leg.
	leg even ifTrue: [ step value: 'signals'. Error signal: leg printString ].
	step value: 'passes' ]
		ensure: [ step value: 'ensured' ] ]
		on: Error
		do: [ :error | step value: error messageText. error return: nil ] ] ] forkAt: 41.
[ | large third |
large := 3 raisedTo: 300.
third := 1.0.
1 to: 100 do: [ :leg |
	large := large * (leg + 17) // 7.
	third := (third + leg) / 3.
	step value: large \\\\ 1000000007.
	step value: third ] ] forkAt: 42.
[ | names |
names := Dictionary new.
1 to: 100 do: [ :leg |
	| found |
	names at: (leg printString: 2) asSymbol put: leg sqrt.
	found := [ :limit | names keysAndValuesDo: [ :key :value | value > limit ifTrue: [ step value: key size ] ]. names size ] value: 2.
	step value: found ] ] forkAt: 43.
gate signal`;

const further = "12 timesRepeat: [ Gate signal. Processor yield ]. Trail size";
const trail = "Trail asArray displayString";

it("an image crosses between Node and Chromium and does what it would have done in one place", async () => {
  const [stays, travels] = ["stays.image", "travels.image"];
  engram("save", stays);
  engram("-i", stays, "eval", "--save", start);
  engram("-i", stays, "save", travels);
  for (let leg = 0; leg < 5; leg++) engram("-i", stays, "eval", "--save", further);
  engram("-i", travels, "eval", "--save", further);
  let path = await throughChromium(join(folder, travels), "first");
  engram("-i", path, "eval", "--save", further);
  path = await throughChromium(path, "second");
  engram("-i", path, "eval", "--save", further);
  const arrived = engram("-i", path, "eval", trail);
  expect(arrived).toBe(engram("-i", stays, "eval", trail));
  expect(arrived.split(" ").length).toBeGreaterThan(60);
});

/** Opens an image file in the page, goes further there, and answers the file it is downloaded as. */
async function throughChromium(path: string, name: string): Promise<string> {
  const workspace = await WorkspacePage.open(chromium.context, server.address);
  await workspace.ready();
  await workspace.page.locator("#file").setInputFiles(path);
  await workspace.giveName(name, "Open");
  await workspace.opened(name);
  expect(Number(await workspace.evaluate(further))).toBeGreaterThan(0);
  const file = await workspace.download(join(folder, `${name}.image`));
  expect(workspace.problems).toEqual([]);
  await workspace.page.close();
  return file;
}
