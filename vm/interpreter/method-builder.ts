/**
 * Installs what the compiler answers: makes CompiledMethods and CompiledBlocks
 * of a method description, and objects of its literals.
 *
 * Code objects are made in old space, where only a compaction moves them.
 * Equal literals within one method that the encoder shares are one object;
 * Symbols are interned; other literals are made afresh for each method.
 */

import type {
  CodeDescription,
  Literal,
  MethodDescription,
} from "../compiler/method-description.ts";
import type { ObjectMemory } from "../memory/object-memory.ts";
import type { SymbolTable } from "../memory/symbol-table.ts";
import {
  CodeFlag,
  CodeSlot,
  character,
  classIndexOf,
  Format,
  falseOop,
  fitsSmallInteger,
  headerWords,
  nilOop,
  type Oop,
  operandDepthShift,
  primitiveShift,
  smallInteger,
  temporaryCountShift,
  trueOop,
} from "../spec/layouts.ts";
import { primitiveNumber } from "../spec/primitives.ts";

/** The Association of a global, class or pool variable; made by who asks if there is none. 0: memory is full. */
export type ResolveBinding = (name: string) => Oop;

/** Makes the CompiledMethod of a description; 0 when memory is full. */
export function buildMethod(
  memory: ObjectMemory,
  symbols: SymbolTable,
  description: MethodDescription,
  methodClass: Oop,
  resolveBinding: ResolveBinding,
): Oop {
  try {
    return new MethodBuilder(memory, symbols, methodClass, resolveBinding).method(description);
  } catch (error) {
    if (error instanceof MemoryFull) return 0;
    throw error;
  }
}

class MemoryFull extends Error {}

class MethodBuilder {
  private readonly memory: ObjectMemory;
  private readonly symbols: SymbolTable;
  private readonly methodClass: Oop;
  private readonly resolveBinding: ResolveBinding;

  constructor(
    memory: ObjectMemory,
    symbols: SymbolTable,
    methodClass: Oop,
    resolveBinding: ResolveBinding,
  ) {
    this.memory = memory;
    this.symbols = symbols;
    this.methodClass = methodClass;
    this.resolveBinding = resolveBinding;
  }

  method(description: MethodDescription): Oop {
    const { primitive } = description;
    const number = primitive === undefined ? 0 : (primitiveNumber.get(primitive.name) ?? 0);
    const flags = primitive?.primitiveErrorTemp ? CodeFlag.failureCode : 0;
    const tail = [
      this.properties(description),
      this.checked(this.memory.newString(description.source)),
      this.symbol(description.selector),
      this.methodClass,
    ];
    return this.code(classIndexOf.CompiledMethod, description, number, flags, tail);
  }

  private block(description: CodeDescription, outerCode: Oop): Oop {
    return this.code(
      classIndexOf.CompiledBlock,
      description,
      description.copiedCount,
      CodeFlag.block,
      [outerCode, this.methodClass],
    );
  }

  private code(
    classIndex: number,
    description: CodeDescription,
    primitiveField: number,
    flags: number,
    tail: readonly Oop[],
  ): Oop {
    const { memory } = this;
    const { literals, code } = description;
    const literalCount = literals.length + tail.length;
    const oop = this.checked(
      memory.allocateOld(classIndex, Format.compiledCode, 2 + literalCount + code.length),
    );
    const shape = literalCount | (primitiveField << primitiveShift);
    const frame =
      description.argumentCount |
      (description.temporaryCount << temporaryCountShift) |
      (description.operandDepth << operandDepthShift) |
      (description.needsOuterContext ? CodeFlag.needsOuterContext : 0) |
      flags;
    const body = (oop >>> 2) + headerWords;
    memory.words[body + CodeSlot.shape] = smallInteger(shape);
    memory.words[body + CodeSlot.frame] = smallInteger(frame);
    const first = body + CodeSlot.firstLiteral;
    memory.words.fill(nilOop, first, first + literalCount);
    memory.words.set(code, first + literalCount);
    literals.forEach((literal, index) => {
      memory.storePointer(CodeSlot.firstLiteral + index, oop, this.literal(literal, oop));
    });
    tail.forEach((value, index) => {
      memory.storePointer(CodeSlot.firstLiteral + literals.length + index, oop, value);
    });
    return oop;
  }

  /** Nil, or an Array of each pragma's selector and its Array of arguments in turn. */
  private properties({ pragmas }: MethodDescription): Oop {
    if (pragmas.length === 0) return nilOop;
    return this.array(
      pragmas.flatMap((pragma) => [
        this.symbol(pragma.selector),
        this.array(pragma.arguments.map((each) => this.literal(each, nilOop))),
      ]),
    );
  }

  private literal(literal: Literal, outerCode: Oop): Oop {
    const { memory } = this;
    switch (literal.kind) {
      case "nil":
        return nilOop;
      case "true":
        return trueOop;
      case "false":
        return falseOop;
      case "character":
        return character(literal.codePoint);
      case "integer":
        return this.integer(literal.value);
      case "float":
        return this.checked(memory.newFloat(literal.value));
      case "scaledDecimal":
        return this.pair(
          classIndexOf.ScaledDecimal,
          this.fraction(literal.numerator, literal.denominator),
          smallInteger(literal.scale),
        );
      case "string":
        return this.checked(memory.newString(literal.value));
      case "symbol":
        return this.symbol(literal.value);
      case "byteArray":
        return this.checked(
          memory.newBytes(classIndexOf.ByteArray, Uint8Array.from(literal.bytes)),
        );
      case "array":
        return this.array(literal.elements.map((each) => this.literal(each, outerCode)));
      case "binding":
        return this.checked(this.resolveBinding(literal.name));
      case "block":
        return this.block(literal.block, outerCode);
    }
  }

  private integer(value: bigint): Oop {
    if (fitsSmallInteger(Number(value))) return smallInteger(Number(value));
    const bytes: number[] = [];
    for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 8n) {
      bytes.push(Number(rest & 0xffn));
    }
    const classIndex =
      value < 0n ? classIndexOf.LargeNegativeInteger : classIndexOf.LargePositiveInteger;
    return this.checked(this.memory.newBytes(classIndex, Uint8Array.from(bytes)));
  }

  /** A Fraction in lowest terms, or an Integer. */
  private fraction(numerator: bigint, denominator: bigint): Oop {
    const divisor = greatestCommonDivisor(numerator < 0n ? -numerator : numerator, denominator);
    if (divisor === denominator) return this.integer(numerator / divisor);
    return this.pair(
      classIndexOf.Fraction,
      this.integer(numerator / divisor),
      this.integer(denominator / divisor),
    );
  }

  private pair(classIndex: number, first: Oop, second: Oop): Oop {
    const oop = this.checked(this.memory.allocate(classIndex, Format.fixed, 2));
    this.memory.storePointer(0, oop, first);
    this.memory.storePointer(1, oop, second);
    return oop;
  }

  private array(elements: readonly Oop[]): Oop {
    return this.checked(this.memory.newArray(elements));
  }

  private symbol(text: string): Oop {
    return this.checked(this.symbols.intern(text));
  }

  private checked(oop: Oop): Oop {
    if (oop === 0) throw new MemoryFull();
    return oop;
  }
}

function greatestCommonDivisor(some: bigint, other: bigint): bigint {
  while (other !== 0n) [some, other] = [other, some % other];
  return some;
}
