/**
 * The first objects of a heap, and its classes, from their definitions.
 *
 * nil, false and true stand at their fixed addresses, then the special
 * objects; then every class and metaclass in turn, as in Smalltalk-80: the
 * metaclass of a class inherits from the metaclass of its superclass, that of
 * the root from Class. Slots of classes are filled by name, as the kernel's own
 * definitions of Behavior, ClassDescription, Class and Metaclass order them.
 *
 * Everything is allocated in old space, in an order that only the sources
 * decide.
 */

import { ClassTable } from "./memory/class-table.ts";
import type { ObjectMemory } from "./memory/object-memory.ts";
import { SymbolTable } from "./memory/symbol-table.ts";
import {
  AssociationSlot,
  behaviorSlots,
  ClassSlot,
  classFormat,
  classIndexOf,
  Format,
  falseOop,
  type KnownClassName,
  knownClasses,
  nilOop,
  type Oop,
  State,
  smallInteger,
  trueOop,
} from "./spec/layouts.ts";
import { machineSelectors, specialObjects } from "./spec/special-objects.ts";

/** A class as its definition says it, superclass resolved. */
export interface ClassDefinition {
  readonly name: string;
  readonly superclass: ClassDefinition | undefined;
  readonly instanceVariables: readonly string[];
  readonly classInstanceVariables: readonly string[];
  readonly classVariables: readonly string[];
  readonly pools: readonly string[];
  readonly category: string;
  readonly comment: string;
  /** The Format of instances, one of `classTypes`. */
  readonly format: number;
  readonly isTrait: boolean;
  /** Trait compositions as written, "" for none; the image makes them real. */
  readonly traits: string;
  readonly classTraits: string;
}

/** Kinds of class by the name Tonel gives them. */
export const classTypes: Readonly<Record<string, number>> = {
  normal: Format.fixed,
  variable: Format.indexableWithFixed,
  weak: Format.weak,
  ephemeron: Format.ephemeron,
  bytes: Format.bytes,
  doubleBytes: Format.words16,
  words: Format.words32,
  doubleWords: Format.words64,
  compiledMethod: Format.compiledCode,
  immediate: Format.empty,
};

/** Every instance variable of a class, inherited ones first. */
export function allInstanceVariables(definition: ClassDefinition): readonly string[] {
  const inherited = definition.superclass ? allInstanceVariables(definition.superclass) : [];
  return [...inherited, ...definition.instanceVariables];
}

/** The Format of a class's instances, given how many named slots they have. */
function instanceFormat(definition: ClassDefinition, slotCount: number): number {
  const { format } = definition;
  if (format === Format.fixed && slotCount === 0) return Format.empty;
  if (format === Format.indexableWithFixed && slotCount === 0) return Format.indexable;
  return format;
}

/** What the machine would miss: classes it knows, and their slots in their order. */
export function machineProblems(definitions: readonly ClassDefinition[]): string[] {
  const byName = new Map(definitions.map((each) => [each.name, each]));
  const needed = [...knownClasses.slice(2), { name: "Class", slots: behaviorSlots }];
  return needed.flatMap(({ name, slots }) => {
    const definition = byName.get(name);
    if (definition === undefined) return [`class ${name} is missing`];
    const found = allInstanceVariables(definition);
    if (slots.every((slot, index) => found[index] === slot)) return [];
    return [`${name} has slots (${found}), the machine expects (${slots})`];
  });
}

/** A class in the heap that is being made. */
export interface BuiltClass {
  readonly definition: ClassDefinition;
  readonly classOop: Oop;
  readonly metaclassOop: Oop;
  /** Bindings of the class variables it defines. */
  readonly classVariables: ReadonlyMap<string, Oop>;
}

export class HeapBuilder {
  readonly memory: ObjectMemory;
  readonly symbols: SymbolTable;
  readonly classes: ClassTable;
  private readonly built = new Map<string, BuiltClass>();
  private readonly globals = new Map<string, Oop>();
  private classSlots: readonly string[] = [];
  private metaclassSlots: readonly string[] = [];
  private traitSlots: readonly string[] = [];
  private traitMetaclassSlots: readonly string[] = [];
  private slotCounts = new Map<string, number>();
  private dictionarySlots: readonly string[] = [];

  /** Makes nil, false, true and the empty tables in an empty memory. */
  constructor(memory: ObjectMemory) {
    this.memory = memory;
    this.symbols = new SymbolTable(memory);
    this.classes = new ClassTable(memory);
    // Nothing is young: an image is old space only.
    memory.oldSpace.collecting = true;
    memory.words[State.edenHardEnd] = 0;
    memory.seedHashes(1);
    this.expect(this.object("UndefinedObject", Format.empty, 0), nilOop);
    this.expect(this.object("False", Format.empty, 0), falseOop);
    this.expect(this.object("True", Format.empty, 0), trueOop);
    memory.words[State.specialObjects] = this.object(
      "Array",
      Format.indexable,
      specialObjects.length,
    );
    memory.setSpecial("selectors", this.array(machineSelectors.map((each) => this.symbol(each))));
    memory.setSpecial("snapshotAnswer", falseOop);
  }

  private expect(oop: Oop, address: Oop): void {
    if (oop !== address) throw new Error("bootstrap: the memory is not empty");
  }

  /** A new object of a known class. */
  object(className: KnownClassName, format: number, slotCount: number): Oop {
    return this.checked(this.memory.allocateOld(classIndexOf[className], format, slotCount));
  }

  array(elements: readonly Oop[]): Oop {
    return this.checked(this.memory.newArray(elements));
  }

  string(text: string): Oop {
    return this.checked(this.memory.newString(text));
  }

  symbol(text: string): Oop {
    return this.checked(this.symbols.intern(text));
  }

  private checked(oop: Oop): Oop {
    if (oop === 0) throw new Error("bootstrap: memory is full");
    return oop;
  }

  /** A new fixed-size instance of a class made before. */
  instance(className: string, indexedSize = 0): Oop {
    return this.checked(this.classes.instantiate(this.classNamed(className).classOop, indexedSize));
  }

  classNamed(name: string): BuiltClass {
    const found = this.built.get(name);
    if (found === undefined) throw new Error(`bootstrap: there is no class ${name}`);
    return found;
  }

  /** Stores into a slot by its name, if the object's class has one of that name. */
  private storeNamed(slots: readonly string[], oop: Oop, name: string, value: Oop): void {
    const index = slots.indexOf(name);
    if (index >= 0) this.memory.storePointer(index, oop, value);
  }

  // Classes

  /** Makes all classes, of which `machineProblems` found nothing; superclasses come before their subclasses. */
  makeClasses(definitions: readonly ClassDefinition[]): void {
    const { memory } = this;
    const slotsOf = (name: string) => {
      const definition = definitions.find((each) => each.name === name);
      return definition === undefined ? [] : allInstanceVariables(definition);
    };
    this.classSlots = slotsOf("Class");
    this.metaclassSlots = slotsOf("Metaclass");
    this.traitSlots = slotsOf("Trait");
    this.traitMetaclassSlots = slotsOf("MetaclassForTraits");
    this.slotCounts = new Map(
      definitions.map((each) => [each.name, allInstanceVariables(each).length]),
    );
    for (const each of definitions) if (!each.isTrait) this.makeClass(each);
    for (const each of definitions) if (each.isTrait) this.makeClass(each);
    this.dictionarySlots = slotsOf("SystemDictionary");
    memory.setSpecial(
      "smalltalk",
      this.object("SystemDictionary", Format.fixed, this.dictionarySlots.length),
    );
    for (const each of this.built.values()) this.fillClass(each);
    this.fillSubclasses();
  }

  private makeClass(definition: ClassDefinition): void {
    const { memory } = this;
    const metaclassOop = definition.isTrait
      ? this.traitMetaclass()
      : this.object("Metaclass", Format.fixed, this.metaclassSlots.length);
    const classOop = this.checked(
      memory.allocateOld(
        this.classes.indexOf(metaclassOop),
        Format.fixed,
        this.metaclassInstanceVariables(definition).length,
      ),
    );
    const known = knownClasses.findIndex((row) => row.name === definition.name);
    if (known > 0) this.classes.put(known, classOop);
    else this.classes.indexOf(classOop);
    const classVariables = new Map(
      definition.classVariables.map((name) => [name, this.association("ClassVariable", name)]),
    );
    this.built.set(definition.name, { definition, classOop, metaclassOop, classVariables });
    this.declareGlobal(definition.name, classOop);
  }

  /** The class of a trait; its own class was made before, but is not filled yet. */
  private traitMetaclass(): Oop {
    const index = this.classes.indexOf(this.classNamed("MetaclassForTraits").classOop);
    return this.checked(
      this.memory.allocateOld(index, Format.fixed, this.traitMetaclassSlots.length),
    );
  }

  private fillClass({ definition, classOop, metaclassOop, classVariables }: BuiltClass): void {
    const { memory } = this;
    const { superclass } = definition;
    const superBuilt = superclass && this.classNamed(superclass.name);
    const slotCount = allInstanceVariables(definition).length;
    this.fillBehavior(
      this.classSlots,
      classOop,
      superBuilt?.classOop ?? nilOop,
      classFormat(slotCount, instanceFormat(definition, slotCount)),
      definition.instanceVariables,
    );
    this.fillBehavior(
      this.metaclassSlots,
      metaclassOop,
      superBuilt?.metaclassOop ?? this.classNamed(definition.isTrait ? "Trait" : "Class").classOop,
      classFormat(this.metaclassInstanceVariables(definition).length, Format.fixed),
      definition.classInstanceVariables,
    );
    const put = (name: string, value: Oop) =>
      this.storeNamed(this.classSlots, classOop, name, value);
    put("name", this.symbol(definition.name));
    put("category", this.symbol(definition.category));
    put("comment", this.string(definition.comment));
    put("environment", memory.special("smalltalk"));
    if (classVariables.size > 0) put("classPool", this.array([...classVariables.values()]));
    if (definition.pools.length > 0) {
      const pools = definition.pools.map((each) => this.classNamed(each).classOop);
      put("sharedPools", this.array(pools));
    }
    this.storeNamed(this.metaclassSlots, metaclassOop, "thisClass", classOop);
    if (definition.traits !== "") put("composition", this.string(definition.traits));
    if (definition.classTraits !== "") {
      const composition = this.string(definition.classTraits);
      this.storeNamed(this.metaclassSlots, metaclassOop, "composition", composition);
    }
  }

  private fillBehavior(
    slots: readonly string[],
    behavior: Oop,
    superclass: Oop,
    format: number,
    instanceVariables: readonly string[],
  ): void {
    const { memory } = this;
    memory.storePointer(ClassSlot.superclass, behavior, superclass);
    memory.storePointer(ClassSlot.format, behavior, smallInteger(format));
    const names = this.array(instanceVariables.map((each) => this.symbol(each)));
    this.storeNamed(slots, behavior, "instanceVariables", names);
  }

  private fillSubclasses(): void {
    const subclasses = new Map<string, Oop[]>();
    for (const { definition, classOop } of this.built.values()) {
      const name = definition.superclass?.name;
      if (name === undefined) continue;
      const siblings = subclasses.get(name);
      if (siblings === undefined) subclasses.set(name, [classOop]);
      else siblings.push(classOop);
    }
    for (const [name, oops] of subclasses) {
      const { classOop } = this.classNamed(name);
      this.storeNamed(this.classSlots, classOop, "subclasses", this.array(oops));
    }
  }

  /** Gives a class or metaclass its protocols: name and selectors in turn. */
  fillOrganization(behavior: Oop, isMeta: boolean, organization: Oop): void {
    const slots = isMeta ? this.metaclassSlots : this.classSlots;
    this.storeNamed(slots, behavior, "organization", organization);
  }

  /** The slots that class-side methods of a class see. */
  metaclassInstanceVariables(definition: ClassDefinition): readonly string[] {
    const slots = definition.isTrait ? this.traitSlots : this.classSlots;
    return [...slots, ...metaclassVariables(definition)];
  }

  // Variables

  private association(kind: KnownClassName, name: string): Oop {
    const oop = this.object(kind, Format.fixed, this.slotCounts.get(kind)!);
    this.memory.storePointer(AssociationSlot.key, oop, this.symbol(name));
    return oop;
  }

  declareGlobal(name: string, value: Oop): void {
    const binding = this.association("GlobalVariable", name);
    this.memory.storePointer(AssociationSlot.value, binding, value);
    this.globals.set(name, binding);
  }

  setGlobal(name: string, value: Oop): void {
    this.memory.storePointer(AssociationSlot.value, this.globals.get(name)!, value);
  }

  /** The binding of a capitalised name as methods of the class see it, or undefined. */
  bindingFor(name: string, definition: ClassDefinition): Oop | undefined {
    for (let each: ClassDefinition | undefined = definition; each; each = each.superclass) {
      const built = this.classNamed(each.name);
      const own = built.classVariables.get(name);
      if (own !== undefined) return own;
      for (const pool of each.pools) {
        const found = this.classNamed(pool).classVariables.get(name);
        if (found !== undefined) return found;
      }
    }
    return this.globals.get(name);
  }

  /**
   * Gives the SystemDictionary its bindings, as a plain Array that the entry
   * method hashes, and lets new space be used again.
   */
  finish(): void {
    const { memory } = this;
    const globals = [...this.globals.values()];
    const dictionary = memory.special("smalltalk");
    this.storeNamed(this.dictionarySlots, dictionary, "tally", smallInteger(globals.length));
    this.storeNamed(this.dictionarySlots, dictionary, "array", this.array(globals));
    memory.oldSpace.collecting = false;
    memory.oldSpace.limitEden();
  }
}

/** Instance variables of a class's metaclass beyond those of Class. */
function metaclassVariables(definition: ClassDefinition): readonly string[] {
  const inherited = definition.superclass ? metaclassVariables(definition.superclass) : [];
  return [...inherited, ...definition.classInstanceVariables];
}
