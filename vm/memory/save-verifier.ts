/**
 * Before each save: would the image of this heap be opened again?
 *
 * A running machine keeps headers and pointers right by itself; what a program can get
 * wrong is what the machine relies on: the shapes of objects, the class table, compiled
 * code, Contexts, closures, processes. For a full save all of it is checked. For a delta
 * so is what no page alone can tell (tables, classes, the lists of processes), and of
 * the rest what lies on dirty pages. What lies on clean ones was found sound before and
 * has not changed, nor can what that rested on have:
 *
 * - Nothing changes the class, format or size of an object but `become:` and a change of
 *   class, and they void the heap index.
 * - Code refers to blocks the same way for ever: so does exchanging one of them.
 * - If a class has got another shape, or a closure another block, all is checked.
 *
 * Without an index, or in doubt, all is checked: an error found in a delta is believed
 * only then.
 */

import {
  classFormat,
  classIndexMask,
  classIndexOf,
  Format,
  formatShift,
  headerBytes,
  headerWords,
  type Oop,
  oldBase,
  overflowSlotCount,
  ProcessSlot,
  pageBytes,
  slotCountShift,
} from "../spec/layouts.ts";
import { ClassShapes } from "./class-shapes.ts";
import { CodeVerifier } from "./code-verifier.ts";
import { MachineObjects, valueFor } from "./heap-index.ts";
import { HeapMap, type HeapProblem } from "./heap-map.ts";
import { firstFinding } from "./heap-verifier.ts";
import { MachineObjectVerifier } from "./machine-object-verifier.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** The first problem for which an image of the heap, as it stands ready to be saved, would be refused when it is opened. */
export function problemOfSaving(memory: ObjectMemory): HeapProblem | undefined {
  return new SaveVerifier(memory).problem("full");
}

const firstPage = oldBase / pageBytes;

export class SaveVerifier {
  private readonly memory: ObjectMemory;
  private readonly words: Int32Array;
  private readonly map: HeapMap;
  private readonly shapes: ClassShapes;
  /** The shapes of the heap last found sound; none before. */
  private soundShapes: Int32Array | undefined;
  /** Knows what it has proved of code, as long as the index lists the same. */
  private code: CodeVerifier | undefined;
  private epoch = -1;
  /** What a delta has found new. */
  private fresh = new MachineObjects();
  private doubts = false;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
    this.words = memory.words;
    this.map = new HeapMap(memory, true);
    this.shapes = new ClassShapes(this.map);
  }

  /** The heap has been opened and so found sound; its dirty pages are yet to be checked. */
  adopt(): void {
    this.map.reset();
    const problem = firstFinding(() => this.shapes.read());
    this.soundShapes = problem === undefined ? this.shapes.shapes : undefined;
  }

  /** The first problem with a save of that kind, or undefined. New space is empty. */
  problem(kind: "full" | "delta"): HeapProblem | undefined {
    if (kind === "delta" && this.isChangeSound()) return undefined;
    const problem = firstFinding(() => this.verifyAll());
    if (problem !== undefined) this.memory.heapIndex.void();
    return problem;
  }

  // All

  private verifyAll(): void {
    const { memory, map, shapes } = this;
    map.reset();
    shapes.read();
    memory.heapIndex.begin();
    this.checkObjects();
    const code = new CodeVerifier(map);
    new MachineObjectVerifier(map, code, true, true).verify();
    memory.heapIndex.complete();
    this.soundShapes = shapes.shapes;
    this.code = code;
    this.epoch = memory.heapIndex.epoch;
  }

  /** Checks each object against its class only, and notes those of the machine. */
  private checkObjects(): void {
    const { words, map } = this;
    const { shapes } = this.shapes;
    const { heapIndex } = this.memory;
    const end = this.memory.oldEnd >>> 2;
    let covered = firstPage;
    for (let index = oldBase >>> 2; index < end; ) {
      const start = index;
      let slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) {
        slots = words[index]! >>> 0;
        index += 2;
      }
      const object = index;
      index += headerWords + ((slots + 1) & ~1);
      if ((index + 1023) >>> 10 > covered) covered = heapIndex.cover(start, index);
      const header = words[object]!;
      const classIndex = header & classIndexMask;
      if (classIndex === classIndexOf["(free)"]) continue;
      const format = (header >>> formatShift) & 31;
      const shape = shapes[classIndex]!;
      // Most objects: of a class of fixed objects, whose shape is their format and size, or Arrays.
      const size = format === Format.fixed ? slots : 0;
      if (format > Format.indexable || shape !== classFormat(size, format)) {
        this.checkObject(object, classIndex, format, slots);
        if (format < Format.compiledCode && format !== Format.indexableWithFixed) continue;
      } else if (classIndex !== classIndexOf.Process && classIndex !== classIndexOf.Semaphore) {
        continue;
      }
      map.note(object, classIndex, format);
      heapIndex.known.note(words, object, classIndex, format);
    }
  }

  private checkObject(object: number, classIndex: number, format: number, slots: number): void {
    this.shapes.check(object, classIndex, format, slots);
    if (format >= Format.compiledCode) this.shapes.codeOopCount(object, slots);
  }

  // What has changed

  private isChangeSound(): boolean {
    const { heapIndex } = this.memory;
    if (!heapIndex.isValid || this.soundShapes === undefined) return false;
    this.doubts = false;
    const problem = firstFinding(() => this.verifyChanges());
    if (problem !== undefined || this.doubts) return false;
    for (const [at, list] of heapIndex.known.lists.entries()) list.merge(this.fresh.lists[at]!);
    this.soundShapes = this.shapes.shapes;
    return true;
  }

  private verifyChanges(): void {
    const { memory, map, shapes } = this;
    map.reset();
    shapes.read();
    if (!this.areShapesKept()) {
      this.doubts = true;
      return;
    }
    this.fresh = new MachineObjects();
    this.checkDirtyPages();
    if (this.doubts) return;
    const { known } = memory.heapIndex;
    const touchedCode = Int32Array.from(map.code.items.subarray(0, map.code.count));
    for (const [list, all, fresh] of [
      [map.code, known.code, this.fresh.code],
      [map.processes, known.processes, this.fresh.processes],
      [map.semaphores, known.semaphores, this.fresh.semaphores],
    ] as const) {
      list.clear();
      for (const { oops } of [all, fresh]) {
        for (let at = 0; at < oops.count; at++) list.push(oops.items[at]!);
      }
    }
    this.noteTops();
    const isProved = this.code !== undefined && this.epoch === memory.heapIndex.epoch;
    if (!isProved) this.code = new CodeVerifier(map);
    // Proofs of what turns out to be wrong must not stay.
    const code = this.code!;
    this.code = undefined;
    new MachineObjectVerifier(map, code, true, true).verifyChanges(
      isProved ? touchedCode : undefined,
      (oop) => this.isTouched(oop),
    );
    this.code = code;
    this.epoch = memory.heapIndex.epoch;
  }

  /** Whether every class has the shape it had. */
  private areShapesKept(): boolean {
    const before = this.soundShapes!;
    const now = this.shapes.shapes;
    for (let index = 0; index < before.length; index++) {
      const shape = before[index]!;
      if (shape >= 0 && shape !== now[index]) return false;
    }
    return true;
  }

  /** The Contexts that processes go on in are judged by more than what they hold. */
  private noteTops(): void {
    const { map, memory } = this;
    const { processes } = map;
    for (let at = 0; at < processes.count; at++) {
      const top = memory.fetchPointer(ProcessSlot.suspendedContext, processes.items[at]!);
      if (map.isInstance(top, classIndexOf.Context) && !this.isTouched(top)) map.contexts.push(top);
    }
  }

  private isTouched(oop: Oop): boolean {
    const { memory } = this;
    const last = ((oop >>> 0) + headerBytes + memory.slotCount(oop) * 4 - 1) >>> 12;
    for (let page = oop >>> 12; page <= last; page++) if (memory.isDirty(page)) return true;
    return false;
  }

  private checkDirtyPages(): void {
    const { memory } = this;
    const end = firstPage + memory.pageCount;
    let done = 0;
    for (let page = firstPage; page < end && !this.doubts; page++) {
      if (!memory.isDirty(page)) continue;
      const first = page;
      while (page < end && memory.isDirty(page)) page++;
      const start = Math.max(memory.heapIndex.startFor(first), done);
      const behind = Math.min(page * pageBytes, memory.oldEnd);
      done = this.checkTouched(start, (first * pageBytes) / 4, behind / 4);
    }
  }

  /** Checks what reaches behind `from`, beginning in front of `end`; answers where it ends. */
  private checkTouched(start: number, from: number, end: number): number {
    const { words } = this;
    let index = start;
    while (index < end) {
      let slots = words[index + 1]! >>> slotCountShift;
      if (slots === overflowSlotCount) {
        slots = words[index]! >>> 0;
        index += 2;
      }
      const object = index;
      index += headerWords + ((slots + 1) & ~1);
      if (index <= from) continue;
      const header = words[object]!;
      const classIndex = header & classIndexMask;
      if (classIndex === classIndexOf["(free)"]) continue;
      const format = (header >>> formatShift) & 31;
      this.checkObject(object, classIndex, format, slots);
      this.map.note(object, classIndex, format);
      this.noteFresh(object, classIndex, format);
    }
    return index;
  }

  /** Notes what the index does not list; doubts what it lists otherwise. */
  private noteFresh(object: number, classIndex: number, format: number): void {
    const list = this.memory.heapIndex.known.listFor(classIndex, format);
    if (list === undefined) return;
    const at = list.indexOf((object << 2) | 0);
    if (at < 0) this.fresh.note(this.words, object, classIndex, format);
    else if (list.values.items[at] !== valueFor(this.words, object, classIndex)) this.doubts = true;
  }
}
