import { describe, expect, it } from "vitest";
import type { CompilationEnvironment } from "../../vm/compiler/compiler.ts";
import { compileMethod } from "../../vm/compiler/compiler.ts";
import type { TonelMethod } from "../../vm/compiler/tonel-reader.ts";
import { buildMethod } from "../../vm/interpreter/method-builder.ts";
import { describeProblem, verifyHeap } from "../../vm/memory/heap-verifier.ts";
import { SymbolTable } from "../../vm/memory/symbol-table.ts";
import { Op, wideWord, word } from "../../vm/spec/bytecodes.ts";
import {
  argumentCountMask,
  CodeFlag,
  classIndexOf,
  Format,
  type Oop,
  operandDepthShift,
  smallInteger,
  temporaryCountShift,
} from "../../vm/spec/layouts.ts";
import { ProgramWriter } from "../compiler/random-programs.ts";
import { imageSources, SourceEnvironments } from "../compiler/sources.ts";
import { nilOop, SampleHeap } from "./sample-heap.ts";

/** A heap whose class 'Sample', of some instance variables, takes methods. */
class MethodHeap extends SampleHeap {
  readonly symbols = new SymbolTable(this.memory);
  private readonly bindings = new Map<string, Oop>();
  private readonly methods: Oop[] = [];

  compile(source: string, environment: CompilationEnvironment): Oop {
    const description = compileMethod(source, environment);
    const owner = this.classes.at(classIndexOf.Point);
    const method = buildMethod(this.memory, this.symbols, description, owner, (name) =>
      this.binding(name),
    );
    this.methods.push(method);
    return method;
  }

  private binding(name: string): Oop {
    let binding = this.bindings.get(name);
    if (binding === undefined) {
      binding = this.oldArray(nilOop, nilOop);
      this.bindings.set(name, binding);
    }
    return binding;
  }

  /** Code of nothing but these words, with two temporaries, three operands and some literals. */
  assemble(
    words: readonly number[],
    literals: readonly Oop[] = [],
    flags = 0,
    argumentCount = 0,
  ): Oop {
    const { memory } = this;
    const isBlock = (flags & CodeFlag.block) !== 0;
    const owner = this.classes.at(classIndexOf.Point);
    const selector = this.symbols.intern("sample");
    const tail = isBlock ? [this.methods[0] ?? nilOop, owner] : [nilOop, nilOop, selector, owner];
    const all = [...literals, ...tail];
    const code = memory.allocateOld(
      isBlock ? classIndexOf.CompiledBlock : classIndexOf.CompiledMethod,
      Format.compiledCode,
      2 + all.length + words.length,
    );
    memory.storePointer(0, code, smallInteger(all.length));
    const frame =
      (argumentCount & argumentCountMask) | (2 << temporaryCountShift) | (3 << operandDepthShift);
    memory.storePointer(1, code, smallInteger(frame | flags));
    all.forEach((literal, at) => {
      memory.storePointer(2 + at, code, literal);
    });
    memory.words.set(words, (code >>> 2) + 4 + all.length);
    this.methods.push(code);
    return code;
  }

  problem(): string | undefined {
    const problem = verifyHeap(this.memory);
    return problem && describeProblem(problem);
  }
}

/** Any class, whatever variables it has. */
const generous: CompilationEnvironment = {
  instanceVariables: ["slot", "other"],
  lookup: () => "global",
};

/** The methods of the images that compile. */
function compileAll(
  heap: MethodHeap,
  environments: SourceEnvironments,
  methods: TonelMethod[],
): number {
  let count = 0;
  for (const method of methods) {
    try {
      heap.compile(method.source, environments.of(method));
      count++;
    } catch (error) {
      if (!(error instanceof Error) || !("start" in error || "position" in error)) throw error;
    }
  }
  return count;
}

describe("the code verifier", () => {
  it("accepts every method of the images", () => {
    const heap = new MethodHeap();
    const files = imageSources();
    const environments = new SourceEnvironments(files);
    const count = compileAll(
      heap,
      environments,
      files.flatMap((file) => [...file.tonel.methods]),
    );
    expect(count).toBeGreaterThan(1000);
    expect(heap.problem()).toBeUndefined();
  });

  it("accepts what random programs compile to", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const heap = new MethodHeap();
      const source = new ProgramWriter(seed).method();
      heap.compile(source, generous);
      expect(heap.problem(), `seed ${seed}: ${source}`).toBeUndefined();
    }
  });

  const self = -1;
  const temp = 3;
  const top = 5;
  const answerSelf = word(Op.return, self, self);
  const refusals: [string, string, readonly number[]][] = [
    ["an unknown bytecode", "a bytecode", [word(255)]],
    ["running off the end", "an instruction to go on with", [word(Op.loadNil, temp)]],
    ["a jump out of the code", "an instruction to go on with", [wideWord(Op.jump, 0, 40)]],
    ["a loop without a safepoint", "a jump forward", [wideWord(Op.jump, 0, -1)]],
    ["a register above the frame", "a register from", [word(Op.loadNil, 8), answerSelf]],
    ["a register below the receiver", "a register from", [word(Op.move, temp, -2), answerSelf]],
    ["the frame's link", "a register from", [word(Op.loadNil, 0), answerSelf]],
    [
      "an operand that was never written",
      "a register that was written",
      [word(Op.move, temp, top), answerSelf],
    ],
    [
      "an operand written on one path only",
      "a register that was written",
      [
        wideWord(Op.jumpIfNil, temp, 1),
        word(Op.loadNil, top),
        word(Op.move, temp, top),
        answerSelf,
      ],
    ],
    [
      "an operand that a call has overwritten",
      "a register that was written",
      [
        word(Op.loadNil, top),
        word(Op.loadNil, top + 1),
        word(Op.send, top, 0, 0),
        word(Op.move, temp, top + 1),
        answerSelf,
      ],
    ],
    [
      "a window above words not written",
      "a register that was written",
      [word(Op.loadNil, 6), word(Op.send, 6, 0, 0), answerSelf],
    ],
    ["a literal out of range", "a number from", [wideWord(Op.loadLiteral, temp, 9), answerSelf]],
    ["a global that is no binding", "a binding", [wideWord(Op.loadGlobal, temp, 0), answerSelf]],
    [
      "a closure over no block",
      "a CompiledBlock",
      [word(Op.loadNil, top), wideWord(Op.newClosure, top, 0), answerSelf],
    ],
    ["slots of anything", "slots of the receiver", [word(Op.loadSlot, temp, temp, 0), answerSelf]],
    ["stores into anything", "the receiver", [word(Op.storeSlot, temp, temp, 0), answerSelf]],
    [
      "stores behind a temp vector",
      "a number from",
      [wideWord(Op.newVector, temp, 2), word(Op.storeVector, temp, self, 2), answerSelf],
    ],
    [
      "stores into what is no temp vector",
      "a temp vector",
      [word(Op.storeVector, temp, self, 0), answerSelf],
    ],
    [
      "an operation without its companion",
      "the companion",
      [word(Op.add, temp, self, self), answerSelf],
    ],
    [
      "a comparison without its branch",
      "a branch forward",
      [word(Op.lessBranch, 0, self, self), answerSelf],
    ],
    ["an operation at the end", "a next word", [word(Op.add, temp, self, self)]],
    ["a return into another register", "the receiver's register", [word(Op.return, self, temp)]],
    ["a method that returns like a block", "a block", [word(Op.nonLocalReturn, self)]],
    [
      "a receiver that is overwritten",
      "a register that may be written",
      [word(Op.loadNil, self), word(Op.loadNil, temp), answerSelf],
    ],
    [
      "a backward jump with no window",
      "a window from",
      [word(Op.loadNil, temp), wideWord(Op.jumpBack, temp, -2)],
    ],
  ];
  for (const [what, expected, words] of refusals) {
    it(`refuses ${what}`, () => {
      const heap = new MethodHeap();
      heap.assemble([answerSelf]);
      const code = heap.assemble(words, [heap.symbols.intern("x")]);
      const problem = heap.problem();
      expect(problem).toContain(`(CODE)`);
      expect(problem).toContain(`expected ${expected}`);
      const address = Number(/at (0x[0-9a-f]+)/.exec(problem!)![1]);
      expect(address).toBeGreaterThanOrEqual(code);
    });
  }

  it("knows temp vectors through closures, and their size", () => {
    for (const [index, sound] of [
      [1, true],
      [2, false],
    ] as const) {
      const heap = new MethodHeap();
      heap.assemble([answerSelf]);
      const block = heap.assemble(
        [word(Op.loadSlot, temp, self, 4), word(Op.loadSlot, temp, temp, index), answerSelf],
        [],
        CodeFlag.block,
      );
      heap.memory.storePointer(0, block, smallInteger(2 | (1 << 16)));
      heap.assemble(
        [
          word(Op.move, top, self),
          wideWord(Op.newVector, top + 1, 2),
          wideWord(Op.newClosure, top, 0),
          answerSelf,
        ],
        [block],
      );
      expect(heap.problem() === undefined, heap.problem()).toBe(sound);
    }
  });

  it("refuses a method whose slots the receivers of its class do not have", () => {
    for (const [slot, sound] of [
      [1, true],
      [2, false],
    ] as const) {
      const heap = new MethodHeap();
      const { memory, classes } = heap;
      const method = heap.assemble([word(Op.loadSlot, temp, self, slot), answerSelf]);
      const dictionary = memory.allocateOld(
        classIndexOf.MethodDictionary,
        Format.indexableWithFixed,
        3,
      );
      memory.storePointer(0, dictionary, smallInteger(1));
      memory.storePointer(1, dictionary, heap.oldArray(method));
      memory.storePointer(2, dictionary, heap.symbols.intern("sample"));
      memory.storePointer(1, classes.at(classIndexOf.Point), dictionary);
      expect(heap.problem() === undefined).toBe(sound);
    }
  });

  it("refuses a closure that does not hold what its block needs", () => {
    const heap = new MethodHeap();
    const { memory } = heap;
    heap.assemble([answerSelf]);
    const block = heap.assemble([answerSelf], [], CodeFlag.block);
    const closure = memory.allocateOld(classIndexOf.FullBlockClosure, Format.indexableWithFixed, 4);
    memory.storePointer(1, closure, block);
    memory.storePointer(2, closure, smallInteger(0));
    expect(heap.problem()).toBeUndefined();
    memory.storePointer(2, closure, smallInteger(1));
    expect(heap.problem()).toContain("(CLOSURE)");
    memory.storePointer(2, closure, smallInteger(0));
    memory.storePointer(0, block, smallInteger(2 | (1 << 16)));
    expect(heap.problem()).toContain("(CLOSURE)");
  });

  it("refuses a context that could not go on", () => {
    const heap = new MethodHeap();
    const { memory } = heap;
    const code = heap.assemble(
      [word(Op.loadNil, top), word(Op.send, top, 0, 0), answerSelf],
      [heap.symbols.intern("x")],
    );
    const start = 2 + 2 + 5;
    const context = memory.allocateOld(classIndexOf.Context, Format.indexableWithFixed, 6 + 6);
    const store = (slot: number, value: Oop) => memory.storePointer(slot, context, value);
    store(1, smallInteger(start + 2));
    store(2, smallInteger(2));
    store(3, code);
    expect(heap.problem()).toBeUndefined();
    for (const [slot, wrong] of [
      [1, smallInteger(start + 3)],
      [1, smallInteger(-5)],
      [2, smallInteger(1)],
      [2, smallInteger(7)],
      [3, nilOop],
      [0, code],
    ] as const) {
      const right = memory.fetchPointer(slot, context);
      store(slot, wrong);
      expect(heap.problem()).toContain("(CONTEXT)");
      store(slot, right);
    }
  });
});
