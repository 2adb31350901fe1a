// Runs: progress, cancelling, going on; what they leave behind.

import assert from "node:assert/strict";
import { join } from "node:path";
import { desk, line, number, programs, server, session, shop } from "./stage.mjs";
import { askWarehouse } from "./surroundings.mjs";
import { Key, until } from "./webdriver.mjs";

export async function runAndCancel() {
  await session.press(Key.control, Key.enter);
  await desk.sees("Running", ".run-state");
  const seen = new Set();
  await until(
    "rows of public.readings come in",
    async () => {
      const now = await line("public.readings");
      if (now) seen.add(number(now.cells[3]));
      return seen.size >= 4 || null;
    },
    { within: 60_000, every: 100 },
  );
  await desk.shot("run-light");
  await until(
    "some of them are merged",
    async () => number((await line("public.readings"))?.cells[4] ?? "0") > 0 || null,
    { within: 60_000 },
  );
  await until(
    "the small table is done beside the large one, one row rejected",
    async () => number((await line("public.customers"))?.cells[6] ?? "0") === 1 || null,
    { within: 60_000 },
  );
  const since = performance.now();
  await desk.press("Cancel run");
  await desk.sees("Cancelled", ".run-state");
  const took = performance.now() - since;
  assert.ok(took < 3000, `cancelling took ${took} ms`);
  const stopped = await line("public.readings");
  assert.equal(stopped.stage, "cancelled");
  assert.ok(number(stopped.cells[4]) > 0 && number(stopped.cells[4]) < 1_500_000, `merged: ${stopped.cells[4]}`);
  await desk.shot("run-cancelled-light");
}

export async function resume() {
  await desk.press("Run again");
  await desk.sees("Running", ".run-state");
  // Leaving the screen and coming back finds the run as it stands.
  await desk.go("Overview");
  await desk.sees("1", ".rail .count.running");
  await desk.sees("Running", ".overview-runs");
  await desk.shot("overview-running-light");
  await desk.go("Runs");
  await desk.sees("Done", ".run-state", 240_000);
  const readings = await line("public.readings");
  assert.equal(readings.stage, "done");
  const customers = await line("public.customers");
  assert.equal(number(customers.cells[6]), 0, "the rejected row is not met again");
  await desk.shot("run-done-light");
}

export async function overview() {
  await session.press(Key.escape);
  await desk.go("Overview");
  await desk.sees("1 rejected row", ".needs");
  await desk.sees("Cancelled", ".overview-runs");
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
    "SELECT id || ' ' || name || ' ' || coalesce(phone, '-') || ' ' || credit || ' ' || array_to_string(tags, '+') FROM customers WHERE id <> 1313 ORDER BY id",
  );
  assert.equal(customers.length, 1999);
  assert.deepEqual(
    customers.map(({ row }) => row),
    wanted,
  );
}
