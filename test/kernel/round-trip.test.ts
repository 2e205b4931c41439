/** Every file of the kernel and its tests, read and written from what the image holds, says the same. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { baseImage } from "../base-image.ts";

const root = join(import.meta.dirname, "../..");
const program = join(root, "cli/engram.cjs");

/**
 * Prints the paths of files that differ, and how many were compared. Classes
 * of the kernel were not loaded from their files by the image: so it reads the
 * files for their order, and takes from them only which methods are theirs.
 */
const script = `
| count writer |
count := 0.
writer := [ :package | TonelWriter new setPackage: package folder: nil; yourself ].
#( 'images/kernel' 'images/tests' ) do: [ :folder |
	('${root}/' , folder) asFileReference allChildren do: [ :file | | text source class layout methods package written |
		(file isFile and: [ file extension = 'st' ]) ifTrue: [
			text := SourceText decode: file binaryContents.
			source := TonelSource from: text report: (FileReport for: file fullName).
			class := Smalltalk globals classOrTraitNamed: source name.
			layout := source layout.
			methods := source methodSources collect: [ :each |
				(each isClassSide ifTrue: [ class classSide ] ifFalse: [ class ]) >> (source selectorIn: each source) asSymbol ].
			package := layout isExtension
				ifTrue: [ PackageOrganizer default packageForCategory: #Kernel ]
				ifFalse: [ class package ].
			package noteLayout: layout of: source name.
			written := layout isExtension
				ifTrue: [ (writer value: package) textOfExtension: class methods: methods ]
				ifFalse: [ (writer value: package) textOf: class methods: methods ].
			count := count + 1.
			(written lines reject: [ :each | each isEmpty ]) = (text lines reject: [ :each | each isEmpty ])
				ifFalse: [ Smalltalk writeOutput: file basename , String lf ] ] ] ].
Smalltalk writeOutput: count printString , String lf
`;

it("kernel and tests are exported as they were written", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "engram-"));
  try {
    writeFileSync(join(folder, "compare.st"), script);
    const image = join(folder, "tests.image");
    const engram = (...words: string[]) =>
      spawnSync(process.execPath, [program, ...words], { encoding: "utf8" });
    engram("-i", baseImage(), "load", join(root, "images/tests"), "--save", image);
    const { stdout, stderr } = engram("-i", image, "run", join(folder, "compare.st"));
    expect(stderr).toBe("");
    const lines = stdout.trim().split("\n");
    expect(Number(lines.pop())).toBeGreaterThan(500);
    // What the machine gives these no file says.
    expect(lines.sort()).toEqual(["Character.class.st", "SmallInteger.class.st"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
