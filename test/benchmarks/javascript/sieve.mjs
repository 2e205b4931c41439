/** The primes up to 5000 by the sieve of Eratosthenes: loops over an array. */
import { Benchmark } from "./benchmark.mjs";

export class Sieve extends Benchmark {
  benchmark() {
    return this.sieve(new Array(5000).fill(true), 5000);
  }

  sieve(flags, size) {
    let primeCount = 0;
    for (let i = 2; i <= size; i++) {
      if (flags[i - 1]) {
        primeCount += 1;
        let k = i + i;
        while (k <= size) {
          flags[k - 1] = false;
          k += i;
        }
      }
    }
    return primeCount;
  }

  verifyResult(result) {
    return result === 669;
  }
}
