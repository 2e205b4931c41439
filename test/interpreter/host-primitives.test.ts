import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeHost } from "../../cli/node-host.ts";
import { hostPrimitives as primitives } from "../../vm/interpreter/primitives/host.ts";
import { SimulatedHost } from "../../vm/simulated-host.ts";
import { PrimitiveHarness } from "./primitive-harness.ts";

describe("the host's surroundings", () => {
  it("count time from 1901", () => {
    const harness = new PrimitiveHarness(new SimulatedHost());
    expect(harness.call(primitives.utcMicroseconds, null)).toBe(2177452800000000n);
  });

  it("write to the console and answer words and variables", () => {
    const host = new SimulatedHost(["eval", "3 + 4"], { HOME: "/home/ada" });
    const harness = new PrimitiveHarness(host);
    harness.call(primitives.consoleWrite, null, 1n, new TextEncoder().encode("hé"));
    expect(host.output(1)).toBe("hé");
    expect(harness.call(primitives.hostArguments, null)).toEqual(["eval", "3 + 4"]);
    expect(harness.call(primitives.environmentAt, null, "HOME")).toBe("/home/ada");
    expect(harness.call(primitives.environmentAt, null, "NONE")).toBe(null);
    expect(harness.call(primitives.fileInfo, null, "/")).toBe("!unsupported");
  });

  it("deliver input in the order it came", () => {
    const harness = new PrimitiveHarness();
    harness.input.postBytes(new Uint8Array([65, 66]));
    harness.input.postEvent(["resize", 80, 24, [1.5, true, null]]);
    harness.input.postBytes(new Uint8Array(0));
    expect(harness.call(primitives.inputNext, null)).toEqual(new Uint8Array([65, 66]));
    expect(harness.call(primitives.inputNext, null)).toEqual([
      "resize",
      80n,
      24n,
      [1.5, true, null],
    ]);
    expect(harness.call(primitives.inputNext, null)).toEqual(new Uint8Array(0));
    expect(harness.call(primitives.inputNext, null)).toBe(null);
  });
});

describe("files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "host-primitives-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("are written, measured and read back", () => {
    const harness = new PrimitiveHarness(new NodeHost([]));
    const path = join(folder, "a.txt");
    const handle = harness.call(primitives.fileOpen, null, path, "update") as bigint;
    const bytes = new TextEncoder().encode("hello world");
    expect(harness.call(primitives.fileWrite, null, 7n, handle, 0n, bytes, 1n, 11n)).toBe(11n);
    expect(harness.call(primitives.fileSize, null, 7n, handle)).toBe(11n);
    expect(harness.call(primitives.fileRead, null, 7n, handle, 6n, new Uint8Array(5), 1n, 5n)).toBe(
      5n,
    );
    harness.call(primitives.fileClose, null, 7n, handle);
    expect(harness.call(primitives.fileList, null, folder)).toEqual(["a.txt"]);
    expect((harness.call(primitives.fileInfo, null, path) as unknown[]).slice(0, 2)).toEqual([
      "file",
      11n,
    ]);
  });

  it("refuse handles of another session and say why they fail", () => {
    const harness = new PrimitiveHarness(new NodeHost([]));
    expect(harness.call(primitives.fileSize, null, 6n, 3n)).toBe("!staleHandle");
    expect(harness.call(primitives.fileInfo, null, join(folder, "none"))).toBe("!notFound");
    expect(harness.call(primitives.fileMakeDirectory, null, folder)).toBe("!hostError");
    expect(harness.call(primitives.hostErrorName, null)).toBe("EEXIST");
  });
});
