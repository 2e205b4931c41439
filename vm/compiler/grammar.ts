/**
 * The syntax of Smalltalk as Pharo 12 has it: an Ohm grammar without actions.
 *
 * `Smalltalk` is normative. `Condensed`, which it extends, is what the parser
 * runs: the same syntax over text whose comments and runs of white space the
 * scanner has replaced by single spaces, and numerals by 0. Every rule takes
 * the white space behind it (`ws`) and none in front: Ohm then looks for white
 * space once a token.
 *
 * `npm run generate` writes the recipe from which Ohm builds both without
 * reading this text.
 *
 * A. Warth, P. Dubroy, "Ohm"; syntax of A. Goldberg, D. Robson, "Smalltalk-80".
 */

const radices = Array.from({ length: 35 }, (_, i) => i + 2);

/** Digits of a radix, as an expression: letters count from ten on. */
function digitsBelow(radix: number): string {
  if (radix <= 10) return `"0".."${radix - 1}"`;
  const last = String.fromCharCode(54 + radix);
  return `"0".."9" | "A".."${last}" | "a".."${last.toLowerCase()}"`;
}

export const grammarSource = String.raw`
Condensed {
  method = ws pattern pragma* temporaries? pragma* statements
  doIt = ws temporaries? statements

  pattern
    = (keyword identifier)+  -- keyword
    | operator identifier    -- binary
    | identifier             -- unary

  pragma = "<" ~operatorChar ws pragmaMessage ">" ws
  pragmaMessage
    = (keyword pragmaArgument)+  -- keyword
    | operator literal           -- binary
    | identifier                 -- unary
  pragmaArgument = literal | identifier

  temporaries = "|" ws identifier* "|" ws

  statements = period* (statement period+)* statement?
  statement
    = "^" ws expression  -- return
    | expression

  expression = assignment | cascade
  assignment = identifier assign expression
  cascade = keywordExpression (semicolon message)*
  keywordExpression = binaryExpression (keyword binaryExpression)*
  binaryExpression = unaryExpression (operator unaryExpression)*
  unaryExpression = primary identifier*

  message
    = (keyword binaryExpression)+  -- keyword
    | operator unaryExpression     -- binary
    | identifier                   -- unary

  primary = identifier | block | parenthesized | literal | brace
  parenthesized = "(" ws expression ")" ws
  block = "[" ws (blockParameter+ blockBar)? temporaries? statements "]" ws
  blockParameter = ":" ws identifier
  blockBar = "|" ws | &"]" ""
  brace = "{" ws period* (expression period+)* expression? "}" ws

  literal = string | number | symbol | literalArray | character | byteArray
  literalArray = "#(" ws arrayElement* ")" ws
  arrayElement = literal | bareSymbol | nestedArray | nestedBytes
  nestedArray = "(" ws arrayElement* ")" ws
  nestedBytes = "[" ws number* "]" ws
  byteArray = "#[" ws number* "]" ws

  period = "." ws
  semicolon = ";" ws
  assign = (":=" | "←" | "_" ~wordPart) ws
  keyword = word ":" ~"=" ws
  identifier = word ~(":" ~"=") ws
  word = wordStart wordPart*
  wordStart = "a".."z" | "A".."Z" | "_" | ~"\u0000".."\u007f" letter
  wordPart = "a".."z" | "A".."Z" | "0".."9" | "_" | ~"\u0000".."\u007f" letter

  operator = binarySelector ws
  binarySelector = operatorChar (~("-" "0".."9") operatorChar)*
  operatorChar
    = "-" | "+" | "=" | "<" | ">" | "," | "*" | "/" | "~" | "@" | "&" | "|"
    | "%" | "\\" | "?" | "!" | "·" | "×" | "÷" | "±" | "¬"

  number = signed ws
  signed = "-"? numeral
  numeral = "0"

  string = quoted ws
  quoted = "'" ("''" | "\u0000".."&" | "(".."\u{10ffff}")* "'"
  character = "$" any ws
  symbol = "#"+ (quoted | keywords | binarySelector) ws
  bareSymbol = (keywords | binarySelector) ws
  keywords = word (":" word)* (":" ~"=")?

  ws = " "?
}

Smalltalk <: Condensed {
  numeral := radixNumeral | decimalNumeral
  decimalNumeral = digits ~"r" fraction<digit> suffix
  radixNumeral = ${radices.map((radix) => `\n    | inRadix<"${radix}", digit${radix}>`).join("")}
    | inRadix<greaterRadix, digit36>
  inRadix<radix, digitOfRadix>
    = "0"* radix "r" "-"? digitOfRadix (digitOfRadix | "_")* fraction<digitOfRadix> suffix
  greaterRadix = ~(${radices.map((radix) => `"${radix}r"`).join(" | ")}) "1".."9" digit+
  fraction<digitOfRadix> = ("." digitOfRadix (digitOfRadix | "_")*)?
  suffix = (exponent | scale)?
  digits = "0".."9" ("0".."9" | "_")*
  exponent = ("e" | "d" | "q") "-"? digits
  scale = "s" (digits | ~wordPart "")
  ${radices.map((radix) => `digit${radix} = ${digitsBelow(radix)}`).join("\n  ")}

  ws := (" " | "\t" | "\n" | "\r" | "\u000c" | comment)*
  comment = "\"" ("\u0000".."!" | "#".."\u{10ffff}")* "\""
}
`;
