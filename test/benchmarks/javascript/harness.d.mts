export interface BenchmarkRow {
  readonly name: string;
  /** Inner iterations, and fewer of them for a quick look. */
  readonly inner: number;
  readonly quick: number;
}
export const benchmarks: readonly BenchmarkRow[];
export function runBenchmark(name: string, iterations: number, inner: number): Promise<number[]>;
