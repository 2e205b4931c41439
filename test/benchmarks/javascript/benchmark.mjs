/**
 * What the fourteen programs of are-we-fast-yet have in common (S. Marr and
 * others, "Cross-Language Compiler Benchmarking", 2016). Each is written twice
 * here, in JavaScript and, under images/benchmarks, in Smalltalk, with the same
 * algorithm over the same data structures.
 */
export class Benchmark {
  /** Runs the program `inner` times; answers whether every result was right. */
  innerBenchmarkLoop(inner) {
    for (let i = 0; i < inner; i++) {
      if (!this.verifyResult(this.benchmark())) return false;
    }
    return true;
  }
}
