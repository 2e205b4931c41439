/**
 * Kernel sources as the bootstrap wants them: classes with superclasses before
 * their subclasses, and the methods of each, extensions included. What is wrong
 * with the sources as a whole is listed: classes defined twice or without their
 * superclass, extensions of classes that are not there, methods written twice.
 */

import { allInstanceVariables, type ClassDefinition, classTypes } from "./bootstrap-classes.ts";
import {
  methodPlace,
  readTonel,
  type TonelFile,
  type TonelMethod,
} from "./compiler/tonel-reader.ts";

export interface SourceFile {
  /** With slashes; says where an error is, and orders what order can matter for. */
  readonly path: string;
  readonly text: string;
}

export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A method and the file it is from. */
export class MethodSource {
  readonly classSide: boolean;
  readonly protocol: string;
  readonly text: string;
  private readonly file: SourceFile;
  private readonly method: TonelMethod;

  constructor(file: SourceFile, method: TonelMethod) {
    this.file = file;
    this.method = method;
    this.classSide = method.isClassSide;
    this.protocol = method.category;
    this.text = method.source;
  }

  /** A problem at an offset into my text. */
  problemAt(offset: number, message: string): Problem {
    return {
      path: this.file.path,
      ...methodPlace(this.file.text, this.method, offset),
      message,
    };
  }
}

export interface KernelSource {
  /** Superclasses before their subclasses, else by the paths of their files. */
  readonly classes: readonly ClassDefinition[];
  readonly methods: ReadonlyMap<string, readonly MethodSource[]>;
  readonly problems: readonly Problem[];
}

/** Reads all files; what is wrong is in `problems`. */
export function readKernel(files: readonly SourceFile[]): KernelSource {
  return new KernelReader(files).read();
}

interface ParsedFile {
  readonly file: SourceFile;
  readonly tonel: TonelFile;
}

class KernelReader {
  private readonly files: readonly SourceFile[];
  private readonly problems: Problem[] = [];
  private readonly parsed = new Map<string, ParsedFile>();
  private readonly classes = new Map<string, ClassDefinition>();
  private readonly underway = new Set<string>();
  private readonly methods = new Map<string, MethodSource[]>();

  constructor(files: readonly SourceFile[]) {
    this.files = files;
  }

  read(): KernelSource {
    const extensions: ParsedFile[] = [];
    for (const file of this.files) {
      const parsed = { file, tonel: readTonel(file.text) };
      for (const { line, column, message } of parsed.tonel.problems) {
        this.problems.push({ path: file.path, line, column, message });
      }
      const { kind } = parsed.tonel;
      if (kind === "class" || kind === "trait") this.enter(parsed);
      else if (kind === "extension") extensions.push(parsed);
    }
    for (const name of this.parsed.keys()) this.define(name);
    for (const each of [...this.parsed.values(), ...extensions]) this.collectMethods(each);
    const classes = [...this.classes.values()];
    for (const each of classes) this.checkVariables(each);
    for (const each of classes) this.checkTraits(each);
    return { classes, methods: this.methods, problems: this.problems };
  }

  private note(file: SourceFile, message: string): void {
    this.problems.push({ path: file.path, line: 1, column: 1, message });
  }

  private enter(parsed: ParsedFile): void {
    const { name } = parsed.tonel;
    const first = this.parsed.get(name);
    if (name === "") this.note(parsed.file, "the class has no name");
    else if (first !== undefined) {
      this.note(parsed.file, `class ${name} is defined in ${first.file.path} too`);
    } else this.parsed.set(name, parsed);
  }

  /** Makes the definition of a class after those of its superclasses; undefined if that fails. */
  private define(name: string): ClassDefinition | undefined {
    const known = this.classes.get(name);
    if (known !== undefined) return known;
    const parsed = this.parsed.get(name);
    if (parsed === undefined) return undefined;
    const { file, tonel } = parsed;
    if (this.underway.has(name)) {
      this.note(file, `class ${name} inherits from itself`);
      return undefined;
    }
    this.underway.add(name);
    const superclass = tonel.superclass === undefined ? undefined : this.define(tonel.superclass);
    this.underway.delete(name);
    if (tonel.superclass !== undefined && superclass === undefined) {
      this.note(file, `superclass ${tonel.superclass} of ${name} is missing`);
      return undefined;
    }
    const format = classTypes[tonel.type];
    if (format === undefined) {
      this.note(file, `class type #${tonel.type} is unknown`);
      return undefined;
    }
    const definition: ClassDefinition = {
      name,
      superclass,
      instanceVariables: tonel.instVars,
      classInstanceVariables: tonel.classInstVars,
      classVariables: tonel.classVars,
      pools: tonel.pools,
      category: tonel.category,
      comment: tonel.comment,
      format: tonel.type === "normal" ? (superclass?.format ?? format) : format,
      isTrait: tonel.kind === "trait",
      traits: compositionText(tonel.traits),
      classTraits: compositionText(tonel.classTraits),
    };
    this.classes.set(name, definition);
    return definition;
  }

  private checkVariables(definition: ClassDefinition): void {
    const { file } = this.parsed.get(definition.name)!;
    for (const names of [allInstanceVariables(definition), definition.classVariables]) {
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) this.note(file, `variable ${twice} is defined twice`);
    }
    for (const pool of definition.pools) {
      if (!this.classes.has(pool)) this.note(file, `pool ${pool} is missing`);
    }
  }

  /** Traits in the kernel are there, and bring no variables: slots are laid out before compositions are made. */
  private checkTraits(definition: ClassDefinition): void {
    const { file } = this.parsed.get(definition.name)!;
    if (
      definition.isTrait &&
      !(this.classes.has("Trait") && this.classes.has("MetaclassForTraits"))
    ) {
      this.note(file, "a kernel with traits needs Trait and MetaclassForTraits");
    }
    for (const text of [definition.traits, definition.classTraits]) {
      for (const [name] of text.matchAll(/(?<![#\w])[A-Z]\w*/g)) {
        const trait = this.classes.get(name);
        if (!trait?.isTrait) this.note(file, `trait ${name} is missing`);
        else if (trait.instanceVariables.length + trait.classInstanceVariables.length > 0) {
          this.note(file, `trait ${name} has variables, which the kernel cannot take from traits`);
        }
      }
    }
  }

  private collectMethods({ file, tonel }: ParsedFile): void {
    for (const method of tonel.methods) {
      const source = new MethodSource(file, method);
      if (!this.classes.has(method.className)) {
        this.problems.push(source.problemAt(0, `class ${method.className} is missing`));
        continue;
      }
      const siblings = this.methods.get(method.className);
      if (siblings === undefined) this.methods.set(method.className, [source]);
      else siblings.push(source);
    }
  }
}

/** A composition as written; "" if it is empty. */
const compositionText = (written: string): string =>
  /^\s*\{\s*\}\s*$/.test(written) ? "" : written;
