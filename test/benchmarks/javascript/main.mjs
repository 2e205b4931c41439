/**
 * `node main.mjs NAME ITERATIONS INNER` prints the milliseconds of each iteration
 * as a JSON array; it fails if a result is wrong.
 */
import { runBenchmark } from "./harness.mjs";

const [name, iterations, inner] = process.argv.slice(2);
console.log(JSON.stringify(await runBenchmark(name, Number(iterations), Number(inner))));
