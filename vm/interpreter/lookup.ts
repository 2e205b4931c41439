/**
 * Method lookup: the send cache by site and class, behind it the lookup cache
 * by selector and class, behind that the method dictionaries.
 *
 * A send cache entry is four words: key, code, action, detail. The key joins
 * the class index with the high bits of the site's pc; its low bits are implied
 * by the entry's place, so one compare tells. The action's low byte is an
 * Action, the rest its operand; detail holds what activation needs.
 *
 * U. Hölzle, C. Chambers, D. Ungar, "Optimizing Dynamically-Typed
 * Object-Oriented Languages With Polymorphic Inline Caches", 1991; one hashed
 * cache for all sites takes the place of a cache at each.
 */

import type { ClassTable } from "../memory/class-table.ts";
import type { ObjectMemory } from "../memory/object-memory.ts";
import { Op } from "../spec/bytecodes.ts";
import {
  ClassSlot,
  CodeFlag,
  classIndexOf,
  Format,
  falseOop,
  formatShift,
  headerWords,
  instanceFormatOf,
  instanceSizeOf,
  isSmallInteger,
  lookupCacheBase,
  lookupCacheEntries,
  MethodDictionarySlot,
  nilOop,
  type Oop,
  oldBase,
  overflowSlotCount,
  sendCacheBase,
  sendCacheEntries,
  smallIntegerValue,
  trueOop,
} from "../spec/layouts.ts";
import { primitiveNumber } from "../spec/primitives.ts";
import type { CodeHeader } from "./contexts.ts";
import { notInstantiable } from "./primitives/objects.ts";

/** What a send does, by the low byte of a cached action. */
export const Action = {
  /** Activate the method. */
  activate: 0,
  /** Call the primitive, then activate if it fails. Operand: its number. */
  primitive: 1,
  /** The same for a primitive that changes frames. */
  control: 2,
  /** value, value: …: activate the receiver's block. */
  blockValue: 3,
  /** Answer slot n of the receiver. */
  getter: 4,
  /** Answer the receiver. */
  answerSelf: 5,
  /** Answer the oop in detail. */
  answerConstant: 6,
  /** The receiver is a Context: flush, then do what the method says. */
  contextReceiver: 7,
  /** Nothing was found: doesNotUnderstand: and its kin. */
  notUnderstood: 8,
  /** basicNew of a class whose instances have n slots; detail is their header's first word. */
  instantiate: 9,
  /** Store the argument in slot n of the receiver and answer the receiver. */
  setter: 10,
} as const;

/** A detail word: words from the code's oop to its first bytecode, temporaries, and whether a failure code is wanted. */
export const detailStartMask = 0x3ffff;
export const detailTempShift = 18;
export const detailTempMask = 0xff;
export const detailFailureCode = 1 << 26;

export const lastControlPrimitive = 99;

/** More superclasses than any class has; a chain that is longer is a cycle. */
const deepestHierarchy = 100_000;

/** More filled entries than a program between two changes usually makes. */
const mostNotes = 0x8000;

/** Sends by name that are remembered; a power of two. */
const namedEntries = 1024;
/** Selector, class index, argument count, and the entry's code, action and detail. */
const namedWords = 6;

const sendCache = sendCacheBase >>> 2;
export const sendCacheEntryWords = 4;
const lookupCache = lookupCacheBase >>> 2;
const blockValues = new Set([
  primitiveNumber.get("blockValue")!,
  primitiveNumber.get("blockValueNoSwitch")!,
]);
const basicNewNumber = primitiveNumber.get("basicNew");
const markers = new Set(
  ["blockEnsure", "blockOnDo", "unwindRunner"].map((name) => primitiveNumber.get(name)!),
);

/** Where the entry of a site, whose next pc is given, and a class stands. The dispatch loop has these two written out. */
export function sendCacheEntry(pc: number, classIndex: number): number {
  return sendCache + ((pc ^ (classIndex << 5)) & (sendCacheEntries - 1)) * sendCacheEntryWords;
}

/** What its first word is if the entry is theirs. */
export function sendCacheKey(pc: number, classIndex: number): number {
  return ((pc & 0x3fff0000) << 2) | classIndex;
}

/** Memory must be fresh, its caches zero. */
export class Lookup {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly classes: ClassTable;
  private readonly code: CodeHeader;
  private readonly named = new Int32Array(namedEntries * namedWords);
  private readonly filled = new EntryLog();
  private readonly found = new EntryLog();

  constructor(memory: ObjectMemory, classes: ClassTable, code: CodeHeader) {
    this.memory = memory;
    this.words = memory.words;
    this.classes = classes;
    this.code = code;
  }

  /** The method for a selector in instances of the class with that index, or 0. */
  find(selector: Oop, classIndex: number): Oop {
    const words = this.words;
    const slot = ((selector >>> 3) ^ (classIndex * 0x61)) & (lookupCacheEntries - 1);
    const entry = lookupCache + slot * 4;
    if (words[entry] === selector && words[entry + 1] === classIndex) return words[entry + 2]!;
    const method = this.findIn(selector, this.classes.at(classIndex));
    // A new object moves in scavenges, which do not tell.
    if (selector >>> 0 < oldBase) return method;
    words[entry] = selector;
    words[entry + 1] = classIndex;
    words[entry + 2] = method;
    this.found.note(entry, selector);
    return method;
  }

  /** The method for a selector in a class or its superclasses, or 0. Nothing is found behind a class without a method dictionary. */
  findIn(selector: Oop, startClass: Oop): Oop {
    const memory = this.memory;
    let left = deepestHierarchy;
    for (let at = startClass; at !== nilOop; at = memory.fetchPointer(ClassSlot.superclass, at)) {
      if (!memory.hasSlots(at, ClassSlot.format + 1) || --left < 0) return 0;
      const dictionary = memory.fetchPointer(ClassSlot.methodDict, at);
      if (dictionary === nilOop) return 0;
      const method = this.findLocally(selector, dictionary);
      if (method !== 0) return method;
    }
    return 0;
  }

  /** The class, from the given one up, that has no method dictionary; its instances get cannotInterpret:. */
  classWithoutMethods(startClass: Oop): Oop {
    const memory = this.memory;
    let left = deepestHierarchy;
    for (let at = startClass; at !== nilOop; at = memory.fetchPointer(ClassSlot.superclass, at)) {
      if (!memory.hasSlots(at, ClassSlot.format + 1) || --left < 0) return nilOop;
      if (memory.fetchPointer(ClassSlot.methodDict, at) === nilOop) return at;
    }
    return nilOop;
  }

  private findLocally(selector: Oop, dictionary: Oop): Oop {
    const words = this.words;
    const memory = this.memory;
    if (!memory.hasSlots(dictionary, MethodDictionarySlot.firstKey)) return 0;
    const keys = (dictionary >>> 2) + headerWords + MethodDictionarySlot.firstKey;
    const capacity = memory.slotCount(dictionary) - MethodDictionarySlot.firstKey;
    const mask = capacity - 1;
    let at = memory.identityHash(selector) & mask;
    for (let n = capacity; n > 0; n--) {
      const key = words[keys + at]!;
      if (key === selector) {
        const array = memory.fetchPointer(MethodDictionarySlot.array, dictionary);
        return memory.hasSlots(array, at + 1) ? memory.fetchPointer(at, array) : 0;
      }
      if (key === nilOop) return 0;
      at = (at + 1) & mask;
    }
    return 0;
  }

  /**
   * Fills an entry for a send that no site stands for, as perform: and the machine's own are;
   * remembers by selector, class and argument count what it filled in.
   */
  fillByName(entry: number, selector: Oop, receiver: Oop, argumentCount: number): void {
    const { words, named } = this;
    const classIndex = this.memory.classIndex(receiver);
    const slot = (((selector >>> 3) ^ (classIndex * 0x61)) & (namedEntries - 1)) * namedWords;
    if (
      named[slot] !== selector ||
      named[slot + 1] !== classIndex ||
      named[slot + 2] !== argumentCount
    ) {
      this.fill(entry, 0, selector, this.find(selector, classIndex), receiver, argumentCount);
      // A new object moves in scavenges, which do not tell.
      if (selector >>> 0 < oldBase) return;
      named[slot] = selector;
      named[slot + 1] = classIndex;
      named[slot + 2] = argumentCount;
      for (let n = 1; n <= 3; n++) named[slot + 2 + n] = words[entry + n]!;
      return;
    }
    for (let n = 1; n <= 3; n++) words[entry + n] = named[slot + 2 + n]!;
  }

  /** Fills a send cache entry for a found method (0 if none was found), of use to receivers of the given one's class. */
  fill(
    entry: number,
    key: number,
    selector: Oop,
    method: Oop,
    receiver: Oop,
    argumentCount: number,
  ): void {
    const words = this.words;
    const classIndex = this.memory.classIndex(receiver);
    words[entry] = key;
    if (key !== 0) this.filled.note(entry, selector);
    words[entry + 1] = method;
    if (
      method === 0 ||
      this.memory.classIndex(method) !== classIndexOf.CompiledMethod ||
      this.code.argumentCount(method) !== argumentCount ||
      this.code.receiverSlots(method) > this.slotsOfInstances(classIndex)
    ) {
      words[entry + 2] = Action.notUnderstood;
      return;
    }
    words[entry + 3] = this.detail(method);
    words[entry + 2] =
      classIndex === classIndexOf.Context
        ? Action.contextReceiver
        : this.actionOf(method, entry, receiver);
  }

  /** How many slots every instance of a class has. */
  private slotsOfInstances(classIndex: number): number {
    const shape = this.memory.fetchPointer(ClassSlot.format, this.classes.at(classIndex));
    return isSmallInteger(shape) ? instanceSizeOf(smallIntegerValue(shape)) : 0;
  }

  /** What activation needs to know of a code object. */
  detail(code: Oop): number {
    return (
      this.code.startOffset(code) |
      (this.code.temporaryCount(code) << detailTempShift) |
      ((this.code.frame(code) & CodeFlag.failureCode) !== 0 ? detailFailureCode : 0)
    );
  }

  private actionOf(method: Oop, entry: number, receiver: Oop): number {
    const primitive = this.code.primitive(method);
    if (blockValues.has(primitive)) {
      const isClosure = this.memory.classIndex(receiver) === classIndexOf.FullBlockClosure;
      return isClosure ? Action.blockValue : Action.activate;
    }
    if (primitive === basicNewNumber) {
      const action = this.instantiateAction(receiver, entry);
      if (action !== 0) return action;
    }
    if (primitive !== 0 && !markers.has(primitive)) {
      return (
        (primitive <= lastControlPrimitive ? Action.control : Action.primitive) | (primitive << 8)
      );
    }
    if (primitive === 0) return this.quickAction(method, entry);
    return Action.activate;
  }

  /** Instantiation of a class that is the only instance of its metaclass and has instances of fixed size; else 0. */
  private instantiateAction(receiver: Oop, entry: number): number {
    const { memory, classes } = this;
    if (memory.classIndex(classes.classOf(receiver)) !== classIndexOf.Metaclass) return 0;
    const shape = memory.fetchPointer(ClassSlot.format, receiver);
    if (!isSmallInteger(shape)) return 0;
    const size = instanceSizeOf(smallIntegerValue(shape));
    const format = instanceFormatOf(smallIntegerValue(shape));
    if (format > Format.fixed || size >= overflowSlotCount) return 0;
    if (format === Format.empty && size > 0) return 0;
    const index = classes.indexOf(receiver);
    if (index === 0 || notInstantiable.has(index)) return 0;
    this.words[entry + 3] = index | (format << formatShift);
    return Action.instantiate | (size << 8);
  }

  /** Recognises `^self`, `^slot`, `^constant` and `slot := argument`. */
  private quickAction(method: Oop, entry: number): number {
    const words = this.words;
    const pc = (method >>> 2) + this.code.startOffset(method);
    const self = -1 - this.code.argumentCount(method);
    const first = words[pc]!;
    const target = (first << 16) >> 24;
    if ((first & 255) === Op.return) return target === self ? Action.answerSelf : Action.activate;
    const second = words[pc + 1]!;
    if ((second & 255) !== Op.return || (second << 16) >> 24 !== target) return Action.activate;
    switch (first & 255) {
      case Op.storeSlot:
        if (target !== self || self !== -2 || (first << 8) >> 24 !== -1) return Action.activate;
        return Action.setter | ((first >>> 24) << 8);
      case Op.loadSlot:
        if ((first << 8) >> 24 !== self) return Action.activate;
        return Action.getter | ((first >>> 24) << 8);
      case Op.loadNil:
        words[entry + 3] = nilOop;
        return Action.answerConstant;
      case Op.loadTrue:
        words[entry + 3] = trueOop;
        return Action.answerConstant;
      case Op.loadFalse:
        words[entry + 3] = falseOop;
        return Action.answerConstant;
      case Op.loadInteger:
        words[entry + 3] = ((first >> 16) << 1) | 1;
        return Action.answerConstant;
      default:
        return Action.activate;
    }
  }

  /** Forgets what it knows of one selector: a method dictionary has changed. */
  forget(selector: Oop): void {
    const { words } = this;
    if (this.filled.isFull || this.found.isFull || selector >>> 0 < oldBase) {
      this.forgetAll();
      return;
    }
    this.filled.drop(selector, (entry) => {
      words[entry] = 0;
    });
    this.found.drop(selector, (entry) => words.fill(0, entry, entry + 3));
    this.named.fill(0);
  }

  /** Forgets everything: objects have moved, or classes changed. */
  forgetAll(): void {
    this.memory.charge((sendCacheEntries + lookupCacheEntries) * 4);
    this.filled.clear();
    this.found.clear();
    this.code.forget();
    this.named.fill(0);
    this.words.fill(0, sendCache, sendCache + sendCacheEntries * 4);
    this.words.fill(0, lookupCache, lookupCache + lookupCacheEntries * 4);
  }
}

/** Which entries were filled for which selectors since all was forgotten, up to a number. */
class EntryLog {
  private readonly entries = new Int32Array(mostNotes);
  private readonly selectors = new Int32Array(mostNotes);
  private count = 0;

  get isFull(): boolean {
    return this.count === mostNotes;
  }

  clear(): void {
    this.count = 0;
  }

  note(entry: number, selector: Oop): void {
    if (this.isFull) return;
    this.entries[this.count] = entry;
    this.selectors[this.count] = selector;
    this.count++;
  }

  /** Presents the entries noted for a selector, and no longer has them. */
  drop(selector: Oop, present: (entry: number) => void): void {
    const { entries, selectors } = this;
    for (let at = 0; ; ) {
      at = selectors.indexOf(selector, at);
      if (at < 0 || at >= this.count) return;
      present(entries[at]!);
      this.count--;
      entries[at] = entries[this.count]!;
      selectors[at] = selectors[this.count]!;
    }
  }
}
