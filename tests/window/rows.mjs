// Rows of a table, looked at in the grid: a source of 1,500,000, its copy, a filter, a block that is copied.

import assert from "node:assert/strict";
import { act, desk, session } from "./stage.mjs";
import { Key, until } from "./webdriver.mjs";

/** The row numbers and values in view, as the page has them: rows in order, each with the texts of its cells. */
const shown = () =>
  session.script(`
    const grid = document.querySelector(".datagrid");
    if (!grid) return null;
    const box = grid.getBoundingClientRect();
    const seen = (element) => {
      const at = element.getBoundingClientRect();
      return at.bottom > box.top + 42 && at.top < box.bottom && !element.hidden;
    };
    const lines = new Map();
    for (const row of grid.querySelectorAll(".body .row")) {
      if (row.hidden || !seen(row)) continue;
      const index = Number(row.getAttribute("aria-rowindex"));
      const cells = [...row.children].filter((cell) => !cell.hidden);
      lines.set(index, [...(lines.get(index) ?? []), ...cells]);
    }
    const place = (cell) => Number(cell.getAttribute("aria-colindex"));
    return [...lines]
      .sort(([one], [other]) => one - other)
      .map(([, cells]) => cells.sort((one, other) => place(one) - place(other)).map((cell) => cell.innerText));
  `);

/** Cells in view that do not stand under the head of their column. */
const astray = () =>
  session.script(`
    const grid = document.querySelector(".datagrid");
    const edge = (cell) => cell.getBoundingClientRect().left + cell.getBoundingClientRect().width;
    const shown = (css) => [...grid.querySelectorAll(css)].filter((cell) => !cell.hidden && !cell.parentElement.hidden);
    const heads = new Map(shown(".head-row .cell").map((cell) => [cell.getAttribute("aria-colindex"), edge(cell)]));
    return shown(".body .cell").filter((cell) => Math.abs(edge(cell) - heads.get(cell.getAttribute("aria-colindex"))) > 0.5).length;
  `);

/** Whether there are rows, with their values whole: while one scrolls, long ones are cut where there is no more room. */
const filled = (lines) =>
  lines &&
  lines.length > 5 &&
  lines.every((cells) => cells.length > 2 && cells[1] !== "" && !cells.some((text) => text.endsWith("…")));

export async function rows() {
  await desk.go("Tables");
  await desk.row("public.readings");
  await desk.press("Rows");
  await desk.sees("the first 10,000 rows, 5 columns", ".head");
  const first = await until("the first rows", async () => {
    const lines = await shown();
    return filled(lines) ? lines : null;
  });
  assert.match(await desk.text(".datagrid .head-row"), /timestamptz/);
  assert.match(first[0][4], /^reading number \d+ /);

  // To the last row that is listed, and then to the last of all.
  await session.press(Key.control, Key.end);
  await desk.sees("1,500,000 rows, 5 columns", ".head");
  await session.press(Key.control, Key.end);
  const last = await until("the last row", async () => {
    const lines = await shown();
    return filled(lines) && lines.at(-1)[0] === "1,500,000" ? lines : null;
  });
  assert.equal(last.at(-1)[4].split(" ")[2], last.at(-1)[1], "a row's cells are of one row");
  assert.equal(await astray(), 0, "cells stand under their heads");
  await desk.shotInBothThemes("rows-source");

  // Its copy: as many rows.
  await session.press("s");
  await desk.sees("main.readings", "h1");
  await desk.sees("1,500,000 rows", ".head");
  await until("rows of the target", async () => filled(await shown()) || null);

  // Found by a filter whose value is bound; the whole value in the pane.
  await session.press("/");
  await desk.fill("Column", "remark");
  await desk.fill("Value", "NUMBER 77777 ");
  await session.press(Key.enter);
  await desk.sees("1 matching row", ".head");
  const found = await until("the row that was found", async () => {
    const lines = await shown();
    return lines?.length === 1 && lines[0][1] === "77777" ? lines[0] : null;
  });
  await act("Show the whole value");
  await desk.sees("77777", ".cell-pane .whole");
  await session.press(Key.escape);
  assert.equal(found[0], "1");

  await desk.go("Tables");
  await desk.row("public.wide");
  await desk.press("Rows");
  // Two came and one went since it was mapped.
  await desk.sees("277 columns", ".head");
  await until("rows of the wide table", async () => (await shown())?.length > 5 || null);
  await desk.shotInBothThemes("rows-wide");
  await desk.go("Overview");
}
