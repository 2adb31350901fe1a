// Nothing that is not the page's own gets to act in it: HTML is text, and the policy holds.

import assert from "node:assert/strict";
import { attempts } from "./attempts.mjs";
import { bold, desk, goTo, host, openMarket, page } from "./stage.mjs";

const acted = () => page.script("return window.firnHtml ?? null;");

export async function htmlIsText() {
  await openMarket(`#/tables/${encodeURIComponent(bold)}`);
  await desk.sees(bold, ".crumb");
  await desk.sees(bold, ".inspector");
  await goTo("#/rejected");
  await desk.sees(`<img src="x" onerror="window.firnHtml = true">`, ".page");
  assert.equal(await page.script("return document.querySelectorAll('img, b[onclick], script:not([src])').length;"), 0);
  assert.equal(await acted(), null);
}

export async function pasteIsText() {
  const html = `<img src=x onerror="window.firnHtml = true"><b onclick="window.firnHtml = true">bold</b>`;
  for (const [hash, label] of [
    ["#/connections/%2B", "Name"],
    ["#/tables", "Filter tables"],
    ["#/rejected", "Filter by key, reason or value"],
  ]) {
    await goTo(hash);
    const field = await desk.field(label);
    await page.script("arguments[0].focus();", field);
    // As the browser tells the page of something copied from a web page; then what it puts in for it.
    await page.script(
      "const held = new DataTransfer(); held.setData('text/html', arguments[1]); held.setData('text/plain', arguments[1]); arguments[0].dispatchEvent(new ClipboardEvent('paste', { clipboardData: held, bubbles: true, cancelable: true }));",
      field,
      html,
    );
    await page.write(html);
    assert.equal(await page.script("return arguments[0].value;", field), html);
  }
  assert.equal(await page.script("return document.querySelectorAll('img, b[onclick]').length;"), 0);
  assert.equal(await acted(), null);
}

export async function policyHolds() {
  assert.deepEqual(
    await page.script("return window.firnRefused;"),
    [],
    "a screen of the page did what its policy refuses",
  );
  for (const [rule, attempt] of Object.entries(attempts)) {
    const refused = await page.script(
      `window.firnRefused.length = 0; ${attempt} await new Promise((done) => setTimeout(done, 60)); return window.firnRefused;`,
    );
    assert.ok(
      refused.some((one) => one.startsWith(`${rule} `)),
      `${rule} was not refused: ${refused}`,
    );
  }
  assert.equal(await acted(), null);
}

/** Over all that was done so far: whom the page asked, and what it complained of. */
export function quietPage() {
  const others = page.asked.filter((address) => !address.startsWith(`${host.origin}/`));
  assert.deepEqual([...new Set(others)], []);
  assert.deepEqual(page.complaints, []);
}
