/** The Mandelbrot set, a bit a point, xor of its bytes: floats in nested loops. */
import { Benchmark } from "./benchmark.mjs";

const expected = new Map([
  [1, 128],
  [100, 239],
  [500, 191],
  [750, 50],
]);

export class Mandelbrot extends Benchmark {
  innerBenchmarkLoop(inner) {
    return this.mandelbrot(inner) === expected.get(inner);
  }

  mandelbrot(size) {
    let sum = 0;
    let byteAccumulator = 0;
    let bitNumber = 0;
    let y = 0;
    while (y < size) {
      const ci = (2.0 * y) / size - 1.0;
      let x = 0;
      while (x < size) {
        let zrzr = 0.0;
        let zi = 0.0;
        let zizi = 0.0;
        const cr = (2.0 * x) / size - 1.5;
        let z = 0;
        let notDone = true;
        let escaped = 0;
        while (notDone && z < 50) {
          const zr = zrzr - zizi + cr;
          zi = 2.0 * zr * zi + ci;
          zrzr = zr * zr;
          zizi = zi * zi;
          if (zrzr + zizi > 4.0) {
            notDone = false;
            escaped = 1;
          }
          z += 1;
        }
        byteAccumulator = (byteAccumulator << 1) + escaped;
        bitNumber += 1;
        if (bitNumber === 8) {
          sum ^= byteAccumulator;
          byteAccumulator = 0;
          bitNumber = 0;
        } else if (x === size - 1) {
          byteAccumulator <<= 8 - bitNumber;
          sum ^= byteAccumulator;
          byteAccumulator = 0;
          bitNumber = 0;
        }
        x += 1;
      }
      y += 1;
    }
    return sum;
  }
}
