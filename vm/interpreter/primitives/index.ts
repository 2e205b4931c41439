/**
 * The primitives that are not control, by number.
 */

import {
  type ControlPrimitiveName,
  type PrimitiveName,
  primitives,
} from "../../spec/primitives.ts";
import type { Primitive } from "../machine.ts";
import { collectionPrimitives } from "./collections.ts";
import { hostPrimitives } from "./host.ts";
import { numberPrimitives } from "./numbers.ts";
import { objectPrimitives } from "./objects.ts";
import { sourcePrimitives } from "./sources.ts";

const byName: Record<Exclude<PrimitiveName, ControlPrimitiveName>, Primitive> = {
  ...objectPrimitives,
  ...numberPrimitives,
  ...collectionPrimitives,
  ...hostPrimitives,
  ...sourcePrimitives,
};

export const primitiveTable: readonly (Primitive | undefined)[] = (() => {
  const table: (Primitive | undefined)[] = [];
  for (const row of primitives) table[row.number] = byName[row.name as keyof typeof byName];
  return table;
})();
