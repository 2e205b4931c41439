/**
 * A parser of JSON, after minimal-json of EclipseSource: characters, strings and
 * many small objects.
 */
import { Benchmark } from "./benchmark.mjs";
import { jsonDocument } from "./json-document.mjs";
import { Vector } from "./som.mjs";

class HashIndexTable {
  constructor() {
    this.hashTable = new Array(32).fill(0);
  }

  /** One more than the index is stored, for 0 stands for empty. */
  add(name, index) {
    const slot = this.slotFor(name);
    this.hashTable[slot] = index < 0xff ? (index + 1) & 0xff : 0;
  }

  get(name) {
    return (this.hashTable[this.slotFor(name)] & 0xff) - 1;
  }

  /** Not a good hash, but the same in every language. */
  stringHash(string) {
    return string.length * 1402589;
  }

  slotFor(name) {
    return this.stringHash(name) & (this.hashTable.length - 1);
  }
}

class JsonValue {
  isObject() {
    return false;
  }

  isArray() {
    return false;
  }

  isNumber() {
    return false;
  }

  isString() {
    return false;
  }

  asObject() {
    throw new Error("Not an object");
  }

  asArray() {
    throw new Error("Not an array");
  }
}

class JsonArray extends JsonValue {
  constructor() {
    super();
    this.values = new Vector();
  }

  add(value) {
    this.values.append(value);
  }

  size() {
    return this.values.size();
  }

  isArray() {
    return true;
  }

  asArray() {
    return this;
  }
}

class JsonLiteral extends JsonValue {
  constructor(value) {
    super();
    this.value = value;
  }
}

const nullLiteral = new JsonLiteral("null");
const trueLiteral = new JsonLiteral("true");
const falseLiteral = new JsonLiteral("false");

class JsonNumber extends JsonValue {
  constructor(string) {
    super();
    this.string = string;
  }

  isNumber() {
    return true;
  }
}

class JsonString extends JsonValue {
  constructor(string) {
    super();
    this.string = string;
  }

  isString() {
    return true;
  }
}

class JsonObject extends JsonValue {
  constructor() {
    super();
    this.names = new Vector();
    this.values = new Vector();
    this.table = new HashIndexTable();
  }

  add(name, value) {
    this.table.add(name, this.names.size());
    this.names.append(name);
    this.values.append(value);
  }

  get(name) {
    return this.values.at(this.indexOf(name));
  }

  /** A name whose place in the table was taken by another is not looked for further. */
  indexOf(name) {
    const index = this.table.get(name);
    if (index !== -1 && name === this.names.at(index)) return index;
    throw new Error("not implemented");
  }

  isObject() {
    return true;
  }

  asObject() {
    return this;
  }
}

class ParseException extends Error {
  constructor(message, offset, line, column) {
    super(`${message} at ${line}:${column}`);
    this.offset = offset;
    this.line = line;
    this.column = column;
  }
}

class JsonParser {
  constructor(input) {
    this.input = input;
    this.index = -1;
    this.line = 1;
    this.column = 0;
    this.current = null;
    this.captureBuffer = "";
    this.captureStart = -1;
  }

  parse() {
    this.read();
    this.skipWhiteSpace();
    const result = this.readValue();
    this.skipWhiteSpace();
    if (!this.isEndOfText()) throw this.error("Unexpected character");
    return result;
  }

  readValue() {
    switch (this.current) {
      case "n":
        return this.readNull();
      case "t":
        return this.readTrue();
      case "f":
        return this.readFalse();
      case '"':
        return this.readString();
      case "[":
        return this.readArray();
      case "{":
        return this.readObject();
      case "-":
      case "0":
      case "1":
      case "2":
      case "3":
      case "4":
      case "5":
      case "6":
      case "7":
      case "8":
      case "9":
        return this.readNumber();
      default:
        throw this.expected("value");
    }
  }

  readArrayElement(array) {
    this.skipWhiteSpace();
    array.add(this.readValue());
    this.skipWhiteSpace();
  }

  readArray() {
    this.read();
    const array = new JsonArray();
    this.skipWhiteSpace();
    if (this.readChar("]")) return array;
    this.readArrayElement(array);
    while (this.readChar(",")) this.readArrayElement(array);
    if (!this.readChar("]")) throw this.expected("',' or ']'");
    return array;
  }

  readObjectKeyValuePair(object) {
    this.skipWhiteSpace();
    const name = this.readName();
    this.skipWhiteSpace();
    if (!this.readChar(":")) throw this.expected("':'");
    this.skipWhiteSpace();
    object.add(name, this.readValue());
    this.skipWhiteSpace();
  }

  readObject() {
    this.read();
    const object = new JsonObject();
    this.skipWhiteSpace();
    if (this.readChar("}")) return object;
    this.readObjectKeyValuePair(object);
    while (this.readChar(",")) this.readObjectKeyValuePair(object);
    if (!this.readChar("}")) throw this.expected("',' or '}'");
    return object;
  }

  readName() {
    if (this.current !== '"') throw this.expected("name");
    return this.readStringInternal();
  }

  readNull() {
    this.read();
    this.readRequiredChar("u");
    this.readRequiredChar("l");
    this.readRequiredChar("l");
    return nullLiteral;
  }

  readTrue() {
    this.read();
    this.readRequiredChar("r");
    this.readRequiredChar("u");
    this.readRequiredChar("e");
    return trueLiteral;
  }

  readFalse() {
    this.read();
    this.readRequiredChar("a");
    this.readRequiredChar("l");
    this.readRequiredChar("s");
    this.readRequiredChar("e");
    return falseLiteral;
  }

  readRequiredChar(character) {
    if (!this.readChar(character)) throw this.expected(`'${character}'`);
  }

  readString() {
    return new JsonString(this.readStringInternal());
  }

  readStringInternal() {
    this.read();
    this.startCapture();
    while (this.current !== '"') {
      if (this.current === null) throw this.expected("'\"'");
      if (this.current === "\\") {
        this.pauseCapture();
        this.readEscape();
        this.startCapture();
      } else {
        this.read();
      }
    }
    const string = this.endCapture();
    this.read();
    return string;
  }

  readEscapeChar() {
    switch (this.current) {
      case '"':
        return '"';
      case "/":
        return "/";
      case "\\":
        return "\\";
      case "b":
        return "\b";
      case "f":
        return "\f";
      case "n":
        return "\n";
      case "r":
        return "\r";
      case "t":
        return "\t";
      default:
        throw this.expected("valid escape sequence");
    }
  }

  readEscape() {
    this.read();
    this.captureBuffer += this.readEscapeChar();
    this.read();
  }

  readNumber() {
    this.startCapture();
    this.readChar("-");
    const firstDigit = this.current;
    if (!this.readDigit()) throw this.expected("digit");
    if (firstDigit !== "0") this.readDigits();
    this.readFraction();
    this.readExponent();
    return new JsonNumber(this.endCapture());
  }

  readDigits() {
    while (this.readDigit());
  }

  readFraction() {
    if (!this.readChar(".")) return;
    if (!this.readDigit()) throw this.expected("digit");
    this.readDigits();
  }

  readExponent() {
    if (!this.readChar("e") && !this.readChar("E")) return;
    if (!this.readChar("+")) this.readChar("-");
    if (!this.readDigit()) throw this.expected("digit");
    this.readDigits();
  }

  readChar(character) {
    if (this.current !== character) return false;
    this.read();
    return true;
  }

  readDigit() {
    if (!this.isDigit()) return false;
    this.read();
    return true;
  }

  skipWhiteSpace() {
    while (this.isWhiteSpace()) this.read();
  }

  read() {
    if (this.current === "\n") {
      this.line += 1;
      this.column = 0;
    }
    this.index += 1;
    this.column += 1;
    this.current = this.index < this.input.length ? this.input.charAt(this.index) : null;
  }

  startCapture() {
    this.captureStart = this.index;
  }

  pauseCapture() {
    this.captureBuffer += this.input.substring(this.captureStart, this.index);
    this.captureStart = -1;
  }

  endCapture() {
    let captured = this.input.substring(this.captureStart, this.index);
    if (this.captureBuffer !== "") {
      captured = this.captureBuffer + captured;
      this.captureBuffer = "";
    }
    this.captureStart = -1;
    return captured;
  }

  expected(what) {
    return this.error(this.isEndOfText() ? "Unexpected end of input" : `Expected ${what}`);
  }

  error(message) {
    return new ParseException(message, this.index, this.line, this.column - 1);
  }

  isWhiteSpace() {
    const current = this.current;
    return current === " " || current === "\t" || current === "\n" || current === "\r";
  }

  isDigit() {
    const current = this.current;
    return (
      current === "0" ||
      current === "1" ||
      current === "2" ||
      current === "3" ||
      current === "4" ||
      current === "5" ||
      current === "6" ||
      current === "7" ||
      current === "8" ||
      current === "9"
    );
  }

  isEndOfText() {
    return this.current === null;
  }
}

export class Json extends Benchmark {
  benchmark() {
    return new JsonParser(jsonDocument).parse();
  }

  verifyResult(result) {
    if (!result.isObject()) return false;
    if (!result.asObject().get("head").isObject()) return false;
    if (!result.asObject().get("operations").isArray()) return false;
    return result.asObject().get("operations").asArray().size() === 156;
  }
}
