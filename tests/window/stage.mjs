// What the steps of the window's test share: the programs, the folders, the window that is open now.

import assert from "node:assert/strict";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Desk } from "./desk.mjs";
import { Folders, running, Server } from "./surroundings.mjs";
import { Driver, Key, until } from "./webdriver.mjs";

export const setting = (name) => process.env[name] ?? assert.fail(`${name} is not set: run tests/window/run.sh`);
export const programs = {
  window: setting("FIRN_WINDOW"),
  testbed: setting("FIRN_TESTBED"),
  warehouse: setting("FIRN_WAREHOUSE_ROWS"),
  notifications: setting("FIRN_NOTIFICATION_DESK"),
  drag: setting("FIRN_DRAG_SOURCE"),
  driver: setting("FIRN_TAURI_DRIVER"),
  native: setting("FIRN_NATIVE_DRIVER"),
};
export const password = `sl@te-${process.pid}-gr€y`;
/** Where pictures are kept; empty where none are taken: in the renderer without a graphics card a screenshot can hang. */
export const shots = setting("FIRN_SHOTS");

export const folders = new Folders();
/** The workspace that the test makes. */
export const shop = join(folders.workspaces, "shop");
const log = join(folders.root, "driver.log");
const logFile = openSync(log, "a");

/** The private server, the driver, the window and what a person sees of it. Importers see each change. */
export let server, driver, session, desk;

export async function startServer() {
  server = await Server.start(programs.testbed, {
    user: "etl",
    password,
    sql: join(import.meta.dirname, "shop.sql"),
  });
}

/** `variables` win over those of the test's surroundings; an undefined one is taken out of them. */
export async function startDriver(variables = {}) {
  driver = await Driver.start({
    program: programs.driver,
    native: programs.native,
    env: { ...folders.environment(), ...variables },
    log: logFile,
  });
}

/** Opens the window. */
export async function open(...args) {
  session = await driver.open(programs.window, args);
  desk = new Desk(session, shots);
}

/** Ends the window's process in the middle of whatever it does. */
export async function kill() {
  for (const { pid } of await running(programs.window)) process.kill(pid, "SIGKILL");
  await until("the window's process is gone", async () => (await running(programs.window)).length === 0 || null);
  // The driver may have noticed already.
  await session.close().catch(() => undefined);
  session = null;
}

/** Closes the window and waits for the end of its process. */
export async function close() {
  await session.close();
  session = null;
  await until("the window's process is gone", async () => (await running(programs.window)).length === 0 || null);
}

/** Tells what stood there when a step failed. */
export async function tellFailure(error) {
  console.log(`\nFAILED: ${error.stack}`);
  if (session) {
    await desk.shot("failure").catch(() => undefined);
    console.log(`what stood there: ${await desk.text("body").catch(() => "nothing")}`);
  }
  console.log(readFileSync(log, "utf8").split("\n").slice(-40).join("\n"));
}

/** Ends whatever is still there. */
export async function end() {
  await session?.close().catch(() => undefined);
  await driver?.stop().catch(() => undefined);
  await server?.stop().catch(() => undefined);
  folders.remove();
}

/** What stands in a table's line on the run screen: its state, and its rows. */
export const line = (table) =>
  session.script(
    `const row = [...document.querySelectorAll(".runs [role=row]")].find((one) => one.dataset.row === arguments[0]);
     if (!row) return null;
     const cells = [...row.querySelectorAll("[role=gridcell]")].map((cell) => cell.innerText.trim());
     const number = (at) => Number(cells[at].replaceAll(",", "").replace("–", "0"));
     return { state: cells[0], read: number(3), merged: number(4), rejected: number(6) };`,
    table,
  );

/** Waits until rows of a table are `read`, `merged` or `rejected`: any, or just so many. */
export const rowsOf = (table, figure, wanted) =>
  until(
    `rows of ${table} are ${figure}`,
    async () => {
      const now = (await line(table))?.[figure] ?? 0;
      return (wanted === undefined ? now > 0 : now === wanted) || null;
    },
    { within: 60_000 },
  );
export const number = (text) => Number(text.replaceAll(",", "").replace("–", "0"));

/** Runs an action by the palette. */
export async function act(words) {
  await session.press(Key.control, "k");
  await session.type(await desk.field("Go to or run"), words);
  await session.press(Key.enter);
}
