// What is found and mended: a rejected row, a comparison with its repair, a row that nobody wants.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { desk, server, session, shop } from "./stage.mjs";
import { Key, until } from "./webdriver.mjs";

/** A row is mended at the source and tried again from the window. */
export async function retried() {
  await desk.go("Rejected rows");
  await desk.sees("1313", ".payload");
  // The watermark stays: no run would look at the row again.
  await server.ask("UPDATE customers SET credit = 1641.25 WHERE id = 1313");
  await session.press("t");
  await desk.sees("1 row merged", "[role=status]");
  await desk.sees("No rejected row");
  await desk.press("All");
  await desk.sees("merged by a retry", ".datagrid");
  await desk.press("Unresolved");
}

/** A comparison finds what no watermark shows; it is repaired, and compared again. */
export async function verified() {
  await server.ask(
    "UPDATE customers SET name = 'Customer  Five ' WHERE id = 5; UPDATE customers SET phone = '' WHERE id = 6; INSERT INTO customers SELECT 2001, 'Late', 'late@example.com', NULL, NULL, 1, ARRAY['c', 'd'], NULL, '2026-01-01'",
  );
  await desk.go("Tables");
  await desk.row("public.customers");
  await session.press("v");
  await desk.sees("Not compared yet");
  await session.press(Key.control, Key.enter);
  await desk.sees("Different", ".head", 60_000);
  await desk.sees("All 3", ".filters");
  // From one key to the next, until it is there.
  const key = () => desk.text(".of-key");
  for (let before = await key(); !before.includes("id 5"); before = await key()) {
    await session.press("n");
    await until("the next key", async () => (await key()) !== before || null);
  }
  await desk.sees("Customer", ".cells");
  await until(
    "what changed is marked, and nothing else",
    async () => {
      const marks = await desk.text(".cells mark");
      return (marks.includes("Five") && !marks.includes("Customer")) || null;
    },
    { within: 5_000 },
  );
  await desk.shotInBothThemes("verify");
  await session.press("r");
  await desk.sees("Read from the source by key", "[role=dialog]");
  await desk.shotInBothThemes("repair");
  await desk.press("Repair");
  await desk.sees("Repaired: 3 rows written", ".note-line", 60_000);
  await desk.sees("Equal", ".head");
  await desk.shotInBothThemes("verify-equal");
}

/** All tables are compared from the overview, and what was proved is known there afterwards. */
export async function allCompared() {
  await desk.go("Overview");
  await desk.sees("1 table of 3", ".figures");
  await session.press("v");
  await desk.sees("2 not compared", ".head");
  await desk.press("Compare all");
  await desk.sees("3 equal", ".head", 120_000);
  await desk.shotInBothThemes("verify-all");
  await desk.go("Overview");
  await desk.sees("3 tables of 3, 0 keys differ", ".figures");
}

/** A row that nobody wants is discarded with a note. */
export async function discarded() {
  await server.ask("UPDATE customers SET credit = 'NaN', updated_at = now() WHERE id = 77");
  await desk.go("Tables");
  await desk.press("Run all");
  await desk.sees("Done in part", ".run-state", 60_000);
  await desk.go("Rejected rows");
  await desk.sees("77", ".payload");
  await desk.shotInBothThemes("rejected-one");
  await session.press("d");
  assert.match(await desk.whyNot("Discard"), /say why/);
  await desk.fill("Why", "a test account");
  await desk.shotInBothThemes("discard");
  await desk.press("Discard");
  await desk.sees("No rejected row");
  await desk.press("All");
  await desk.sees("a test account", ".inspector");
  const kept = await server.ask("SELECT note FROM sync_errors WHERE pk->>'id' = '77' AND resolved_at IS NOT NULL");
  assert.deepEqual(kept, ["a test account"]);
  await desk.press("Unresolved");
  await server.ask("UPDATE customers SET credit = 96.25, updated_at = now() WHERE id = 77");
}

/** One fix for all rows of a cause: tried on them, saved and retried; then taken out of the document again. */
export async function fixed() {
  await server.ask("UPDATE customers SET credit = 'NaN', updated_at = now() WHERE id IN (78, 79)");
  await desk.go("Tables");
  await desk.press("Run all");
  await desk.sees("Done in part", ".run-state", 60_000);
  await desk.go("Rejected rows");
  await desk.sees("One fix for all 2", ".fix", 30_000);
  assert.match(await desk.whyNot("Save and retry 2"), /try it first/);
  await desk.press("Try");
  await desk.sees("2 of 2 pass", ".fix", 30_000);
  await desk.sees("All 2 values become NULL in the target. The source is not changed.", ".fix");
  await desk.shotInBothThemes("rejected-fix");
  await session.press(Key.control, "s");
  await desk.sees("2 rows merged", "[role=status]", 30_000);
  const kept = "SELECT count(*) FROM sync_errors WHERE pk->>'id' IN ('78', '79') AND resolved_by = 'retry'";
  assert.deepEqual(await server.ask(kept), ["2"]);
  await desk.press("Undo");
  await until(
    "the document is as it was",
    () => !readFileSync(join(shop, "firn.yaml"), "utf8").includes("nullif") || null,
  );
  await server.ask("UPDATE customers SET credit = id * 1.25, updated_at = now() WHERE id IN (78, 79)");
}
