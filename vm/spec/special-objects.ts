/**
 * The special objects: what the machine must find in an image by itself. They
 * are the slots of one Array, the image's only root. Rows are in saved images:
 * add at the end, retire in place.
 */

export const specialObjects = [
  { name: "classTable", doc: "Array from class index to class or nil" },
  {
    name: "symbolTable",
    doc: "Array, a hash table of all Symbols by their string hash, nil where free",
  },
  { name: "smalltalk", doc: "the SystemDictionary of globals" },
  { name: "processor", doc: "the ProcessorScheduler" },
  { name: "selectors", doc: "Array of the selectors below, in their order" },
  { name: "timerSemaphore", doc: "signalled when the time asked for has come, or nil" },
  { name: "inputSemaphore", doc: "signalled when host events wait, or nil" },
  {
    name: "interruptSemaphore",
    doc: "signalled when the user asks to stop the active process, or nil",
  },
  { name: "lowSpaceSemaphore", doc: "signalled when memory runs low, or nil" },
  {
    name: "finalizationSemaphore",
    doc: "signalled when ephemerons or weak objects wait to be mourned, or nil",
  },
  {
    name: "sessionStarter",
    doc: "the object sent #sessionStarted in a new process when an image opens, or nil",
  },
  { name: "undeclared", doc: "Dictionary of undeclared variables" },
  {
    name: "snapshotAnswer",
    doc: "true if the active context waits for the answer of a snapshot, else false",
  },
  { name: "mourningQueue", doc: "Array or nil: ephemerons and weak objects to mourn" },
] as const;

export type SpecialObjectName = (typeof specialObjects)[number]["name"];

/** Index of each special object in the Array. */
export const Special = Object.fromEntries(
  specialObjects.map((row, index) => [row.name, index]),
) as Record<SpecialObjectName, number>;

/** Selectors the machine sends of its own accord, beside those of the bytecode table. */
export const machineSelectors = [
  "doesNotUnderstand:",
  "mustBeBoolean",
  "cannotReturn:",
  "aboutToReturn:through:",
  "attemptToAssign:withIndex:",
  "cannotInterpret:",
  "run:with:in:",
  "sessionStarted",
  "processTerminated",
  "+",
  "-",
  "*",
  "/",
  "//",
  "\\\\",
  "bitAnd:",
  "bitOr:",
  "bitXor:",
  "bitShift:",
  "<",
  ">",
  "<=",
  ">=",
  "=",
  "~=",
  "at:",
  "at:put:",
] as const;

export type MachineSelector = (typeof machineSelectors)[number];

/** Index of each selector in the `selectors` special object. */
export const SelectorIndex = Object.fromEntries(
  machineSelectors.map((selector, index) => [selector, index]),
) as Record<MachineSelector, number>;
