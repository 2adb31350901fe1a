// Scrolls both grids through the same rows in a headless Chromium and compares the processor time of a frame.
// usage: node run.mjs [ROUNDS]   Ends with 1 where Firn's grid takes more than half of AG Grid's time.
import { spawn } from "node:child_process";
import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = join(here, "dist");
const rounds = Number(process.argv[2] ?? 3);
/** Share of AG Grid's time that Firn's grid may take. */
const MOST = 0.5;
/** Frames of a scroll, and the pixels of each: a wheel, a fast wheel, to the side, and a pull at the bar. */
const scrolls = [
  { name: "down, 3 rows a frame", frames: 240, down: 84, aside: 0 },
  { name: "down, 20 rows a frame", frames: 240, down: 560, aside: 0 },
  { name: "aside, 40 px a frame", frames: 240, down: 0, aside: 40 },
  { name: "by the bar, 2,000 rows a frame", frames: 120, down: 56_000, aside: 0 },
];
const pages = ["firn", "aggrid"];

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2" };
const server = createServer((request, response) => {
  const path = join(dist, new URL(request.url ?? "/", "http://localhost").pathname);
  if (!path.startsWith(dist) || !existsSync(path) || !types[extname(path)]) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": types[extname(path)] });
  createReadStream(path).pipe(response);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const { port } = server.address();

/** A browser spoken to over two pipes. */
class Browser {
  #next = 1;
  #waiting = new Map();
  #rest = "";

  constructor() {
    this.profile = mkdtempSync(join(tmpdir(), "firn-grid-"));
    this.process = spawn(
      process.env.CHROMIUM ?? "chromium",
      [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-lcd-text",
        "--remote-debugging-pipe",
        `--user-data-dir=${this.profile}`,
        "--window-size=1440,900",
        "about:blank",
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    this.process.stdio[4].setEncoding("utf8").on("data", (chunk) => {
      const messages = (this.#rest + chunk).split("\0");
      this.#rest = messages.pop() ?? "";
      for (const message of messages.map((text) => JSON.parse(text))) {
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if (message.error) waiting?.fail(new Error(message.error.message));
        else waiting?.done(message.result);
      }
    });
    this.process.on("exit", () => {
      for (const { fail } of this.#waiting.values()) fail(new Error("the browser has gone"));
    });
  }

  call(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail });
      this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Processor seconds of all its processes. */
  async seconds() {
    const { processInfo } = await this.call("SystemInfo.getProcessInfo");
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }

  async close() {
    await this.call("Browser.close").catch(() => undefined);
    await new Promise((gone) => (this.process.exitCode === null ? this.process.on("exit", gone) : gone()));
    rmSync(this.profile, { recursive: true, force: true });
  }
}

async function measured(page) {
  const browser = new Browser();
  try {
    const { targetId } = await browser.call("Target.createTarget", { url: `http://127.0.0.1:${port}/${page}.html` });
    const { sessionId } = await browser.call("Target.attachToTarget", { targetId, flatten: true });
    const run = async (expression) => {
      const { result, exceptionDetails } = await browser.call(
        "Runtime.evaluate",
        { expression, awaitPromise: true, returnByValue: true },
        sessionId,
      );
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    await browser.call("Performance.enable", { timeDomain: "timeTicks" }, sessionId);
    const main = async () => {
      const { metrics } = await browser.call("Performance.getMetrics", {}, sessionId);
      return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    };
    const deadline = Date.now() + 30_000;
    while (!(await run("Boolean(window.benchPage?.seen())"))) {
      if (Date.now() > deadline) throw new Error(`${page} showed no rows within 30 s`);
    }
    const results = [];
    for (const { name, frames, down, aside } of scrolls) {
      await run(`scrollBench(30, ${down}, ${aside})`);
      const before = { all: await browser.seconds(), main: await main(), seen: await run("benchPage.seen()") };
      const { millis } = await run(`scrollBench(${frames}, ${down}, ${aside})`);
      const after = { all: await browser.seconds(), main: await main(), seen: await run("benchPage.seen()") };
      if (down && before.seen === after.seen)
        throw new Error(`${page} did not scroll: it shows row ${after.seen} still`);
      const each = (seconds) => (seconds * 1000) / frames;
      results.push({
        name,
        cpu: each(after.all - before.all),
        task: each(after.main.TaskDuration - before.main.TaskDuration),
        script: each(after.main.ScriptDuration - before.main.ScriptDuration),
        layout: each(after.main.LayoutDuration - before.main.LayoutDuration),
        style: each(after.main.RecalcStyleDuration - before.main.RecalcStyleDuration),
        wall: millis / frames,
      });
    }
    return results;
  } finally {
    await browser.close();
  }
}

const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
const runs = Object.fromEntries(pages.map((page) => [page, []]));
try {
  // In turns, so that whatever else the machine does meets both.
  for (let round = 0; round < rounds; round += 1) for (const page of pages) runs[page].push(await measured(page));
} finally {
  server.close();
}

const figure = (page, at, what) => median(runs[page].map((results) => results[at][what]));
const ms = (number) => number.toFixed(2).padStart(8);
console.log(
  `Milliseconds of a frame, medians of ${rounds} rounds; cpu: all processes of the browser, task: the page's thread`,
);
console.log(
  `${"".padEnd(32)}${"".padEnd(8)}${["cpu", "task", "script", "layout", "style", "wall"].map((head) => head.padStart(8)).join("")}`,
);
let worst = 0;
for (const [at, { name }] of scrolls.entries()) {
  for (const page of pages)
    console.log(
      `${(page === pages[0] ? name : "").padEnd(32)}${page.padEnd(8)}${["cpu", "task", "script", "layout", "style", "wall"].map((what) => ms(figure(page, at, what))).join("")}`,
    );
  const share = figure("firn", at, "cpu") / figure("aggrid", at, "cpu");
  const ofTask = figure("firn", at, "task") / figure("aggrid", at, "task");
  console.log(`${"".padEnd(32)}share   ${share.toFixed(2).padStart(8)}${ofTask.toFixed(2).padStart(8)}`);
  worst = Math.max(worst, share);
}
console.log(
  worst <= MOST
    ? `at most ${worst.toFixed(2)} of AG Grid's time: within ${MOST}`
    : `${worst.toFixed(2)} of AG Grid's time: more than ${MOST}`,
);
process.exitCode = worst <= MOST ? 0 : 1;
