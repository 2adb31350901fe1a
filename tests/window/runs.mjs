// Runs: progress, cancelling, going on; what they leave behind.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { desk, line, number, programs, rowsOf, server, session, shop, shots } from "./stage.mjs";
import { askWarehouse } from "./surroundings.mjs";
import { Key, until } from "./webdriver.mjs";

/** When the log has a line of this word, in milliseconds. */
function momentOf(word) {
  return session.element(
    `a line “${word}” in the log`,
    `const line = [...document.querySelectorAll(".log .entry-line")].find((one) => one.querySelector(".state")?.innerText.trim() === arguments[0]);
     return line ? Date.parse(line.firstElementChild.title) : null;`,
    word,
  );
}

/** Stops whoever reads a table on the server, until the answer is called: how fast a machine is decides nothing then. */
async function holdReaders(table) {
  const readers = await until(`somebody reads ${table}`, async () => {
    const pids = await server.ask(
      `SELECT pid FROM pg_stat_activity WHERE usename = 'etl' AND state = 'active' AND query LIKE 'COPY%"${table}"%'`,
    );
    return pids.length > 0 ? pids.map(Number) : null;
  });
  for (const pid of readers) process.kill(pid, "SIGSTOP");
  return () => readers.forEach((pid) => process.kill(pid, "SIGCONT"));
}

export async function runAndCancel() {
  await session.press(Key.control, Key.enter);
  await desk.sees("Running", ".run-state");
  const seen = new Set();
  await until(
    "rows of public.readings come in",
    async () => {
      const now = await line("public.readings");
      if (now) seen.add(now.read);
      return seen.size >= 4 || null;
    },
    { within: 60_000, every: 100 },
  );
  await rowsOf("public.readings", "merged");
  const goOn = await holdReaders("readings");
  // The small table is done beside the large one.
  await rowsOf("public.customers", "rejected", 1);
  await desk.press("Cancel run");
  await desk.sees("asked to stop", ".log");
  goOn();
  await desk.sees("Cancelled", ".run-state");
  // By the host's own clock: how fast this script and the page are is another matter.
  const took = (await momentOf("finished")) - (await momentOf("cancelling"));
  assert.ok(took < 3000, `cancelling took ${took} ms`);
  const stopped = await line("public.readings");
  assert.equal(stopped.state, "Cancelled");
  assert.ok(stopped.merged > 0 && stopped.merged < 1_500_000, `merged: ${stopped.merged}`);
  await desk.shot("run-cancelled-light");
}

export async function resume() {
  await desk.press("Run again");
  await desk.sees("Running", ".run-state");
  await rowsOf("public.readings", "read");
  // The chart tells of rows as soon as the figure beside it does.
  await until(
    "the chart has thousands of rows a second",
    async () =>
      />\s*\d+ k\s*</.test(await session.script("return document.querySelector('.drawn svg')?.outerHTML ?? '';")) ||
      null,
  );
  await desk.shot("run-light");
  // Leaving the screen and coming back finds the run as it stands.
  await desk.go("Overview");
  await desk.sees("1", ".rail .count.running");
  await desk.sees("Running", ".overview-runs");
  await desk.shot("overview-running-light");
  await desk.go("Runs");
  await desk.sees("Done", ".run-state", 240_000);
  const readings = await line("public.readings");
  assert.equal(readings.state, "Done");
  const customers = await line("public.customers");
  assert.equal(customers.rejected, 0, "the rejected row is not met again");
  await desk.shot("run-done-light");
}

/** The chart of a run, and the same as a file. */
export async function chart() {
  const drawn = () => session.script("return document.querySelector('.drawn svg')?.outerHTML ?? null;");
  const svg = await until("the chart is drawn", drawn);
  // Thousands of rows a second on its axis, and a line of more than its two ends.
  assert.match(svg, />\s*\d+ k\s*</);
  const lines = [...svg.matchAll(/<polyline[^>]*points="([^"]*)"/g)].map(
    ([, points]) => points.trim().split(" ").length,
  );
  assert.ok(Math.max(...lines) > 2, `lines of ${lines} points`);
  const rate = number(await session.script("return document.querySelector('[data-figure=rate]').innerText;"));
  assert.ok(rate > 1000, `${rate} rows a second`);
  const file = join(shop, "run of today.png");
  await desk.press("PNG, SVG");
  await desk.fill("File", file);
  await desk.press("Save");
  await desk.sees("Saved,", "[role=dialog]");
  const png = readFileSync(file);
  assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [2400, 640]);
  writeFileSync(join(shots, "chart-saved.png"), png);
  await desk.press("Save");
  await desk.sees("is there already", "[role=dialog]");
  await session.press(Key.escape);
}

/** The plan that a run has used for a table, and the log of a run that is over. */
export async function record() {
  await desk.row("public.readings");
  await desk.sees("Plan used", ".inspector");
  await desk.sees("SELECT", ".inspector .copyable");
  await desk.sees("Cursor before", ".inspector");
  await desk.shotInBothThemes("run-plan");
  await session.press("/");
  await session.type(await desk.field("Find in log"), "planned");
  await until("only plans are listed", async () => {
    const shown = await desk.text(".log .entry-line");
    return (shown.includes("planned") && !shown.includes("merging")) || null;
  });
  await session.press(Key.escape);
  await desk.row("public.customers");
  await session.press(Key.escape);
  await until("the table is closed", async () => !(await desk.text(".inspector")).includes("Plan used") || null);
}

export async function overview() {
  await session.press(Key.escape);
  await desk.go("Overview");
  await desk.sees("1 rejected row", ".needs");
  await desk.sees("Cancelled", ".overview-runs");
  assert.equal(
    await session.script("return document.querySelectorAll('.head .swatch').length;"),
    1,
    "app_db is marked",
  );
  await desk.shot("overview-light");
}

export async function rejectedRow() {
  await desk.go("Rejected rows");
  await desk.sees("1 rejected row", "h1");
  await desk.sees("1313", ".payload");
  await desk.sees("NaN", ".payload");
  await desk.sees("empty", ".payload .empty-text");
  await desk.sees("␣␣", ".payload .blank");
  await desk.shot("rejected-light");
  await session.press("/");
  await session.type(await desk.field("Filter by key, reason or value"), "no such thing");
  await desk.sees("No row matches");
  await session.press(Key.escape);
  await desk.sees("1313", ".payload");
}

export async function warehouseEqualsSource() {
  const file = join(shop, "warehouse.duckdb");
  const [readings] = await askWarehouse(
    programs.warehouse,
    file,
    "SELECT count(*)::VARCHAR AS n, sum(id)::VARCHAR AS ids, count(DISTINCT id)::VARCHAR AS keys, bit_xor(hash(meter, remark))::VARCHAR AS x FROM main.readings",
  );
  const [source] = await server.ask("SELECT count(*) || ' ' || sum(id) || ' ' || count(DISTINCT id) FROM readings");
  assert.equal(`${readings.n} ${readings.ids} ${readings.keys}`, source);
  const customers = await askWarehouse(
    programs.warehouse,
    file,
    "SELECT id::VARCHAR || ' ' || name || ' ' || coalesce(phone, '-') || ' ' || credit::VARCHAR || ' ' || array_to_string(tags, '+') AS row FROM main.customers ORDER BY id",
  );
  const wanted = await server.ask(
    "SELECT id || ' ' || name || ' ' || coalesce(phone, '-') || ' ' || credit || ' ' || array_to_string(tags, '+') FROM customers ORDER BY id",
  );
  assert.equal(customers.length, 2001);
  assert.deepEqual(
    customers.map(({ row }) => row),
    wanted,
  );
}
