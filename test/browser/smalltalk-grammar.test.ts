/** The editor's grammar: it understands all of the kernel, and half-written code. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generated } from "../../browser/display/generate.mjs";
import { parser } from "../../browser/display/smalltalk-parser.ts";
import { readTonel } from "../../vm/compiler/tonel-reader.ts";

const display = join(import.meta.dirname, "../../browser/display");
const images = join(import.meta.dirname, "../../images");
const ofMethods = parser.configure({ top: "Method" });
const ofScripts = parser.configure({ top: "Script" });

function tonelFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((each) => {
    const path = join(folder, each.name);
    if (each.isDirectory()) return tonelFiles(path);
    return each.name.endsWith(".st") ? [path] : [];
  });
}

function errorIn(grammar: typeof parser, source: string): number | undefined {
  let place: number | undefined;
  grammar.parse(source).iterate({
    enter(node) {
      if (node.type.isError) place ??= node.from;
    },
  });
  return place;
}

const shapeOf = (source: string): string => ofScripts.parse(source).toString();

describe("the editor's grammar", () => {
  it("is generated from its source", () => {
    for (const [name, text] of Object.entries(generated())) {
      expect(readFileSync(join(display, name), "utf8"), name).toBe(text);
    }
  });

  it("understands every method of the kernel and its tests", () => {
    const problems: string[] = [];
    let count = 0;
    for (const path of tonelFiles(images)) {
      for (const { source } of readTonel(readFileSync(path, "utf8")).methods) {
        count++;
        const place = errorIn(ofMethods, source);
        if (place !== undefined) problems.push(`${path}: ${source.slice(place - 30, place + 30)}`);
      }
    }
    expect(problems).toEqual([]);
    expect(count).toBeGreaterThan(5000);
  });

  it("sees unary before binary before keyword messages, and cascades last", () => {
    expect(shapeOf("a b + c d e: f g; h")).toBe(
      "Script(Cascade(KeywordSend(BinarySend(UnarySend(Variable(Identifier),Selector(Identifier))," +
        "Operator,UnarySend(Variable(Identifier),Selector(Identifier))),Keyword," +
        'UnarySend(Variable(Identifier),Selector(Identifier))),";",Selector(Identifier)))',
    );
  });

  it("knows an assignment from a keyword", () => {
    expect(shapeOf("x:=3")).toBe("Script(Assignment(Variable(Identifier),Assign,Number))");
    expect(errorIn(ofMethods, "at: i put: x y:=3")).toBeUndefined();
  });

  it("finds the block around an error in it", () => {
    expect(shapeOf("[ :each | each + ] value: 3")).toContain("Block(");
    expect(shapeOf("[ :each | each + ] value: 3")).toContain("KeywordSend(");
  });
});
