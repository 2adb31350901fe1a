// A table of 276 columns and its mapping.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addWideTable } from "./setup.mjs";
import { desk, server, session, shop } from "./stage.mjs";
import { Key, until } from "./webdriver.mjs";

export async function mapping() {
  await addWideTable((n) =>
    n % 40 === 7 ? "pg_snapshot" : n % 3 === 0 ? "numeric(18,4) DEFAULT 1.5" : "text DEFAULT 'x'",
  );
  await desk.row("public.wide");
  const since = performance.now();
  await desk.press("Columns");
  await desk.sees("All 276", ".filters");
  process.stdout.write(`(276 columns after ${(performance.now() - since).toFixed(0)} ms) `);
  await desk.sees("Left out 7", ".filters");
  await desk.sees("not in the target", ".grid");
  await desk.shotInBothThemes("mapping");

  // A transform, undone; another column left out, saved: its line is in the file, and no other is touched.
  const file = join(shop, "firn.yaml");
  const before = readFileSync(file, "utf8");
  await desk.row("column 1");
  await session.press("t");
  await session.type(await desk.field("Transform, SQL run in the source"), `upper("column 1")`);
  await session.press(Key.enter);
  await desk.sees("1 line not saved", ".head");
  await desk.sees(`upper("column 1")`, "[role=row][data-row='column 1']");
  await desk.row("column 2");
  await session.press(Key.control, "z");
  await until("nothing is edited", async () => !(await desk.text(".head")).includes("not saved") || null);
  await desk.row("column 2");
  await session.press("x");
  await desk.sees("Left out 8", ".filters");
  assert.equal(readFileSync(file, "utf8"), before, "nothing is written before it is saved");
  await desk.press("Save");
  await until("the file has it", () => readFileSync(file, "utf8").includes('"column 2": null') || null);
  const lines = readFileSync(file, "utf8").split("\n");
  const gone = before.split("\n").filter((line) => !lines.includes(line));
  assert.equal(gone.length, 1, `of all lines only that of the transforms is another: ${gone}`);
  assert.match(gone[0], /transform: .*"column 7": null/);
  await session.press("/");
  await session.type(await desk.field("Find column"), "column 27");
  await desk.sees("column 270", ".grid");
  await until("the others are filtered out", async () => !(await desk.text(".grid")).includes("column 3 ") || null);
  await session.press(Key.escape);
  await desk.press("Run");
  await desk.sees("Done", ".run-state", 60_000);
  await desk.sees("1,000", "[role=row][data-row='public.wide']");
}
