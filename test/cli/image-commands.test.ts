import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLine, type Outcome } from "./command-line.ts";

const { folder, engram } = commandLine(["cli", "image"]);

/** Whether the shell can ration address space. */
const hasShell = process.platform === "linux";

const ok = (out: string): Outcome => ({ code: 0, out, err: "" });

function write(name: string, text: string): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

describe("engram eval", () => {
  it("prints the value of each expression", async () => {
    expect(await engram(["eval", "3 + 4"])).toEqual(ok("7\n"));
    expect(await engram(["eval", "x := 'a'", "x , 'é€'"])).toEqual(ok("'a'\n'aé€'\n"));
  });

  it("reads an expression from standard input", async () => {
    expect(await engram(["eval", "-"], { input: "| a |\na := 20.\na + 22" })).toEqual(ok("42\n"));
  });

  it.skipIf(!existsSync("/dev/full"))("says when its output cannot be written", () => {
    const full = openSync("/dev/full", "w");
    const words = [join(import.meta.dirname, "../../cli/engram.cjs"), "eval", "3 + 4"];
    const { status, stderr } = spawnSync(process.execPath, words, {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    const expected = "engram: standard output cannot be written: ENOSPC\n";
    expect({ status, stderr }).toEqual({ status: 1, stderr: expected });
  });

  it.skipIf(!hasShell)("runs where address space is rationed", () => {
    const program = join(import.meta.dirname, "../../cli/engram.cjs");
    const rationed = (words: string) => {
      const command = `ulimit -v 1500000; exec "$0" "$1" ${words}`;
      const { status, stdout, stderr } = spawnSync(
        "sh",
        ["-c", command, process.execPath, program],
        {
          encoding: "utf8",
        },
      );
      return { code: status, out: stdout, err: stderr };
    };
    expect(rationed("--heap-limit 100M eval 3")).toEqual(ok("3\n"));
    const refused = rationed("--heap-limit 3G eval 3");
    expect(refused.code).toBe(4);
    expect(refused.err).toMatch(/^engram: .*--heap-limit\n$/);
  });

  it("prints JSON for programs", async () => {
    const { out } = await engram(["eval", "--json", "3 / 4"]);
    expect(JSON.parse(out)).toEqual({ value: "(3/4)", class: "Fraction" });
  });

  it("prints the stack of an unhandled error on standard error and ends with 1", async () => {
    const { code, out, err } = await engram(["eval", "3", "nil foo"]);
    expect({ code, out }).toEqual({ code: 1, out: "3\n" });
    expect(err).toMatch(/^.*foo.*\nUndefinedObject\(Object\)>>doesNotUnderstand:/);
  });

  it("shows where a syntax error is, without a stack", async () => {
    const { code, out, err } = await engram(["eval", "3 + )"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("1: 3 + )\n       ^");
    expect(err).not.toContain(">>");
  });

  it("speaks of the syntax before it does of names", async () => {
    const { code, err } = await engram(["eval", "nobodyKnows @ # y"]);
    expect(code).toBe(1);
    expect(err).toBe(
      "syntax error: 1:17: symbol or literal array expected\n1: nobodyKnows @ # y\n                   ^\n",
    );
  });

  it("warns of names that mean nothing", async () => {
    expect(await engram(["eval", "nobodyKnows isNil"])).toEqual({
      code: 0,
      out: "true\n",
      err: "warning: nobodyKnows is not declared\n",
    });
  });

  it.each(["Semaphore new wait", "Processor activeProcess terminate"])(
    "ends when nothing can run any more: %s",
    async (expression) => {
      const { code, err } = await engram(["eval", expression]);
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringContaining("nothing can run any more"),
      });
    },
  );

  it("ends with the code the program gives", async () => {
    expect((await engram(["eval", "Smalltalk exit: 17. 3"])).code).toBe(17);
  });

  it("is interrupted by Ctrl-C, and says where", async () => {
    const { code, err } = await engram(["eval", "Transcript show: 'begun'. [ true ] whileTrue"], {
      whileRunning: (child) => child.stdout?.once("data", () => child.kill("SIGINT")),
    });
    expect(code).toBe(130);
    expect(err).toContain("UndefinedObject>>DoIt");
  });

  it("saves to the image it was given, and only with one", async () => {
    expect((await engram(["save", "kept.image"])).code).toBe(0);
    expect(
      (await engram(["kept.image", "eval", "--save", "Smalltalk at: #Kept put: 6"])).code,
    ).toBe(0);
    expect(await engram(["kept.image", "eval", "Kept * 7"])).toEqual(ok("42\n"));
    const { code, err } = await engram(["eval", "--save", "3"]);
    expect(code).toBe(2);
    expect(err).toContain("--save needs an image");
  });

  it("keeps the failed process in an image if asked", async () => {
    const failing = await engram([
      "eval",
      "--save-on-error",
      "failed.image",
      "| a | a := 6. a foo",
    ]);
    expect(failing.code).toBe(1);
    const looking = await engram([
      "failed.image",
      "eval",
      "CommandLine failedProcess suspendedContext notNil",
    ]);
    expect(looking).toEqual(ok("true\n"));
  });

  it("refuses more heap than there is, and ends when memory is full", async () => {
    expect((await engram(["eval", "--heap-limit", "1K", "3"])).code).toBe(2);
    const { code, err } = await engram([
      "eval",
      "--heap-limit",
      "64M",
      "| all | all := OrderedCollection new. [ all add: (Array new: 10000) ] repeat",
    ]);
    expect(code).toBe(4);
    expect(err).toContain("out of memory");
  });
});

describe("engram run", () => {
  it("runs a script with words of its own", async () => {
    const script = write(
      "hello.st",
      "#!/usr/bin/env engram\n| words |\nwords := CommandLine arguments.\n" +
        "words do: [ :each | Smalltalk writeOutput: each , String lf ]\n",
    );
    expect(await engram(["run", script, "a", "--json", "-x"])).toEqual(ok("a\n--json\n-x\n"));
    expect(await engram([script, "b"])).toEqual(ok("b\n"));
  });

  it("runs a script in the syntax of GNU Smalltalk", async () => {
    const script = write(
      "bank.st",
      "#!/usr/bin/gst -f\nObject subclass: Account [\n  | sum |\n  sum [ ^sum ifNil: [ sum := 0 ] ]\n" +
        "  add: n [ sum := self sum + n ]\n]\n| a |\na := Account new.\na add: 3; add: 4.\n" +
        "| b |\nb := a sum.\nb printNl.\n",
    );
    expect(await engram(["run", script])).toEqual(ok("7\n"));
  });

  it("runs a script in chunks", async () => {
    const script = write(
      "chunks.st",
      "Object subclass: #Chunky instanceVariableNames: '' classVariableNames: '' package: 'C'!\n\n" +
        "!Chunky methodsFor: 'x'!\nanswer\n\t^ 'hello!!'! !\n\n" +
        "Smalltalk writeOutput: Chunky new answer!\n",
    );
    expect(await engram(["run", script])).toEqual(ok("hello!"));
  });

  it("says what it cannot read, and why", async () => {
    const { code, err } = await engram(["run", "nowhere.st"]);
    expect(code).toBe(2);
    expect(err).toMatch(/cannot read nowhere\.st: .*does not exist/);
  });

  it("reads what is in an older encoding", async () => {
    const script = join(folder(), "latin-1.st");
    writeFileSync(
      script,
      Buffer.from("Smalltalk writeOutput: 'caf\xe9' size printString", "latin1"),
    );
    expect(await engram(["run", script])).toEqual(ok("4"));
  });

  it("runs what an image does when it starts", async () => {
    expect((await engram(["save", "program.image"])).code).toBe(0);
    const action =
      "CommandLine startUpAction: [ Smalltalk writeOutput: CommandLine arguments printString. Smalltalk exit: 5 ]";
    expect((await engram(["program.image", "eval", "--save", action])).code).toBe(0);
    expect(await engram(["run", "program.image", "a"])).toEqual({
      code: 5,
      out: "#('a')",
      err: "",
    });
  });

  it("carries out the command that an image's handler names", async () => {
    const handler = write(
      "Greeter.class.st",
      "Class { #name : #Greeter, #superclass : #CommandLineHandler, #category : #Greeting }\n\n" +
        "{ #category : #accessing }\nGreeter class >> commandName [\n\t^ 'greet'\n]\n\n" +
        "{ #category : #running }\nGreeter >> activate [\n" +
        "\tself hasOptions ifFalse: [ self exitFailure: 'whom?' ].\n" +
        "\tself stdout << 'hello ' << (self optionAt: 'name'); lf; flush.\n\tself exit: 3\n]\n",
    );
    expect((await engram(["load", handler, "--save", "greeter.image"])).code).toBe(0);
    expect(await engram(["run", "greeter.image", "greet", "--name=Ada"])).toEqual({
      code: 3,
      out: "hello Ada\n",
      err: "",
    });
    expect(await engram(["run", "greeter.image", "greet"])).toEqual({
      code: 1,
      out: "",
      err: "whom?\n",
    });
  });
});

describe("engram repl", () => {
  it("evaluates what comes in, as soon as it is whole", async () => {
    const input = "x := 3.\n#(1\n2)\nx + _ size +\n1\n";
    expect(await engram(["repl"], { input })).toEqual(ok("3\n#(1 2)\n6\n"));
  });

  it("goes on after errors", async () => {
    const { code, out } = await engram(["repl"], { input: "nil foo\n3 +)\n1 / 0\n'fine'\n" });
    expect(code).toBe(0);
    expect(out).toContain("DoIt");
    expect(out).toContain("ZeroDivide");
    expect(out).toMatch(/'fine'\n$/);
  });

  it("makes the image it is to keep, saves on leaving, and goes on there", async () => {
    const first = await engram(["repl", "mine.image"], { input: "x := 6\n" });
    expect(first).toMatchObject({ code: 0, out: "6\n" });
    expect(first.err).toContain("made ");
    expect(await engram(["repl", "mine.image"], { input: "x * 7\n_\n" })).toEqual(ok("42\n42\n"));
    expect(await engram(["mine.image", "repl"], { input: "_\n" })).toEqual(ok("42\n"));
  });
});

describe("engram load", () => {
  const bar =
    "Class { #name : #Bar, #superclass : #Object, #category : #Test }\n\nBar >> bar [ ^ 42 ]\n";
  const foo =
    "\"I am Foo.\"\nClass { #name : #Foo, #superclass : #Bar, #instVars : [ 'a' ], #category : #Test }\n\n" +
    "Foo >> bad [\n\t^ (\n]\n\nFoo >> far [\n\t^ Nowhere\n]\n\n" +
    "Foo class >> initialize [\n\tSmalltalk at: #FooHere put: 7\n]\n";

  it("loads files in any order and initializes new classes", async () => {
    write("a-sub.class.st", "Class { #name : #Sub, #superclass : #Bar, #category : #Test }\n");
    write("b-bar.class.st", bar);
    const loading = await engram([
      "load",
      "a-sub.class.st",
      "b-bar.class.st",
      "--save",
      "loaded.image",
    ]);
    expect(loading).toMatchObject({ code: 0, err: "" });
    expect(await engram(["loaded.image", "eval", "Sub new bar"])).toEqual(ok("42\n"));
  });

  it("saves an image that opens soon: with packed sources, and without what has loaded them", async () => {
    write(
      "Greeter.class.st",
      "Class { #name : #Greeter, #superclass : #Object, #category : #Test }\n\n" +
        "Greeter >> greetingFor: aString [\n\t^ 'Hello ' , aString printString\n]\n",
    );
    await engram(["load", "Greeter.class.st", "--save", "packed.image"]);
    const method = "(Greeter >> #greetingFor:)";
    const what = `{ ${method} hasPackedSource. ${method} sourceCode lines size. SourceLoader allInstances size }`;
    expect(await engram(["packed.image", "eval", what])).toEqual(ok("#(true 2 0)\n"));
  });

  it("reports for each file what was rejected and where, and what is missing", async () => {
    write("Foo.class.st", foo);
    write("Bar.class.st", bar);
    write("Lost.class.st", "Class { #name : #Lost, #superclass : #Nobody, #category : #Test }\n");
    const { code, out } = await engram([
      "load",
      "Foo.class.st",
      "Bar.class.st",
      "Lost.class.st",
      "--json",
    ]);
    expect(code).toBe(1);
    const [fooReport, barReport, lostReport] = JSON.parse(out);
    expect(fooReport).toMatchObject({ classes: 1, methods: 2, undeclared: ["Nowhere"] });
    expect(fooReport.rejected).toHaveLength(1);
    expect(fooReport.rejected[0]).toMatchObject({ line: 5, column: 5 });
    expect(barReport).toMatchObject({ classes: 1, methods: 1, rejected: [] });
    expect(lostReport.missingSuperclasses).toEqual(["Nobody"]);
  });

  it("says what is not there", async () => {
    const { code, out } = await engram(["load", "nowhere"]);
    expect(code).toBe(1);
    expect(out).toContain("nowhere: there is no such file or folder");
  });
});

describe("engram test", () => {
  const tests =
    "Class { #name : #SampleTest, #superclass : #TestCase, #category : #Sample }\n\n" +
    "SampleTest >> testGood [\n\tself assert: 3 + 4 equals: 7\n]\n\n" +
    "SampleTest >> testBad [\n\tself assert: 3 + 4 equals: 8\n]\n\n" +
    "SampleTest >> testWrong [\n\tnil foo\n]\n";

  it("says which tests fail, and ends with 1 if one does", async () => {
    write("SampleTest.class.st", tests);
    const { code, out } = await engram(["test", "SampleTest", "--load", "SampleTest.class.st"]);
    expect(code).toBe(1);
    expect(out).toContain("SampleTest>>#testBad");
    expect(out).toContain("3 run, 1 passed, 1 failed, 1 error");
    const good = await engram(["test", "SampleTest>>testGood", "--load", "SampleTest.class.st"]);
    expect(good).toEqual(ok("1 run, 1 passed\n"));
  });

  it("gives programs a record of each test, and a JUnit report", async () => {
    write("SampleTest.class.st", tests);
    const words = [
      "test",
      "SampleTest",
      "--load",
      "SampleTest.class.st",
      "--json",
      "--junit",
      "out.xml",
    ];
    const { out } = await engram(words);
    const records = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records).toHaveLength(3);
    expect(records[1]).toMatchObject({ class: "SampleTest", selector: "testGood" });
    const report = readFileSync(join(folder(), "out.xml"), "utf8");
    expect(report).toContain('name="testBad"');
  });

  it("says when nothing matches", async () => {
    expect((await engram(["test", "NoSuchTest"])).code).toBe(2);
  });
});
