// Work on mappings: rows before and after, another type, the watermark's advice, the text beside the columns edited either
// way, several tables at once, a file that somebody else wrote, and a source that has changed.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { desk, line, server, session, shop } from "./stage.mjs";
import { Key, until } from "./webdriver.mjs";

const file = () => join(shop, "firn.yaml");
const written = () => readFileSync(file(), "utf8");

/** Replaces a part of the text of firn.yaml in the window, as if it were typed. */
async function typeYaml(before, after) {
  const done = await session.script(
    `const field = document.querySelector("[aria-label='Text of firn.yaml']");
     if (!field.value.includes(arguments[0])) return false;
     Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, field.value.replace(arguments[0], arguments[1]));
     field.dispatchEvent(new Event("input", { bubbles: true }));
     return true;`,
    before,
    after,
  );
  assert.ok(done, `the text holds “${before}”`);
}

const yaml = () => session.script(`return document.querySelector("[aria-label='Text of firn.yaml']")?.value ?? "";`);
const chosen = async (label) => session.script("return arguments[0].value", await desk.field(label));
const holds = (what, look) => until(what, async () => (await look()) || null);
const notSaved = async () => (await desk.text(".head")).includes("not saved");

async function open() {
  await desk.go("Tables");
  await desk.row("public.wide");
  await desk.press("Columns");
  await desk.sees("All 276", ".filters");
}

export async function rowsBeforeAndAfter() {
  await open();
  await desk.row("column 1");
  await desk.press("Show rows");
  await desk.sees("1,000 rows", ".sample");
  await session.press("t");
  const field = await desk.field("Transform, SQL run in the source");
  await session.type(field, "repl");
  await desk.sees("replace(", ".completions");
  await session.press(Key.enter);
  await session.type(field, `"column 1", 'x', 'yy')`);
  // Nothing is applied yet: what is being typed is tried on real rows.
  await desk.sees("1,000 rows with another value", ".sample");
  assert.ok(!(await notSaved()));
  await desk.shotInBothThemes("mapping-rows");
  await session.press(Key.enter);
  await holds("the transform is in the draft", notSaved);
  await session.press(Key.escape);
  await desk.press("Undo");
  await holds("it is undone", async () => !(await notSaved()));
  await desk.press("Hide rows");

  await desk.row("column 3");
  await desk.choose("Arrives as", "to double precision");
  await desk.sees("Lossy 1", ".filters");
  await desk.sees("about 15 significant digits", ".column-pane");
  await desk.press("Undo");
  await holds("it travels as it is", async () => !(await desk.text(".filters")).includes("Lossy"));
}

export async function eitherWay() {
  await desk.press("Table");
  await desk.sees("indexed", ".watermarks");
  await desk.sees("its default, at birth only", ".watermarks");
  await desk.press("YAML");
  await holds("the text is there", async () => (await yaml()) === written());
  await typeYaml("source: public.wide\n", "source: public.wide # the widest\n");
  await typeYaml("# the widest\n", "# the widest\n    deletes: soft\n");
  await holds("the form follows the text", async () => (await chosen("Deleted rows (edited)")) === "soft");
  await desk.shotInBothThemes("mapping-yaml");
  await typeYaml("deletes: soft", "deletes: sotf");
  await desk.sees("line ", ".faults");
  assert.match(await desk.whyNot("Save"), /faults/);
  await desk.shot("mapping-fault-dark");
  await typeYaml("deletes: sotf", "deletes: soft");
  await holds("the fault is mended", async () => (await desk.text(".faults")) === "");
  await desk.choose("Deleted rows (edited)", "hard");
  await holds("the text follows the form", async () => (await yaml()).includes("# the widest\n    deletes: hard\n"));

  // Somebody else writes the file meanwhile: neither text is lost.
  const theirs = `# a colleague was here\n${written()}`;
  writeFileSync(file(), theirs);
  await desk.press("Save");
  await desk.sees("was changed on disk", ".strip");
  assert.equal(written(), theirs);
  await desk.press("Take the file’s, undo brings mine back");
  await holds("theirs is shown", async () => (await yaml()) === theirs);
  await desk.press("Undo");
  await holds("mine is back", async () => (await yaml()).includes("deletes: hard"));
  await desk.press("Redo");
  await holds("theirs holds", async () => (await yaml()) === theirs && !(await notSaved()));
  await desk.press("YAML");
}

export async function severalTables() {
  await desk.check("all listed tables");
  await desk.sees("3 tables edited at once", ".bulk");
  await desk.fill("Target names", "lake.{schema}_{table:upper}");
  await desk.choose("Deleted rows", "soft");
  await desk.sees("lake.public_WIDE", ".difference");
  await desk.shot("mapping-bulk-dark");
  const before = written();
  await desk.press("Put into 3 tables");
  await holds("it is in the draft", notSaved);
  assert.equal(written(), before);
  await desk.press("Undo");
  await holds("one step takes it back", async () => !(await notSaved()));
}

export async function driftAccepted() {
  await desk.press("Columns");
  await desk.sees("All 276", ".filters");
  await server.ask(
    `ALTER TABLE wide ADD extra integer; ALTER TABLE wide DROP "column 4"; UPDATE wide SET "column 1" = 'z', updated_at = now() WHERE id < 5`,
  );
  await session.press("r");
  await desk.sees("2 changes in the source since the last run", ".strip");
  await desk.press("Run");
  await desk.sees("added to the target as INTEGER", "[role=dialog]");
  await desk.sees("the target keeps it", "[role=dialog]");
  await desk.shotInBothThemes("mapping-drift");
  await desk.press("Accept 2");
  await desk.sees("accepted", ".strip");
  await desk.press("Run");
  await desk.sees("Done", ".run-state", 60_000);
  assert.equal((await line("public.wide")).merged, 4, "the rows that changed are merged");
}

/** What has changed is looked through whichever screen a run is started from. */
export async function driftBeforeTables() {
  await server.ask(`ALTER TABLE wide ADD further integer`);
  await desk.go("Tables");
  await desk.sees("3 tables", "h1");
  await session.press(Key.control, Key.enter);
  await desk.sees("added to the target as INTEGER", "[role=dialog]");
  await desk.press("Accept and run");
  await desk.sees("Done", ".run-state", 60_000);
}
