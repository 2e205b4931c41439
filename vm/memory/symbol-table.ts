/**
 * The symbol table: one Symbol for each sequence of characters. An Array with
 * linear probing from the string's hash, at most half full, nil where free.
 */

import { classIndexOf, headerWords, nilOop, type Oop } from "../spec/layouts.ts";
import type { ObjectMemory } from "./object-memory.ts";

/** FNV-1a over code points, 30 bits: also what String>>hash answers. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (const unit of text) hash = Math.imul(hash ^ unit.codePointAt(0)!, 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

export class SymbolTable {
  private readonly memory: ObjectMemory;
  private tally = -1;
  private tallyOf = 0;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
  }

  /** The Symbol of that text, made if need be; 0 when memory is full. */
  intern(text: string): Oop {
    const found = this.find(text);
    if (found !== 0) return found;
    const memory = this.memory;
    // In old space from birth, so that caches may hold a selector's address over scavenges.
    const symbol = memory.newText(text, classIndexOf.ByteSymbol, classIndexOf.WideSymbol, true);
    if (symbol === 0) return 0;
    return this.add(symbol, hashText(text)) ? symbol : 0;
  }

  /** The Symbol of that text if there is one, else 0. */
  find(text: string): Oop {
    const memory = this.memory;
    const table = memory.special("symbolTable");
    if (table === nilOop) return 0;
    const size = memory.slotCount(table);
    const body = (table >>> 2) + headerWords;
    for (let at = hashText(text) % size; ; at = at + 1 === size ? 0 : at + 1) {
      const symbol = memory.words[body + at]!;
      if (symbol === nilOop) return 0;
      if (
        memory.elementCount(symbol) === lengthInPoints(text) &&
        memory.stringValue(symbol) === text
      ) {
        return symbol;
      }
    }
  }

  /** Answers false if memory is full. */
  private add(symbol: Oop, hash: number): boolean {
    const memory = this.memory;
    let table = memory.special("symbolTable");
    let size = table === nilOop ? 0 : memory.slotCount(table);
    if (this.tallyOf !== table) {
      this.tally = 0;
      for (let at = 0; at < size; at++) if (memory.fetchPointer(at, table) !== nilOop) this.tally++;
      this.tallyOf = table;
    }
    if ((this.tally + 1) * 2 > size) {
      table = this.grow(table, size, Math.max(1024, size * 2));
      if (table === 0) return false;
      size = memory.slotCount(table);
      this.tallyOf = table;
    }
    this.insert(table, size, symbol, hash);
    this.tally++;
    return true;
  }

  private grow(table: Oop, size: number, newSize: number): Oop {
    const memory = this.memory;
    const larger = memory.allocateOld(classIndexOf.Array, 2, newSize);
    if (larger === 0) return 0;
    for (let at = 0; at < size; at++) {
      const symbol = memory.fetchPointer(at, table);
      if (symbol !== nilOop) {
        this.insert(larger, newSize, symbol, hashText(memory.stringValue(symbol)));
      }
    }
    memory.setSpecial("symbolTable", larger);
    return larger;
  }

  private insert(table: Oop, size: number, symbol: Oop, hash: number): void {
    let at = hash % size;
    while (this.memory.fetchPointer(at, table) !== nilOop) at = at + 1 === size ? 0 : at + 1;
    this.memory.storePointer(at, table, symbol);
  }
}

function lengthInPoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
