/** `npm run generate`: writes what is derived from tables and grammars as text. */

import { writeFileSync } from "node:fs";
import { runnerImport } from "vite";

const at = (name) => new URL(name, import.meta.url);
const { module } = await runnerImport(at("recipe-writer.ts").pathname, { logLevel: "error" });
writeFileSync(at("grammar-recipe.ts"), module.writeRecipeModule());
