// A small client of a browser without a window, over the pipe of its own protocol. No package is needed. A page answers
// to what a session of tests/window answers to, so that the same desk works with both.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../window/webdriver.mjs";

// The keys of WebDriver that have no character of their own.
const named = {
  "\uE007": { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: "\r" },
  "\uE00C": { key: "Escape", code: "Escape", windowsVirtualKeyCode: 27 },
  "\uE004": { key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 },
  "\uE009": { key: "Control", code: "ControlLeft", windowsVirtualKeyCode: 17, modifier: 2 },
  "\uE008": { key: "Shift", code: "ShiftLeft", windowsVirtualKeyCode: 16, modifier: 8 },
  "\uE015": { key: "ArrowDown", code: "ArrowDown", windowsVirtualKeyCode: 40 },
  "\uE013": { key: "ArrowUp", code: "ArrowUp", windowsVirtualKeyCode: 38 },
  "\uE012": { key: "ArrowLeft", code: "ArrowLeft", windowsVirtualKeyCode: 37 },
  "\uE014": { key: "ArrowRight", code: "ArrowRight", windowsVirtualKeyCode: 39 },
  "\uE010": { key: "End", code: "End", windowsVirtualKeyCode: 35 },
  "\uE011": { key: "Home", code: "Home", windowsVirtualKeyCode: 36 },
  "\uE003": { key: "Backspace", code: "Backspace", windowsVirtualKeyCode: 8 },
  " ": { key: " ", code: "Space", windowsVirtualKeyCode: 32, text: " " },
};

function keyOf(value) {
  const known = named[value];
  if (known) return known;
  const letter = /^[a-z]$/i.test(value);
  return {
    key: value,
    code: letter ? `Key${value.toUpperCase()}` : "",
    windowsVirtualKeyCode: letter ? value.toUpperCase().charCodeAt(0) : 0,
    text: value,
  };
}

/** A browser without a window. */
export class Chromium {
  #process;
  #profile;
  #next = 1;
  #waiting = new Map();
  #listeners = new Map();
  #rest = "";

  /** Starts a browser, with what more it is told; its pages have no scroll bars unless it is told something else. */
  static async start(program, more = ["--hide-scrollbars"]) {
    const browser = new Chromium();
    browser.#profile = mkdtempSync(join(tmpdir(), "firn-browser-"));
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-extensions",
      "--disable-lcd-text",
      "--force-device-scale-factor=1",
      "--remote-debugging-pipe",
      `--user-data-dir=${browser.#profile}`,
    ];
    browser.#process = spawn(program, [...flags, ...more, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      detached: true,
    });
    const failed = once(browser.#process, "error").then(([error]) => Promise.reject(error));
    browser.#process.stdio[4].setEncoding("utf8").on("data", (text) => browser.#hear(text));
    await Promise.race([failed, browser.send("Browser.getVersion")]);
    return browser;
  }

  #hear(text) {
    const messages = (this.#rest + text).split("\0");
    this.#rest = messages.pop();
    for (const message of messages.map((each) => JSON.parse(each))) {
      if (message.id === undefined) {
        for (const heard of this.#listeners.get(message.sessionId) ?? []) heard(message);
        continue;
      }
      const { resolve, reject, method } = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
    }
  }

  /** Sends one command, to the browser or to a page. */
  send(method, params = {}, sessionId = undefined) {
    const id = this.#next;
    this.#next += 1;
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }));
    this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return answered;
  }

  /** Opens an empty page. */
  async page() {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId);
    this.#listeners.set(sessionId, [(message) => page.hear(message)]);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.send(`${domain}.enable`);
    return page;
  }

  async stop() {
    const ended = once(this.#process, "exit");
    process.kill(-this.#process.pid, "SIGKILL");
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One page. */
export class Page {
  /** What the page complained of: faults of scripts, errors on the console, what its policy refused. */
  complaints = [];
  /** Addresses that the page asked for. */
  asked = [];

  constructor(browser, session) {
    this.browser = browser;
    this.session = session;
  }

  send(method, params) {
    return this.browser.send(method, params, this.session);
  }

  hear({ method, params }) {
    if (method === "Runtime.exceptionThrown")
      this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    else if (method === "Runtime.consoleAPICalled" && params.type === "error")
      this.complaints.push(params.args.map((arg) => arg.value ?? arg.description).join(" "));
    else if (method === "Log.entryAdded" && params.entry.level === "error") this.complaints.push(params.entry.text);
    else if (method === "Network.requestWillBeSent") this.asked.push(params.request.url);
  }

  /** Goes to an address and waits until its document is there. */
  async go(address) {
    await this.send("Page.navigate", { url: address });
    await until("the document is there", () => this.script("return document.readyState === 'complete' || null;"));
  }

  /** Gives the page a size, as a window of that size would. */
  async size(width, height) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  /** Says what the system prefers: `prefers-color-scheme`, `prefers-reduced-motion`. */
  async prefers(features) {
    await this.send("Emulation.setEmulatedMedia", {
      features: Object.entries(features).map(([name, value]) => ({ name, value })),
    });
  }

  /** Runs a function's body in the page; elements go in and out as references. */
  async script(body, ...args) {
    const { result: self } = await this.send("Runtime.evaluate", { expression: "globalThis" });
    const said = await this.send("Runtime.callFunctionOn", {
      objectId: self.objectId,
      functionDeclaration: `async function () { ${body} }`,
      arguments: args.map((arg) => (arg?.objectId ? { objectId: arg.objectId } : { value: arg })),
      awaitPromise: true,
    });
    if (said.exceptionDetails)
      throw new Error(said.exceptionDetails.exception?.description ?? said.exceptionDetails.text);
    const { result } = said;
    if (result.subtype === "null" || result.type === "undefined") return null;
    if (!result.objectId || result.subtype === "node") return result.objectId ? result : result.value;
    const { result: value } = await this.send("Runtime.callFunctionOn", {
      objectId: result.objectId,
      functionDeclaration: "function () { return this; }",
      returnByValue: true,
    });
    return value.value;
  }

  /** Waits for the element that a body finds. */
  element(what, body, ...args) {
    return until(what, async () => (await this.script(body, ...args)) ?? false);
  }

  /** Presses the middle of an element with the mouse. */
  async click(element) {
    const place = await this.script(
      "arguments[0].scrollIntoView({ block: 'nearest', inline: 'nearest' }); const box = arguments[0].getBoundingClientRect(); return { x: box.x + box.width / 2, y: box.y + box.height / 2 };",
      element,
    );
    const press = { ...place, button: "left", clickCount: 1 };
    await this.send("Input.dispatchMouseEvent", { ...place, type: "mouseMoved" });
    await this.send("Input.dispatchMouseEvent", { ...press, type: "mousePressed" });
    await this.send("Input.dispatchMouseEvent", { ...press, type: "mouseReleased" });
  }

  /** Types into an element. */
  async type(element, text) {
    await this.script("arguments[0].focus();", element);
    await this.write(text);
  }

  /** Types wherever the focus is. */
  async write(text) {
    await this.send("Input.insertText", { text });
  }

  /** Presses keys together, as on a keyboard. */
  async press(...keys) {
    const all = keys.map(keyOf);
    let modifiers = 0;
    for (const { modifier = 0, text, ...key } of all) {
      modifiers |= modifier;
      const plain = (modifiers & ~8) === 0;
      await this.send("Input.dispatchKeyEvent", {
        type: text && plain ? "keyDown" : "rawKeyDown",
        modifiers,
        ...key,
        ...(text && plain ? { text } : {}),
        // The browser's own editing commands have to be named.
        ...(modifiers & 2 && key.key === "a" ? { commands: ["selectAll"] } : {}),
      });
    }
    for (const { modifier = 0, text: _, ...key } of all.toReversed()) {
      modifiers &= ~modifier;
      await this.send("Input.dispatchKeyEvent", { type: "keyUp", modifiers, ...key });
    }
  }

  async screenshot() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: false });
    return Buffer.from(data, "base64");
  }
}
