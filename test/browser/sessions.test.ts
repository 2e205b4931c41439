/** A short session of random actions; `npm run campaign:sessions` has long ones. */
import { expect, it } from "vitest";
import { startServer } from "./page.ts";
import { sessionProblems } from "./sessions.ts";

it("is the same after a reload, whatever was done", async () => {
  const server = await startServer();
  try {
    expect(await sessionProblems(server.address, 1, 20)).toEqual([]);
  } finally {
    server.stop();
  }
});
