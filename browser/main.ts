/**
 * Where the page begins: its worker starts, and the image that a first visit needs is on its way,
 * while the rest of the page is still fetched and read.
 */
import { expectFirstVisit } from "./first-visit.ts";
import { startWorker } from "./workers.ts";

startWorker();
expectFirstVisit();
await import("./page.ts");
