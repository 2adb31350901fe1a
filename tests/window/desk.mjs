// The window as a person sees it: buttons by their words, fields by their labels, rows by their text.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key, until } from "./webdriver.mjs";

// Runs in the page. Words of a button without its key caps and without words for readers only.
const inPage = `
  const shown = (element) => element.getClientRects().length > 0;
  const words = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".keys, .key, .unseen").forEach((part) => part.remove());
    return copy.textContent.replace(/\\s+/g, " ").trim() || (element.getAttribute("aria-label") ?? "");
  };
  const all = (css, root = document) => [...root.querySelectorAll(css)].filter(shown);
  const over = () => all("[role=dialog], [role=menu]").at(-1) ?? document;
`;

/** The window under test. */
export class Desk {
  constructor(session, shots) {
    this.session = session;
    this.shots = shots;
    if (shots) mkdirSync(shots, { recursive: true });
  }

  /** The visible button, link or menu item with exactly these words, or of this name where it has only a glyph; in the dialog
   * where one is open. */
  button(text) {
    return this.session.element(
      `a button “${text}”`,
      `${inPage} return all("button, a[href], [role=menuitem]", over()).find((one) => words(one) === arguments[0] && one.getAttribute("aria-disabled") !== "true") ?? null;`,
      text,
    );
  }

  async press(text) {
    await this.session.click(await this.button(text));
  }

  /** Why a button cannot be pressed; null where it can. */
  whyNot(text) {
    return this.session.script(
      `${inPage} const one = all("button", over()).find((one) => words(one) === arguments[0]); return !one ? "it is not there" : one.getAttribute("aria-disabled") === "true" ? one.title : null;`,
      text,
    );
  }

  /** The field with this label. */
  field(label) {
    return this.session.element(
      `a field “${label}”`,
      `${inPage} const root = over(); const named = all("label", root).find((one) => words(one) === arguments[0]);
       return (named && document.getElementById(named.htmlFor)) || all("input, select, textarea", root).find((one) => one.getAttribute("aria-label") === arguments[0]) || null;`,
      label,
    );
  }

  /** Types into a field, whatever stood there before. */
  async fill(label, text) {
    const field = await this.field(label);
    await this.session.click(field);
    await this.session.press(Key.control, "a");
    await this.session.press(Key.backspace);
    await this.session.type(field, text);
  }

  /** Chooses one of several words. */
  async choose(label, value) {
    const field = await this.field(label);
    await this.session.script(
      `const set = Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set; set.call(arguments[0], arguments[1]); arguments[0].dispatchEvent(new Event("change", { bubbles: true }));`,
      field,
      value,
    );
  }

  /** Waits until a text is seen, in the page or in the part that a selector names. */
  async sees(text, css = "body", within = 15_000) {
    await until(
      `“${text}” in ${css}`,
      () =>
        this.session.script(
          `${inPage} return all(arguments[1]).some((one) => one.innerText.replace(/\\s+/g, " ").includes(arguments[0]));`,
          text,
          css,
        ),
      { within },
    );
  }

  /** Waits until nothing that a selector names is shown any more. */
  async gone(css) {
    await until(`no ${css}`, () =>
      this.session.script(`${inPage} return all(arguments[0]).length === 0 || null;`, css),
    );
  }

  /** Waits until the page has the colours of a theme. */
  async wears(theme) {
    await until(`the page is ${theme}`, () =>
      this.session.script("return document.documentElement.dataset.theme === arguments[0] || null;", theme),
    );
  }

  /** Opens a workspace from the first screen. */
  async recent(name) {
    const entry = await this.session.element(
      `the recent workspace ${name}`,
      `${inPage} return all(".recent .open").find((one) => one.textContent.includes(arguments[0])) ?? null;`,
      name,
    );
    await this.session.click(entry);
    await this.sees(name, ".rail .workspace");
  }

  /** What stands in a part of the page. */
  text(css) {
    return this.session.script(
      `${inPage} return all(arguments[0]).map((one) => one.innerText.replace(/\\s+/g, " ").trim()).join(" | ");`,
      css,
    );
  }

  /** Presses a row of a grid, on its first words: other cells may hold buttons of their own. */
  async row(key) {
    const row = await this.session.element(
      `a row ${key}`,
      `${inPage} const row = all("[role=row]").find((one) => one.dataset.row === arguments[0]); return row?.querySelector("[role=gridcell]:not(:has(input))") ?? null;`,
      key,
    );
    await this.session.click(row);
  }

  /** Ticks a row of a grid. */
  async tick(key) {
    const box = await this.session.element(
      `a box of ${key}`,
      `${inPage} return all("[role=row] input[type=checkbox]").find((one) => one.getAttribute("aria-label") === arguments[0] && !one.disabled) ?? null;`,
      key,
    );
    await this.session.click(box);
  }

  /** Ticks a box by its label, wherever it stands. */
  async check(label) {
    const box = await this.session.element(
      `a box “${label}”`,
      `${inPage} return all("input[type=checkbox]").find((one) => one.getAttribute("aria-label") === arguments[0] && !one.disabled) ?? null;`,
      label,
    );
    await this.session.click(box);
  }

  /** Goes to a section by the rail. */
  async go(section) {
    const entry = await this.session.element(
      `the section ${section}`,
      `${inPage} return all(".rail a.entry").find((one) => one.textContent.startsWith(arguments[0])) ?? null;`,
      section,
    );
    await this.session.click(entry);
    await until(`the section ${section} is open`, () =>
      this.session.script(
        `${inPage} return all(".rail a[aria-current]").some((one) => one.textContent.startsWith(arguments[0]));`,
        section,
      ),
    );
  }

  /** Keeps a picture in each theme; the one that was chosen stays. */
  async shotInBothThemes(name) {
    const set = (theme) =>
      this.session.script(
        "const before = document.documentElement.dataset.theme; document.documentElement.dataset.theme = arguments[0]; return before;",
        theme,
      );
    const before = await set("light");
    await this.shot(`${name}-light`);
    await set("dark");
    await this.shot(`${name}-dark`);
    await set(before);
  }

  /** Keeps a picture of the window. */
  async shot(name) {
    // What is in the page has to be on the screen, too, and fades have to be over.
    await this.session.script(
      "window.painted = false; Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished.catch(() => {}))).then(() => requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = true; })));",
    );
    await until("the page is painted", () => this.session.script("return window.painted;"));
    const [, theme] = /-(dark|light)$/.exec(name) ?? [];
    if (theme) assert.equal(await this.session.script("return document.documentElement.dataset.theme;"), theme, name);
    if (this.shots) writeFileSync(join(this.shots, `${name}.png`), await this.session.screenshot());
  }
}
