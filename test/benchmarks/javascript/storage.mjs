/** A tree of arrays: allocation and collection. */
import { Benchmark } from "./benchmark.mjs";
import { Random } from "./som.mjs";

export class Storage extends Benchmark {
  constructor() {
    super();
    this.count = 0;
  }

  benchmark() {
    const random = new Random();
    this.count = 0;
    this.buildTree(7, random);
    return this.count;
  }

  buildTree(depth, random) {
    this.count += 1;
    if (depth === 1) return new Array((random.next() % 10) + 1);
    const children = new Array(4);
    for (let i = 0; i < 4; i++) children[i] = this.buildTree(depth - 1, random);
    return children;
  }

  verifyResult(result) {
    return result === 5461;
  }
}
