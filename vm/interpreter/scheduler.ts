/**
 * Processes and semaphores, as in Smalltalk-80: one active process, a list of
 * ready ones for each priority, and a list on each semaphore. A process that
 * is preempted stays first of its priority: only yielding lets its peers run.
 *
 * The scheduler only moves processes between lists and notes which should run;
 * the interpreter switches at its next chance, when frames are complete.
 *
 * A. Goldberg, D. Robson, "Smalltalk-80: The Language and its Implementation",
 * 1983, chapter 29.
 */

import type { ObjectMemory } from "../memory/object-memory.ts";
import {
  LinkedListSlot,
  nilOop,
  type Oop,
  ProcessSlot,
  SchedulerSlot,
  SemaphoreSlot,
  smallInteger,
} from "../spec/layouts.ts";
import { ChainWalk } from "./contexts.ts";
import { MachineFault } from "./machine-fault.ts";

export class Scheduler {
  private readonly memory: ObjectMemory;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
  }

  get activeProcess(): Oop {
    return this.memory.fetchPointer(SchedulerSlot.activeProcess, this.memory.special("processor"));
  }

  set activeProcess(process: Oop) {
    this.memory.storePointer(
      SchedulerSlot.activeProcess,
      this.memory.special("processor"),
      process,
    );
  }

  priority(process: Oop): number {
    return this.memory.fetchPointer(ProcessSlot.priority, process) >> 1;
  }

  /** Whether there is a ready list for the process's priority. */
  hasPriority(process: Oop): boolean {
    const priority = this.memory.fetchPointer(ProcessSlot.priority, process);
    const lists = this.readyLists();
    return (
      (priority & 1) !== 0 &&
      this.memory.hasSlots(lists, Math.max(priority >> 1, 1)) &&
      priority >> 1 >= 1 &&
      this.isList(this.memory.fetchPointer((priority >> 1) - 1, lists))
    );
  }

  isList(oop: Oop): boolean {
    return this.memory.hasSlots(oop, LinkedListSlot.lastLink + 1);
  }

  private isProcess(oop: Oop): boolean {
    return this.memory.hasSlots(oop, ProcessSlot.terminating + 1);
  }

  /** A link of a list, nil where it is no Process. */
  private link(slot: number, oop: Oop): Oop {
    const link = this.memory.fetchPointer(slot, oop);
    return this.isProcess(link) ? link : nilOop;
  }

  /** Appends a process to a list and notes the list in it. */
  append(process: Oop, list: Oop): void {
    const memory = this.memory;
    const last = this.link(LinkedListSlot.lastLink, list);
    memory.storePointer(ProcessSlot.nextLink, process, nilOop);
    if (last === nilOop) memory.storePointer(LinkedListSlot.firstLink, list, process);
    else memory.storePointer(ProcessSlot.nextLink, last, process);
    memory.storePointer(LinkedListSlot.lastLink, list, process);
    memory.storePointer(ProcessSlot.myList, process, list);
  }

  /** Takes the first process off a list; nil if it is empty. */
  removeFirst(list: Oop): Oop {
    const first = this.link(LinkedListSlot.firstLink, list);
    if (first !== nilOop) this.remove(first, list);
    return first;
  }

  /** Takes a process off a list it is on. Answers whether it was there. */
  remove(process: Oop, list: Oop): boolean {
    const memory = this.memory;
    let before: Oop = nilOop;
    const walk = new ChainWalk();
    let at = this.link(LinkedListSlot.firstLink, list);
    while (at !== process) {
      if (at === nilOop || !walk.isNew(at)) return false;
      before = at;
      at = this.link(ProcessSlot.nextLink, at);
    }
    const next = this.link(ProcessSlot.nextLink, process);
    if (before === nilOop) memory.storePointer(LinkedListSlot.firstLink, list, next);
    else memory.storePointer(ProcessSlot.nextLink, before, next);
    if (next === nilOop) memory.storePointer(LinkedListSlot.lastLink, list, before);
    memory.storePointer(ProcessSlot.nextLink, process, nilOop);
    memory.storePointer(ProcessSlot.myList, process, nilOop);
    return true;
  }

  private readyLists(): Oop {
    return this.memory.fetchPointer(
      SchedulerSlot.quiescentProcessLists,
      this.memory.special("processor"),
    );
  }

  /** The ready list of a process's priority, or the one nearest to what stands there. */
  private readyListOf(process: Oop): Oop {
    const lists = this.readyLists();
    if (!this.memory.hasSlots(lists, 1)) throw new MachineFault("there are no ready lists");
    const place = Math.min(Math.max(this.priority(process), 1), this.memory.slotCount(lists));
    const list = this.memory.fetchPointer(place - 1, lists);
    if (!this.isList(list)) throw new MachineFault(`there is no ready list ${place}`);
    return list;
  }

  /** Puts a process behind its peers. */
  makeReady(process: Oop): void {
    this.append(process, this.readyListOf(process));
  }

  /** Puts a preempted process in front of its peers. */
  makeReadyFirst(process: Oop): void {
    const memory = this.memory;
    const list = this.readyListOf(process);
    const first = this.link(LinkedListSlot.firstLink, list);
    memory.storePointer(ProcessSlot.nextLink, process, first);
    if (first === nilOop) memory.storePointer(LinkedListSlot.lastLink, list, process);
    memory.storePointer(LinkedListSlot.firstLink, list, process);
    memory.storePointer(ProcessSlot.myList, process, list);
  }

  /** The ready process that should run next, of at least that priority; it stays on its list. Nil if there is none. */
  bestReady(minimumPriority: number): Oop {
    const memory = this.memory;
    const lists = this.readyLists();
    if (!memory.hasSlots(lists, 1)) throw new MachineFault("there are no ready lists");
    for (let at = memory.slotCount(lists) - 1; at >= minimumPriority - 1 && at >= 0; at--) {
      const list = memory.fetchPointer(at, lists);
      if (!this.isList(list)) continue;
      const first = this.link(LinkedListSlot.firstLink, list);
      if (first !== nilOop) return first;
    }
    return nilOop;
  }

  /** Takes a ready process off its list to run it. */
  take(process: Oop): void {
    const list = this.memory.fetchPointer(ProcessSlot.myList, process);
    if (!this.isList(list) || !this.remove(process, list)) {
      throw new MachineFault("a ready Process is not on its list");
    }
  }

  /** Signals a semaphore: wakes its first waiter or counts the signal. */
  signal(semaphore: Oop): void {
    const waiter = this.removeFirst(semaphore);
    if (waiter !== nilOop) {
      this.makeReady(waiter);
      return;
    }
    const excess = this.memory.fetchPointer(SemaphoreSlot.excessSignals, semaphore) >> 1;
    this.memory.storePointer(SemaphoreSlot.excessSignals, semaphore, smallInteger(excess + 1));
  }

  /** Signals a semaphore; a waiter comes before its peers. Answers whether there was one. */
  signalFirst(semaphore: Oop): boolean {
    const waiter = this.link(LinkedListSlot.firstLink, semaphore);
    this.signal(semaphore);
    if (waiter === nilOop) return false;
    this.take(waiter);
    this.makeReadyFirst(waiter);
    return true;
  }

  /** Takes a signal if one is to be had; else the active process must wait on the semaphore. */
  tryWait(semaphore: Oop): boolean {
    const excess = this.memory.fetchPointer(SemaphoreSlot.excessSignals, semaphore) >> 1;
    if (excess <= 0) return false;
    this.memory.storePointer(SemaphoreSlot.excessSignals, semaphore, smallInteger(excess - 1));
    return true;
  }
}
