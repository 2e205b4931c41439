import { describe, expect, it } from "vitest";
import { BootstrapError, bootstrap, type Problem, type SourceFile } from "../../vm/bootstrap.ts";
import { CodeHeader } from "../../vm/interpreter/contexts.ts";
import { Lookup } from "../../vm/interpreter/lookup.ts";
import { ClassTable } from "../../vm/memory/class-table.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SymbolTable } from "../../vm/memory/symbol-table.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import {
  ClassSlot,
  classIndexOf,
  Format,
  falseOop,
  instanceFormatOf,
  instanceSizeOf,
  knownClasses,
  nilOop,
  type Oop,
  oldBase,
  smallIntegerValue,
  trueOop,
} from "../../vm/spec/layouts.ts";
import { VirtualMachine } from "../../vm/virtual-machine.ts";
import {
  classFile,
  extensionFile,
  smallKernel,
  smallOptions,
  traitFile,
  traitKernel,
} from "./small-kernel.ts";

const heapLimit = 0x4000000;

function built(sources: readonly SourceFile[]): ObjectMemory {
  const memory = new ObjectMemory(heapLimit);
  bootstrap(memory, sources, smallOptions);
  return memory;
}

function problemsOf(sources: readonly SourceFile[]): readonly Problem[] {
  try {
    built(sources);
  } catch (error) {
    if (error instanceof BootstrapError) return error.problems;
    throw error;
  }
  return [];
}

const heapBytes = (memory: ObjectMemory): Uint8Array =>
  memory.bytes.subarray(oldBase, memory.oldEnd);

const start = (body: string): string => `
{ #category : #starting }
Start class >> start [
	${body}
]`;

/** The exit code of a kernel that runs that body. */
async function run(body: string, ...more: SourceFile[]): Promise<number> {
  const machine = new VirtualMachine(built(smallKernel(start(body), ...more)), new SimulatedHost());
  machine.start();
  return await machine.run();
}

function globals(memory: ObjectMemory): Map<string, Oop> {
  const array = memory.fetchPointer(1, memory.special("smalltalk"));
  const found = new Map<string, Oop>();
  for (let index = 0; index < memory.slotCount(array); index++) {
    const binding = memory.fetchPointer(index, array);
    const name = memory.stringValue(memory.fetchPointer(0, binding));
    found.set(name, memory.fetchPointer(1, binding));
  }
  return found;
}

describe("a bootstrapped heap", () => {
  const memory = built(smallKernel(start("self exit: 0")));
  const classes = new ClassTable(memory);
  const named = globals(memory);

  it("begins with nil, false and true", () => {
    expect(memory.classIndex(nilOop)).toBe(classIndexOf.UndefinedObject);
    expect(memory.classIndex(falseOop)).toBe(classIndexOf.False);
    expect(memory.classIndex(trueOop)).toBe(classIndexOf.True);
  });

  it("has the known classes at their indices, and the index as their hash", () => {
    knownClasses.forEach(({ name }, index) => {
      if (index < 2) return;
      const classOop = named.get(name)!;
      expect(classes.at(index)).toBe(classOop);
      expect(memory.identityHash(classOop)).toBe(index);
    });
  });

  it("closes the loops of classes and metaclasses", () => {
    const metaclass = named.get("Metaclass")!;
    const object = named.get("Object")!;
    expect(classes.classOf(classes.classOf(metaclass))).toBe(metaclass);
    const objectClass = classes.classOf(object);
    expect(memory.fetchPointer(ClassSlot.superclass, objectClass)).toBe(named.get("Class"));
    expect(memory.fetchPointer(ClassSlot.superclass, object)).toBe(nilOop);
    const arrayClass = classes.classOf(named.get("Array")!);
    expect(memory.fetchPointer(ClassSlot.superclass, arrayClass)).toBe(objectClass);
  });

  it("gives each class the shape of its instances", () => {
    const shape = (name: string) => {
      const value = smallIntegerValue(memory.fetchPointer(ClassSlot.format, named.get(name)!));
      return [instanceFormatOf(value), instanceSizeOf(value)];
    };
    expect(shape("Object")).toEqual([Format.empty, 0]);
    expect(shape("Association")).toEqual([Format.fixed, 2]);
    expect(shape("Array")).toEqual([Format.indexable, 0]);
    expect(shape("Context")).toEqual([Format.indexableWithFixed, 6]);
    expect(shape("ByteString")).toEqual([Format.bytes, 0]);
    expect(shape("Ephemeron")).toEqual([Format.ephemeron, 2]);
  });

  it("has nothing in new space and nothing to remember", () => {
    expect(memory.rememberedCount).toBe(0);
  });

  it("is the same bytes each time, whatever the order of the files", () => {
    const sources = smallKernel(start("self exit: 0"));
    const again = built([...sources].reverse());
    expect(Buffer.compare(heapBytes(memory), heapBytes(again))).toBe(0);
  });
});

describe("a bootstrapped kernel", () => {
  it("runs its entry method", async () => {
    expect(await run("self exit: 42")).toBe(42);
  });

  it("finds methods through superclasses and on the class side", async () => {
    const thing = classFile(
      "Thing",
      "Object",
      ["x"],
      `
Thing class >> seven [
	^ 7
]`,
    );
    const part = classFile("Part", "Thing");
    expect(await run("self exit: Part seven * 6", thing, part)).toBe(42);
  });

  it("binds class variables, pools and globals", async () => {
    const pool = classFile(
      "Colours",
      "Object",
      [],
      "Colours class >> fill [\n\tRed := 30\n]",
      "\t#classVars : [ 'Red' ],\n",
    );
    const user = classFile(
      "User",
      "Object",
      [],
      "User class >> sum [\n\tCount := 12.\n\tColours fill.\n\t^ Count + Red\n]",
      "\t#classVars : [ 'Count' ],\n\t#pools : [ 'Colours' ],\n",
    );
    expect(await run("self exit: User sum", pool, user)).toBe(42);
  });

  it("finds every one of many methods in its dictionary", () => {
    const selectors = Array.from({ length: 300 }, (_, index) => `m${index}`);
    const many = classFile(
      "Many",
      "Object",
      [],
      selectors.map((each) => `Many >> ${each} [\n\t^ 1\n]`).join("\n"),
    );
    const memory = built(smallKernel(start("self exit: 0"), many));
    const lookup = new Lookup(memory, new ClassTable(memory), new CodeHeader(memory));
    const symbols = new SymbolTable(memory);
    const manyClass = globals(memory).get("Many")!;
    const missing = selectors.filter((each) => lookup.findIn(symbols.find(each), manyClass) === 0);
    expect(missing).toEqual([]);
    expect(lookup.findIn(symbols.intern("m300"), manyClass)).toBe(0);
  });

  it("loads extensions of other packages", async () => {
    const more = extensionFile("Start", "Start class >> answer [\n\t^ 42\n]");
    expect(await run("self exit: self answer", more)).toBe(42);
  });
});

describe("a trait of the kernel", () => {
  const method = "TSeven >> seven [\n\t^ 7\n]\nTSeven class >> eight [\n\t^ 8\n]";

  it("is an object of its own kind, with methods on both sides", async () => {
    const memory = built(
      smallKernel(start("self exit: 0"), ...traitKernel, traitFile("TSeven", [], method)),
    );
    const named = globals(memory);
    const classes = new ClassTable(memory);
    const trait = named.get("TSeven")!;
    const metaclass = classes.classOf(trait);
    expect(memory.fetchPointer(ClassSlot.superclass, trait)).toBe(nilOop);
    expect(memory.fetchPointer(ClassSlot.superclass, metaclass)).toBe(named.get("Trait"));
    expect(classes.classOf(metaclass)).toBe(named.get("MetaclassForTraits"));
    const slots = instanceSizeOf(
      smallIntegerValue(memory.fetchPointer(ClassSlot.format, metaclass)),
    );
    expect(memory.slotCount(trait)).toBe(slots);
    const code = start("self exit: TSeven eight");
    const machine = new VirtualMachine(
      built(smallKernel(code, ...traitKernel, traitFile("TSeven", [], method))),
      new SimulatedHost(),
    );
    machine.start();
    expect(await machine.run()).toBe(8);
  });

  it("is the same whatever the order of the files", () => {
    const sources = smallKernel(
      start("self exit: 0"),
      ...traitKernel,
      traitFile("ABefore", [], ""),
      traitFile("TSeven", [], method),
    );
    expect(heapBytes(built([...sources].reverse()))).toEqual(heapBytes(built(sources)));
  });
});

describe("what is wrong with sources", () => {
  const good = start("self exit: 0");
  const report = (...more: SourceFile[]): string[] =>
    problemsOf(smallKernel(good, ...more)).map(
      ({ path, line, column, message }) => `${path}:${line}:${column}: ${message}`,
    );

  it("is listed with its place", () => {
    const bad = extensionFile(
      "Object",
      "Object >> fine [\n\t^ 1\n]\n\nObject >> bad [\n\t^ (1 + \n]\n\nObject >> worse [\n\t^ Nowhere\n]",
    );
    const lines = report(bad);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^Small\/Object\.extension\.st:[67]:\d+: /);
    expect(lines[1]).toMatch(/^Small\/Object\.extension\.st:11:4: .*Nowhere/);
  });

  it("includes primitives nobody has, or with other arguments", () => {
    const bad = extensionFile(
      "Object",
      "Object >> a [\n\t<primitive: #noSuchThing>\n]\nObject >> b [\n\t<primitive: #exit>\n]",
    );
    const lines = report(bad);
    expect(lines[0]).toContain("there is no primitive #noSuchThing");
    expect(lines[1]).toContain("primitive #exit takes 1 arguments");
  });

  it("includes classes defined twice, without superclass, or in a circle", () => {
    expect(report(classFile("Array", "Object"))[0]).toContain("class Array is defined in");
    expect(report(classFile("Orphan", "Nobody"))[0]).toContain("superclass Nobody of Orphan");
    const circle = report(classFile("A", "B"), classFile("B", "A"));
    expect(circle.some((line) => line.includes("inherits from itself"))).toBe(true);
  });

  it("includes traits that are missing, cannot be, or bring variables", () => {
    const user = (traits: string): SourceFile =>
      classFile("User", "Object", [], "", `	#traits : '${traits}',\n`);
    expect(report(traitFile("TSeven"))[0]).toContain("needs Trait and MetaclassForTraits");
    expect(report(...traitKernel, user("TNobody - #Seven"))).toHaveLength(1);
    expect(report(...traitKernel, user("TNobody"))[0]).toContain("trait TNobody is missing");
    expect(report(...traitKernel, user("Start"))[0]).toContain("trait Start is missing");
    const lines = report(...traitKernel, traitFile("TVars", ["a"]), user("TVars"));
    expect(lines[0]).toContain("trait TVars has variables");
    expect(report(...traitKernel, traitFile("TSeven"), user("TSeven"))).toEqual([]);
  });

  it("includes methods written twice and methods of classes that are not there", () => {
    const twice = extensionFile("Object", "Object >> a [\n\t^ 1\n]\nObject >> a [\n\t^ 2\n]");
    expect(report(twice)[0]).toContain("#a is defined twice");
    const lost = extensionFile("Lost", "Lost >> a [\n\t^ 1\n]");
    expect(report(lost)[0]).toContain("class Lost is missing");
  });

  it("includes slots the machine would not find", () => {
    const sources = smallKernel(good).map((file) =>
      file.path === "Small/Point.class.st" ? classFile("Point", "Object", ["y", "x"]) : file,
    );
    expect(() => built(sources)).toThrow("Point has slots (y,x), the machine expects (x,y)");
  });
});
