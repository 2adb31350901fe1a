// Where a password is not: in no file, not in the page, not in the memory of its process.

import assert from "node:assert/strict";
import { countInMemory, descendants } from "./memory.mjs";
import { folders, password, programs, session } from "./stage.mjs";
import { running } from "./surroundings.mjs";

/** Everything that scripts in the page can reach: the document, what React holds for it, storage, the window itself. */
const reachable = `
  const seen = new Set(), texts = [document.documentElement.outerHTML, location.href, document.cookie];
  const waiting = [window, document, ...document.querySelectorAll("*")];
  const keep = (one) => {
    if (one === null || (typeof one !== "object" && typeof one !== "function") || seen.has(one)) return;
    seen.add(one);
    waiting.push(one);
  };
  for (let at = 0; at < waiting.length && at < 200000; at += 1) {
    const one = waiting[at];
    let names = [];
    try { names = Reflect.ownKeys(one); } catch { continue; }
    for (const name of names) {
      let value;
      try { value = one[name]; } catch { continue; }
      if (typeof value === "string") texts.push(value);
      else keep(value);
    }
    if (one instanceof Map || one instanceof Set) for (const entry of one.entries()) entry.forEach(keep);
    if (one instanceof HTMLInputElement) texts.push(one.value);
  }
  for (const store of [localStorage, sessionStorage]) texts.push(JSON.stringify({ ...store }));
`;

/** Looks for texts in the memory of the page's process and in what scripts in it can reach; returns how often each is
 * there. The texts themselves are never sent to the page. */
async function inThePage(texts) {
  const [window] = await running(programs.window);
  const pages = descendants(window.pid).filter(({ program }) => program.startsWith("WebKitWebProces"));
  assert.equal(pages.length, 1, "one process draws the page");
  const memory = countInMemory(pages[0].pid, texts);
  const { objects, all } = await session.script(
    `${reachable} return { objects: seen.size, all: [...new Set(texts)].join("\\n") };`,
  );
  process.stdout.write(`(${(memory.bytes / 1e6).toFixed(0)} MB, ${objects} objects) `);
  return { script: texts.map((text) => all.split(text).length - 1), memory: memory.counts };
}

export async function secretIsNotInThePage() {
  const { script, memory } = await inThePage([password, encodeURIComponent(password), "app_db"]);
  // The connection's name has to be there: the search looks where the page's things are.
  assert.ok(script[2] > 0 && memory[2] > 0, "the search does not find what is there");
  assert.deepEqual(script.slice(0, 2), [0, 0], "scripts in the page can reach the password");
  assert.deepEqual(memory.slice(0, 2), [0, 0], "the page's process has the password in its memory");
}

/** Right after it was typed and saved: nothing that a script can reach holds it any more. What the webview has freed and
 * not used again is beyond the page's reach, and is counted only. */
export async function secretHasLeftThePage() {
  const { script, memory } = await inThePage([password, encodeURIComponent(password), "app_db"]);
  process.stdout.write(`(${memory[0] + memory[1]} times in memory that was freed) `);
  assert.ok(script[2] > 0 && memory[2] > 0, "the search does not find what is there");
  assert.deepEqual(script.slice(0, 2), [0, 0], "scripts in the page can still reach the password");
}

export async function secretIsNowhere() {
  const page = await session.script(
    "return document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((one) => one.value).join(' ') + JSON.stringify({ ...localStorage }) + location.href;",
  );
  assert.ok(!page.includes(password), "the page holds the password");
  for (const text of [password, encodeURIComponent(password)])
    assert.deepEqual(folders.holding(text), [], "files hold the password");
  for (const { words } of await running(programs.window)) assert.ok(!words.join(" ").includes(password));
}
