/**
 * A kernel just large enough to try the machine without the real one: every
 * class the machine knows, the control primitives, and what a test adds. A
 * program is the body of `Mini class >> main`; its answer ends up in `Result`.
 */

import { bootstrap } from "../../vm/bootstrap.ts";
import { Stop } from "../../vm/interpreter/interpreter.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import { AssociationSlot, knownClasses, nilOop, type Oop } from "../../vm/spec/layouts.ts";
import { VirtualMachine } from "../../vm/virtual-machine.ts";

interface MiniClass {
  readonly superclass?: string;
  readonly type?: string;
  readonly slots?: readonly string[];
  readonly methods?: readonly string[];
}

const types: Readonly<Record<string, string>> = {
  Array: "variable",
  ByteString: "bytes",
  ByteSymbol: "bytes",
  ByteArray: "bytes",
  LargePositiveInteger: "bytes",
  LargeNegativeInteger: "bytes",
  WideString: "words",
  WideSymbol: "words",
  WordArray: "words",
  DoubleByteArray: "doubleBytes",
  DoubleWordArray: "doubleWords",
  Float32Array: "words",
  Float64Array: "doubleWords",
  BoxedFloat64: "doubleWords",
  FullBlockClosure: "variable",
  Context: "variable",
  CompiledMethod: "compiledMethod",
  CompiledBlock: "compiledMethod",
  MethodDictionary: "variable",
  WeakArray: "weak",
  Ephemeron: "ephemeron",
  SmallInteger: "immediate",
  Character: "immediate",
};

const classes: Readonly<Record<string, MiniClass>> = {
  ProtoObject: { superclass: "nil" },
  Object: {
    superclass: "ProtoObject",
    methods: [
      "doesNotUnderstand: aMessage\n\t^ Mini unknown: aMessage from: self",
      "mustBeBoolean\n\t^ false",
      "perform: aSelector\n\t<primitive: #perform>\n\t^ #failed",
      "perform: aSelector with: a\n\t<primitive: #perform>\n\t^ #failed",
      "perform: aSelector withArguments: anArray\n\t<primitive: #performWithArguments>\n\t^ #failed",
      "becomeForward: other\n\t^ {self} forward: {other} copyHash: true",
      "yourself\n\t^ self",
      "isNil\n\t^ false",
    ],
  },
  UndefinedObject: { methods: ["isNil\n\t^ true"] },
  Behavior: { slots: ["superclass", "methodDict", "format"] },
  Class: {
    superclass: "Behavior",
    slots: ["name", "classPool", "subclasses", "instanceVariables", "organization", "comment"],
    methods: [
      "new\n\t<primitive: #basicNew>\n\t^ #failed",
      "new: size\n\t<primitive: #basicNewSized>\n\t^ #failed",
    ],
  },
  Metaclass: { superclass: "Behavior", slots: ["thisClass"] },
  Array: {
    methods: [
      "at: index\n\t^ #bounds",
      "at: index put: value\n\t^ #bounds",
      "become: other\n\t<primitive: #become>\n\t^ #failed",
      "forward: other copyHash: aBoolean\n\t<primitive: #becomeForward>\n\t^ #failed",
    ],
  },
  FullBlockClosure: {
    methods: [
      "value\n\t<primitive: #blockValue>\n\t^ #arity",
      "value: a\n\t<primitive: #blockValue>\n\t^ #arity",
      "value: a value: b\n\t<primitive: #blockValue>\n\t^ #arity",
      "valueWithArguments: anArray\n\t<primitive: #blockValueWithArguments>\n\t^ #arity",
      "ensure: aBlock\n\t| result |\n\t<primitive: #blockEnsure>\n\tresult := self value.\n\taBlock value.\n\t^ result",
      "newProcess: priority\n\t| process |\n\tprocess := Process new.\n\tprocess priority: priority context: (Context newFor: (self code) receiver: nil closure: self).\n\t^ process",
      "code\n\t^ compiledBlock",
      "numArgs\n\t^ numArgs",
    ],
  },
  Context: {
    methods: [
      "sender\n\t^ sender",
      "pc\n\t^ pc",
      "sender: aContext\n\tsender := aContext",
      "method\n\t^ method",
      "receiver: anObject closure: aBlock\n\treceiver := anObject.\n\tclosureOrNil := aBlock",
      "return: value\n\tthisContext sender: sender.\n\t^ value",
      "aboutToReturn: value through: unwind\n\t^ self home: value through: unwind",
      "home: value through: unwind\n\tMini log: #unwind.\n\t^ self unwindTo: self homeSender with: value",
      "homeSender\n\t^ closureOrNil home sender",
      "nextUnwind: aContext\n\t<primitive: #contextNextUnwind>\n\t^ #failed",
      "terminateTo: aContext\n\t<primitive: #contextTerminateTo>\n\t^ #failed",
      "tempAt: index\n\t<primitive: #contextAt>\n\t^ #failed",
      "cannotReturn: value\n\tMini log: #cannotReturn.\n\t^ Mini finish: value",
      `unwindTo: target with: value
	| unwind |
	[ (unwind := self nextUnwind: target) isNil ] whileFalse: [
		(unwind tempAt: 1) value.
		self terminateTo: unwind sender ].
	thisContext terminateTo: target.
	^ value`,
    ],
  },
  Process: {
    methods: [
      "priority: p context: c\n\tpriority := p.\n\tsuspendedContext := c",
      "resume\n\t<primitive: #processResume>\n\t^ #failed",
      "suspend\n\t<primitive: #processSuspend>\n\t^ #failed",
    ],
  },
  Semaphore: {
    slots: ["firstLink", "lastLink", "excessSignals"],
    methods: [
      "signal\n\t<primitive: #semaphoreSignal>\n\t^ #failed",
      "wait\n\t<primitive: #semaphoreWait>\n\t^ #failed",
      "setUp\n\texcessSignals := 0",
    ],
  },
  SmallInteger: {
    methods: [
      "fib\n\t^ self < 2 ifTrue: [ 1 ] ifFalse: [ (self - 1) fib + (self - 2) fib + 1 ]",
      "deep\n\t^ self = 0 ifTrue: [ 0 ] ifFalse: [ (self - 1) deep + 1 ]",
      "+ other\n\t^ #overflow",
      "@ other\n\t^ Point new x: self y: other",
    ],
  },
  Point: { methods: ["x: a y: b\n\tx := a.\n\ty := b", "x\n\t^ x", "y\n\t^ y"] },
  Mini: {
    methods: [
      "class unknown: aMessage from: anObject\n\tMini log: aMessage selector.\n\t^ anObject",
      "class finish: value\n\tResult := value.\n\tself exit: 0",
      "class exit: code\n\t<primitive: #exit>\n\t^ #failed",
      "class collect\n\t<primitive: #compactGarbage>\n\t^ #failed",
      "class log: anObject\n\tLog := {Log. anObject}",
      "class activeProcess\n\t<primitive: #activeProcess>\n\t^ #failed",
      "class snapshot: mode\n\t<primitive: #snapshot>\n\t^ #failed",
    ],
  },
  Message: { methods: ["selector\n\t^ selector"] },
};

function tonel(name: string, definition: MiniClass, extra: readonly string[]): string {
  const known = knownClasses.find((row) => row.name === name);
  const slots = definition.slots ?? known?.slots ?? [];
  const type = definition.type ?? types[name];
  const methods = [...(definition.methods ?? []), ...extra];
  return `"I am part of a small kernel."
Class {
	#name : #${name},
	#superclass : #${definition.superclass ?? "Object"},
	${type === undefined ? "" : `#type : #${type},`}
	#instVars : [ ${slots.map((slot) => `'${slot}'`).join(", ")} ],
	#category : #'Mini'
}
${methods
  .map((source) => {
    const side = source.startsWith("class ") ? " class" : "";
    const text = side === "" ? source : source.slice(6);
    const split = text.indexOf("\n");
    return `
{ #category : #all }
${name}${side} >> ${text.slice(0, split)} [${text.slice(split)}
]
`;
  })
  .join("")}`;
}

/** A machine about to run a program; `extra` adds methods to classes, "class " in front for the class side. */
export function miniMachine(
  main: string,
  extra: Readonly<Record<string, readonly string[]>> = {},
  heapLimit?: number,
): VirtualMachine {
  const names = new Set<string>([
    ...knownClasses.slice(2).map((row) => row.name as string),
    ...Object.keys(classes),
    ...Object.keys(extra),
  ]);
  const files = [...names].map((name) => {
    const added = [...(extra[name] ?? [])];
    if (name === "Mini")
      added.push(`class main\n\tself finish: self program`, `class program\n${main}`);
    return { path: `${name}.class.st`, text: tonel(name, classes[name] ?? {}, added) };
  });
  const memory = new ObjectMemory(heapLimit);
  bootstrap(memory, files, {
    entry: { className: "Mini", selector: "main" },
    globals: ["Result", "Log", "Processor"],
  });
  const machine = new VirtualMachine(memory, new SimulatedHost());
  machine.start();
  return machine;
}

/** Runs to the end of the session; answers what `Result` holds, printed for comparison. */
export function finish(machine: VirtualMachine, budget = 1000): string {
  for (let slices = 0; ; slices++) {
    const reason = machine.runSlice(budget);
    if (reason === Stop.exit) break;
    if (reason === Stop.idle && machine.idleMilliseconds === Number.POSITIVE_INFINITY) {
      throw new Error("nothing can run");
    }
    if (slices > 10_000_000) throw new Error("it does not end");
  }
  return print(machine, globalValue(machine, "Result"));
}

export const run = (main: string, extra?: Readonly<Record<string, readonly string[]>>): string =>
  finish(miniMachine(main, extra));

/** The value of a global that the bootstrap declared. */
export function globalValue(machine: VirtualMachine, name: string): Oop {
  const { memory } = machine;
  const symbol = machine.interpreter.symbols.find(name);
  const dictionary = memory.special("smalltalk");
  for (let slot = 0; slot < memory.slotCount(dictionary); slot++) {
    const bindings = memory.fetchPointer(slot, dictionary);
    if ((bindings & 3) !== 0 || bindings === nilOop) continue;
    for (let at = 0; at < memory.slotCount(bindings); at++) {
      const binding = memory.fetchPointer(at, bindings);
      if (binding !== nilOop && memory.fetchPointer(AssociationSlot.key, binding) === symbol) {
        return memory.fetchPointer(AssociationSlot.value, binding);
      }
    }
  }
  throw new Error(`no global ${name}`);
}

export function print(machine: VirtualMachine, oop: Oop): string {
  const { memory } = machine;
  if ((oop & 1) !== 0) return String(oop >> 1);
  if ((oop & 2) !== 0) return `$${String.fromCodePoint(oop >>> 2)}`;
  if (oop === nilOop) return "nil";
  const name = knownClasses[memory.classIndex(oop)]?.name;
  if (name === "True" || name === "False") return name.toLowerCase();
  if (memory.isString(oop)) return memory.stringValue(oop);
  if (memory.isFloat(oop)) return String(memory.floatValue(oop));
  if (name === "Array") {
    const elements = Array.from({ length: memory.slotCount(oop) }, (_, index) =>
      print(machine, memory.fetchPointer(index, oop)),
    );
    return `(${elements.join(" ")})`;
  }
  return `a ${name}`;
}
