/** The JavaScript side of the benchmarks, by name. */
import { performance } from "node:perf_hooks";

/**
 * The programs in the suite's order, with the inner iterations both languages
 * run, usually and in a quick look.
 */
export const benchmarks = [
  { name: "Bounce", inner: 3000, quick: 300 },
  { name: "CD", inner: 250, quick: 10 },
  { name: "DeltaBlue", inner: 20000, quick: 2000 },
  { name: "Havlak", inner: 1, quick: 1 },
  { name: "Json", inner: 150, quick: 15 },
  { name: "List", inner: 2000, quick: 200 },
  { name: "Mandelbrot", inner: 750, quick: 100 },
  { name: "NBody", inner: 250000, quick: 10000 },
  { name: "Permute", inner: 1500, quick: 150 },
  { name: "Queens", inner: 1500, quick: 150 },
  { name: "Richards", inner: 60, quick: 6 },
  { name: "Sieve", inner: 2000, quick: 200 },
  { name: "Storage", inner: 600, quick: 60 },
  { name: "Towers", inner: 1000, quick: 100 },
];

/** Answers the milliseconds of each iteration. */
export async function runBenchmark(name, iterations, inner) {
  const module = await import(new URL(`./${name.toLowerCase()}.mjs`, import.meta.url).href);
  const times = [];
  for (let i = 0; i < iterations; i++) {
    const benchmark = new module[name]();
    const start = performance.now();
    const right = benchmark.innerBenchmarkLoop(inner);
    times.push(performance.now() - start);
    if (!right) throw new Error(`${name} with ${inner} inner iterations: wrong result`);
  }
  return times;
}
