/**
 * Imports stay in their folder or point to a lower layer. The layers are those
 * of the house style.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** The first row that a path starts with gives its layer. */
const layers: readonly (readonly [prefix: string, layer: number])[] = [
  ["image-format/", 0],
  ["vm/bundling.mjs", 1],
  ["vm/host.ts", 1],
  ["vm/simulated-host.ts", 1],
  ["vm/spec/", 1],
  ["vm/compiler/", 2],
  ["vm/memory/", 2],
  ["vm/interpreter/", 3],
  ["vm/jit/", 4],
  ["vm/snapshot.ts", 4],
  ["vm/bootstrap", 4],
  ["vm/virtual-machine", 5],
  ["cli/", 6],
  ["browser/", 6],
];

/** Programs that produce source files; they are no part of the machine. */
const isGenerator = (path: string): boolean => /(^|\/)generate[^/]*$/.test(path);

const layerOf = (path: string): number | undefined =>
  layers.find(([prefix]) => path.startsWith(prefix))?.[1];

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}

const importPattern =
  /(?:^|[\s;])(?:import|export)\b[^"';]*?from\s*"([^"]+)"|import\(\s*"([^"]+)"\s*\)/g;

function relativeImports(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(importPattern)]
    .map((match) => (match[1] ?? match[2])!)
    .filter((target) => target.startsWith("."))
    .map((target) => normalize(join(dirname(path), target)));
}

/** Why an import is wrong, or undefined. */
function wrongImport(from: string, to: string): string | undefined {
  if (to.endsWith(".json")) return undefined;
  const fromLayer = layerOf(from);
  const toLayer = layerOf(to);
  if (fromLayer === undefined) return `${from} has no layer`;
  if (toLayer === undefined) return `${from} imports ${to}, which has no layer`;
  if (toLayer < fromLayer) return undefined;
  const sameFolder =
    !relative(dirname(from), to).startsWith("..") || folderOf(from) === folderOf(to);
  if (toLayer === fromLayer && sameFolder) return undefined;
  return `${from} (${fromLayer}) imports ${to} (${toLayer})`;
}

/** The folder whose files may import each other. */
function folderOf(path: string): string {
  const [first, second] = path.split("/");
  return first === "vm" && !second!.endsWith(".ts") ? `vm/${second}` : first!;
}

const files = ["image-format", "vm", "cli", "browser"]
  .flatMap(sourceFiles)
  .filter((path) => !isGenerator(path));

describe("the layers", () => {
  it("let imports stay in their folder or point to a lower layer", () => {
    const wrong = files.flatMap((from) =>
      relativeImports(from).flatMap((to) => wrongImport(from, to) ?? []),
    );
    expect(wrong).toEqual([]);
  });

  it("cover every file there is", () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((path) => layerOf(path) === undefined)).toEqual([]);
  });

  it("would notice an import that points upward or across", () => {
    expect(wrongImport("vm/memory/a.ts", "vm/interpreter/b.ts")).toBeDefined();
    expect(wrongImport("vm/memory/a.ts", "vm/compiler/b.ts")).toBeDefined();
    expect(wrongImport("vm/snapshot.ts", "vm/virtual-machine.ts")).toBeDefined();
    expect(wrongImport("cli/a.ts", "browser/b.ts")).toBeDefined();
    expect(wrongImport("vm/interpreter/primitives/a.ts", "vm/interpreter/b.ts")).toBeUndefined();
    expect(wrongImport("cli/commands/a.ts", "cli/b.ts")).toBeUndefined();
  });
});
