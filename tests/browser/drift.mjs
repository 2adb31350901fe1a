// A source that has changed since the last run is looked through before the next one, from whichever screen it is started.

import assert from "node:assert/strict";
import { Key, until } from "../window/webdriver.mjs";
import { desk, goTo, host, market, openMarket, page, server } from "./stage.mjs";

const runs = async () =>
  (await host.call("run_history", { folder: market, table: null, limit: 200, resolved: false })).runs.length;
const run = () => page.press(Key.control, Key.enter);
const closed = () => desk.gone("[role=dialog]");

/** What a run has changed is asked for again at its end: the steps that follow begin after that. */
const ended = () => desk.button("Run again");

export async function driftAsked() {
  await page.size(1440, 900);
  await server.ask("ALTER TABLE customers ADD points integer; ALTER TABLE wide ADD extra integer");
  const before = await runs();

  // All tables, by the overview: what has changed in any of them.
  await openMarket("#/overview");
  await desk.sees("What ran", ".page");
  await run();
  await desk.sees("The source of 2 tables has changed", "[role=dialog]");
  await desk.press("Not now");
  await closed();

  // Some of them, by the list: what has changed in those.
  await goTo("#/tables/public.customers");
  await desk.tick("public.customers");
  await desk.press("Run 1 chosen");
  await desk.sees("The source of 1 table has changed", "[role=dialog]");
  await desk.sees("added to the target as INTEGER", "[role=dialog]");
  await desk.shot("drift");
  await page.press(Key.escape);
  await closed();
  assert.equal(await runs(), before, "nothing runs before it is accepted");

  await desk.press("Run 1 chosen");
  await desk.press("Accept and run");
  await desk.sees("Done", ".run-state", 30_000);
  assert.equal(await runs(), before + 1);

  // A run has just ended, and nothing is known of the source since: it is asked, and the person may do without.
  await host.behave({ holds: true });
  await run();
  await desk.sees("Looking for drift", "[role=dialog]");
  await desk.press("Cancel the run");
  await closed();
  await host.behave();
  await ended();
  assert.equal(await runs(), before + 1, "who cancels runs nothing");

  // The look that was not waited for has its answer by now: nothing has changed, nobody is asked.
  await run();
  await until("another run", async () => (await runs()) === before + 2 || null);
  await ended();
  await host.behave({ holds: true });
  await run();
  await desk.press("Run without looking");
  await host.behave();
  await until("a run that was not looked at", async () => (await runs()) === before + 3 || null);
  await ended();
}
