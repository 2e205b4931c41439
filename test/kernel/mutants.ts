/** Whether tests can fail: what images/tests' TestMutants says of each class. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** A mutant may take from the image what would have ended it. */
const timeout = 60_000;
/** Classes that test the running of tests, compilers and all examples: a mistake in them is one in what looks for it, or is long in coming. */
const left = /^(Misbehaving|HeadlessTestRunner|SUnit|TestMutants|DialectsTest|DocumentationTest)/;

function evaluate(image: string, code: string) {
  const words = ["cli/engram.cjs", image, "eval", code];
  const options = { cwd: root, encoding: "utf8", timeout, killSignal: "SIGKILL" } as const;
  const { stdout, signal } = spawnSync(process.execPath, words, options);
  return { printed: stdout, hasEnded: signal === null };
}

/** The names of the classes with tests, but those of tools: these wait for a page. */
export function testClasses(image: string): string[] {
  const code = `(TestCase allSubclasses reject: [ :each |
    each isAbstract or: [ each allTestSelectors isEmpty or: [ #( 'Display-Tests' 'Tools-Tests' ) includes: each packageName ] ] ])
      do: [ :each | Transcript show: each name; cr ]`;
  const names = evaluate(image, code).printed.split("\n");
  return names.filter((name) => /^[A-Z]\w+$/.test(name) && !left.test(name)).sort();
}

export interface Survival {
  readonly tests: number;
  /** Those that no mutant made fail, as class>>selector. */
  readonly survivors: readonly string[];
}

/**
 * Makes each test of a class fail by one mistake, if that can be. One mistake may spoil what others need:
 * what seems to survive is looked at once more, alone.
 */
export function survival(image: string, name: string): Survival {
  const { printed } = evaluate(image, `TestMutants reportOn: ${name} to: Transcript`);
  const line = printed.match(new RegExp(`^mutants of ${name}: (\\d+)(.*)$`, "m"));
  const suspects = line === null ? testsOf(image, name) : line[2]!.split(" ").filter(Boolean);
  return {
    tests: line === null ? suspects.length : Number(line[1]),
    survivors: suspects
      .filter((each) => !isKilled(image, name, each))
      .map((each) => `${name}>>${each}`),
  };
}

function testsOf(image: string, name: string): string[] {
  const code = `(TestMutants testsOf: ${name}) do: [ :each | Transcript show: each; cr ]`;
  return evaluate(image, code).printed.match(/^test\w*$/gm) ?? [];
}

/** A test that does not end any more has failed too. */
function isKilled(image: string, name: string, selector: string): boolean {
  const code = `(TestMutants of: ${name} selector: #${selector}) isKilled`;
  const { printed, hasEnded } = evaluate(image, code);
  return !hasEnded || /^true$/m.test(printed);
}
