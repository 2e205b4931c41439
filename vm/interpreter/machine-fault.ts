/**
 * A machine fault: the heap contradicts itself in a way that no guest error can
 * stand for, such as ready lists that are no lists. The machine stops, and what
 * it holds is never saved.
 */
export class MachineFault extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`machine: ${what}; the session cannot go on, and is not saved`, options);
    this.name = "MachineFault";
  }
}
