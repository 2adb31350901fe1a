// The rules of accessibility, judged by axe in the page itself: a browser's or the real webview.

import { readFileSync } from "node:fs";
import { until } from "../window/webdriver.mjs";

const axe = readFileSync(new URL("../../ui/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** What axe finds wrong with a page now, one line each; nothing where all is well. */
export async function inaccessible(page) {
  // Not through the page's own policy: a driver's scripts are not the page's.
  await page.script(`if (!window.axe) { ${axe}\n }`);
  await page.script(
    "window.axeSaid = null; window.axe.run(document, { resultTypes: ['violations'], preload: false }).then((result) => { window.axeSaid = result.violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ': ' + node.target.join(' ') + ': ' + (node.any[0] ?? node.all[0] ?? node.none[0])?.message)); }, (reason) => { window.axeSaid = ['axe failed: ' + reason]; });",
  );
  return until("axe has judged the page", () => page.script("return window.axeSaid;"), { within: 30_000 });
}
