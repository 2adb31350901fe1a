// The window's page in a browser, on a loopback host of the same command list: sizes, accessibility, keys, a slow and a
// lost host, drift, HTML and the policy. Run by run.sh.

import assert from "node:assert/strict";
import { inaccessible } from "./axe.mjs";
import { driftAsked } from "./drift.mjs";
import { keysAlone } from "./keys.mjs";
import { misplaced } from "./layout.mjs";
import { checkAloud, lostHost, slowHost } from "./host.mjs";
import { htmlIsText, quietPage, pasteIsText, policyHolds } from "./policy.mjs";
import { oneFix } from "./rejected.mjs";
import { leave, screens, show } from "./screens.mjs";
import { desk, end, enter, host, makeMarket, openMarket, page, startEverything, wear } from "./stage.mjs";
import { manyDifferences } from "./verify.mjs";
import { step } from "../window/step.mjs";
import { until } from "../window/webdriver.mjs";

/** Goes over every screen and gathers what is wrong, all of it at once. */
async function everyScreen(judge) {
  const wrong = [];
  await openMarket();
  for (const screen of screens) {
    await show(screen);
    for (const fault of await judge(screen)) wrong.push(`${screen.name}: ${fault}`);
    await leave(screen);
  }
  assert.deepEqual(wrong, []);
}

const fits = (width, height) => async () => {
  await page.size(width, height);
  await everyScreen(async ({ name }) => {
    const wrong = await misplaced(page);
    if (wrong.length > 0) await desk.shot(`browser-${name}-${width}`);
    return wrong;
  });
};

const passesAxe = (theme) => async () => {
  await page.size(1440, 900);
  await wear(theme);
  await page.go(host.at());
  await desk.sees("Start with one");
  assert.deepEqual(await inaccessible(page), [], "the first screen");
  await everyScreen(() => inaccessible(page));
};

/** A check that finds nothing has to be able to find something. */
async function checksCanFail() {
  await page.size(1440, 900);
  await openMarket("#/overview");
  assert.deepEqual(await misplaced(page), []);
  await page.script("document.querySelector('.acts .button').style.marginRight = '-400px';");
  assert.notDeepEqual(await misplaced(page), [], "a button outside the window is not noticed");
  await page.script("document.querySelector('h1').style.color = '#eeeeee'; document.querySelector('h1').id = 'pale';");
  assert.match((await inaccessible(page)).join("\n"), /color-contrast: #pale/);
  await openMarket("#/tables");
  await desk.sees("200 tables", "h1");
  await page.script("for (const pane of document.querySelector('.split').children) pane.style.maxHeight = '200px';");
  assert.match((await misplaced(page)).join("\n"), /below the panes are empty/);
}

/** Types and what speaks for a watermark are never cut: they are what a mapping is decided by. */
async function decidedBySight() {
  const cut = (css) =>
    page.script(
      "const found = [...document.querySelectorAll(arguments[0])]; return [found.length > 0, found.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.innerText)];",
      css,
    );
  await page.size(1440, 900);
  await openMarket("#/mapping/public.wide/column%206");
  await desk.sees("DECIMAL(18,4)", ".grid");
  assert.deepEqual(await cut(".grid-row .type-of .cut"), [true, []]);
  assert.deepEqual(await cut(".grid-row .cell:nth-child(3)"), [true, []]);
  await page.size(1200, 800);
  await desk.press("Table");
  await desk.press("YAML");
  await desk.sees("its default, at birth only", ".watermarks");
  assert.deepEqual(await cut(".watermarks th, .watermarks td"), [true, []]);
}

/** While something is waited for the page shows that it works, by what turns; and by what stands where nothing may move. */
async function nothingMoves() {
  const moving = () =>
    page.script("return document.getAnimations().filter((one) => one.playState === 'running').length;");
  const look = async () => {
    await openMarket("#/tables/public.customers");
    await desk.button("Plan");
    await page.press("p");
    await desk.sees("Rows waiting", ".inspector");
    await host.behave({ holds: true });
    await page.press("p");
    await desk.sees("asking again", ".inspector");
  };
  await look();
  await until("something turns", async () => (await moving()) > 0 || null);
  await host.behave();
  await page.prefers({ "prefers-reduced-motion": "reduce" });
  await look();
  assert.equal(await moving(), 0);
  await host.behave();
  await page.prefers({});
}

try {
  await step("a private server with 200 tables, the loopback host, a browser", startEverything);
  await step("a workspace, and a run of three tables", makeMarket);
  await page.go(host.at());
  await enter();
  await step("the checks notice what is wrong", checksCanFail);
  await step("every screen at 1024 × 700", fits(1024, 700));
  await step("every screen at 1440 × 900", fits(1440, 900));
  await step("every screen at 3840 × 2160", fits(3840, 2160));
  await step("types and watermarks are seen whole", decidedBySight);
  await step("axe on every screen, light", passesAxe("light"));
  await step("axe on every screen, dark", passesAxe("dark"));
  await step("the way to a run by keys alone", keysAlone);
  await step("nothing moves where the person wants no motion", nothingMoves);
  await step("a slow host", slowHost);
  await step("a lost host, and its return", lostHost);
  await step("a source that has changed is looked through before a run", driftAsked);
  await step("a check is told finding by finding", checkAloud);
  await step("a comparison of many keys by many columns", manyDifferences);
  await step("one fix for all rows of a cause", oneFix);
  await step("HTML in names and values is text", htmlIsText);
  await step("so is HTML that is pasted", pasteIsText);
  await step("nobody but the host was asked for anything, and the page complained of nothing", quietPage);
  await step("the policy refuses whatever is not the page's own", policyHolds);
  console.log("browser: everything as it should be");
} catch (error) {
  console.log(`\nFAILED: ${error.stack}`);
  if (desk) {
    await desk.shot("browser-failure").catch(() => undefined);
    console.log(`the page complained: ${page.complaints.slice(-10).join("\n")}`);
    console.log(`what stood there: ${(await desk.text("body").catch(() => "nothing")).slice(0, 2000)}`);
  }
  process.exitCode = 1;
} finally {
  await end();
}
