/**
 * The scanner prepares source for the grammar, in one pass: it matches
 * brackets, measures their depth, and condenses the text. White space and
 * comments become one space, a word becomes `w`, a numeral `0`, a string `''`, a
 * character `$c`; all else stays. The grammar says the same about condensed text as
 * about the source (a test compares them), and Ohm, which works character by
 * character, has a third of the work.
 *
 * Always: the source of the condensed range a … b is origins[a] … origins[b].
 */

import { scanNumeral } from "./number-literals.ts";
import { SyntaxProblem } from "./syntax-problem.ts";

export interface Condensed {
  readonly source: string;
  readonly text: string;
  /** Offset in the source of each condensed character, and of the end. */
  readonly origins: readonly number[];
  /** Where statements outside all brackets end: behind the period and its white space. */
  readonly statementEnds: readonly number[];
}

/** Deepest nesting of brackets that compiles. */
export const maxNesting = 100;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isAsciiLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
const letter = /^\p{L}$|^\p{Nl}$/u;

/** Length of the letter at an offset: 0 if it is none. */
function letterLength(source: string, at: number): number {
  const code = source.charCodeAt(at);
  if (isAsciiLetter(code)) return 1;
  if (!(code >= 128)) return 0;
  const character = String.fromCodePoint(source.codePointAt(at)!);
  return letter.test(character) ? character.length : 0;
}

function wordEnd(source: string, start: number): number {
  let at = start;
  for (;;) {
    if (isDigit(source.charCodeAt(at))) {
      at++;
      continue;
    }
    const length = letterLength(source, at);
    if (length === 0) return at;
    at += length;
  }
}

/** What Character>>isSeparator says; other white space of Unicode is no character of a program. */
const isSpace = (code: number): boolean =>
  code === 32 || code === 9 || code === 10 || code === 12 || code === 13;

const closers: Record<string, string> = { "(": ")", "[": "]", "{": "}" };
const closerNames: Record<string, string> = {
  ")": "closing parenthesis ) expected",
  "]": "closing bracket ] expected",
  "}": "closing brace } expected",
};

/** Condenses a source; refuses unterminated strings and comments, unbalanced brackets, and nesting too deep. */
export function condense(source: string): Condensed {
  const origins: number[] = [];
  const open: number[] = [];
  const statementEnds: number[] = [];
  let text = "";
  let at = 0;
  const put = (condensed: string, origin: number): void => {
    text += condensed;
    origins.push(origin);
  };
  const quotedEnd = (quote: string, what: string): number => {
    const end = source.indexOf(quote, at + 1);
    if (end < 0)
      throw new SyntaxProblem(`unterminated ${what}`, source, at, source.length - at, quote);
    return end;
  };
  const close = (closer: string): void => {
    const opener = open.pop();
    const wanted = opener === undefined ? undefined : closers[source[opener]!];
    if (wanted === closer) return;
    const message = wanted === undefined ? `unexpected ${closer}` : closerNames[wanted]!;
    throw new SyntaxProblem(message, source, at, 1, wanted);
  };
  while (at < source.length) {
    const character = source[at]!;
    const code = source.charCodeAt(at);
    if (isSpace(code) || character === '"') {
      const origin = at;
      for (;;) {
        if (source[at] === '"') at = quotedEnd('"', "comment") + 1;
        else if (isSpace(source.charCodeAt(at))) at++;
        else break;
      }
      put(" ", origin);
      continue;
    }
    if (isDigit(code)) {
      const numeral = scanNumeral(source, at);
      if ("expected" in numeral) {
        const { expected, position } = numeral;
        throw new SyntaxProblem(expected, source, position, 1, expected);
      }
      put("0", at);
      at = numeral.end;
      continue;
    }
    const length = letterLength(source, at);
    if (length > 0) {
      const end = wordEnd(source, at + length);
      put(end === at + 1 && character === "_" ? "_" : "w", at);
      at = end;
      continue;
    }
    switch (character) {
      case "'": {
        let end = quotedEnd("'", "string");
        while (source[end + 1] === "'") {
          end = source.indexOf("'", end + 2);
          if (end < 0)
            throw new SyntaxProblem("unterminated string", source, at, source.length - at, "'");
        }
        put("'", at);
        put("'", end);
        at = end + 1;
        continue;
      }
      case "$": {
        if (at + 1 >= source.length)
          throw new SyntaxProblem("character expected after $", source, at);
        put("$", at);
        put("c", at + 1);
        at += source.codePointAt(at + 1)! > 0xffff ? 3 : 2;
        continue;
      }
      case "(":
      case "[":
      case "{":
        open.push(at);
        if (open.length > maxNesting)
          throw new SyntaxProblem(
            `nested too deeply: more than ${maxNesting} open brackets`,
            source,
            at,
          );
        break;
      case ")":
      case "]":
      case "}":
        close(character);
        break;
    }
    put(character, at);
    at++;
    if (character === "." && open.length === 0) {
      const next = source.charCodeAt(at);
      statementEnds.push(text.length + (isSpace(next) || next === 34 ? 1 : 0));
    }
  }
  const unclosed = open.pop();
  if (unclosed !== undefined) {
    const closer = closers[source[unclosed]!]!;
    throw new SyntaxProblem(closerNames[closer]!, source, source.length, 1, closer);
  }
  origins.push(source.length);
  return { source, text, origins, statementEnds };
}
