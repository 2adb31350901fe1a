// The shell around the screens, in the real webview: settings in their file, panes that keep their size, the drawer, the
// guard of production, accessibility, and the policy.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inaccessible } from "../browser/axe.mjs";
import { attempts } from "../browser/attempts.mjs";
import { chooseConnection } from "./setup.mjs";
import { act, desk, folders, server, session } from "./stage.mjs";
import { Key, until } from "./webdriver.mjs";

const settingsFile = () => readFileSync(join(folders.config, "firn", "settings.toml"), "utf8");

/** A setting changed on its screen is in the file, beside its comments, and holds at once. */
export async function settings() {
  await session.press(Key.control, ",");
  await desk.sees("Ask before production", ".settings");
  const comments = () =>
    settingsFile()
      .split("\n")
      .filter((line) => line.startsWith("#"));
  const before = comments();
  assert.ok(before.length > 5, "every setting is explained in the file");
  await desk.shot("settings-light");
  await desk.press("dark");
  await desk.wears("dark");
  await until("the file says so", () => /^theme = "dark"/m.test(settingsFile()) || null);
  await desk.shot("settings-dark");
  await desk.press("light");
  await desk.wears("light");
  await until("and the file", () => /^theme = "light"/m.test(settingsFile()) || null);
  assert.ok(comments().length >= before.length - 2, "the comments stay");
  await session.press(Key.escape);
}

const railWidth = () => session.script("return document.querySelector('.rail').getBoundingClientRect().width;");
let pulled;

/** The edge of the rail, pulled by keys. */
export async function pullRail() {
  const before = await railWidth();
  await session.script("document.querySelector('.rail [role=separator]').focus();");
  await session.press(Key.right);
  await session.press(Key.right);
  await until("the rail is wider", async () => (await railWidth()) === before + 32 || null);
  pulled = before + 32;
  // It is kept once the edge has come to rest.
  await until("the host has kept it", () =>
    session.script(
      "window.__TAURI_INTERNALS__.invoke('app_start', { request: {} }).then((view) => { window.firnKept = view.layout.sizes.rail; }); return window.firnKept === arguments[0] || null;",
      pulled,
    ),
  );
}

/** After a restart the rail is as it was left; then it is given back its usual width. */
export async function railStays() {
  assert.equal(await railWidth(), pulled);
  await session.script("document.querySelector('.rail [role=separator]').focus();");
  await session.press(Key.enter);
  await until("the rail is as it was at first", async () => (await railWidth()) === pulled - 32 || null);
}

/** The last run and the end of its log, below any screen. */
export async function drawer() {
  await desk.go("Connections");
  await session.press("l");
  await desk.sees("merged", ".drawer");
  await desk.shot("drawer-light");
  await session.press("l");
  await desk.gone(".drawer");
}

/** A write into a connection labelled production asks for its name; without it nothing is written. */
export async function guard() {
  await desk.go("Connections");
  await chooseConnection("warehouse");
  await desk.press("production");
  await desk.press("Save");
  await desk.sees("asks for its name first", ".form-pane");
  await desk.sees("production", ".list-of");
  const runs = () => server.ask("SELECT count(DISTINCT run_id) FROM sync_logs");
  const before = await runs();
  await desk.go("Overview");
  await desk.press("Run now");
  await desk.sees("Write into warehouse?", "[role=dialog]");
  await desk.shotInBothThemes("guard");
  assert.match(await desk.whyNot("Write into it"), /type warehouse first/);
  await session.press(Key.escape);
  await desk.gone("[role=dialog]");
  assert.deepEqual(await runs(), before, "nothing ran");
  await desk.press("Run now");
  await desk.fill("Name of the connection", "warehouse");
  await session.press(Key.enter);
  await desk.sees("Done", ".run-state", 60_000);
  await desk.go("Connections");
  await chooseConnection("warehouse");
  await desk.press("none");
  await desk.press("Save");
  await until("the label is gone", async () => !(await desk.text(".list-of")).includes("production") || null);
}

/** Goes over the screens of the open workspace and lets axe judge each. */
export async function accessible(kept) {
  const wrong = [];
  const judge = async (name) => {
    for (const fault of await inaccessible(session)) wrong.push(`${name}: ${fault}`);
  };
  for (const section of ["Overview", "Connections", "Tables", "Runs", "Rejected rows", "Settings"]) {
    await desk.go(section);
    await judge(section);
  }
  await desk.go("Tables");
  await desk.row("public.customers");
  await desk.press("Columns");
  await desk.sees("updated_at", ".grid");
  await judge("Mapping");
  await session.press(Key.control, "k");
  await desk.sees("Go to rejected rows", "[role=listbox]");
  await judge("Palette");
  await session.press(Key.escape);
  assert.deepEqual(wrong, [], kept);
}

export async function accessibleInBoth() {
  // Dark last: the steps that follow take dark pictures.
  for (const kept of ["light", "dark"]) {
    await act(`theme ${kept}`);
    await desk.wears(kept);
    await accessible(kept);
  }
}

/** What is not the page's own is refused by the webview itself. */
export async function policy() {
  await session.script(
    "window.firnRefused = []; document.addEventListener('securitypolicyviolation', (event) => window.firnRefused.push(event.effectiveDirective + ' ' + event.blockedURI));",
  );
  for (const [rule, attempt] of Object.entries(attempts)) {
    await session.script(`window.firnRefused.length = 0; ${attempt}`);
    await until(`${rule} is refused`, () =>
      session.script(
        "return window.firnRefused.some((one) => one.startsWith(arguments[0] + ' ') || one.startsWith(arguments[0].replace(/-(elem|attr)$/, '') + ' ')) || null;",
        rule,
      ),
    );
  }
  assert.equal(await session.script("return window.firnHtml ?? null;"), null);
}
