/**
 * What the compiler answers: methods and blocks as plain data. The installer
 * (interpreter/method-builder.ts) makes objects of them.
 */

/** A value written in source, or what the encoder refers to by index. */
export type Literal =
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | {
      readonly kind: "scaledDecimal";
      readonly numerator: bigint;
      readonly denominator: bigint;
      readonly scale: number;
    }
  | { readonly kind: "character"; readonly codePoint: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "symbol"; readonly value: string }
  | { readonly kind: "array"; readonly elements: readonly Literal[] }
  | { readonly kind: "byteArray"; readonly bytes: readonly number[] }
  | { readonly kind: "nil" }
  | { readonly kind: "true" }
  | { readonly kind: "false" }
  /** A global, class or pool variable; the installer finds its association. */
  | { readonly kind: "binding"; readonly name: string }
  | { readonly kind: "block"; readonly block: CodeDescription };

/** Which source a word of code came from. Sorted by pc; an entry holds until the next. */
export interface CodePosition {
  /** Index into `code`. */
  readonly pc: number;
  readonly start: number;
  readonly stop: number;
}

/** Where a debugger finds a variable: in a register, or in a slot of the temp vector in a register. */
export interface TempDescription {
  readonly name: string;
  readonly register: number;
  readonly vectorIndex?: number;
  /** Range of `code` in which the variable lives. */
  readonly startPc: number;
  readonly stopPc: number;
}

export interface CodeDescription {
  readonly kind: "method" | "block";
  readonly argumentCount: number;
  readonly argumentNames: readonly string[];
  /** Temporaries beside the arguments. */
  readonly temporaryCount: number;
  /** Most operand words live at once, call windows included. */
  readonly operandDepth: number;
  /** Of a block: how many values its closures carry. */
  readonly copiedCount: number;
  /** Of a block: it, or a block within, contains `^` or thisContext. */
  readonly needsOuterContext: boolean;
  readonly literals: readonly Literal[];
  readonly code: Int32Array;
  readonly positions: readonly CodePosition[];
  readonly temps: readonly TempDescription[];
  /** The source range of the method or block. */
  readonly start: number;
  readonly stop: number;
}

export interface PragmaDescription {
  readonly selector: string;
  readonly arguments: readonly Literal[];
}

export interface PrimitiveDescription {
  readonly name: string;
  /** The failure code goes to the first temporary. */
  readonly primitiveErrorTemp: boolean;
}

export interface Warning {
  readonly message: string;
  readonly start: number;
  readonly stop: number;
  /** The variable it is about. */
  readonly name?: string;
  /** An assignment is one to a variable from outside the method; whether it may be is not known here. */
  readonly kind: "undeclared" | "assignment" | "unused" | "shadowing" | "unreachable" | "primitive";
}

export interface MethodDescription extends CodeDescription {
  readonly selector: string;
  readonly primitive?: PrimitiveDescription;
  readonly pragmas: readonly PragmaDescription[];
  readonly source: string;
  readonly warnings: readonly Warning[];
}
