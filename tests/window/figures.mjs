// What the window costs: its start, its memory, how soon a click is answered. Measured on the release build; nothing
// here passes or fails. Run by `run.sh figures`.

import { readFileSync } from "node:fs";
import { descendants } from "./memory.mjs";
import { addConnection, addWarehouse, addWideTable, findTables } from "./setup.mjs";
import { close, desk, end, open, programs, session, shop, startDriver, startServer, tellFailure } from "./stage.mjs";
import { running } from "./surroundings.mjs";
import { until } from "./webdriver.mjs";

const STARTS = 5;
const CLICKS = 7;
/** How long nothing is done before memory is looked at. */
const IDLE_MS = 30_000;

const median = (all) => all.toSorted((one, other) => one - other)[Math.floor(all.length / 2)];

function tell(what, all, unit, asked) {
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const digits = (value) => value.toFixed(value < 10 ? 2 : 0);
  console.log(`| ${what} | ${digits(median(all))} ${unit} | ${digits(least)}–${digits(most)} | ${asked} |`);
}

/** When a process was started, in milliseconds since 1970. */
function startOf(pid) {
  const ticks = Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(")").at(-1).trim().split(" ")[19]);
  const booted = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))[1]);
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  // btime is whole seconds; the uptime says where within them the machine was started.
  const exact = Date.now() - uptime * 1000;
  if (Math.abs(exact - booted * 1000) > 2000) throw new Error("the clock was set since the machine was started");
  return exact + ticks * 10;
}

/** Milliseconds from the start of the process to the first contents on the screen. */
async function firstPaint() {
  const [{ pid }] = await running(programs.window);
  const painted = await until("the first paint", () =>
    session.script(
      "const paint = performance.getEntriesByName('first-contentful-paint')[0]; return paint ? performance.timeOrigin + paint.startTime : null;",
    ),
  );
  return painted - startOf(pid);
}

/** Memory of the shell and of each of the webview's processes in MB, what they share counted in parts. */
async function memory() {
  const [{ pid }] = await running(programs.window);
  return [pid, ...descendants(pid).map((one) => one.pid)].map((one) => {
    const said = readFileSync(`/proc/${one}/smaps_rollup`, "utf8");
    return {
      name: readFileSync(`/proc/${one}/comm`, "utf8").trim(),
      megabytes: (Number(/^Pss:\s+(\d+) kB$/m.exec(said)[1]) * 1024) / 1e6,
    };
  });
}

/** Milliseconds from what `does` begins to the frame in which `shows` holds; both run in the page. */
async function answer(what, does, shows, ...args) {
  await session.script(
    `window.firnAnswer = null;
     const given = arguments;
     const does = (...args) => { ${does} };
     const shows = (...args) => { ${shows} };
     const since = performance.now();
     const look = () => {
       if (!shows(...given)) return requestAnimationFrame(look);
       // Once more: what is in the page now is on the screen when the next frame begins.
       requestAnimationFrame(() => { window.firnAnswer = performance.now() - since; });
     };
     does(...given);
     requestAnimationFrame(look);`,
    ...args,
  );
  return await until(what, () => session.script("return window.firnAnswer;"), { within: 30_000 });
}

const rail = (section) =>
  answer(
    `the answer to ${section}`,
    "[...document.querySelectorAll('.rail a.entry')].find((one) => one.textContent.startsWith(args[0])).click();",
    "return [...document.querySelectorAll('.rail a[aria-current]')].some((one) => one.textContent.startsWith(args[0])) && document.querySelector('main :is(h1, h2)') !== null;",
    section,
  );

async function several(times, measure) {
  const all = [];
  for (let round = 0; round < times; round += 1) all.push(await measure(round));
  return all;
}

const columnShown = "return document.querySelector(\"[role=row][data-row='column 3']\") !== null;";

/** A table's columns, the sides asked anew each time; and as soon as a person chose the table before. */
async function openMapping(ahead) {
  await desk.go("Overview");
  await desk.go("Tables");
  if (ahead) {
    await desk.row("public.wide");
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
  return answer("276 columns", `location.hash = "#/mapping/public.wide";`, columnShown);
}

const filterTo = (text, shown) =>
  answer(
    "the filtered columns",
    `const field = [...document.querySelectorAll("input")].find((one) => one.getAttribute("aria-label") === "Find column");
     Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, args[0]);
     field.dispatchEvent(new Event("input", { bubbles: true }));`,
    "return (document.querySelector(\"[role=row][data-row='column 3']\") !== null) === args[1];",
    text,
    shown,
  );

try {
  await startServer();
  // The renderer is the one that the window chooses by itself.
  await startDriver({ WEBKIT_DISABLE_DMABUF_RENDERER: undefined });
  await open();
  await desk.press("Open sample");
  await desk.sees("6", ".rail a.entry", 60_000);
  const sample = await session.script("return document.querySelector('.statusbar').innerText;");
  const folder = /\/\S+/.exec(sample)[0];
  await close();

  console.log("| what | median | range | asked |\n|---|---:|---|---|");
  const starts = await several(STARTS, async () => {
    await open(folder);
    const milliseconds = await firstPaint();
    await desk.sees("6", ".rail a.entry", 60_000);
    await close();
    return milliseconds;
  });
  tell("start to first paint, sample workspace", starts, "ms", "< 1,500");

  await open(folder);
  await desk.sees("6", ".rail a.entry", 60_000);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const parts = await memory();
  const sum = (some) => some.reduce((total, { megabytes }) => total + megabytes, 0);
  const page = parts.filter(({ name }) => name.startsWith("firn") || name.startsWith("WebKitWebProc"));
  tell("memory after thirty idle seconds, shell and web process (PSS)", [sum(page)], "MB", "< 250");
  tell("and with every other process of it", [sum(parts)], "MB", "");
  for (const { name, megabytes } of parts) tell(`of that ${name}`, [megabytes], "MB", "");
  for (const section of ["Connections", "Tables", "Runs", "Rejected rows", "Overview"]) {
    const clicks = await several(CLICKS, async () => {
      await desk.go(section === "Overview" ? "Tables" : "Overview");
      return rail(section);
    });
    tell(`click on ${section}`, clicks, "ms", "< 100");
  }
  await close();

  await open();
  await desk.press("New…");
  await desk.fill("Folder", shop);
  await desk.press("Make workspace");
  await addConnection();
  await addWarehouse();
  await findTables();
  await addWideTable((n) => (n % 3 === 0 ? "numeric(18,4)" : "text"));
  tell("276 columns opened", await several(CLICKS, () => openMapping(false)), "ms", "< 150");
  tell("276 columns opened, their table chosen before", await several(CLICKS, () => openMapping(true)), "ms", "< 150");
  const filters = await several(CLICKS, async () => {
    const milliseconds = await filterTo("column 27", false);
    await filterTo("", true);
    return milliseconds;
  });
  tell("276 columns filtered", filters, "ms", "< 50");
  await close();
} catch (error) {
  await tellFailure(error);
  process.exitCode = 1;
} finally {
  await end();
}
