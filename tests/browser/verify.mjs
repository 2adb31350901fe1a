// A comparison of many keys by many columns: only what is in view is on the page, and keys lead everywhere.

import assert from "node:assert/strict";
import { Key, until } from "../window/webdriver.mjs";
import { desk, openMarket, page, run, server } from "./stage.mjs";

/** What stands in the cell that has the focus, with what is marked in brackets, and of which column and side it is. */
const focusedCell = () =>
  page.script(`
    const grid = document.querySelector("[role=grid]");
    const cell = document.getElementById(grid.getAttribute("aria-activedescendant") ?? "");
    if (!cell) return null;
    const head = [...grid.querySelectorAll("[role=columnheader]")].find(
      (one) => one.checkVisibility() && one.getAttribute("aria-colindex") === cell.getAttribute("aria-colindex"));
    const parts = [...cell.childNodes].map((one) => (one.nodeName === "MARK" ? "[" + one.textContent + "]" : one.textContent));
    return { text: parts.join(""), head: head?.innerText.replace(/\\s+/g, " ") ?? "" };
  `);

const comes = (what, wanted) =>
  until(what, async () => {
    const cell = await focusedCell();
    return (cell && wanted(cell)) || null;
  });

export async function manyDifferences() {
  await run(["public.wide"]);
  // Without their watermark: no run would see it. 120 keys, 60 columns of which each has a letter more.
  await server.ask(
    "DO $$ BEGIN EXECUTE (SELECT 'UPDATE wide SET ' || string_agg(format('%I = %I || ''y''', attname, attname), ', ' ORDER BY attnum) FROM (SELECT attname, attnum FROM pg_attribute WHERE attrelid = 'wide'::regclass AND atttypid = 'text'::regtype ORDER BY attnum LIMIT 60) AS texts) || ' WHERE id BETWEEN 101 AND 220'; END $$",
  );
  await page.size(1440, 900);
  await openMarket("#/verify/public.wide");
  await desk.sees("Not compared yet");
  await page.press(Key.control, Key.enter);
  await desk.sees("All 120", ".filters", 30_000);
  const [rows, columns, elements] = await page.script(
    "const grid = document.querySelector('.datagrid'); return [grid.ariaRowCount, grid.ariaColCount, grid.querySelectorAll('.body .cell').length];",
  );
  assert.equal(Number(rows), 121);
  // The number of the row, the difference, the key, and both sides of 60 columns.
  assert.equal(Number(columns), 123);
  assert.ok(elements < 1_500, `${elements} cells are on the page`);

  // While it is scrolled too, what there is room for is not cut: every value here is short.
  const cut = await page.script(`
    const grid = document.querySelector(".datagrid");
    grid.scrollTop = 700;
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
      done([...grid.querySelectorAll(".body .cell")].map((one) => one.textContent).filter((text) => text.endsWith("…"))))));
  `);
  assert.deepEqual(cut, []);

  // By keys: to the last column of the last key, whose cells are beside it.
  await page.press(Key.control, Key.end);
  await comes("the last cell", ({ text, head }) => text === "x" && head.endsWith("target"));
  await page.press(Key.left);
  await comes("its source, the letter marked", ({ text, head }) => text === "x[y]" && head.endsWith("source"));
  await desk.sees("60", ".inspector .section-head");
  const last = await desk.text(".inspector .of-key");
  // The next and the previous key, in the same column.
  await page.press("p");
  await until("the key before", async () => (await desk.text(".inspector .of-key")) !== last || null);
  await comes("the same column", ({ text, head }) => text === "x[y]" && head.endsWith("source"));
  await page.press("n");
  await until("the last key again", async () => (await desk.text(".inspector .of-key")) === last || null);

  // A column filters, and is brought into view.
  const name = await page.script(
    "const one = [...document.querySelectorAll('.by-column button')].at(-1); one.click(); return one.querySelector('code').textContent;",
  );
  await comes(`the column ${name}`, ({ head }) => head === `${name} source`);
  await desk.shot("verify-many");
}
