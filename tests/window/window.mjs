// The window end to end: the real program in its real webview, a private server, the system's keyring.
// Run by run.sh, which provides a display, a session bus and an unlocked keyring.

import assert from "node:assert/strict";
import { openSync, writeFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Desk } from "./desk.mjs";
import { countInMemory, descendants } from "./memory.mjs";
import { askWarehouse, Folders, running, Server } from "./surroundings.mjs";
import { Driver, freePort, Key, until } from "./webdriver.mjs";

const setting = (name) => process.env[name] ?? assert.fail(`${name} is not set: run tests/window/run.sh`);
const programs = {
  window: setting("FIRN_WINDOW"),
  testbed: setting("FIRN_TESTBED"),
  warehouse: setting("FIRN_WAREHOUSE_ROWS"),
  driver: setting("FIRN_TAURI_DRIVER"),
  native: setting("FIRN_NATIVE_DRIVER"),
};
const here = import.meta.dirname;
const password = `sl@te-${process.pid}-gr€y`;
const shots = setting("FIRN_SHOTS");

const folders = new Folders();
const shop = join(folders.workspaces, "shop");
const log = openSync(join(folders.root, "driver.log"), "a");
const begun = performance.now();
let server, driver, session, desk;

async function step(what, does) {
  const since = performance.now();
  process.stdout.write(`${((since - begun) / 1000).toFixed(1).padStart(6)} s  ${what} … `);
  await does();
  process.stdout.write(`${((performance.now() - since) / 1000).toFixed(1)} s\n`);
}

async function open(...args) {
  session = await driver.open(programs.window, args);
  desk = new Desk(session, shots);
}

async function close() {
  await session.close();
  session = null;
  await until("the window's process is gone", async () => (await running(programs.window)).length === 0 || null);
}

/** The figures of a table's line on the run screen. */
const line = (table) =>
  session.script(
    "const row = [...document.querySelectorAll('tr[data-table]')].find((one) => one.dataset.table === arguments[0]); return row && { stage: row.dataset.stage, cells: [...row.cells].map((cell) => cell.innerText.trim()) };",
    table,
  );
const number = (text) => Number(text.replaceAll(",", "").replace("–", "0"));

async function firstStart() {
  await desk.sees("Start with one");
  await desk.sees("Keyring answers", ".ready");
  await desk.shot("welcome-light");
  await desk.press("New…");
  await desk.fill("Folder", shop);
  await desk.shot("new-workspace-light");
  await desk.press("Make workspace");
  await desk.sees("1 thing needs you", "h1");
  await desk.shot("overview-new-light");
  assert.match(readFileSync(join(shop, "firn.yaml"), "utf8"), /connections:/);
}

async function addConnection() {
  const nobody = await freePort();
  await desk.go("Connections");
  await desk.press("New");
  await desk.fill(
    "URL",
    `postgresql://etl:${encodeURIComponent(password)}@${server.host}:${nobody}/shop?sslmode=disable`,
  );
  await desk.press("Fill the form");
  await until(
    "the form is filled",
    async () =>
      (await session.script("return arguments[0].value", await desk.field("Port"))) === String(nobody) || null,
  );
  await desk.fill("Name", "app_db");
  await desk.press("Save");
  await desk.sees("stored in keyring");
  const yaml = readFileSync(join(shop, "firn.yaml"), "utf8");
  assert.match(yaml, /app_db/);
  assert.ok(!yaml.includes(password));

  await desk.press("Check");
  await desk.sees("not usable", "[aria-label=Check] .pane-head");
  await desk.sees("to mend", ".tally");
  await desk.shot("check-fails-light");

  // The stored password belongs to the address it was stored for: another port has none.
  await desk.fill("Port", String(server.port));
  await desk.press("Save");
  await until(
    "the password is asked for again",
    async () => (await session.script("return arguments[0].type", await desk.field("Password"))) === "password" || null,
  );
  await desk.fill("Password", password);
  await desk.press("Save and check");
  await desk.sees("usable,", "[aria-label=Check] .pane-head");
  await desk.sees("stored in keyring");
  await desk.shot("connections-light");
}

async function chooseConnection(name) {
  await session.click(
    await session.element(
      `the connection ${name}`,
      "return [...document.querySelectorAll('.list-of button')].find((one) => one.textContent.includes(arguments[0])) ?? null;",
      name,
    ),
  );
  await desk.sees(name, ".form-pane h2");
}

async function addWarehouse() {
  const names = await desk.text(".list-of");
  if (!names.includes("warehouse")) {
    await desk.press("New");
    await desk.choose("Kind", "duckdb");
    await desk.fill("Name", "warehouse");
    await desk.press("Save");
  } else {
    await chooseConnection("warehouse");
  }
  await desk.press("Check");
  await desk.sees("usable,", "[aria-label=Check] .pane-head");
}

async function findTables() {
  await desk.go("Overview");
  await desk.sees("Choose the tables");
  await desk.press("Find tables");
  await desk.sees("4 found");
  await desk.row("public.journal");
  await desk.sees("No key", "[role=row][data-row='public.journal']");
  await desk.tick("public.customers");
  await desk.tick("public.readings");
  await desk.row("public.customers");
  await desk.sees("Refused", ".columns-of");
  await desk.shot("find-light");
  await desk.press("Add 2 tables");
  await desk.sees("2 tables", "h1");
}

async function plan() {
  await desk.row("public.customers");
  await desk.sees("Never ran", "[role=row][data-row='public.customers']");
  assert.equal(await desk.text(".trouble"), "", "a source that Firn has not been in yet is no failure");
  await desk.press("Plan");
  await desk.sees("Rows waiting", ".inspector");
  await desk.sees("CREATE TABLE", ".inspector");
  await desk.shot("plan-light");
}

async function runAndCancel() {
  await session.press(Key.control, Key.enter);
  await desk.sees("Running", ".run-state");
  const seen = new Set();
  await until(
    "rows of public.readings come in",
    async () => {
      const now = await line("public.readings");
      if (now) seen.add(number(now.cells[3]));
      return seen.size >= 4 || null;
    },
    { within: 60_000, every: 100 },
  );
  await desk.shot("run-light");
  await until(
    "some of them are merged",
    async () => number((await line("public.readings"))?.cells[4] ?? "0") > 0 || null,
    { within: 60_000 },
  );
  await until(
    "the small table is done beside the large one, one row rejected",
    async () => number((await line("public.customers"))?.cells[6] ?? "0") === 1 || null,
    { within: 60_000 },
  );
  const since = performance.now();
  await desk.press("Cancel run");
  await desk.sees("Cancelled", ".run-state");
  const took = performance.now() - since;
  assert.ok(took < 3000, `cancelling took ${took} ms`);
  const stopped = await line("public.readings");
  assert.equal(stopped.stage, "cancelled");
  assert.ok(number(stopped.cells[4]) > 0 && number(stopped.cells[4]) < 1_500_000, `merged: ${stopped.cells[4]}`);
  await desk.shot("run-cancelled-light");
}

async function resume() {
  await desk.press("Run again");
  await desk.sees("Running", ".run-state");
  // Leaving the screen and coming back finds the run as it stands.
  await desk.go("Overview");
  await desk.sees("1", ".rail .count.running");
  await desk.sees("Running", ".overview-runs");
  await desk.shot("overview-running-light");
  await desk.go("Runs");
  await desk.sees("Done", ".run-state", 240_000);
  const readings = await line("public.readings");
  assert.equal(readings.stage, "done");
  const customers = await line("public.customers");
  assert.equal(number(customers.cells[6]), 0, "the rejected row is not met again");
  await desk.shot("run-done-light");
}

async function warehouseEqualsSource() {
  const file = join(shop, "warehouse.duckdb");
  const [readings] = await askWarehouse(
    programs.warehouse,
    file,
    "SELECT count(*)::VARCHAR AS n, sum(id)::VARCHAR AS ids, count(DISTINCT id)::VARCHAR AS keys, bit_xor(hash(meter, remark))::VARCHAR AS x FROM main.readings",
  );
  const [source] = await server.ask("SELECT count(*) || ' ' || sum(id) || ' ' || count(DISTINCT id) FROM readings");
  assert.equal(`${readings.n} ${readings.ids} ${readings.keys}`, source);
  const customers = await askWarehouse(
    programs.warehouse,
    file,
    "SELECT id::VARCHAR || ' ' || name || ' ' || coalesce(phone, '-') || ' ' || credit::VARCHAR || ' ' || array_to_string(tags, '+') AS row FROM main.customers ORDER BY id",
  );
  const wanted = await server.ask(
    "SELECT id || ' ' || name || ' ' || coalesce(phone, '-') || ' ' || credit || ' ' || array_to_string(tags, '+') FROM customers WHERE id <> 1313 ORDER BY id",
  );
  assert.equal(customers.length, 1999);
  assert.deepEqual(
    customers.map(({ row }) => row),
    wanted,
  );
}

async function rejectedRow() {
  await desk.go("Rejected rows");
  await desk.sees("1 rejected row", "h1");
  await desk.sees("1313", ".payload");
  await desk.sees("NaN", ".payload");
  await desk.sees("empty", ".payload .empty-text");
  await desk.sees("␣␣", ".payload .blank");
  await desk.shot("rejected-light");
  await session.press("/");
  await session.type(await desk.field("Filter by key, reason or value"), "no such thing");
  await desk.sees("No row matches");
  await session.press(Key.escape);
  await desk.sees("1313", ".payload");
}

async function overview() {
  await session.press(Key.escape);
  await desk.go("Overview");
  await desk.sees("1 rejected row", ".needs");
  await desk.sees("Cancelled", ".overview-runs");
  await desk.shot("overview-light");
}

async function keyboard() {
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

async function restart() {
  await close();
  await open();
  await desk.sees("shop", ".recent");
  await desk.shot("welcome-recent-light");
  await session.click(
    await session.element(
      "the recent workspace",
      "return [...document.querySelectorAll('.recent .open')].find((one) => one.textContent.includes('shop')) ?? null;",
    ),
  );
  await desk.sees("thing", "h1");
  await desk.go("Connections");
  await chooseConnection("app_db");
  await desk.sees("stored in keyring");
  await desk.press("Check");
  await desk.sees("usable,", "[aria-label=Check] .pane-head");
}

/** Everything that scripts in the page can reach: the document, what React holds for it, storage, the window itself. */
const reachable = `
  const seen = new Set(), texts = [document.documentElement.outerHTML, location.href, document.cookie];
  const waiting = [window, document, ...document.querySelectorAll("*")];
  const keep = (one) => {
    if (one === null || (typeof one !== "object" && typeof one !== "function") || seen.has(one)) return;
    seen.add(one);
    waiting.push(one);
  };
  for (let at = 0; at < waiting.length && at < 200000; at += 1) {
    const one = waiting[at];
    let names = [];
    try { names = Reflect.ownKeys(one); } catch { continue; }
    for (const name of names) {
      let value;
      try { value = one[name]; } catch { continue; }
      if (typeof value === "string") texts.push(value);
      else keep(value);
    }
    if (one instanceof Map || one instanceof Set) for (const entry of one.entries()) entry.forEach(keep);
    if (one instanceof HTMLInputElement) texts.push(one.value);
  }
  for (const store of [localStorage, sessionStorage]) texts.push(JSON.stringify({ ...store }));
`;

/** Looks for texts in the memory of the page's process and in what scripts in it can reach; returns how often each is
 * there. The texts themselves are never sent to the page. */
async function inThePage(texts) {
  const [window] = await running(programs.window);
  const pages = descendants(window.pid).filter(({ program }) => program.startsWith("WebKitWebProces"));
  assert.equal(pages.length, 1, "one process draws the page");
  const memory = countInMemory(pages[0].pid, texts);
  const { objects, all } = await session.script(
    `${reachable} return { objects: seen.size, all: [...new Set(texts)].join("\\n") };`,
  );
  process.stdout.write(`(${(memory.bytes / 1e6).toFixed(0)} MB, ${objects} objects) `);
  return { script: texts.map((text) => all.split(text).length - 1), memory: memory.counts };
}

async function secretIsNotInThePage() {
  const { script, memory } = await inThePage([password, encodeURIComponent(password), "app_db"]);
  // The connection's name has to be there: the search looks where the page's things are.
  assert.ok(script[2] > 0 && memory[2] > 0, "the search does not find what is there");
  assert.deepEqual(script.slice(0, 2), [0, 0], "scripts in the page can reach the password");
  assert.deepEqual(memory.slice(0, 2), [0, 0], "the page's process has the password in its memory");
}

/** Right after it was typed and saved: nothing that a script can reach holds it any more. What the webview has freed and
 * not used again is beyond the page's reach, and is counted only. */
async function secretHasLeftThePage() {
  const { script, memory } = await inThePage([password, encodeURIComponent(password), "app_db"]);
  process.stdout.write(`(${memory[0] + memory[1]} times in memory that was freed) `);
  assert.ok(script[2] > 0 && memory[2] > 0, "the search does not find what is there");
  assert.deepEqual(script.slice(0, 2), [0, 0], "scripts in the page can still reach the password");
}

async function secretIsNowhere() {
  const page = await session.script(
    "return document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((one) => one.value).join(' ') + JSON.stringify({ ...localStorage }) + location.href;",
  );
  assert.ok(!page.includes(password), "the page holds the password");
  for (const text of [password, encodeURIComponent(password)])
    assert.deepEqual(folders.holding(text), [], "files hold the password");
  for (const { words } of await running(programs.window)) assert.ok(!words.join(" ").includes(password));
}

async function dark() {
  await session.press(Key.control, "k");
  await session.type(await desk.field("Go to or run"), "theme dark");
  await session.press(Key.enter);
  await until(
    "the page is dark",
    async () => (await session.script("return document.documentElement.dataset.theme")) === "dark" || null,
  );
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
  await until("rows come in", async () => number((await line("public.readings"))?.cells[3] ?? "0") > 0 || null, {
    within: 60_000,
  });
  await desk.shot("run-dark");
  await desk.sees("Done", ".run-state", 240_000);
  await session.press(Key.control, "k");
  await desk.sees("Run the same tables again", "[role=listbox]");
  await desk.shot("palette-dark");
  await session.press(Key.escape);
}

async function mapping() {
  const kind = (n) => (n % 40 === 7 ? "pg_snapshot" : n % 3 === 0 ? "numeric(18,4) DEFAULT 1.5" : "text DEFAULT 'x'");
  const columns = Array.from({ length: 274 }, (_, n) => `"column ${n}" ${kind(n)}`).join(", ");
  await server.ask(
    `CREATE TABLE wide (id integer PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now(), ${columns}); INSERT INTO wide (id) SELECT generate_series(1, 1000); CREATE INDEX ON wide (updated_at, id); ANALYZE wide; GRANT SELECT ON wide TO etl`,
  );
  await desk.go("Tables");
  await desk.press("Find tables");
  await desk.press("Look again");
  await desk.sees("5 found");
  await desk.tick("public.wide");
  await desk.press("Add 1 table");
  await desk.sees("3 tables", "h1");
  await desk.row("public.wide");
  const since = performance.now();
  await desk.press("Columns");
  await desk.sees("All 276", ".filters");
  process.stdout.write(`(276 columns after ${(performance.now() - since).toFixed(0)} ms) `);
  await desk.sees("Left out 7", ".filters");
  await desk.sees("not in the target", ".grid");
  await desk.shot("mapping-dark");

  // A transform, undone; another column left out, saved: its line is in the file, and no other is touched.
  const file = join(shop, "firn.yaml");
  const before = readFileSync(file, "utf8");
  await desk.row("column 1");
  await session.press("t");
  await session.type(await desk.field("Transform, SQL run in the source"), `upper("column 1")`);
  await session.press(Key.enter);
  await desk.sees("1 edit not saved", ".head");
  await desk.sees(`upper("column 1")`, "[role=row][data-row='column 1']");
  await desk.row("column 2");
  await session.press(Key.control, "z");
  await until("nothing is edited", async () => !(await desk.text(".head")).includes("not saved") || null);
  await desk.press("Leave it out");
  await desk.sees("Left out 8", ".filters");
  await desk.press("YAML");
  await desk.sees('"column 2": null', ".copyable");
  await desk.press("Columns");
  assert.equal(readFileSync(file, "utf8"), before, "nothing is written before it is saved");
  await desk.press("Save");
  await until("the file has it", () => readFileSync(file, "utf8").includes('"column 2": null') || null);
  const lines = readFileSync(file, "utf8").split("\n");
  const gone = before.split("\n").filter((line) => !lines.includes(line));
  assert.equal(gone.length, 1, `of all lines only that of the transforms is another: ${gone}`);
  assert.match(gone[0], /transform: .*"column 7": null/);
  await session.press("/");
  await session.type(await desk.field("Find column"), "column 27");
  await desk.sees("column 270", ".grid");
  await until("the others are filtered out", async () => !(await desk.text(".grid")).includes("column 3 ") || null);
  await session.press(Key.escape);
  await desk.press("Run");
  await desk.sees("Done", ".run-state", 60_000);
  await desk.sees("1,000", "tr[data-table='public.wide']");
}

async function untrusted() {
  const foreign = join(folders.workspaces, "from-a-colleague");
  mkdirSync(foreign);
  writeFileSync(
    join(foreign, "firn.yaml"),
    `connections:\n  theirs: { kind: postgres, host: ${server.host}, port: ${server.port}, database: shop, user: etl, tls: disable, label: production }\n  warehouse: { kind: duckdb, path: warehouse.duckdb }\nsource: theirs\ntarget: warehouse\ntables:\n  - { source: public.countries, target: analytics.countries, pk: code, watermark_column: updated_at }\n`,
  );
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
  await session.press(Key.control, "k");
  await session.type(await desk.field("Go to or run"), "close this workspace");
  await session.press(Key.enter);
  await desk.sees("Start with one");
}

async function sample() {
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
  await session.press(Key.control, "k");
  await session.type(await desk.field("Go to or run"), "theme light");
  await session.press(Key.enter);
  await desk.shot("sample-tables-light");
  await desk.go("Runs");
  await desk.sees("Done", ".run-state");
  await desk.shot("sample-run-light");
}

async function withoutKeyring() {
  process.kill(Number(setting("FIRN_KEYRING_PID")), "SIGTERM");
  await open();
  await desk.sees("FIRN_SECRET_", ".ready");
  await desk.shot("welcome-no-keyring-light");
  await close();
}

try {
  await step(
    "a private server with 1,500,000 rows",
    async () =>
      (server = await Server.start(programs.testbed, {
        user: "etl",
        password,
        sql: join(here, "shop.sql"),
      })),
  );
  await step(
    "a driver for the webview",
    async () =>
      (driver = await Driver.start({
        program: programs.driver,
        native: programs.native,
        env: folders.environment(),
        log,
      })),
  );
  await step("first start, a new workspace", async () => {
    await open();
    await firstStart();
  });
  await step("a connection by its URL; its check fails, is mended, passes", addConnection);
  await step("the embedded warehouse", addWarehouse);
  await step("the password has left the page once it is saved", secretHasLeftThePage);
  await step("tables are found and added", findTables);
  await step("a plan", plan);
  await step("a run with progress, cancelled", runAndCancel);
  await step("the same run resumed to its end", resume);
  await step("the overview", overview);
  await step("the rejected row with its payload", rejectedRow);
  await step("palette and keys", keyboard);
  await step("a restart: recent workspace, secret in the keyring", restart);
  await step("the secret is in no file and not in the page", secretIsNowhere);
  await step("nor in the memory of the page's process", secretIsNotInThePage);
  await step("the dark theme on every screen", dark);
  await step("a table of 276 columns, mapped", mapping);
  await step("a workspace of somebody else, and a file with a fault", untrusted);
  await step("the sample workspace, from nothing to its rows", sample);
  await step("the window closes", close);
  await step("the warehouse holds what the source holds", warehouseEqualsSource);
  await step("without a keyring, the window says what to do", withoutKeyring);
  console.log(`window: everything as it should be; pictures in ${shots}`);
} catch (error) {
  console.log(`\nFAILED: ${error.stack}`);
  if (session) {
    await desk.shot("failure").catch(() => undefined);
    console.log(`what stood there: ${await desk.text("body").catch(() => "nothing")}`);
  }
  console.log(readFileSync(join(folders.root, "driver.log"), "utf8").split("\n").slice(-40).join("\n"));
  process.exitCode = 1;
} finally {
  await session?.close().catch(() => undefined);
  await driver?.stop().catch(() => undefined);
  await server?.stop().catch(() => undefined);
  folders.remove();
}
