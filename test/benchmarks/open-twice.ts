/** `node open-twice.mjs IMAGE`: opens an image and does nothing else, twice; prints the milliseconds each time took. */

import { ImageSession } from "../../cli/image-session.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";

const notes = () => ({ created: "", toolVersion: "bench" });
for (let time = 1; time <= 2; time++) {
  const start = performance.now();
  const memory = new ObjectMemory(undefined, "shared");
  const session = await ImageSession.open(process.argv[2]!, memory, "nowhere", notes);
  session.close();
  process.stdout.write(`${performance.now() - start}\n`);
}
