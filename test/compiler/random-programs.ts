/** Random valid programs, the same ones for the same seed. */

/** A small generator of numbers: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const literals = [
  "3",
  "-5",
  "16r1F",
  "2r101",
  "36rZZ",
  "-16rFF",
  "1e10",
  "100e-2",
  "1e-2",
  "1.5",
  "1.5e-3",
  "-0.0",
  "2.0e300",
  "16rA.8",
  "3.14s2",
  "3s",
  "1s4",
  "123456789012345678901234567890",
  "$a",
  "$ ",
  "$'",
  '$"',
  "$]",
  "$é",
  "$😀",
  "'it''s'",
  "''",
  "'a \" b'",
  "'😀 ]'",
  "#foo",
  "#foo:bar:",
  "#+",
  "#'hello world'",
  "#->",
  "##a",
  "#(1 $a foo bar: #baz 'x' + -1 (1 2) #(nil true) [1 2] #[255] false nil)",
  "#()",
  "#[]",
  "#[0 16rFF 7]",
  "#(foo:bar: #foo:bar: - | #- #'x y')",
  "true",
  "false",
  "nil",
  "thisContext",
  "self",
];
const unarySelectors = ["foo", "size", "class", "isNil", "x1_y", "größe", "e5", "r2"];
const binarySelectors = [
  "+",
  "-",
  "*",
  "/",
  "//",
  "\\\\",
  "<",
  ">",
  "<=",
  ">=",
  "=",
  "~=",
  "==",
  "~~",
  ",",
  "->",
  "@",
  "|",
  "&",
  ">>",
  "%",
  "**",
];
const keywordSelectors = [
  ["at:"],
  ["at:", "put:"],
  ["ifTrue:"],
  ["ifTrue:", "ifFalse:"],
  ["and:"],
  ["or:"],
  ["whileTrue:"],
  ["ifNil:"],
  ["ifNotNil:"],
  ["to:", "do:"],
  ["to:", "by:", "do:"],
  ["timesRepeat:"],
  ["value:"],
  ["a:", "b:", "c:", "d:"],
];
const spaces = [" ", " ", "\n\t", ' "a comment" ', '\n"it\'s $ ""a [ ( "\n', "\r\n"];

/** Writes one method. */
export class ProgramWriter {
  private readonly random: () => number;
  private names: string[] = [];
  private counter = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  method(): string {
    this.names = ["slot", "other"];
    this.counter = 0;
    const pattern = this.pick([
      () => "foo",
      () => `+ ${this.fresh()}`,
      () => `at: ${this.fresh()} put: ${this.fresh()}`,
    ])();
    const pragma = this.chance(0.2) ? this.space() + "<foo: #bar baz: 3>" : "";
    const space = this.space();
    return pattern + pragma + space + this.body(3);
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)]!;
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private space(): string {
    return this.pick(spaces);
  }

  private maybeSpace(): string {
    return this.chance(0.3) ? this.space() : "";
  }

  private fresh(): string {
    const name = `v${this.counter++}`;
    this.names.push(name);
    return name;
  }

  private body(depth: number): string {
    const temporaries = Array.from({ length: Math.floor(this.random() * 3) }, () => this.fresh());
    const head =
      temporaries.length > 0 ? `| ${temporaries.join(this.space())} |${this.space()}` : "";
    const count = Math.floor(this.random() * 4);
    const statements = Array.from({ length: count }, () => this.expression(depth));
    if (this.chance(0.3)) statements.push(`^${this.maybeSpace()}${this.expression(depth)}`);
    const tail = this.chance(0.3) && statements.length > 0 ? "." : "";
    return head + statements.join(`${this.maybeSpace()}. ${this.maybeSpace()}`) + tail;
  }

  private expression(depth: number): string {
    if (depth > 0 && this.chance(0.2)) {
      const assignable = this.names.filter((name) => /^(slot|other|t)/.test(name));
      return `${this.pick(assignable)}${this.maybeSpace()}:=${this.maybeSpace()}${this.expression(depth - 1)}`;
    }
    if (depth > 0 && this.chance(0.1))
      return `${this.unary(depth - 1)} foo;${this.maybeSpace()}bar: ${this.unary(depth - 1)};${this.space()}+ 3; yourself`;
    return this.keyword(depth);
  }

  private keyword(depth: number): string {
    if (depth === 0 || this.chance(0.5)) return this.binary(depth);
    const keywords = this.pick(keywordSelectors);
    const parts = keywords.map((keyword) => {
      const isBlock = this.chance(0.6);
      return `${keyword}${this.maybeSpace()}${isBlock ? this.block(depth - 1, keyword === "do:" ? 1 : 0) : this.binary(depth - 1)}`;
    });
    return `${this.binary(depth - 1)} ${parts.join(this.space())}`;
  }

  private binary(depth: number): string {
    if (depth === 0 || this.chance(0.5)) return this.unary(depth);
    const left = this.unary(depth - 1);
    // A symbol like #+ would take the selector in, #a: in front of = is none.
    const gap = /[-:+=<>,*/~@&|%\\?!]$/.test(left) ? " " : this.maybeSpace();
    return `${left}${gap}${this.pick(binarySelectors)} ${this.unary(depth - 1)}`;
  }

  private unary(depth: number): string {
    let result = this.primary(depth);
    while (this.chance(0.3)) result += this.space() + this.pick(unarySelectors);
    return result;
  }

  private primary(depth: number): string {
    if (depth === 0) return this.chance(0.5) ? this.pick(literals) : this.pick(this.names);
    return this.pick([
      () => this.pick(literals),
      () => this.pick(this.names),
      () => `(${this.maybeSpace()}${this.expression(depth - 1)}${this.maybeSpace()})`,
      () => this.block(depth - 1, Math.floor(this.random() * 3)),
      () =>
        `{${this.maybeSpace()}${this.expression(depth - 1)}. ${this.expression(depth - 1)}${this.chance(0.5) ? "." : ""}}`,
    ])();
  }

  private block(depth: number, parameterCount: number): string {
    const outer = this.names;
    this.names = [...outer];
    const parameters = Array.from({ length: parameterCount }, () => `:${this.fresh()}`);
    const head = parameters.length > 0 ? `${parameters.join(" ")}${this.maybeSpace()}|` : "";
    const text = `[${this.maybeSpace()}${head}${this.maybeSpace()}${this.body(depth)}${this.maybeSpace()}]`;
    this.names = outer;
    return text;
  }
}
