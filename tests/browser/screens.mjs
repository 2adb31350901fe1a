// Every screen with something on it: where it is, what shows that it is there, and what is pressed to get at it.

import { Key, until } from "../window/webdriver.mjs";
import { desk, goTo, page } from "./stage.mjs";

const press = (...keys) => page.press(...keys);
const at = (screen, object) => `#/${[screen, object].filter(Boolean).map(encodeURIComponent).join("/")}`;

/** Screens of an open workspace. */
export const screens = [
  { name: "overview", hash: "#/overview", sees: ["What ran", ".page"] },
  {
    name: "connections",
    hash: at("connections", "app_db"),
    sees: ["usable", ".tally, .pane-head"],
    then: () => press(Key.control, Key.enter),
  },
  { name: "connection-new", hash: at("connections", "+"), sees: ["New connection", ".form-pane"] },
  { name: "tables", hash: at("tables", "public.customers"), sees: ["200 tables", "h1"] },
  { name: "plan", hash: at("tables", "public.wide"), sees: ["Rows waiting", ".inspector"], then: () => press("p") },
  { name: "mapping", hash: `${at("mapping", "public.wide")}/column%201`, sees: ["Arrives as", ".column-pane"] },
  {
    name: "mapping-table",
    hash: at("mapping", "public.wide"),
    sees: ["Watermark", ".watermarks"],
    then: () => desk.press("Table"),
  },
  {
    name: "mapping-yaml",
    hash: at("mapping", "public.wide"),
    sees: ["firn.yaml", ".yaml-pane"],
    then: () => press("y"),
  },
  { name: "rows", hash: "#/rows/public.wide/source", sees: ["1", ".datagrid .active"] },
  { name: "find", hash: "#/find", sees: ["200 found", ".page"] },
  {
    name: "verify",
    hash: at("verify", "public.customers"),
    sees: ["131", ".page"],
    then: () => press(Key.control, Key.enter),
  },
  { name: "verify-all", hash: "#/verify", sees: ["not compared", ".page"] },
  { name: "runs", hash: "#/runs", sees: ["public.wide", ".page"] },
  { name: "rejected", hash: "#/rejected", sees: ["131", ".page"] },
  { name: "settings", hash: "#/settings", sees: ["Ask before production", ".settings"] },
  {
    name: "palette",
    hash: "#/overview",
    sees: ["Go to rejected rows", "[role=listbox]"],
    then: () => press(Key.control, "k"),
    over: true,
  },
  {
    name: "keys",
    hash: "#/overview",
    sees: ["Page up, page down", "[role=dialog]"],
    then: () => press("?"),
    over: true,
  },
  {
    name: "open",
    hash: "#/overview",
    sees: ["Open a workspace", "[role=dialog]"],
    then: () => press(Key.control, "o"),
    over: true,
  },
];

/** Shows a screen as a person would see it. */
export async function show({ hash, sees, then }) {
  await goTo(hash);
  await desk.sees("market", ".rail .workspace");
  await page.script("document.activeElement?.blur?.();");
  if (then) {
    await until("the screen is there", () =>
      page.script("return document.querySelector('main h1, main h2') !== null || null;"),
    );
    await then();
  }
  await desk.sees(...sees);
}

/** Puts away what lies over a screen. */
export async function leave({ over }) {
  if (!over) return;
  await press(Key.escape);
  await desk.gone("[role=dialog]");
}
