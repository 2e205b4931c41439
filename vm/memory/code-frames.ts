/**
 * The abstract frames of the code verifier: for each register, from the receiver
 * up, what it may hold.
 */

/** What a register may hold: one of these, or a temp vector of n slots as `vector + n`. */
export const Kind = { unwritten: -1, any: 0, self: 1, closure: 2, vector: 3 } as const;

/** A kind for each register, the receiver's first. */
export type Frame = Int32Array;

/** What is certain of a register that holds the one or the other. */
export function join(kind: number, other: number): number {
  if (kind === other) return kind;
  if (kind === Kind.unwritten || other === Kind.unwritten) return Kind.unwritten;
  return kind >= Kind.vector && other >= Kind.vector ? Math.min(kind, other) : Kind.any;
}

/** Joins the second frame into the first; answers whether the first has changed. */
export function joinInto(frame: Frame, other: Frame): boolean {
  let changed = false;
  for (let at = 0; at < frame.length; at++) {
    const joined = join(frame[at]!, other[at]!);
    if (joined === frame[at]) continue;
    frame[at] = joined;
    changed = true;
  }
  return changed;
}
