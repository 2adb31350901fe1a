// Scrolls both grids through the same rows in a headless Chromium and compares the processor time of a frame.
// usage: node run.mjs [ROUNDS]   Ends with 1 where Firn's grid takes more than half of AG Grid's time.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { Chromium } from "../../browser/chromium.mjs";
import { until } from "../../window/webdriver.mjs";

const dist = join(import.meta.dirname, "dist");
const rounds = Number(process.argv[2] ?? 5);
/** Share of AG Grid's time that Firn's grid may take. */
const MOST = 0.5;
/** Frames of a scroll, and what each is scrolled on by: pixels, or a share of all rows as one pulls at the bar. */
const scrolls = [
  { name: "down, 3 rows a frame", frames: 150, down: 84 },
  { name: "down, 20 rows a frame", frames: 150, down: 560 },
  { name: "up, 3 rows a frame", frames: 150, down: -84 },
  { name: "aside, 40 px a frame", frames: 150, aside: 40 },
  { name: "aside, 400 px a frame", frames: 150, aside: 400, turn: 60 },
  { name: "both, 84 × 40 px a frame", frames: 150, down: 84, aside: -40 },
  { name: "by the bar, 2,000 rows a frame", frames: 100, pull: 0.002 },
];
const grids = ["firn", "aggrid"];
const parts = ["cpu", "task", "script", "layout", "style", "wall"];

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2" };
const server = createServer((request, response) => {
  const path = join(dist, new URL(request.url ?? "/", "http://localhost").pathname);
  const type = types[extname(path)];
  if (!path.startsWith(dist) || !existsSync(path) || !type) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": type });
  createReadStream(path).pipe(response);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const { port } = server.address();

/** Scrolls one grid every way in a browser of its own. */
async function measured(grid) {
  const browser = await Chromium.start(process.env.CHROMIUM ?? "chromium", ["--window-size=1440,900"]);
  try {
    const page = await browser.page();
    await page.go(`http://127.0.0.1:${port}/index.html#${grid}`);
    await page.send("Performance.enable", { timeDomain: "threadTicks" });
    const seen = () => page.script("return globalThis.bench?.seen() || null;");
    const scroll = (how) => page.script("return globalThis.bench.scroll(arguments[0]);", how);
    /** Seconds so far: of all processes of the browser, and of the page's thread. */
    const spent = async () => {
      const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
      const { metrics } = await page.send("Performance.getMetrics");
      const of = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
      return {
        cpu: processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0),
        task: of.TaskDuration,
        script: of.ScriptDuration,
        layout: of.LayoutDuration,
        style: of.RecalcStyleDuration,
      };
    };
    await until(`${grid} shows rows`, seen, { within: 30_000 });
    const results = [];
    for (const { name, ...how } of scrolls) {
      await scroll({ ...how, frames: 30 });
      const [begun, first] = [await spent(), await seen()];
      const millis = await scroll(how);
      const [ended, last] = [await spent(), await seen()];
      if ((how.down || how.pull) && first === last)
        throw new Error(`${grid} did not scroll: it shows row ${last} still`);
      const each = Object.entries(ended).map(([part, seconds]) => [
        part,
        ((seconds - begun[part]) * 1000) / how.frames,
      ]);
      results.push({ ...Object.fromEntries(each), wall: millis / how.frames, last });
    }
    return results;
  } finally {
    await browser.stop();
  }
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
const runs = Object.fromEntries(grids.map((grid) => [grid, []]));
try {
  // In turns, so that whatever else the machine does meets both.
  for (let round = 0; round < rounds; round += 1) for (const grid of grids) runs[grid].push(await measured(grid));
} finally {
  server.close();
}

const figure = (grid, at, part) => median(runs[grid].map((results) => results[at][part]));
const row = (name, of, figures) =>
  console.log(`${name.padEnd(32)}${of.padEnd(8)}${figures.map((each) => String(each).padStart(8)).join("")}`);
console.log(
  `Milliseconds of a frame, medians of ${rounds} rounds; cpu: all processes of the browser, task: the page's thread`,
);
row("", "", parts);
let worst = 0;
for (const [at, { name }] of scrolls.entries()) {
  const [one, other] = grids.map((grid) => Number(runs[grid][0][at].last));
  // Heads may differ by the pixel of a line, and a pull at a bar by what the bar rounds.
  if (Math.abs(one - other) > 5 + 0.03 * one)
    throw new Error(`${name}: one grid is at row ${one}, the other at ${other}`);
  for (const grid of grids)
    row(
      grid === grids[0] ? name : "",
      grid,
      parts.map((part) => figure(grid, at, part).toFixed(2)),
    );
  const shares = ["cpu", "task"].map((part) => figure("firn", at, part) / figure("aggrid", at, part));
  // Round by round both met the same machine: how far apart the shares are says how much to trust them.
  const each = runs.firn.map((results, round) => results[at].cpu / runs.aggrid[round][at].cpu);
  row(
    "",
    "share",
    shares
      .map((share) => share.toFixed(2))
      .concat(`  cpu ${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}`),
  );
  worst = Math.max(worst, shares[0]);
}
console.log(
  worst <= MOST
    ? `at most ${worst.toFixed(2)} of AG Grid's time: within ${MOST}`
    : `${worst.toFixed(2)} of AG Grid's time: more than ${MOST}`,
);
process.exitCode = worst <= MOST ? 0 : 1;
