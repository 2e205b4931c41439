/** `node open-once.mjs IMAGE`: opens an image and does nothing else; prints the milliseconds it took. */

import { ImageSession } from "../../cli/image-session.ts";
import { ObjectMemory } from "../../vm/memory/object-memory.ts";

const start = performance.now();
const notes = () => ({ created: "", toolVersion: "bench" });
const memory = new ObjectMemory(undefined, "shared");
const session = await ImageSession.open(process.argv[2]!, memory, "nowhere", notes);
session.close();
process.stdout.write(`${performance.now() - start}\n`);
