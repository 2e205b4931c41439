import { describe, expect, it } from "vitest";
import { ImageError } from "../image-format/errors.ts";
import { ImageFile } from "../image-format/image-file.ts";
import { MemoryFile } from "../image-format/memory-storage.ts";
import { now } from "../image-format/steps.ts";
import { bootstrap } from "../vm/bootstrap.ts";
import { ObjectMemory } from "../vm/memory/object-memory.ts";
import { SimulatedHost } from "../vm/simulated-host.ts";
import {
  adoptHeap,
  commitSave,
  deltaSave,
  describeHeap,
  dirtyPageCount,
  fullSave,
  heapTarget,
  markCheckpoint,
  newImage,
} from "../vm/snapshot.ts";
import { oldBase, State } from "../vm/spec/layouts.ts";
import { VirtualMachine } from "../vm/virtual-machine.ts";
import { smallKernel, smallOptions } from "./bootstrap/small-kernel.ts";

const heapLimit = 0x4000000;
const notes = { created: "", toolVersion: "test" };
const fileId = new Uint8Array(16).fill(7);

/** Saves, and ends with 1 where it has been saved, with 2 where it has been resumed. */
const counting = `
Start class >> start [
	| resumed |
	resumed := self snapshot: #full.
	resumed ifTrue: [ self exit: 2 ] ifFalse: [ self exit: 1 ]
]
Start class >> snapshot: kind [
	<primitive: #snapshot>
	self exit: 9
]`;

function smallHeap(methods = counting): ObjectMemory {
  const memory = new ObjectMemory(heapLimit);
  bootstrap(memory, smallKernel(methods), smallOptions);
  return memory;
}

function create(memory: ObjectMemory): MemoryFile {
  const file = new MemoryFile();
  now(ImageFile.create(file, newImage(memory, notes, fileId)));
  return file;
}

function open(file: MemoryFile): { memory: ObjectMemory; image: ImageFile } {
  const memory = new ObjectMemory(heapLimit);
  const image = now(ImageFile.open(file, { heap: heapTarget(memory) }));
  adoptHeap(memory, image.manifest);
  return { memory, image };
}

const heapOf = (memory: ObjectMemory): Buffer =>
  Buffer.from(memory.bytes.subarray(oldBase, memory.oldEnd));

describe("an image", () => {
  it("reads back to the same heap", () => {
    const memory = smallHeap();
    const read = open(create(memory)).memory;
    expect(heapOf(read).equals(heapOf(memory))).toBe(true);
    expect(read.words[State.specialObjects]).toBe(memory.words[State.specialObjects]);
    expect(dirtyPageCount(read)).toBe(0);
  });

  it("is the same bytes when it is saved as it was opened", () => {
    const file = create(smallHeap());
    const again = create(open(file).memory);
    expect(Buffer.from(again.contents()).equals(Buffer.from(file.contents()))).toBe(true);
  });

  it("names the primitives its methods need", () => {
    expect(describeHeap(smallHeap(), notes).primitives).toEqual(["snapshot", "exit"]);
  });

  it("goes on where it was saved, and the saved session goes on too", async () => {
    const memory = smallHeap();
    let file: MemoryFile | undefined;
    const machine = new VirtualMachine(memory, new SimulatedHost(), {
      saver: () => {
        file = create(memory);
      },
    });
    machine.start();
    expect(await machine.run()).toBe(1);
    const resumed = new VirtualMachine(open(file!).memory, new SimulatedHost());
    resumed.start();
    expect(await resumed.run()).toBe(2);
  });

  it("can be saved again and again from what it was opened as", async () => {
    let file = create(smallHeap());
    for (let turn = 0; turn < 3; turn++) {
      const { memory } = open(file);
      const machine = new VirtualMachine(memory, new SimulatedHost(), {
        saver: () => {
          file = create(memory);
        },
      });
      machine.start();
      expect(await machine.run()).toBe(turn === 0 ? 1 : 2);
    }
  });
});

describe("a delta", () => {
  it("holds the pages written since the checkpoint and no others", () => {
    const { memory, image } = open(create(smallHeap()));
    const text = memory.special("selectors");
    memory.storePointer(0, text, memory.fetchPointer(1, text));
    expect(dirtyPageCount(memory)).toBe(1);
    const before = heapOf(memory);
    now(commitSave(memory, image, deltaSave(memory, notes)));
    expect(dirtyPageCount(memory)).toBe(0);
    expect(image.generations()[0]).toMatchObject({ pageCount: 1 });
    const target = new ObjectMemory(heapLimit);
    now(image.readPagesInto(target.bytes.subarray(oldBase)));
    target.oldEnd = memory.oldEnd;
    expect(heapOf(target).equals(before)).toBe(true);
  });

  it("is not forgotten when its save fails", () => {
    const { memory, image } = open(create(smallHeap()));
    memory.markDirty(memory.special("selectors"));
    image.close();
    const readOnly = now(ImageFile.open(create(smallHeap()), { readOnly: true, heap: "skip" }));
    expect(() => now(commitSave(memory, readOnly, deltaSave(memory, notes)))).toThrow(ImageError);
    expect(dirtyPageCount(memory)).toBe(1);
  });
});

describe("a manifest this machine cannot run", () => {
  const openWith = (change: (description: ReturnType<typeof describeHeap>) => object): string => {
    const memory = smallHeap();
    const file = new MemoryFile();
    const save = fullSave(memory, notes);
    const description = { ...save.description, ...change(save.description) };
    now(ImageFile.create(file, { ...save, description, fileId }));
    try {
      open(file);
    } catch (error) {
      if (error instanceof ImageError) return error.message;
      throw error;
    }
    return "no refusal";
  };

  it("is refused for another base", () => {
    expect(openWith(() => ({ heapBase: 0x1000000 }))).toContain('key "heapBase"');
  });

  it("is refused for primitives nobody has", () => {
    const message = openWith(() => ({ primitives: ["exit", "launchRockets"] }));
    expect(message).toContain("launchRockets");
    expect(message).toContain("EIMG_PRIMITIVES");
  });

  it("is refused for an end or a root outside the heap", () => {
    expect(openWith(() => ({ state: {} }))).toContain('key "state"');
    expect(openWith(({ heapSize }) => ({ state: { heapEnd: oldBase + heapSize + 8 } }))).toContain(
      'key "state"',
    );
    expect(openWith(() => ({ roots: { specialObjects: 0 } }))).toContain('key "roots"');
    expect(openWith(() => ({ roots: {} }))).toContain('key "roots"');
  });

  it("is refused for a clock that none can show", () => {
    for (const clock of [-1, "noon"]) {
      expect(openWith(({ state }) => ({ state: { ...state, clock } }))).toContain("clock");
    }
  });

  it("is refused where the heap is larger than memory", () => {
    const memory = smallHeap();
    const file = create(memory);
    const target = () => new Uint8Array(4096);
    expect(() => now(ImageFile.open(file, { heap: target }))).toThrow("EIMG_HEAP_SIZE");
  });
});

describe("a checkpoint", () => {
  it("makes every page count as clean", () => {
    const memory = smallHeap();
    expect(dirtyPageCount(memory)).toBe(memory.pageCount);
    markCheckpoint(memory);
    expect(dirtyPageCount(memory)).toBe(0);
  });
});
