/**
 * Layout: which variables live in registers and which in temp vectors, what
 * closures copy, and the register of everything.
 *
 * Temporaries start at FrameOffset.firstTemp. In a block come first the copied
 * values, then self if it is used, all loaded on entry. Scopes that cannot be
 * alive at the same time share registers.
 */

import { FrameOffset } from "../spec/layouts.ts";
import { type BlockScope, type FunctionScope, type LocalVariable, TempVector } from "./scopes.ts";

/** Registers are signed bytes; the rest is for operands. */
const mostTemporaries = 90;
/** Variables a scope keeps in registers where registers are short. */
const fewVariables = 8;

/** Lays out a method with its blocks. Answers whether all registers fit. */
export function layOut(method: FunctionScope): boolean {
  return layOutWith(method, Number.POSITIVE_INFINITY) || layOutWith(method, fewVariables);
}

function layOutWith(method: FunctionScope, mostInScope: number): boolean {
  eachFunction(method, (owner) => {
    owner.copied = [];
    owner.copiedRegisters.clear();
  });
  eachFunction(method, (owner) => placeVariables(owner.body, mostInScope));
  let fits = true;
  eachFunction(method, (owner) => {
    assignRegisters(owner);
    if (owner.temporaryCount > mostTemporaries) fits = false;
  });
  return fits;
}

function eachFunction(owner: FunctionScope, action: (owner: FunctionScope) => void): void {
  action(owner);
  for (const inner of owner.inner) eachFunction(inner, action);
}

function placeVariables(scope: BlockScope, mostInScope: number): void {
  scope.vector = undefined;
  let inRegisters = 0;
  for (const variable of scope.variables) {
    variable.inVector =
      !variable.isArgument && (variable.needsVector || ++inRegisters > mostInScope);
    let copied: LocalVariable | TempVector = variable;
    if (variable.inVector) {
      scope.vector ??= new TempVector(scope);
      variable.vectorIndex = scope.vector.variables.length;
      scope.vector.variables.push(variable);
      copied = scope.vector;
    }
    for (const user of variable.users) carry(copied, scope.function, user);
  }
  for (const child of scope.children) placeVariables(child, mostInScope);
}

/** Has every function from `owner` (without it) to `user` carry a value. */
function carry(
  copied: LocalVariable | TempVector,
  owner: FunctionScope,
  user: FunctionScope,
): void {
  for (let f = user; f !== owner; f = f.outer!) {
    if (f.copiedRegisters.has(copied)) continue;
    f.copiedRegisters.set(copied, 0);
    f.copied.push(copied);
  }
}

function assignRegisters(owner: FunctionScope): void {
  const isBlock = owner.outer !== undefined;
  let next: number = FrameOffset.firstTemp;
  for (const copied of owner.copied) owner.copiedRegisters.set(copied, next++);
  owner.selfRegister = -1 - owner.argumentCount;
  if (isBlock && owner.usesSelf) owner.selfRegister = next++;
  const { variables } = owner.body;
  for (let i = 0; i < owner.argumentCount; i++) variables[i]!.register = i - owner.argumentCount;
  const end = assignScope(owner.body, owner.argumentCount, next);
  owner.temporaryCount = end - FrameOffset.firstTemp;
}

/** Gives registers to a scope's variables from the index on; answers the first free one behind it and its children. */
function assignScope(scope: BlockScope, from: number, first: number): number {
  let next = first;
  for (let i = from; i < scope.variables.length; i++) {
    const variable = scope.variables[i]!;
    if (!variable.inVector) variable.register = next++;
  }
  for (const hidden of scope.hidden) hidden.register = next++;
  if (scope.vector !== undefined) scope.vector.register = next++;
  let end = next;
  for (const child of scope.children) end = Math.max(end, assignScope(child, 0, next));
  return end;
}
