/** Whether tests can fail: what images/tests' TestMutants says of each class. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** A mutant may end what would have ended the others. */
const timeout = 300_000;
/** Classes that test the running of tests, and compilers: a mistake in them is one in what looks for it. */
const left = /^(Misbehaving|HeadlessTestRunner|SUnit|TestMutants|DialectsTest)/;

function print(image: string, code: string): { printed: string; problem: string } {
  const { stdout, stderr, signal } = spawnSync(
    process.execPath,
    ["cli/engram.cjs", image, "eval", code],
    { cwd: root, encoding: "utf8", timeout, killSignal: "SIGKILL" },
  );
  return { printed: stdout, problem: signal ?? stderr };
}

/** The names of the classes with tests, but those of tools: these wait for a page. */
export function testClasses(image: string): string[] {
  const code = `(TestCase allSubclasses reject: [ :each |
    each isAbstract or: [ each allTestSelectors isEmpty or: [ #( 'Display-Tests' 'Tools-Tests' ) includes: each packageName ] ] ])
      do: [ :each | Transcript show: each name; cr ]`;
  const names = print(image, code).printed.split("\n");
  return names.filter((name) => /^[A-Z]\w+$/.test(name) && !left.test(name)).sort();
}

export interface Survival {
  readonly tests: number;
  /** Those that no mutant made fail, as class>>selector. */
  readonly survivors: readonly string[];
}

/** Makes each test of a class fail by one mistake, if that can be. */
export function survival(image: string, name: string): Survival {
  const { printed, problem } = print(image, `TestMutants reportOn: ${name} to: Transcript`);
  const line = printed.match(new RegExp(`^mutants of ${name}: (\\d+)(.*)$`, "m"));
  if (line === null) return { tests: 0, survivors: [`${name}: no report: ${problem}`] };
  const survivors = line[2]!.split(" ").filter((each) => each !== "");
  return { tests: Number(line[1]), survivors: survivors.map((each) => `${name}>>${each}`) };
}
