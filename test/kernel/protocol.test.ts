/** What each class answers to in Pharo, and which of it the kernel's classes answer to. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { baseImage } from "../base-image.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const linesOf = (path: string): string[] => readFileSync(at(path), "utf8").trim().split("\n");

/** Lines of a class, a tab, and selectors between spaces. */
const classesIn = (lines: readonly string[]): Map<string, string[]> =>
  new Map(
    lines.map((line): [string, string[]] => {
      const [name = "", selectors = ""] = line.split("\t");
      return [name, selectors.split(" ")];
    }),
  );

const protocol = classesIn(linesOf("protocol.txt"));

/** What may be missing, under the reason; * is a class that is missing as a whole. */
const absentLines = linesOf("protocol-absent.txt");
const absent = classesIn(absentLines.filter((line) => !line.startsWith("# ")));

const unanswered = `
| globals |
globals := Smalltalk globals.
'${at("protocol.txt")}' asFileReference contents lines do: [ :line |
  | name class parts missing |
  parts := line splitOn: Character tab.
  name := parts first.
  class := globals at: (name copyReplaceAll: ' class' with: '') asSymbol ifAbsent: [ nil ].
  (class notNil and: [ name endsWith: ' class' ]) ifTrue: [ class := class class ].
  missing := class
    ifNil: [ #('*') ]
    ifNotNil: [ (parts second substrings: ' ') reject: [ :each | class canUnderstand: each asSymbol ] ].
  missing ifNotEmpty: [
    Smalltalk writeOutput: name , String tab , (' ' join: missing) , String lf ] ].
nil`;

describe("the protocol of the kernel's classes", () => {
  const words = ["-i", baseImage(), "eval", unanswered];
  const output = execFileSync(process.execPath, [at("../../cli/engram.cjs"), ...words]);
  const missing = classesIn(
    output
      .toString()
      .split("\n")
      .filter((line) => line.includes("\t")),
  );

  it("is a list of classes, each once", () => {
    expect(protocol.size).toBe(linesOf("protocol.txt").length);
    expect(protocol.size).toBeGreaterThan(300);
  });

  it("is answered, but for what has a reason", () => {
    const unexplained = [...missing]
      .map(([name, selectors]): [string, string[]] => {
        const excused = absent.get(name) ?? [];
        return [name, excused.includes("*") ? [] : selectors.filter((s) => !excused.includes(s))];
      })
      .filter(([, selectors]) => selectors.length > 0);
    expect(unexplained).toEqual([]);
  });

  it("has a reason above everything that may be missing", () => {
    expect(absentLines[0]).toMatch(/^# /);
    const unknown = [...absent.keys()].filter((name) => !protocol.has(name));
    expect(unknown).toEqual([]);
  });
});
