/** SESSIONS people who do ACTIONS things each, at random; SEED says which, and is printed. */
import { expect, it } from "vitest";
import { type PageServer, startServer } from "../browser/page.ts";
import { sessionProblems } from "../browser/sessions.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const sessions = Number(process.env.SESSIONS ?? 50);
const actions = Number(process.env.ACTIONS ?? 200);

it(`shows the same after a reload in ${sessions} sessions from seed ${seed} on`, async () => {
  const server: PageServer = await startServer();
  const problems: string[] = [];
  try {
    for (let session = 0; session < sessions; session++) {
      const found = await sessionProblems(server.address, seed + session, actions);
      process.stderr.write(found.length === 0 ? "." : `\n${found.join("\n")}\n`);
      problems.push(...found);
    }
  } finally {
    server.stop();
  }
  expect(problems).toEqual([]);
});
