// The part of a desktop that shows notifications, on the test's own session bus.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { until } from "./webdriver.mjs";

export class NotificationDesk {
  #process;
  #said = [];

  /** `program` is notification-desk, of the test programs. */
  static async start(program) {
    const desk = new NotificationDesk();
    desk.#process = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: desk.#process.stdout }).on("line", (line) => desk.#said.push(JSON.parse(line)));
    await until("somebody shows notifications", async () => desk.#said.some(({ ready }) => ready) || null);
    return desk;
  }

  /** What is shown, in its order. */
  get shown() {
    return this.#said.filter(({ id }) => id !== undefined);
  }

  /** Clicks on a notification. */
  click(id) {
    this.#process.stdin.write(`${id}\n`);
  }

  stop() {
    this.#process.kill();
  }
}
