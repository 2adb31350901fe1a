// The window around the screens: keys, a restart, themes, workspaces of others, the sample, a missing keyring.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { chooseConnection } from "./setup.mjs";
import { act, close, desk, folders, open, programs, rowsOf, server, session, setting } from "./stage.mjs";
import { Key, until } from "./webdriver.mjs";

const run = promisify(execFile);

export async function keyboard() {
  await session.press(Key.control, "k");
  await desk.sees("Go to rejected rows", "[role=listbox]");
  await session.type(await desk.field("Go to or run"), "customers");
  await desk.sees("public.customers", "[role=listbox]");
  await desk.shot("palette-light");
  await session.press(Key.enter);
  await desk.sees("public.customers", ".crumb");
  await session.press("?");
  await desk.sees("Page up, page down", "[role=dialog]");
  await desk.shot("keys-light");
  await session.press(Key.escape);
  await session.press("g");
  await session.press("c");
  await desk.sees("Connections", ".crumb");
}

export async function restart() {
  await close();
  await open();
  await desk.sees("shop", ".recent");
  await desk.shot("welcome-recent-light");
  await desk.recent("shop");
  await desk.sees("thing", "h1");
  await desk.go("Connections");
  await chooseConnection("app_db");
  await desk.sees("stored in keyring");
  await desk.press("Check");
  await desk.sees("usable,", "[aria-label=Check] .pane-head");
}

export async function dark() {
  await act("theme dark");
  await desk.wears("dark");
  await desk.go("Connections");
  await chooseConnection("app_db");
  await desk.sees("stored in keyring");
  await desk.shot("connections-dark");
  await desk.go("Overview");
  await desk.sees("rejected row", ".needs");
  await desk.shot("overview-dark");
  await desk.go("Tables");
  await desk.row("public.customers");
  await desk.press("Plan");
  await desk.sees("Rows waiting", ".inspector");
  await desk.shot("tables-dark");
  await desk.press("Find tables");
  await desk.sees("4 found");
  await desk.shot("find-dark");
  await desk.go("Rejected rows");
  await desk.sees("1313", ".payload");
  await desk.shot("rejected-dark");
  await server.ask("UPDATE readings SET remark = remark || '!', updated_at = now() WHERE id % 3 = 0");
  await desk.go("Tables");
  await desk.press("Run all");
  await desk.sees("Running", ".run-state");
  await rowsOf("public.readings", "read");
  await desk.shot("run-dark");
  await desk.sees("Done", ".run-state", 240_000);
  await session.press(Key.control, "k");
  await desk.sees("Run the same tables again", "[role=listbox]");
  await desk.shot("palette-dark");
  await session.press(Key.escape);
}

export async function untrusted() {
  const foreign = join(folders.workspaces, "from-a-colleague");
  mkdirSync(foreign);
  writeFileSync(
    join(foreign, "firn.yaml"),
    `connections:\n  theirs: { kind: postgres, host: ${server.host}, port: ${server.port}, database: shop, user: etl, tls: disable, label: production }\n  warehouse: { kind: duckdb, path: warehouse.duckdb }\nsource: theirs\ntarget: warehouse\ntables:\n  - { source: public.countries, target: analytics.countries, pk: code, watermark_column: updated_at }\n`,
  );
  // By the mouse, onto the middle of the window.
  await run(programs.drag, [join(foreign, "firn.yaml"), "720", "450"], { timeout: 30_000 });
  await desk.sees("This workspace was not made here");
  await leave();
  await session.press(Key.control, "o");
  await desk.fill("Folder", foreign);
  await desk.press("Open workspace");
  await desk.sees("This workspace was not made here");
  await desk.shot("untrusted-dark");
  assert.match(await desk.whyNot("Run now"), /not trusted/);
  const connected = await server.ask("SELECT count(*) FROM pg_stat_activity WHERE usename = 'etl'");
  assert.deepEqual(connected, ["0"], "an untrusted workspace connects to nothing");
  await desk.press("Trust this workspace");
  await until("it may run", async () => (await desk.whyNot("Run now")) === null || null);

  writeFileSync(
    join(foreign, "firn.yaml"),
    readFileSync(join(foreign, "firn.yaml"), "utf8").replace("watermark_column", "watermark_colum"),
  );
  await session.press(Key.control, "r");
  await desk.sees("watermark_column", ".problems");
  await desk.shot("problems-dark");
}

/** Goes to the first screen. */
async function leave() {
  await act("close this workspace");
  await desk.sees("Start with one");
}

export async function sample() {
  await leave();
  await desk.shot("welcome-dark");
  await desk.press("Open sample");
  await desk.sees("6", ".rail a.entry", 60_000);
  await desk.press("Run now");
  await desk.sees("Done", ".run-state", 120_000);
  await desk.shot("sample-run-dark");
  await desk.go("Overview");
  await desk.sees("6 of 6", ".figures");
  await desk.go("Tables");
  await desk.row("public.orders");
  await desk.press("Plan");
  await desk.sees("Rows waiting", ".inspector");
  await desk.shot("sample-tables-dark");
  await act("theme light");
  await desk.shot("sample-tables-light");
  await desk.go("Runs");
  await desk.sees("Done", ".run-state");
  await desk.shot("sample-run-light");
}

export async function withoutKeyring() {
  process.kill(Number(setting("FIRN_KEYRING_PID")), "SIGTERM");
  await open();
  await desk.sees("FIRN_SECRET_", ".ready");
  await desk.shot("welcome-no-keyring-light");
  await close();
}
