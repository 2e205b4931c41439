/**
 * The syntax of Smalltalk as Pharo 12 has it: an Ohm grammar without actions.
 *
 * `Smalltalk` is normative. `Condensed` is what the parser runs: the same
 * syntax over text whose comments and runs of white space the scanner has
 * replaced by single spaces. Every rule takes the white space behind it (`ws`)
 * and none in front: Ohm then looks for white space once a token.
 *
 * `npm run generate` writes the recipe from which Ohm builds both without
 * reading this text.
 *
 * A. Warth, P. Dubroy, "Ohm"; syntax of A. Goldberg, D. Robson, "Smalltalk-80".
 */

export const grammarSource = String.raw`
Smalltalk {
  method = ws pattern pragma* temporaries? pragma* statements
  doIt = ws temporaries? statements

  pattern
    = (keyword identifier)+  -- keyword
    | operator identifier    -- binary
    | identifier             -- unary

  pragma = "<" ws pragmaMessage ">" ws
  pragmaMessage
    = (keyword pragmaArgument)+  -- keyword
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
  unaryExpression = primary unarySelector*

  message
    = (keyword binaryExpression)+  -- keyword
    | operator unaryExpression     -- binary
    | unarySelector                -- unary

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
  unarySelector = word ~(":" ~"=") ws
  identifier = word ws
  word = wordStart wordPart*
  wordStart = "a".."z" | "A".."Z" | "_" | ~"\u0000".."\u007f" letter
  wordPart = "a".."z" | "A".."Z" | "0".."9" | "_" | ~"\u0000".."\u007f" letter

  operator = binarySelector ws
  binarySelector = operatorChar (~("-" "0".."9") operatorChar)*
  operatorChar
    = "-" | "+" | "=" | "<" | ">" | "," | "*" | "/" | "~" | "@" | "&" | "|"
    | "%" | "\\" | "?" | "!" | "·" | "×" | "÷" | "±" | "¬"

  number = (radixNumber | decimalNumber) ws
  radixNumber
    = "-"? highRadix "r" "-"? anyDigit (anyDigit | radixGap)* ("." radixDigit+)? -- high
    | "-"? "0".."9"+ "r" "-"? radixDigit (radixDigit | radixGap)* ("." radixDigit+)? exponent? scale? -- low
  highRadix = "1" "4".."9" ~"0".."9" | "2" "0".."9" ~"0".."9" | "3" "0".."6" ~"0".."9"
  decimalNumber = "-"? digits ("." digits)? exponent? scale?
  digits = "0".."9" ("0".."9" | gap)*
  gap = "_"+ &"0".."9"
  radixGap = "_"+ &radixDigit
  exponent = ("e" | "d" | "q") "-"? "0".."9"+
  scale = "s" "0".."9"* ~wordPart
  radixDigit = "0".."9" | "A".."Z"
  anyDigit = radixDigit | "a".."z"

  string = quoted ws
  quoted = "'" ("''" | "\u0000".."&" | "(".."\u{10ffff}")* "'"
  character = "$" any ws
  symbol = "#"+ (quoted | keywords | binarySelector) ws
  bareSymbol = (keywords | binarySelector) ws
  keywords = word (":" word)* (":" ~"=")?

  ws = (" " | "\t" | "\n" | "\r" | "\u000b" | "\u000c" | "\u00a0" | "\ufeff" | comment)*
  comment = "\"" ("\u0000".."!" | "#".."\u{10ffff}")* "\""
}

Condensed <: Smalltalk {
  ws := " "?
}
`;
