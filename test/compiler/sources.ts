/** The Smalltalk sources under images/, read for tests. */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { CompilationEnvironment } from "../../vm/compiler/compiler.ts";
import { readTonel, type TonelFile, type TonelMethod } from "../../vm/compiler/tonel-reader.ts";

const root = join(import.meta.dirname, "../..");

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly tonel: TonelFile;
}

/** Every Tonel file under images/, in name order. */
export function imageSources(): SourceFile[] {
  return readdirSync(join(root, "images"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".st") && !name.endsWith("package.st"))
    .sort()
    .map((name) => {
      const path = join(root, "images", name);
      const text = readFileSync(path, "utf8");
      return { path: relative(root, path), text, tonel: readTonel(text) };
    })
    .filter((file) => /^\s*("(?:[^"]|"")*"\s*)*(Class|Trait|Extension)\b/.test(file.text));
}

/** What the sources themselves declare, for each method's place. */
export class SourceEnvironments {
  private readonly classes = new Map<string, TonelFile>();
  private readonly names = new Set(["Smalltalk", "Processor", "Transcript", "Undeclared"]);

  constructor(files: readonly SourceFile[]) {
    for (const { tonel } of files)
      if (tonel.kind === "class" || tonel.kind === "trait") {
        this.classes.set(tonel.name, tonel);
        this.names.add(tonel.name);
      }
  }

  of(method: TonelMethod): CompilationEnvironment {
    const chain: TonelFile[] = [];
    let file = this.classes.get(method.className);
    while (file !== undefined && !chain.includes(file)) {
      chain.unshift(file);
      file = file.superclass === undefined ? undefined : this.classes.get(file.superclass);
    }
    const shared = new Set(chain.flatMap((one) => one.classVars));
    for (const pool of chain.flatMap((one) => one.pools))
      for (const name of this.classes.get(pool)?.classVars ?? []) shared.add(name);
    return {
      instanceVariables: method.isClassSide
        ? [...this.behaviorVariables(), ...chain.flatMap((one) => one.classInstVars)]
        : chain.flatMap((one) => one.instVars),
      lookup: (name) => (shared.has(name) || this.names.has(name) ? "global" : "undeclared"),
    };
  }

  private behaviorVariables(): string[] {
    return ["Behavior", "ClassDescription", "Class"].flatMap(
      (name) => this.classes.get(name)?.instVars ?? [],
    );
  }
}
