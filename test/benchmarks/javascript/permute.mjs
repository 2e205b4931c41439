/** Every permutation of six elements: calls and array access. */
import { Benchmark } from "./benchmark.mjs";

export class Permute extends Benchmark {
  constructor() {
    super();
    this.count = 0;
    this.elements = null;
  }

  benchmark() {
    this.count = 0;
    this.elements = new Array(6).fill(0);
    this.permute(6);
    return this.count;
  }

  permute(n) {
    this.count += 1;
    if (n === 0) return;
    const last = n - 1;
    this.permute(last);
    for (let i = last; i >= 0; i--) {
      this.swap(last, i);
      this.permute(last);
      this.swap(last, i);
    }
  }

  swap(i, j) {
    const held = this.elements[i];
    this.elements[i] = this.elements[j];
    this.elements[j] = held;
  }

  verifyResult(result) {
    return result === 8660;
  }
}
