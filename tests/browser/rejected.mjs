// One fix for all rows of a cause: offered, tried on the very rows, saved and undone; in a table of 276 columns.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../window/webdriver.mjs";
import { desk, market, openMarket, page, run, server } from "./stage.mjs";

const document = () => readFileSync(join(market, "firn.yaml"), "utf8");

/** The heads of the columns in view. */
const heads = () =>
  page.script("return [...document.querySelectorAll('.datagrid .head-row .name')].map((one) => one.textContent);");

export async function oneFix() {
  await page.size(1440, 900);
  await server.ask(`UPDATE wide SET "column 6" = 'NaN', updated_at = now() WHERE id <= 36`);
  await run(["public.wide"]);
  const before = document();
  await openMarket(`#/rejected/${encodeURIComponent("public.wide")}`);
  await desk.sees("One fix for all 36", ".fix");
  await until("the key and the refused column stand first", async () => {
    const names = await heads();
    return (names.slice(0, 4).includes("id") && names.slice(0, 5).includes("column 6")) || null;
  });
  await until("the refused values are marked", () =>
    page.script("return document.querySelector('.datagrid .refused')?.textContent === 'NaN' || null;"),
  );
  await desk.sees("numeric(18,4)", ".payload .blamed");

  // The other end of the row, with the key beside it.
  await page.script("const grid = document.querySelector('.datagrid'); grid.scrollLeft = grid.scrollWidth;");
  await until("the last column is in view", async () => {
    const names = await heads();
    return (names.includes("column 274") && names.includes("id")) || null;
  });
  await page.script("document.querySelector('.datagrid').scrollLeft = 0;");

  assert.match(await desk.whyNot("Save and retry 36"), /try it first/);
  await desk.press("Try");
  await desk.sees("36 of 36 pass", ".fix", 30_000);
  await desk.sees("All 36 values become NULL in the target. The source is not changed.", ".fix");
  assert.equal(document(), before, "a try writes nothing");
  await desk.shot("browser-rejected-fix");
  await desk.press("Save and retry 36");
  await desk.sees("36 rows merged", "[role=status]", 30_000);
  assert.match(document(), /nullif\(\\?"column 6\\?", 'NaN'\)/);
  await desk.press("Undo");
  await until("the document is as it was", () => document() === before || null);

  // Source and target as they were, for the steps after this one.
  await server.ask(`UPDATE wide SET "column 6" = 1.5, updated_at = now() WHERE id <= 36`);
  await run(["public.wide"]);
}
