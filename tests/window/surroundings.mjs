// What surrounds the window under test: folders of its own, a private server, the warehouse as the oracle.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The variables of this process but those by which a database or Firn is told what to do. */
export function cleared() {
  const told = /^(FIRN_|PG|POSTGRES_|SNOWFLAKE_|S3_|KESTRA_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !told.test(name)));
}

/** The first line that a program says, once it is ready. */
export async function firstLine(program, lines, what) {
  const [line] = await Promise.race([
    once(lines, "line"),
    once(program, "exit").then(([code]) => Promise.reject(new Error(`${what} ended with ${code}`))),
  ]);
  return JSON.parse(line);
}

/** Folders for one test, gone when it ends. The desktop's own folders lead there, too. */
export class Folders {
  constructor() {
    this.root = mkdtempSync(join(tmpdir(), "firn-window-"));
    this.home = this.#make("home");
    this.data = this.#make("data");
    this.config = this.#make("config");
    this.cache = this.#make("cache");
    this.workspaces = this.#make("workspaces");
  }

  #make(name) {
    const folder = join(this.root, name);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  }

  /** The variables of the window's process. */
  environment() {
    return {
      ...cleared(),
      HOME: this.home,
      XDG_DATA_HOME: this.data,
      XDG_CONFIG_HOME: this.config,
      XDG_CACHE_HOME: this.cache,
      // The renderer that a desktop with a graphics card has; the other one can hang a screenshot.
      WEBKIT_DISABLE_DMABUF_RENDERER: "0",
    };
  }

  /** Files anywhere below that hold a text. */
  holding(text) {
    const wanted = Buffer.from(text);
    return readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file).includes(wanted));
  }

  remove() {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A private PostgreSQL with the test's tables. */
export class Server {
  #process;
  #lines;

  static async start(testbed, { user, password, sql }) {
    const server = new Server();
    server.#process = spawn(testbed, ["--scram-user", `${user}:${password}`, "--database", "shop", "--sql", sql], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    server.#lines = createInterface({ input: server.#process.stdout });
    Object.assign(server, await firstLine(server.#process, server.#lines, "the test server"));
    return server;
  }

  /** Asks as the superuser; one text a row. */
  async ask(sql) {
    const { stdout } = await run("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", this.dsn, "-c", sql]);
    return stdout.split("\n").filter(Boolean);
  }

  /** Kills the server, as a machine does that has no memory left. */
  kill() {
    return this.#tell("kill");
  }

  /** Starts it again, on the same port. */
  startAgain() {
    return this.#tell("start");
  }

  async #tell(word) {
    const answer = once(this.#lines, "line");
    this.#process.stdin.write(`${word}\n`);
    const [done] = await answer;
    if (done !== "done") throw new Error(`the test server answered ${done}`);
  }

  async stop() {
    const ended = once(this.#process, "exit");
    this.#process.stdin.end();
    await ended;
  }
}

/** Asks a DuckDB file that nobody writes to now. */
export async function askWarehouse(program, file, sql) {
  const { stdout } = await run(program, [file, sql], { maxBuffer: 1 << 26 });
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Processes of a program that are running. */
export async function running(program) {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (words[0] === program) found.push({ pid: Number(pid), words });
    } catch {
      // It ended while it was looked at.
    }
  }
  return found;
}
