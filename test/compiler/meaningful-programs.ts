/**
 * Random programs that compute something: they assign, loop, branch, and make
 * blocks that outlive a turn of a loop and are evaluated later. They end, and
 * their numbers stay small.
 */

import { seeded } from "./random-programs.ts";

export class MeaningfulWriter {
  private readonly random: () => number;
  private variables: string[] = [];
  private readable: string[] = [];
  private counter = 0;
  private depth = 0;
  private inBlock = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  /** The body of a method that answers an Array. */
  body(): string {
    this.variables = ["a", "b", "c"];
    this.readable = [...this.variables];
    const statements = this.statements(6);
    return `| a b c f g h | a := 1. b := 2. c := 3. f := [:x | x]. g := [:x | x]. h := [:x | x].
${statements}.
^ {a. b. c. f value: 1. g value: 2. h value: 3. a. b. c}`;
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)]!;
  }

  private fresh(): string {
    return `v${this.counter++}`;
  }

  /** Runs with more names known, and one level deeper. */
  private within<T>(
    assignable: readonly string[],
    readable: readonly string[],
    action: () => T,
  ): T {
    const { variables, readable: outer } = this;
    this.variables = [...variables, ...assignable];
    this.readable = [...outer, ...assignable, ...readable];
    this.depth++;
    const result = action();
    this.depth--;
    this.variables = variables;
    this.readable = outer;
    return result;
  }

  private statements(most: number): string {
    const count = 1 + Math.floor(this.random() * most);
    return Array.from({ length: count }, () => this.statement()).join(". ");
  }

  /** Temporaries, statements, and what is given last. */
  private blockBody(readable: readonly string[], last?: () => string): string {
    const temporaries = this.chance(0.5) ? [this.fresh()] : [];
    return this.within(temporaries, readable, () => {
      const head = temporaries.length > 0 ? `| ${temporaries.join(" ")} | ` : "";
      const statements = this.depth > 3 ? this.assignment() : this.statements(3);
      return `${head}${statements}${last === undefined ? "" : `. ${last()}`}`;
    });
  }

  private statement(): string {
    if (this.depth > 3) return this.assignment();
    return this.pick([
      () => this.assignment(),
      () => this.assignment(),
      () => `${this.condition()} ifTrue: [${this.blockBody([])}]`,
      () => `${this.condition()} ifTrue: [${this.blockBody([])}] ifFalse: [${this.blockBody([])}]`,
      () => {
        const index = this.fresh();
        return `1 to: ${this.pick(["3", "2", "(a ifNil: [2] ifNotNil: [:n | n bitAnd: 3])"])} do: [:${index} | ${this.blockBody([index])}]`;
      },
      () =>
        `${this.pick(["2", "3", "((b ifNil: [1]) bitAnd: 3)"])} timesRepeat: [${this.blockBody([])}]`,
      () => {
        const count = this.fresh();
        return `[:${count}x | | ${count} | ${count} := ${count}x. [${count} < 3] whileTrue: [${count} := ${count} + 1. true ifTrue: [${this.blockBody([count])}]]] value: 0`;
      },
      () => this.blockAssignment(),
      () => this.blockAssignment(),
      () =>
        `${this.pick(this.variables)} := ${this.inBlock > 0 ? "3" : `${this.pick(["f", "g", "h"])} value: ${this.expression()}`}`,
    ])();
  }

  private assignment(): string {
    return `${this.pick(this.variables)} := ${this.expression()}`;
  }

  private blockAssignment(): string {
    return `${this.pick(["f", "g", "h"])} := ${this.oneArgumentBlock()}`;
  }

  /** Its body evaluates none of the blocks in variables, so no recursion goes on for ever. */
  private oneArgumentBlock(): string {
    const parameter = this.fresh();
    this.inBlock++;
    const text = `[:${parameter} | ${this.blockBody([parameter], () => this.expression())}]`;
    this.inBlock--;
    return text;
  }

  private read(): string {
    const name = this.pick(this.readable);
    return "abc".includes(name) && this.chance(0.7) ? name : `(${name} ifNil: [7])`;
  }

  private expression(): string {
    this.depth++;
    const text = this.depth > 4 ? this.simple() : this.compound();
    this.depth--;
    return text;
  }

  private simple(): string {
    return this.chance(0.6) ? this.read() : String(Math.floor(this.random() * 300));
  }

  private compound(): string {
    return this.pick([
      () => this.simple(),
      () =>
        `((${this.expression()} ${this.pick(["+", "-", "*", "bitXor:"])} ${this.expression()}) bitAnd: 1023)`,
      () => `((${this.expression()} ${this.pick(["+ 3", "- 5", "* 2"])}) bitAnd: 1023)`,
      () => `(${this.condition()} ifTrue: [${this.expression()}] ifFalse: [${this.expression()}])`,
      () => `((${this.condition()} ifTrue: [${this.expression()}]) ifNil: [${this.expression()}])`,
      () => {
        const name = this.fresh();
        return `((${this.condition()} ifFalse: [${this.expression()}]) ifNil: [${this.expression()}] ifNotNil: [:${name} | ${this.within([], [name], () => this.expression())}])`;
      },
      () => `(${this.pick(this.variables)} := ${this.expression()})`,
      () => `(${this.oneArgumentBlock()} value: ${this.expression()})`,
      () => `(${this.expression()} yourself; + 3; yourself)`,
      () => {
        const [first, second] = [this.fresh(), this.fresh()];
        return `([:${first} :${second} | ${this.within([], [first, second], () => this.expression())}] value: ${this.expression()} value: ${this.expression()})`;
      },
      () =>
        this.chance(0.2)
          ? `(${this.condition()} ifTrue: [^ {${this.expression()}}] ifFalse: [${this.expression()}])`
          : this.simple(),
    ])();
  }

  private condition(): string {
    this.depth++;
    const simple = () =>
      `${this.simple()} ${this.pick(["<", ">=", "=", "~=", "=="])} ${this.pick([() => this.simple(), () => "5"])()}`;
    const text =
      this.depth > 4
        ? `(${simple()})`
        : this.pick([
            () => `(${simple()})`,
            () => `(${this.expression()} < ${this.expression()})`,
            () => `(${this.condition()} and: [${this.condition()}])`,
            () => `(${this.condition()} or: [${this.condition()}])`,
            () => `(${this.pick(this.readable)} == nil)`,
          ])();
    this.depth--;
    return text;
  }
}
