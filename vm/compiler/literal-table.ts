/** The literals of one code object. Equal ones are shared. */

import type { Literal } from "./method-description.ts";

export class LiteralTable {
  readonly literals: Literal[] = [];
  private readonly indices = new Map<string, number>();

  indexOf(literal: Literal): number {
    if (literal.kind === "block") return this.literals.push(literal) - 1;
    const key = keyOf(literal);
    let index = this.indices.get(key);
    if (index === undefined) {
      index = this.literals.push(literal) - 1;
      this.indices.set(key, index);
    }
    return index;
  }
}

/** Equal for literals of one kind and value only. */
function keyOf(literal: Literal): string {
  switch (literal.kind) {
    case "integer":
      return `i${literal.value}`;
    case "float":
      return `f${Object.is(literal.value, -0) ? "-0" : literal.value}`;
    case "scaledDecimal":
      return `d${literal.numerator}/${literal.denominator}s${literal.scale}`;
    case "character":
      return `c${literal.codePoint}`;
    case "string":
      return `s${literal.value.length}:${literal.value}`;
    case "symbol":
      return `y${literal.value.length}:${literal.value}`;
    case "binding":
      return `b${literal.name}`;
    case "array":
      return `a(${literal.elements.map(keyOf).join(",")})`;
    case "byteArray":
      return `[${literal.bytes.join(",")}]`;
    case "block":
      throw new Error("blocks are not shared");
    default:
      return literal.kind;
  }
}
