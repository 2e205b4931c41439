/** `node open-once.mjs IMAGE`: opens an image and does nothing else; prints the milliseconds it took. */

import { ImageSession } from "../../cli/image-session.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";

const start = performance.now();
const notes = () => ({ created: "", toolVersion: "bench" });
ImageSession.open(process.argv[2]!, new ObjectMemory(), "nowhere", notes).close();
process.stdout.write(`${performance.now() - start}\n`);
