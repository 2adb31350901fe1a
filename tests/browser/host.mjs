// A host that is slow, and one that does not answer at all.

import assert from "node:assert/strict";
import { until } from "../window/webdriver.mjs";
import { desk, goTo, host, openMarket, page } from "./stage.mjs";

/** Old values stay while new ones are waited for, and every screen can be gone to meanwhile. */
export async function slowHost() {
  await page.size(1440, 900);
  await openMarket("#/tables/public.customers");
  await desk.sees("public.customers", "[role=grid]");
  await host.behave({ delay_ms: 5000 });
  const since = performance.now();
  await page.press("\uE009", "r");
  await desk.sees("200 tables", "h1");
  await desk.sees("public.customers", "[role=grid]");
  await goTo("#/runs");
  await desk.sees("Runs", ".crumb");
  await goTo("#/connections/app_db");
  await desk.sees("app_db", ".form-pane h2");
  assert.ok(performance.now() - since < 5000, "going about waited for the host");
  assert.equal(await page.script("return document.querySelector('.strip.warn')?.innerText ?? null;"), null);
  await host.behave();
}

/** The amber strip with the age of what is shown; it goes when the host is back. */
export async function lostHost() {
  await openMarket("#/tables/public.customers");
  await desk.sees("public.customers", "[role=grid]");
  await host.behave({ holds: true });
  await page.press("\uE009", "r");
  await desk.sees("The host does not answer", ".strip.warn", 15_000);
  await desk.sees("Host silent", ".statusbar");
  await desk.sees("public.customers", "[role=grid]");
  const said = await desk.text(".strip.warn");
  assert.match(said, /is from \d\d:\d\d:\d\d/);
  await desk.shot("lost-host-dark");
  await host.behave();
  await until("the strip is gone", async () => !(await desk.text("body")).includes("does not answer") || null);
  await desk.sees("Host connected", ".statusbar");
}

/** What a check finds is shown as it is found, before the check has an answer. */
export async function checkAloud() {
  await openMarket("#/connections/app_db");
  await desk.sees("app_db", ".form-pane h2");
  // A browser has six connections to a host, and a call that is kept waiting keeps its own: the check has to get one.
  await until("everything is answered", () => page.script("return window.firnWaiting === 0 || null;"));
  await host.behave({ holds: true });
  await page.press("\uE009", "\uE007");
  await desk.sees("signed in as postgres", ".check");
  await desk.sees("more is asked", ".tally");
  // In the order of the steps, whenever each was known: what became of TLS is told after the sign-in.
  const steps = () =>
    page.script("return [...document.querySelectorAll('.check li b')].map((one) => one.textContent);");
  await until("the steps are in order", async () => {
    const [first, second, third] = await steps();
    return (first === "Host" && second === "TLS" && third === "Sign in") || null;
  });
  await host.behave();
  await desk.sees("usable,", "[aria-label=Check] .pane-head");
  await until("nothing more is asked", async () => !(await desk.text(".tally")).includes("more is asked") || null);
}
