/** Random programs, printed by the image's own formatter, parse to the same trees, comments included. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { baseImage } from "../base-image.ts";
import { ProgramWriter } from "../compiler/random-programs.ts";

const program = join(import.meta.dirname, "../../cli/engram.cjs");

/** Prints what is wrong with each program. */
const script = `
| programs note |
programs := (Character value: 0) split: (CommandLine arguments first asFileReference contents).
note := [ :what :source :printed | Smalltalk writeOutput: ('{1}:{4}{2}{4}printed:{4}{3}{4}' format: { what. source. printed. String lf }) ].
programs do: [ :source | | printed |
	printed := ''.
	[ | tree again |
	tree := RBParser parseMethod: source.
	printed := tree formattedCode.
	again := RBParser parseMethod: printed.
	again = tree ifFalse: [ note value: 'another tree' value: source value: printed ].
	(again allComments collect: [ :each | each contents ] as: Bag) = (tree allComments collect: [ :each | each contents ] as: Bag)
		ifFalse: [ note value: 'other comments' value: source value: printed ].
	again formattedCode = printed ifFalse: [ note value: 'printed otherwise again' value: source value: printed ] ]
		on: Error
		do: [ :error | note value: error description value: source value: printed ] ].
Smalltalk writeOutput: programs size printString
`;

it("the image prints programs so that they parse to the same trees", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "engram-"));
  try {
    const seed = Number(process.env.SEED ?? 1);
    const programs = Array.from({ length: 500 }, (_, i) =>
      new ProgramWriter(seed * 1000 + i).method(),
    );
    writeFileSync(join(folder, "programs.txt"), programs.join("\0"));
    writeFileSync(join(folder, "print.st"), script);
    const words = ["run", join(folder, "print.st"), join(folder, "programs.txt")];
    const { stdout, stderr } = spawnSync(program, ["-i", baseImage(), ...words], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout, `seed ${seed}`).toBe("500");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
