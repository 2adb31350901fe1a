// What goes wrong in the middle of a run: the database is killed, the window is killed.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { desk, kill, line, open, rowsOf, server, session, shop } from "./stage.mjs";
import { Key, until } from "./webdriver.mjs";

const table = "public.readings";

/** Changes a third of the long table and runs it until rows come in. */
async function longRun(mark) {
  await server.ask(`UPDATE readings SET remark = left(remark, 60) || '${mark}', updated_at = now() WHERE id % 3 = 1`);
  await desk.go("Tables");
  await desk.press("Run all");
  await rowsOf(table, "read");
}

/** The database goes away in mid-run: the window says so, tries again, gives up with what to do; and goes on when asked
 * once the database is back. */
export async function databaseKilled() {
  const file = join(shop, "firn.yaml");
  const before = readFileSync(file, "utf8");
  const others = before.split("\n").filter((one) => !one.startsWith("max_retries:"));
  writeFileSync(file, ["max_retries: 1", ...others].join("\n"));
  await session.press(Key.control, "r");
  await longRun("k");
  await server.kill();
  await desk.sees("tries again", ".needs-you", 30_000);
  await desk.shotInBothThemes("run-database-gone");
  // Each attempt waits ten seconds for a server, and so does each attempt to report the end.
  await desk.sees("failed, needs you", ".needs-you", 150_000);
  await desk.sees("What to do", ".needs-you");
  await desk.sees("gave up after 2 attempts", ".needs-you");
  await desk.shotInBothThemes("run-failed");
  // One table may come to its end before the other.
  await until("the long table has failed", async () => (await line(table)).state === "Failed" || null, {
    within: 90_000,
  });
  await server.startAgain();
  await desk.press("Retry failed");
  // The run that failed is shown as done in part until the new one has its lines.
  await until("the long table is done", async () => (await line(table))?.state === "Done" || null, {
    within: 120_000,
  });
  await until("and the run", async () => (await desk.text(".run-state")).trim() === "Done" || null, { within: 60_000 });
  writeFileSync(file, before);
  await session.press(Key.control, "r");
}

/** The window's process goes away in mid-run: the next one knows what was under way, and a run goes on from there. */
export async function windowKilled() {
  await longRun("w");
  await rowsOf(table, "merged");
  await kill();
  await open();
  await desk.recent("shop");
  await desk.go("Runs");
  await desk.sees("Interrupted", ".run-state");
  await desk.sees("went away", ".note-line");
  await desk.shotInBothThemes("run-interrupted");
  await desk.press("Run again");
  await desk.sees("Running", ".run-state");
  await desk.sees("Done", ".run-state", 120_000);
  assert.equal((await line(table)).state, "Done");
}
