// A small client of the W3C WebDriver protocol, as tauri-driver and WebKitWebDriver speak it. No package is needed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** A key that has no character of its own. */
export const Key = {
  enter: "\uE007",
  escape: "\uE00C",
  tab: "\uE004",
  control: "\uE009",
  shift: "\uE008",
  down: "\uE015",
  up: "\uE013",
  left: "\uE012",
  right: "\uE014",
  home: "\uE011",
  end: "\uE010",
  backspace: "\uE003",
};

/** A port that nobody listens on now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Asks until the answer is neither false nor null, or the time is over; the last reason is told. */
export async function until(what, ask, { within = 15_000, every = 50 } = {}) {
  const end = Date.now() + within;
  let last;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
      last = `the answer was ${answer}`;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end)
      throw new Error(`${what}: not within ${within} ms: ${last?.message ?? last}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** A running driver of one machine's webview. */
export class Driver {
  #process;
  #base;

  /** Starts tauri-driver with these variables; its words go to `log`. */
  static async start({ program, native, env, log }) {
    const driver = new Driver();
    const [port, nativePort] = [await freePort(), await freePort()];
    driver.#base = `http://127.0.0.1:${port}`;
    driver.#process = spawn(
      program,
      ["--port", String(port), "--native-port", String(nativePort), "--native-driver", native],
      { env, stdio: ["ignore", log, log], detached: true },
    );
    const failed = once(driver.#process, "error").then(([error]) => Promise.reject(error));
    await Promise.race([failed, until("tauri-driver answers", () => driver.ask("GET", "/status"))]);
    return driver;
  }

  /** Sends one command. */
  async ask(method, path, body) {
    const answer = await fetch(this.#base + path, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const { value } = await answer.json();
    if (value?.error) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  }

  /** Starts the program and takes hold of its webview. */
  async open(application, args = []) {
    const { sessionId } = await this.ask("POST", "/session", {
      capabilities: { alwaysMatch: { "tauri:options": { application, args } } },
    });
    return new Session(this, sessionId);
  }

  /** Ends the driver and whatever it started. */
  async stop() {
    const ended = once(this.#process, "exit");
    process.kill(-this.#process.pid, "SIGTERM");
    await ended;
  }
}

/** One webview under control. */
export class Session {
  constructor(driver, id) {
    this.driver = driver;
    this.path = `/session/${id}`;
  }

  /** Runs a function's body in the page; elements go in and out as references. */
  script(body, ...args) {
    return this.driver.ask("POST", `${this.path}/execute/sync`, { script: body, args });
  }

  /** Waits for the element that a body finds. */
  element(what, body, ...args) {
    return until(what, async () => (await this.script(body, ...args)) ?? false);
  }

  async click(element) {
    await this.driver.ask("POST", `${this.path}/element/${element[ELEMENT]}/click`, {});
  }

  async type(element, text) {
    await this.driver.ask("POST", `${this.path}/element/${element[ELEMENT]}/value`, { text });
  }

  /** Presses keys together, as on a keyboard. */
  async press(...keys) {
    const actions = [
      ...keys.map((value) => ({ type: "keyDown", value })),
      ...keys.toReversed().map((value) => ({ type: "keyUp", value })),
    ];
    await this.driver.ask("POST", `${this.path}/actions`, { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  async screenshot() {
    return Buffer.from(await this.driver.ask("GET", `${this.path}/screenshot`), "base64");
  }

  /** Closes the window and ends the program. */
  async close() {
    await this.driver.ask("DELETE", this.path);
  }
}
