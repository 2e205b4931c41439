/**
 * Reads Tonel, the source format of Pharo: a file defines a class, trait,
 * extension or package, and its methods.
 *
 *   "comment" Class { #name : #Foo, … }
 *   { #category : #accessing } Foo class >> bar: x [ … ]
 *
 * A method ends at the bracket that matches its first, outside strings,
 * comments and character literals. Where that leads nowhere, for the method is
 * malformed, it ends at the next line that is but a `]`; so one bad method
 * takes no other with it. A method without such a line ends where the next one
 * begins. What cannot be read at all is listed.
 *
 * `methodPlace` leads from an offset in a method's source back to the file.
 */

export type TonelKind = "class" | "trait" | "extension" | "package";

export type TonelValue =
  | string
  | number
  | boolean
  | null
  | readonly TonelValue[]
  | { readonly [key: string]: TonelValue };

export interface TonelMethod {
  readonly className: string;
  readonly isClassSide: boolean;
  readonly category: string;
  /** Message pattern and body. */
  readonly source: string;
  /** Offset of the message pattern in the file. */
  readonly patternOffset: number;
  /** How much of the source is pattern, and where in the file the rest begins. */
  readonly patternLength: number;
  readonly bodyOffset: number;
}

export interface TonelProblem {
  readonly message: string;
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface TonelFile {
  /** Undefined if the file has no readable definition. */
  readonly kind: TonelKind | undefined;
  readonly name: string;
  /** Undefined for nil; Object for a class that says nothing. */
  readonly superclass: string | undefined;
  /** How instances look: normal, variable, bytes, words, weak, … */
  readonly type: string;
  readonly instVars: readonly string[];
  readonly classVars: readonly string[];
  readonly classInstVars: readonly string[];
  readonly pools: readonly string[];
  /** Trait compositions, as written. */
  readonly traits: string;
  readonly classTraits: string;
  /** `category`, or package and tag joined by a hyphen. */
  readonly category: string;
  /** Undefined where only a category is named. */
  readonly package: string | undefined;
  readonly tag: string | undefined;
  readonly comment: string;
  /** Everything the definition says, with the keys as written. */
  readonly properties: { readonly [key: string]: TonelValue };
  readonly methods: readonly TonelMethod[];
  readonly problems: readonly TonelProblem[];
}

/** Reads one file. Refuses nothing: see `problems`. */
export function readTonel(text: string): TonelFile {
  return new TonelReader(text).read();
}

/** Where in the file an offset into a method's source is; line and column from 1. */
export function methodPlace(
  text: string,
  method: TonelMethod,
  offset: number,
): { readonly line: number; readonly column: number } {
  return placeOf(
    text,
    offset < method.patternLength
      ? method.patternOffset + offset
      : method.bodyOffset + offset - method.patternLength,
  );
}

/** Answers a function from offsets to lines, from 1; quick as long as offsets grow. */
export function lineCounter(text: string): (offset: number) => number {
  const lineEnd = /\r\n|\r|\n/g;
  let line = 1;
  let at = 0;
  return (offset) => {
    if (offset < at) {
      line = 1;
      at = 0;
    }
    lineEnd.lastIndex = at;
    for (;;) {
      const match = lineEnd.exec(text);
      if (match === null || match.index >= offset) return line;
      line++;
      at = lineEnd.lastIndex;
    }
  };
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: lines[lines.length - 1]!.length + 1 };
}

const kinds: Readonly<Record<string, TonelKind>> = {
  Class: "class",
  Trait: "trait",
  Extension: "extension",
  Package: "package",
};

class Unreadable extends Error {}

class TonelReader {
  private readonly text: string;
  private at = 0;
  private readonly problems: TonelProblem[] = [];

  constructor(text: string) {
    this.text = text;
  }

  read(): TonelFile {
    let kind: TonelKind | undefined;
    let comment = "";
    let properties: { readonly [key: string]: TonelValue } = {};
    const methods: TonelMethod[] = [];
    try {
      comment = this.comment();
      const word = this.match(/[A-Za-z]+/y);
      kind = kinds[word ?? ""];
      if (kind === undefined) throw new Unreadable("Class, Trait, Extension or Package expected");
      this.skipSpace();
      properties = this.map();
    } catch (error) {
      this.note(error);
      kind = undefined;
    }
    if (kind !== undefined) this.methods(methods);
    return {
      ...definition(kind, properties),
      comment,
      properties,
      methods,
      problems: this.problems,
    };
  }

  private note(error: unknown): void {
    if (!(error instanceof Unreadable)) throw error;
    this.problems.push({
      message: error.message,
      offset: this.at,
      ...placeOf(this.text, this.at),
    });
  }

  private skipSpace(): void {
    this.match(/[\s\ufeff]*/y);
  }

  /** Takes what the sticky expression matches here, if it does. */
  private match(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    if (match === null) return undefined;
    this.at += match[0].length;
    return match[0];
  }

  private comment(): string {
    const comments: string[] = [];
    for (;;) {
      this.skipSpace();
      const comment = this.match(/"(?:[^"]|"")*"/y);
      if (comment === undefined) return comments.join("\n");
      comments.push(comment.slice(1, -1).replaceAll('""', '"').trim());
    }
  }

  // Properties

  private map(): { readonly [key: string]: TonelValue } {
    const result: Record<string, TonelValue> = {};
    this.expect("{");
    while (this.peek() !== "}") {
      const key = this.value();
      this.skipSpace();
      this.expect(":");
      this.skipSpace();
      result[String(key)] = this.value();
      this.separator("}");
    }
    this.at++;
    return result;
  }

  private list(): TonelValue[] {
    const result: TonelValue[] = [];
    this.expect("[");
    while (this.peek() !== "]") {
      result.push(this.value());
      this.separator("]");
    }
    this.at++;
    return result;
  }

  private peek(): string | undefined {
    this.skipSpace();
    return this.text[this.at];
  }

  private expect(character: string): void {
    if (this.text[this.at] !== character) throw new Unreadable(`${character} expected`);
    this.at++;
  }

  private separator(closer: string): void {
    const next = this.peek();
    if (next === ",") this.at++;
    else if (next !== closer) throw new Unreadable(`, or ${closer} expected`);
  }

  private value(): TonelValue {
    const quoted = this.match(/#?'(?:[^']|'')*'/y);
    if (quoted !== undefined)
      return quoted.slice(quoted.indexOf("'") + 1, -1).replaceAll("''", "'");
    const symbol = this.match(/#(?:[A-Za-z_][\w.]*(?::[A-Za-z_]\w*)*:?|[-+*/<>=~@%|&?,!\\]+)/y);
    if (symbol !== undefined) return symbol.slice(1);
    const next = this.text[this.at];
    if (next === "[") return this.list();
    if (next === "{") return this.map();
    const number = this.match(/-?\d+(?:\.\d+)?/y);
    if (number !== undefined) return Number(number);
    const word = this.match(/[A-Za-z_]\w*/y);
    if (word === "nil") return null;
    if (word === "true" || word === "false") return word === "true";
    if (word !== undefined) return word;
    throw new Unreadable("value expected");
  }

  // Methods

  private methods(methods: TonelMethod[]): void {
    for (;;) {
      this.comment();
      if (this.at >= this.text.length) return;
      const start = this.at;
      try {
        methods.push(this.method());
      } catch (error) {
        this.note(error);
        this.toNextMethod(start);
      }
    }
  }

  private toNextMethod(start: number): void {
    const border = this.borderFrom(Math.max(this.at, start + 1));
    this.at = border.isClosing ? border.offset + 1 : border.offset;
  }

  /** The next line that is but a `]`, or with which a method begins; or else the end. */
  private borderFrom(start: number): { readonly offset: number; readonly isClosing: boolean } {
    const line = /^(?:\][ \t]*$|\{\s*#category\b|[A-Za-z_][\w.]*(?:[ \t]+\w+)?[ \t]*>>[^\n]*\[)/gm;
    line.lastIndex = start;
    const match = line.exec(this.text);
    if (match === null) return { offset: this.text.length, isClosing: false };
    return { offset: match.index, isClosing: match[0].startsWith("]") };
  }

  private method(): TonelMethod {
    const properties = this.peek() === "{" ? this.map() : {};
    this.skipSpace();
    const className = this.match(/[A-Za-z_][\w.]*/y);
    if (className === undefined) throw new Unreadable("method expected");
    const side = this.match(/\s+(?:class|classSide|classTrait|instanceSide)(?=\s*>>)/y)?.trim();
    if (this.match(/\s*>>\s*/y) === undefined) throw new Unreadable(">> expected");
    const patternOffset = this.at;
    const pattern = this.match(/[^[\]]*/y)!.trimEnd();
    if (this.text[this.at] !== "[") throw new Unreadable("[ expected");
    const bodyOffset = this.at + 1;
    const end = this.bodyEnd(bodyOffset);
    this.at = end + 1;
    const body = this.text.slice(bodyOffset, end).trimEnd();
    const category = properties.category;
    return {
      className,
      isClassSide: side !== undefined && side !== "instanceSide",
      category: typeof category === "string" ? category : "",
      // A space stands for the bracket where no white space follows it.
      source: body === "" || /^\s/.test(body) ? pattern + body : `${pattern} ${body}`,
      patternOffset,
      patternLength: /^\s/.test(body) ? pattern.length : pattern.length + 1,
      bodyOffset,
    };
  }

  private bodyEnd(start: number): number {
    const end = matchingBracket(this.text, start);
    if (end !== undefined && this.isBetweenMethods(end + 1)) return end;
    const border = this.borderFrom(start);
    if (border.isClosing) return border.offset;
    if (end !== undefined && end < border.offset) return end;
    this.at = border.offset;
    throw new Unreadable("] expected at the end of the method");
  }

  /** Whether the file ends here, or another method follows. */
  private isBetweenMethods(offset: number): boolean {
    const following = /(?:\s|"(?:[^"]|"")*")*(?:$|\{|[A-Za-z_][\w.]*(?:[ \t]+\w+)?[ \t]*>>)/y;
    following.lastIndex = offset;
    return following.test(this.text);
  }
}

/** The offset of the bracket that closes the one in front of `start`. */
function matchingBracket(text: string, start: number): number | undefined {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    switch (text[at]) {
      case "[":
        depth++;
        break;
      case "]":
        if (--depth === 0) return at;
        break;
      case "'":
      case '"':
        at = text.indexOf(text[at]!, at + 1);
        if (at < 0) return undefined;
        break;
      case "$":
        at++;
        break;
    }
  }
  return undefined;
}

const names = (value: TonelValue | undefined): string[] =>
  Array.isArray(value)
    ? value.map(String)
    : typeof value === "string"
      ? value.split(/\s+/).filter((name) => name !== "")
      : [];

const text = (value: TonelValue | undefined): string => (typeof value === "string" ? value : "");

function definition(
  kind: TonelKind | undefined,
  properties: { readonly [key: string]: TonelValue },
): Omit<TonelFile, "comment" | "properties" | "methods" | "problems"> {
  const given = "superclass" in properties;
  const superclass = given ? text(properties.superclass) : kind === "class" ? "Object" : "";
  const packageName = text(properties.package);
  const tag = text(properties.tag);
  return {
    kind,
    name: text(properties.name),
    superclass: superclass === "" || superclass === "nil" ? undefined : superclass,
    type: text(properties.type) || "normal",
    instVars: names(properties.instVars),
    classVars: names(properties.classVars),
    classInstVars: names(properties.classInstVars),
    pools: names(properties.pools ?? properties.sharedPools),
    traits: text(properties.traits),
    classTraits: text(properties.classTraits),
    package: packageName || undefined,
    tag: tag || undefined,
    category: text(properties.category) || (tag === "" ? packageName : `${packageName}-${tag}`),
  };
}
