/** Where the page begins: what takes longest first, while the rest of the page is still fetched and read. */
import { startEarly } from "./head-start.ts";

startEarly();
await import("./page.ts");
