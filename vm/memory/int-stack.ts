/**
 * A growing stack of words, for collectors: no host object an entry.
 */

export class IntStack {
  items: Int32Array;
  count = 0;

  constructor(capacity = 1024) {
    this.items = new Int32Array(capacity);
  }

  push(item: number): void {
    if (this.count === this.items.length) this.grow();
    this.items[this.count++] = item;
  }

  pop(): number {
    return this.items[--this.count]!;
  }

  clear(): void {
    this.count = 0;
    // A burst must not hold its memory for ever.
    if (this.items.length > 0x100000) this.items = new Int32Array(1024);
  }

  private grow(): void {
    const larger = new Int32Array(this.items.length * 2);
    larger.set(this.items);
    this.items = larger;
  }
}
