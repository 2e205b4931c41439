/**
 * Forges heaps: takes the pages of a sound one and changes headers, slots,
 * contexts, processes, methods, classes and tables, with the values most likely
 * to lead a machine astray.
 */

import { forEachObject } from "../../vm/memory/heap-walker.ts";
import type { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { bytecodes } from "../../vm/spec/bytecodes.ts";
import {
  ClassSlot,
  CodeSlot,
  ContextSlot,
  classIndexOf,
  Format,
  headerWords,
  literalCountMask,
  MethodDictionarySlot,
  nilOop,
  type Oop,
  oldBase,
  ProcessSlot,
  primitiveShift,
  SchedulerSlot,
  smallInteger,
} from "../../vm/spec/layouts.ts";
import { primitives } from "../../vm/spec/primitives.ts";
import { specialObjects } from "../../vm/spec/special-objects.ts";
import type { Random } from "../image-format/samples.ts";

/** What is where in a sound heap. */
export interface HeapIndex {
  readonly end: number;
  readonly special: Oop;
  readonly objects: readonly Oop[];
  readonly pointers: readonly Oop[];
  readonly methods: readonly Oop[];
  readonly code: readonly Oop[];
  readonly contexts: readonly Oop[];
  readonly processes: readonly Oop[];
  readonly semaphores: readonly Oop[];
  readonly closures: readonly Oop[];
  readonly bindings: readonly Oop[];
  readonly behaviors: readonly Oop[];
  readonly dictionaries: readonly Oop[];
}

const bindingClasses = new Set<number>([
  classIndexOf.Association,
  classIndexOf.GlobalVariable,
  classIndexOf.ClassVariable,
]);

export function indexHeap(memory: ObjectMemory, special: Oop): HeapIndex {
  const objects: Oop[] = [];
  forEachObject(memory, (oop) => objects.push(oop));
  const ofClass = (name: keyof typeof classIndexOf) =>
    objects.filter((oop) => memory.classIndex(oop) === classIndexOf[name]);
  const behaviors: Oop[] = [];
  const table = memory.special("classTable");
  for (let at = memory.slotCount(table) - 1; at >= 0; at--) {
    const behavior = memory.fetchPointer(at, table);
    if (behavior !== nilOop) behaviors.push(behavior);
  }
  return {
    end: memory.oldEnd,
    special,
    objects,
    pointers: objects.filter(
      (oop) => memory.format(oop) <= Format.ephemeron && memory.slotCount(oop) > 0,
    ),
    methods: ofClass("CompiledMethod"),
    code: objects.filter((oop) => memory.format(oop) >= Format.compiledCode),
    contexts: ofClass("Context"),
    processes: ofClass("Process"),
    semaphores: [...ofClass("Semaphore"), ...ofClass("LinkedList")],
    closures: ofClass("FullBlockClosure"),
    bindings: objects.filter((oop) => bindingClasses.has(memory.classIndex(oop))),
    behaviors,
    dictionaries: behaviors
      .map((each) => memory.fetchPointer(ClassSlot.methodDict, each))
      .filter((each) => each !== nilOop),
  };
}

const argumentsOf = new Map<number, number>(primitives.map((row) => [row.number, row.arguments]));

/** Changes a copy of a heap's pages; says what it did. */
export class HeapForger {
  readonly changes: string[] = [];
  private readonly words: Int32Array;
  private readonly index: HeapIndex;
  private readonly random: Random;

  constructor(pages: Uint8Array, index: HeapIndex, random: Random) {
    this.words = new Int32Array(pages.buffer, pages.byteOffset, pages.byteLength >>> 2);
    this.index = index;
    this.random = random;
  }

  /** One change, of any kind. */
  forge(): void {
    const { random, index } = this;
    const change = random.choose(this.ways);
    if (random.chance(0.02)) this.stray(random.choose(index.objects));
    else change();
  }

  private readonly ways: readonly (() => void)[] = [
    () => this.header(this.random.choose(this.index.objects)),
    () => this.slot(this.random.choose(this.index.pointers)),
    () => this.confuse(this.random.choose(this.index.pointers)),
    () => this.context(),
    () => this.context(),
    () => this.process(),
    () => this.list(),
    () => this.confuse(this.random.choose(this.index.closures)),
    () => this.confuse(this.random.choose(this.index.bindings)),
    () => this.confuse(this.random.choose(this.index.behaviors)),
    () => this.codeWord(),
    () => this.bytecode(),
    () => this.bytecode(),
    () => this.literal(),
    () => this.primitive(),
    () => this.primitive(),
    () => this.behavior(),
    () => this.dictionary(),
    () => this.specialObject(),
    () => this.tableEntry(),
  ];

  // Words

  private slotsOf(oop: Oop): number {
    const at = this.at(oop);
    const count = this.words[at + 1]! >>> 22;
    return count === 1023 ? this.words[at - 2]! >>> 0 : count;
  }

  private at(oop: Oop): number {
    return ((oop >>> 0) - oldBase) >>> 2;
  }

  private put(oop: Oop, word: number, value: number, what: string): void {
    const at = this.at(oop) + word;
    if (at < 0 || at >= this.words.length) return;
    this.changes.push(
      `${what} 0x${(oop >>> 0).toString(16)}[${word - headerWords}] 0x${(this.words[at]! >>> 0).toString(16)} to 0x${(value >>> 0).toString(16)}`,
    );
    this.words[at] = value;
  }

  private putSlot(oop: Oop, slot: number, value: number, what: string): void {
    this.put(oop, slot + headerWords, value, what);
  }

  private getSlot(oop: Oop, slot: number): number {
    return this.words[this.at(oop) + headerWords + slot]!;
  }

  private anyNumber(): number {
    const { random } = this;
    return random.choose([
      0,
      1,
      -1,
      2,
      random.below(100),
      -random.below(100),
      0x3fffffff,
      -0x40000000,
      random.below(1 << 20),
    ]);
  }

  /** An oop of some living object. */
  private anyObject(): Oop {
    const { random, index } = this;
    return random.choose(
      random.choose([
        index.objects,
        index.pointers,
        index.contexts,
        index.processes,
        index.closures,
        index.behaviors,
        index.code,
        index.semaphores,
      ]),
    );
  }

  /** A word that is an oop, if perhaps not a good one. */
  private anyOop(): Oop {
    const { random } = this;
    return random.choose([
      nilOop,
      nilOop + 8,
      smallInteger(this.anyNumber()),
      (random.below(0x110000) << 2) | 2,
      this.anyObject(),
      this.anyObject(),
      this.anyObject(),
    ]);
  }

  /** A word that may refer to anything. */
  private anyWord(): number {
    const { random, index } = this;
    const object = random.choose(index.objects);
    return random.choose([
      this.anyOop(),
      object + 4,
      object + 8,
      object - 8,
      object + 8 * random.below(20),
      0,
      8,
      oldBase - 8,
      index.end,
      index.end + 8,
      index.end - 8,
      -8,
      0x7ffffff8,
      random.below(0x7fffffff) << 1,
    ]);
  }

  private flipped(word: number): number {
    return word ^ (1 << this.random.below(32));
  }

  // Changes

  private stray(oop: Oop): void {
    const word = this.random.below(this.slotsOf(oop) + headerWords);
    this.put(oop, word, this.flipped(this.words[this.at(oop) + word]!), "flip");
  }

  private header(oop: Oop): void {
    const { random, words } = this;
    const first = words[this.at(oop)]!;
    const second = words[this.at(oop) + 1]!;
    const [word, value] = random.choose<readonly [number, number]>([
      [0, this.flipped(first)],
      [0, (first & ~0x3ffff) | random.below(160)],
      [0, (first & ~0x3ffff) | (words[this.at(random.choose(this.index.objects))]! & 0x3ffff)],
      [0, (first & ~(31 << 18)) | (random.below(32) << 18)],
      [1, this.flipped(second)],
      [1, (second & 0x3fffff) | (random.choose([0, 1, 2, 3, 5, 100, 1022, 1023]) << 22)],
      [1, (second & 0x3fffff) | (((second >>> 22) + random.choose([-1, 1, 2])) << 22)],
      [-1, random.choose([0, -1, 0x7fffffff, 0xffc00000 | 0])],
      [-2, random.choose([0, -1, 0x7fffffff, 1000000])],
    ]);
    this.put(oop, word, value, "header");
  }

  private slot(oop: Oop): void {
    this.putSlot(oop, this.random.below(this.slotsOf(oop)), this.anyWord(), "slot");
  }

  /** Puts a sound oop of another kind into a slot. */
  private confuse(oop: Oop | undefined): void {
    if (oop === undefined) return;
    this.putSlot(oop, this.random.below(this.slotsOf(oop)), this.anyOop(), "confuse");
  }

  private context(): void {
    const { random, index } = this;
    const context = random.choose(index.contexts);
    const slot = random.below(9);
    const old = this.getSlot(context, slot);
    const value = random.choose<() => number>([
      () => this.anyOop(),
      () => old + 2,
      () => old - 2,
      () => smallInteger(this.anyNumber()),
      () => context,
      () => random.choose(index.contexts),
      () => random.choose(index.code),
      () => this.getSlot(random.choose(index.contexts), Math.min(slot, 5)),
    ])();
    this.putSlot(context, slot, value, "context");
    if (slot === ContextSlot.sender && random.chance(0.3)) {
      this.putSlot(random.choose(index.contexts), slot, context, "context");
    }
  }

  private process(): void {
    const { random, index } = this;
    const process = random.choose(index.processes);
    if (process === undefined) return;
    const slot = random.choose([0, 1, 1, 2, 2, 3, 6]);
    const value = random.choose<() => number>([
      () => this.anyOop(),
      () => process,
      () => random.choose(index.processes),
      () => random.choose(index.semaphores),
      () => random.choose(index.contexts),
      () => smallInteger(this.anyNumber()),
      () => nilOop,
    ])();
    this.putSlot(process, slot, value, "process");
    if (slot === ProcessSlot.nextLink && random.chance(0.5)) {
      this.putSlot(random.choose(index.processes), slot, process, "process");
    }
  }

  private list(): void {
    const { random, index } = this;
    const list = random.choose(index.semaphores);
    if (list === undefined) return;
    const value = random.choose([
      this.anyOop(),
      random.choose(index.processes),
      nilOop,
      smallInteger(this.anyNumber()),
    ]);
    this.putSlot(list, random.below(this.slotsOf(list)), value, "list");
  }

  private codeWord(): void {
    const { random, index } = this;
    const code = random.choose(index.code);
    const slot = random.choose([CodeSlot.shape, CodeSlot.frame]);
    const old = this.getSlot(code, slot);
    const value = random.choose([
      this.flipped(old),
      old + 2,
      old - 2,
      smallInteger(this.anyNumber()),
      this.getSlot(random.choose(index.code), slot),
    ]);
    this.putSlot(code, slot, value, "code");
  }

  private bytecode(): void {
    const { random, index } = this;
    const code = random.choose(index.code);
    const start = 2 + ((this.getSlot(code, CodeSlot.shape) >> 1) & literalCountMask);
    const slot = start + random.below(Math.max(1, this.slotsOf(code) - start));
    const old = this.getSlot(code, slot);
    const shift = 8 * random.below(4);
    const value = random.choose([
      this.flipped(old),
      (old & ~0xff) | random.choose(bytecodes).opcode,
      (old & ~(0xff << shift)) | (random.below(256) << shift),
      (old & ~(0xff << shift)) | (random.choose([0, 1, 3, 4, 0x7f, 0x80, 0xff, 0xfe]) << shift),
      this.getSlot(code, start + random.below(Math.max(1, this.slotsOf(code) - start))),
    ]);
    this.putSlot(code, slot, value, "bytecode");
  }

  private literal(): void {
    const { random, index } = this;
    const code = random.choose(index.code);
    const count = (this.getSlot(code, CodeSlot.shape) >> 1) & literalCountMask;
    const value = random.choose([
      this.anyOop(),
      this.anyWord(),
      random.choose(index.code),
      random.choose(index.behaviors),
    ]);
    this.putSlot(code, 2 + random.below(Math.max(1, count)), value, "literal");
  }

  /** Another primitive, mostly one for as many arguments. */
  private primitive(): void {
    const { random, index } = this;
    const method = random.choose(index.methods);
    const shape = this.getSlot(method, CodeSlot.shape) >> 1;
    const argumentCount = (this.getSlot(method, CodeSlot.frame) >> 1) & 0x7f;
    const suitable = primitives.filter(
      (row) => argumentsOf.get(row.number) === argumentCount || row.arguments < 0,
    );
    const number = random.chance(0.9)
      ? (random.choose(suitable)?.number ?? 0)
      : random.choose([random.below(500), 0x3fff]);
    const value = smallInteger((shape & literalCountMask) | (number << primitiveShift));
    this.putSlot(method, CodeSlot.shape, value, `primitive ${number}`);
  }

  private behavior(): void {
    const { random, index } = this;
    const behavior = random.choose(index.behaviors);
    const slot = random.choose([ClassSlot.superclass, ClassSlot.methodDict, ClassSlot.format]);
    const old = this.getSlot(behavior, slot);
    const value = random.choose<() => number>([
      () => this.anyOop(),
      () => random.choose(index.behaviors),
      () => random.choose(index.dictionaries),
      () => this.getSlot(random.choose(index.behaviors), slot),
      () => old + 2,
      () => old - 2,
      () => this.flipped(old),
    ])();
    this.putSlot(behavior, slot, value, "class");
  }

  private dictionary(): void {
    const { random, index } = this;
    const dictionary = random.choose(index.dictionaries);
    const methods = this.getSlot(dictionary, MethodDictionarySlot.array);
    random.choose<() => void>([
      () => this.confuse(dictionary),
      () => this.confuse(methods),
      () => this.header(dictionary),
      () => this.header(methods),
      () => this.putSlot(dictionary, 0, smallInteger(this.anyNumber()), "tally"),
      () => {
        const slots = this.slotsOf(methods);
        if (slots > 0) {
          this.putSlot(methods, random.below(slots), random.choose(index.methods), "method");
        }
      },
    ])();
  }

  private specialObject(): void {
    const { random, index } = this;
    const slot = random.below(specialObjects.length);
    this.putSlot(index.special, slot, this.anyOop(), `special ${specialObjects[slot]!.name}`);
    if (random.chance(0.3)) {
      const scheduler = this.getSlot(index.special, 3);
      this.putSlot(scheduler, SchedulerSlot.activeProcess, this.anyOop(), "active process");
    }
  }

  private tableEntry(): void {
    const { random, index } = this;
    const table = this.getSlot(index.special, random.choose([0, 1, 2, 3, 4]));
    if ((table & 3) !== 0 || this.at(table) >= this.words.length) return;
    const slots = this.slotsOf(table);
    const slot = random.below(random.chance(0.5) ? Math.min(slots, 64) : slots) || 0;
    this.putSlot(table, slot, this.anyOop(), "table");
  }
}
