// What the steps of the browser's test share: a private server, the loopback host, a browser, and a workspace in which
// there is something to see on every screen.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Desk } from "../window/desk.mjs";
import { cleared, firstLine, Server } from "../window/surroundings.mjs";
import { until } from "../window/webdriver.mjs";
import { Chromium } from "./chromium.mjs";

const setting = (name) => process.env[name] ?? assert.fail(`${name} is not set: run tests/browser/run.sh`);
const here = import.meta.dirname;
const root = join(here, "../..");

export const folder = mkdtempSync(join(tmpdir(), "firn-market-"));
/** The workspace of 200 tables. */
export const market = join(folder, "market");

/** The server, the host, the browser, its page and what a person sees of it. */
export let server, host, browser, page, desk;

/** The command list over HTTP, asked by the test itself. */
class LoopbackHost {
  #process;

  static async start(program) {
    const started = new LoopbackHost();
    started.#process = spawn(
      program,
      [
        "--page",
        join(root, "ui/dist"),
        "--configuration",
        join(root, "tauri.conf.json"),
        "--data",
        join(folder, "data"),
      ],
      { stdio: ["pipe", "pipe", "inherit"], env: { ...cleared(), HOME: folder } },
    );
    const lines = createInterface({ input: started.#process.stdout });
    const { address, token } = await firstLine(started.#process, lines, "the host");
    started.origin = `http://${address}`;
    started.token = token;
    return started;
  }

  async #post(path, body) {
    const answer = await fetch(this.origin + path, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${said}`);
    return JSON.parse(said);
  }

  /** Calls one command. */
  call(name, request) {
    return this.#post(`/call/${name}`, request);
  }

  /** Makes answers late, or keeps them back until the next word. */
  behave({ delay_ms = 0, holds = false } = {}) {
    return this.#post("/behave", { delay_ms, holds });
  }

  /** Where the page is, at a place in it. */
  at(hash = "") {
    return `${this.origin}/?token=${this.token}${hash}`;
  }

  async stop() {
    const ended = once(this.#process, "exit");
    this.#process.stdin.end();
    await ended;
  }
}

export async function startEverything() {
  mkdirSync(join(folder, "data"));
  [server, host, browser] = await Promise.all([
    Server.start(setting("FIRN_TESTBED"), {
      user: "etl",
      password: "market",
      sql: join(here, "market.sql"),
    }),
    LoopbackHost.start(setting("FIRN_LOOPBACK_HOST")),
    Chromium.start(setting("FIRN_CHROMIUM")),
  ]);
  page = await browser.page();
  desk = new Desk(page, setting("FIRN_SHOTS"));
}

/** The table whose name is HTML, as it is written. */
export const bold = `public."<b onclick=""firnHtml=1"">bold</b>"`;

/** Makes the workspace, trusts it, and lets a few of its tables run. */
export async function makeMarket() {
  const names = await server.ask(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname",
  );
  assert.equal(names.length, 200);
  const postgres = {
    kind: "postgres",
    host: server.host,
    port: server.port,
    database: "shop",
    user: "postgres",
    tls: "disable",
  };
  mkdirSync(market);
  // JSON is YAML.
  const lines = [
    "connections:",
    `  app_db: ${JSON.stringify(postgres)}`,
    "  warehouse: { kind: duckdb, path: warehouse.duckdb }",
    `  "a_connection_with_quite_a_long_name_for_a_list": ${JSON.stringify({ ...postgres, label: "staging" })}`,
    "source: app_db",
    "target: warehouse",
    "tables:",
    ...names.map(
      (name, at) =>
        `  - ${JSON.stringify({ source: /\W/.test(name) ? `public."${name.replaceAll('"', '""')}"` : `public.${name}`, target: `main.t${at}`, pk: "id", watermark_column: "updated_at", ...(name === "wide" ? { transform: leftOut() } : {}) })}`,
    ),
  ];
  writeFileSync(join(market, "firn.yaml"), `${lines.join("\n")}\n`);
  const view = await host.call("workspace_open", { folder: market });
  assert.deepEqual(view.problems, []);
  await host.call("workspace_trust", { folder: market });
  await run(["public.customers", "public.wide", bold]);
  await server.ask("UPDATE customers SET name = name || '!' WHERE id = 9");
}

/** What no warehouse takes of the wide table. */
function leftOut() {
  return Object.fromEntries(
    Array.from({ length: 274 }, (_, place) => place + 1)
      .filter((n) => n % 40 === 7)
      .map((n) => [n % 50 === 7 ? `a column with a name that is long enough to be cut off ${n}` : `column ${n}`, null]),
  );
}

/** Runs tables to their end, without the page. */
export async function run(tables) {
  const { run_id } = await host.call("sync_run", { folder: market, tables });
  return until("the run has ended", async () => {
    const view = await host.call("run_state", { run_id });
    return ["running", "cancelling"].includes(view.status) ? null : view;
  });
}

/** Opens the page anew, in the workspace, at a place. */
export async function openMarket(hash) {
  await page.go(host.at());
  await page.script("sessionStorage.clear();");
  await enter();
  if (hash) await goTo(hash);
}

/** Opens the workspace from the first screen. */
export async function enter() {
  await desk.recent("market");
}

/** Goes to a place in the page. */
export async function goTo(hash) {
  await page.script("location.hash = arguments[0];", hash);
}

/** The theme is one of the person's settings. */
export async function wear(theme) {
  await host.call("settings_save", { theme });
}

/** Ends whatever is still there. */
export async function end() {
  await browser?.stop().catch(() => undefined);
  await host?.stop().catch(() => undefined);
  await server?.stop().catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}
