// What reaches the window from outside its page: later starts of the program, links, the tray.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { NotificationDesk } from "./notifications.mjs";
import { desk, folders, programs, server, session, shop } from "./stage.mjs";
import { running } from "./surroundings.mjs";
import { until } from "./webdriver.mjs";

const run = promisify(execFile);

/** Starts the program once more; it ends as soon as the window that is open has what it was given. */
const start = (word) => run(programs.window, [word], { env: folders.environment(), cwd: "/", timeout: 60_000 });

/** Links lead to a place in the one window, and do nothing else. */
export async function laterStarts() {
  const folder = encodeURIComponent(shop);
  await start(`firn://tables?table=public.customers&folder=${folder}`);
  await desk.sees("public.customers", ".crumb");
  await start(`firn://sync_run?folder=${folder}`);
  await desk.sees("a link was ignored");
  await start(`firn://overview?folder=${encodeURIComponent("/somewhere/else")}`);
  await desk.sees("never opened on this machine");
  assert.equal((await running(programs.window)).length, 1, "there is one window");
  await desk.press("Put away");
  await desk.press("Put away");
  await until("both are put away", async () => !(await desk.text("body")).includes("a link was ignored") || null);
}

/** Asks the tray's item something over the session bus, as a panel would. */
async function ask(path, method, ...words) {
  const [{ pid }] = await running(programs.window);
  const item = `org.kde.StatusNotifierItem-${pid}-1`;
  const call = ["call", "--session", "--dest", item, "--object-path", path, "--method", method, "--", ...words];
  return (await run("gdbus", call)).stdout;
}

/** The entries of the tray's menu by their words, with their numbers. */
async function menu() {
  const layout = await ask("/MenuBar", "com.canonical.dbusmenu.GetLayout", "0", "-1", "[]");
  const entries = layout.matchAll(/\((\d+), \{[^}]*'label': <'([^']+)'>/g);
  return new Map([...entries].map(([, id, label]) => [label, id]));
}

async function click(label) {
  const id = (await menu()).get(label) ?? assert.fail(`the tray has no entry ${label}`);
  await ask("/MenuBar", "com.canonical.dbusmenu.Event", id, "clicked", "<0>", "0");
}

const offers = (label) => until(`the tray offers ${label}`, async () => (await menu()).has(label) || null);

/** The tray begins and pauses the schedule of the workspace that is open, and the window shows it. */
export async function tray() {
  await desk.go("Overview");
  assert.deepEqual([...(await menu()).keys()], ["Open Firn", "Run all now", "Start schedule", "Quit"]);
  await click("Start schedule");
  await desk.sees("Stop schedule");
  await offers("Pause schedule");
  await click("Pause schedule");
  await desk.sees("Start schedule");
  await offers("Start schedule");
}

/** A table is gone when the schedule comes to it. */
export async function notified() {
  const desktop = await NotificationDesk.start(programs.notifications);
  await server.ask("ALTER TABLE customers RENAME TO customers_away");
  try {
    await desk.go("Connections");
    await click("Start schedule");
    const [told] = await until("the failure is told", async () => (desktop.shown.length > 0 ? desktop.shown : null), {
      within: 60_000,
    });
    assert.deepEqual(
      { app: told.app, summary: told.summary, actions: told.actions },
      { app: "Firn", summary: "shop: public.customers failed", actions: ["default", "Open"] },
    );
    assert.match(told.body, /^public\.customers failed: /);
    desktop.click(told.id);
    await desk.sees("public.customers", ".needs-you");
    const hash = await session.script("return location.hash;");
    assert.match(hash, /^#\/runs\/[0-9a-f-]{36}$/, "a click leads to the run");
  } finally {
    await server.ask("ALTER TABLE customers_away RENAME TO customers");
    desktop.stop();
  }
  await click("Pause schedule");
  await desk.go("Runs");
  await click("Run all now");
  await until("the table is there again", async () => (await desk.text(".run-state")).trim() === "Done" || null, {
    within: 60_000,
  });
  await desk.go("Overview");
  await desk.sees("Start schedule");
}
