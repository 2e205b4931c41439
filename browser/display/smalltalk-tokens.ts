/** The token that a Lezer grammar cannot say: a keyword is a name and a colon that does not begin an assignment. */
import { ExternalTokenizer } from "@lezer/lr";
import { Keyword } from "./smalltalk-terms.ts";

const colon = 58;
const equals = 61;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

const isLetter = (code: number): boolean =>
  (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code >= 0xc0;

export const keyword = new ExternalTokenizer((input) => {
  if (!isLetter(input.next)) return;
  while (isLetter(input.next) || isDigit(input.next)) input.advance();
  if (input.next !== colon || input.peek(1) === equals) return;
  input.advance();
  input.acceptToken(Keyword);
});
