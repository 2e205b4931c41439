/**
 * The text the Json benchmark parses. Its literals are written once, in the
 * Smalltalk class JsonDocument; this puts them together as that class does.
 */
import { readFileSync } from "node:fs";

const source = readFileSync(
  new URL("../../../images/benchmarks/Benchmarks-Json/JsonDocument.class.st", import.meta.url),
  "utf8",
);

function literal(selector) {
  const found = source.match(
    new RegExp(`class >> ${selector} \\[\\s*(?:"[^"]*"\\s*)?\\^ '([^']*)'`),
  );
  if (found === null) throw new Error(`JsonDocument has no literal ${selector}`);
  return found[1];
}

function elementRow(line, index) {
  const [symbol, name, letter, group, period] = line.split(" ");
  const [series, color] = literal("series")
    .split("\n")
    .find((each) => each.startsWith(letter))
    .slice(1)
    .split(":");
  const texts = [index + 1, symbol, name, series, group, period].map((text) => `"${text}"`);
  return (
    `["create","w${108 + index}","rwt.widgets.GridItem",{"parent":"w99","index":${index},` +
    `"texts":[${texts.join(",")}],"cellBackgrounds":[null,null,null,[${color},255],null,null]}],`
  );
}

export const jsonDocument =
  literal("opening") +
  literal("elements").split("\n").map(elementRow).join("") +
  literal("closing");
