/**
 * A host without surroundings: time moves only when asked, randomness is a
 * fixed sequence, and what is printed is kept. The same image on it always
 * does the same; images are built on it.
 */

import type { Host, HostClock, HostConsole } from "./host.ts";

export class SimulatedHost implements Host {
  readonly kind = "simulated";
  readonly arguments: readonly string[];
  readonly clock: HostClock;
  readonly console: HostConsole;
  private readonly written: { stream: 1 | 2; bytes: Uint8Array }[] = [];
  private readonly variables: Readonly<Record<string, string>>;
  private milliseconds = 0;
  private seed = 0x9e3779b9;

  constructor(words: readonly string[] = [], variables: Readonly<Record<string, string>> = {}) {
    this.arguments = words;
    this.variables = variables;
    this.clock = {
      monotonicMilliseconds: () => this.milliseconds,
      utcMicroseconds: () => this.milliseconds * 1000,
      timeZoneOffsetMinutes: () => 0,
    };
    this.console = {
      write: (stream, bytes) => {
        this.written.push({ stream, bytes: bytes.slice() });
      },
      isTerminal: () => false,
      size: () => ({ columns: 80, rows: 24 }),
    };
  }

  /** Lets time pass. */
  idle(milliseconds: number): void {
    this.milliseconds += milliseconds;
  }

  /** What was printed on a stream so far. */
  output(stream: 1 | 2): string {
    const decoder = new TextDecoder();
    let text = "";
    for (const each of this.written) {
      if (each.stream === stream) text += decoder.decode(each.bytes, { stream: true });
    }
    return text + decoder.decode();
  }

  random(into: Uint8Array): void {
    for (let index = 0; index < into.length; index++) {
      this.seed = (Math.imul(this.seed, 0x0019660d) + 0x3c6ef35f) | 0;
      into[index] = this.seed >>> 24;
    }
  }

  environment(name: string): string | undefined {
    return Object.hasOwn(this.variables, name) ? this.variables[name] : undefined;
  }

  environmentNames(): readonly string[] {
    return Object.keys(this.variables);
  }
}
