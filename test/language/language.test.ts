/** The programs of this folder, in every mode with one answer. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { baseImage } from "../base-image.ts";
import { differences, modes, statementsOf } from "./language.ts";

const folder = join(import.meta.dirname, "programs");
const image = new Uint8Array(readFileSync(baseImage()));

describe.each(readdirSync(folder).sort())("%s", (name) => {
  const statements = statementsOf(readFileSync(join(folder, name), "utf8"));
  it.each(modes)("shows what it is expected to, $name", (mode) => {
    expect(differences(image, statements, mode)).toEqual([]);
  });
});

describe("a program", () => {
  it("that shows something else is found out", () => {
    const [statement] = statementsOf(`3 + 4 "expect: 8"`);
    expect(differences(image, [statement!], modes[0]!)).toEqual([
      "line 1: 3 + 4\n  expected 8\n  shown    7",
    ]);
  });
});
