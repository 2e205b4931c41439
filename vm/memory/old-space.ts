/**
 * Old space: chunks by size from free lists, or from its end.
 */

import { headerBytes } from "../spec/layouts.ts";
import type { ObjectMemory } from "./object-memory.ts";

export class OldSpace {
  private readonly memory: ObjectMemory;

  constructor(memory: ObjectMemory) {
    this.memory = memory;
  }

  /** The address of a chunk of that many bytes, a multiple of 8, or 0 when memory is full. */
  allocateChunk(bytes: number): number {
    const start = this.memory.oldEnd;
    if (bytes < headerBytes || start + bytes > this.memory.limit) return 0;
    this.memory.oldEnd = start + bytes;
    return start;
  }
}
