// The way from the first screen to a run, and back to its tables, with the keyboard alone.

import assert from "node:assert/strict";
import { Key, until } from "../window/webdriver.mjs";
import { desk, host, page } from "./stage.mjs";

/** The element that has the focus, in words. */
const focused = () =>
  page.script(
    "const one = document.activeElement; return one === document.body ? null : (one.getAttribute('aria-label') ?? one.textContent ?? '').replace(/\\s+/g, ' ').trim();",
  );

/** Whether the page shows where the focus is: by an outline, or by what the piece that has it shows in its place. */
const isSeen = `
  const one = document.activeElement;
  const outlined = (part) => {
    const line = getComputedStyle(part);
    return line.outlineStyle !== "none" && parseFloat(line.outlineWidth) >= 1.5;
  };
  return one === document.body
    || outlined(one)
    || (one.getAttribute("role") === "grid" && [...one.querySelectorAll("[role=row], [role=gridcell]")].some(outlined))
    || (one.getAttribute("role") === "separator" && getComputedStyle(one, "::after").backgroundColor !== "rgba(0, 0, 0, 0)")
    || one.closest(".palette-field") !== null`;

/** Goes on with Tab until the focus is on something, and sees at every step where it is. */
async function tabTo(wanted, most = 60) {
  for (let steps = 0; steps < most; steps += 1) {
    const now = await focused();
    if (now !== null && wanted.test(now)) return;
    await page.press(Key.tab);
    await until(`the focus on “${await focused()}” is seen`, () => page.script(`${isSeen} || null;`));
  }
  assert.fail(`Tab does not lead to ${wanted}`);
}

/** Goes to a table by the palette. */
async function toTable(name) {
  await page.press(Key.control, "k");
  await desk.sees("Go to rejected rows", "[role=listbox]");
  await page.write(name);
  await page.press(Key.enter);
  await desk.sees(name, ".crumb");
}

export async function keysAlone() {
  await page.size(1440, 900);
  await page.go(host.at());
  await desk.sees("Start with one");
  await tabTo(/market/);
  await page.press(Key.enter);
  await desk.sees("market", ".rail .workspace");

  // To the tables, to one of them by its name, to its plan.
  await page.press("g");
  await page.press("t");
  await desk.sees("200 tables", "h1");
  await page.press("/");
  await page.write("customers");
  await until("only that table is left", async () => (await desk.text("[role=grid]")).includes("customers") || null);
  await page.press(Key.escape);
  await page.press(Key.escape);
  await toTable("public.customers");
  await page.press("p");
  await desk.sees("Rows waiting", ".inspector");

  // A pane made wider by its edge.
  await tabTo(/^Width of the inspector$/, 120);
  const width = () => page.script("return document.querySelector('.pane.inspector').getBoundingClientRect().width;");
  const before = await width();
  await page.press(Key.left);
  await until("the inspector is wider", async () => (await width()) === before + 16 || null);
  const value = await page.script("return document.activeElement.getAttribute('aria-valuenow');");
  assert.equal(Number(value), before + 16);
  await page.press(Key.enter);
  await until("and usual again", async () => (await width()) === before || null);

  // The columns of the wide table, one of them left out, and taken in again.
  await toTable("public.wide");
  await page.press("m");
  await desk.sees("276", ".filters");

  // Two tables ticked and run to their end; the log below another screen.
  await page.press("g");
  await page.press("t");
  await desk.sees("200 tables", "h1");
  await tabTo(/^Filter tables$/);
  await page.write("part_00");
  await desk.sees("9 of 200", ".filter-bar");
  await tabTo(/^Tables$/);
  await page.press(Key.home);
  await page.press(" ");
  await page.press(Key.down);
  await page.press(" ");
  await desk.sees("2 chosen", ".filter-bar");
  await page.press(Key.control, Key.enter);
  await desk.sees("Done", ".run-state", 60_000);
  await page.press("g");
  await page.press("c");
  await desk.sees("app_db", ".list-of");
  await page.press("l");
  await desk.sees("Done", ".drawer");
  await page.press("l");
  await desk.gone(".drawer");
  await page.press(Key.control, ",");
  await desk.sees("Ask before production", ".settings");
  await page.press(Key.escape);
  await desk.sees("What ran", ".page");
}
