/** Part of `npm run generate`: makes the editor's parser from its grammar. */
import { readFileSync, writeFileSync } from "node:fs";
import { buildParserFile } from "@lezer/generator";

const at = (name) => new URL(name, import.meta.url);
const head = "/** Written by `npm run generate` from smalltalk.grammar. */\n";

const options = {
  fileName: "smalltalk.grammar",
  moduleStyle: "es",
  typeScript: true,
  warn(message) {
    throw new Error(message);
  },
};

/** The text of each file that is generated, by its name. */
export function generated() {
  const { parser, terms } = buildParserFile(readFileSync(at("smalltalk.grammar"), "utf8"), options);
  const keyword = /Keyword = (\d+)/.exec(terms)?.[1];
  return {
    "smalltalk-parser.ts": `${head}\n// biome-ignore-all format lint assist: generated\n${parser.replace('.ts"\nconst', '.ts"\n\nconst')}`,
    "smalltalk-terms.ts": `${head}\nexport const Keyword = ${keyword};\n`,
  };
}

/** Writes them. */
export function generate() {
  for (const [name, text] of Object.entries(generated())) writeFileSync(at(name), text);
}

if (process.argv[1] === at("generate.mjs").pathname) generate();
