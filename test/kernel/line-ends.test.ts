/** Lines end with a line feed outside the image, whatever they end with inside. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { baseImage } from "../base-image.ts";

const commandLine = fileURLToPath(new URL("../../cli/engram.cjs", import.meta.url));

function evaluate(expression: string): { out: string; err: string } {
  const words = [commandLine, "-i", baseImage(), "eval", expression];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  return { out: stdout, err: stderr };
}

const text = "'a' , String cr , 'b' , String crlf , 'c' , String lf , 'd'";

it("the Transcript ends lines with line feeds", () => {
  const { out } = evaluate(`Transcript show: ${text}; cr`);
  expect(out).toBe("a\nb\nc\nd\nTranscript\n");
});

it("reports of errors end lines with line feeds, one to a frame", () => {
  const { err } = evaluate(`Error signal: ${text}`);
  expect(err).toMatch(/^Error: a\nb\nc\nd\nUndefinedObject>>DoIt\nOpalCompiler>>evaluate\n/);
  expect(err).not.toContain("\r");
});
