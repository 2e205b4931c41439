/**
 * Writes the grammar as the recipe from which Ohm builds it without compiling
 * its text: `npm run generate` puts it into grammar-recipe.ts.
 */

import { grammars } from "ohm-js";
import { grammarSource } from "./grammar.ts";

/** The recipe of the condensed grammar and the one it extends, as JSON. */
export function writeRecipe(): string {
  const condensed = grammars(grammarSource).Condensed as unknown as { toRecipe(): string };
  return JSON.stringify(withoutPlaces(JSON.parse(condensed.toRecipe())));
}

/** The text of the module that holds the recipe. */
export function writeRecipeModule(): string {
  const literal = writeRecipe().replaceAll(/['\\]/g, "\\$&");
  return `/**
 * The grammar as an Ohm recipe. Written by \`npm run generate\` from grammar.ts.
 *
 * As text, for of so many arrays in its code V8 would make four times as many bytes.
 */

// biome-ignore format: generated
export const grammarRecipe = '${literal}';
`;
}

/** Drops where in the grammar's text each expression stands. */
function withoutPlaces(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withoutPlaces);
  if (typeof part !== "object" || part === null) return part;
  if ("source" in part || "sourceInterval" in part) return {};
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [key, withoutPlaces(value)]),
  );
}
