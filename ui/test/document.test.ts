import { expect, test } from "vitest";
import { changed, editedTables, keepMine, opened, redone, saved, takeTheirs, undone } from "../src/data/document";
import { diffLines, hunks, linesChanged } from "../src/data/lines";
import { documentOf, tables } from "./fake/shop";
import { edited, view } from "./fake/document";

test("steps are undone and made again, and a new one ends what was undone", () => {
  const draft = changed(changed(opened("a"), "b", true), "c", true);
  expect(undone(draft).now).toBe("b");
  expect(undone(undone(undone(draft))).now).toBe("a");
  expect(redone(undone(draft)).now).toBe("c");
  expect(redone(changed(undone(draft), "d", true)).now).toBe("d");
  expect(changed(draft, "c", true).past).toEqual(draft.past);
});

test("typing that goes on is one step, and ends with an edit elsewhere", () => {
  const typed = changed(changed(opened("a"), "ab", true, true), "abc", true, true);
  expect(undone(typed).now).toBe("a");
  const further = changed(changed(typed, "x", true), "xy", true, true);
  expect(undone(further).now).toBe("x");
  expect(undone(undone(further)).now).toBe("abc");
});

test("a text with a fault is kept, and the one before it stays the sound one", () => {
  const draft = changed(changed(opened("a"), "b", true), "b: [", false, true);
  expect(draft.now).toBe("b: [");
  expect(draft.sound).toBe("b");
  expect(changed(draft, "c", true, true).sound).toBe("c");
});

test("what was saved can still be undone", () => {
  const draft = saved(changed(opened("a"), "b", true), "b");
  expect(draft.now).toBe(draft.base);
  const back = undone(draft);
  expect(back.now).toBe("a");
  expect(back.base).toBe("b");
});

test("a file that somebody else wrote costs neither text", () => {
  const mine = changed(opened("a"), "mine", true);
  const theirs = takeTheirs(mine, "theirs");
  expect([theirs.now, theirs.base]).toEqual(["theirs", "theirs"]);
  expect(undone(theirs).now).toBe("mine");
  const kept = keepMine(mine, "theirs");
  expect([kept.now, kept.base]).toEqual(["mine", "theirs"]);
});

test("lines are compared by their longest common run", () => {
  const lines = diffLines("a\nb\nc\nd\ne", "a\nc\nx\nd\ne");
  expect(lines.map((line) => `${line.kind[0]}${line.text}`)).toEqual(["sa", "rb", "sc", "ax", "sd", "se"]);
  expect(lines.find((line) => line.text === "d")).toMatchObject({ before: 4, after: 4 });
  expect(linesChanged(lines)).toBe(2);
  expect(linesChanged(diffLines("a\nb", "a\nc"))).toBe(1);
  expect(linesChanged(diffLines("same\ntext", "same\ntext"))).toBe(0);
});

test("only lines near a difference are shown, with gaps between", () => {
  const before = Array.from({ length: 20 }, (_, place) => `line ${place}`);
  const after = before.map((line, place) => (place === 3 || place === 15 ? `${line}!` : line));
  const shown = hunks(diffLines(before.join("\n"), after.join("\n")));
  expect(shown.map((line) => line && line.text)).toEqual([
    "line 2",
    "line 3",
    "line 3!",
    "line 4",
    null,
    "line 14",
    "line 15",
    "line 15!",
    "line 16",
  ]);
});

test("two texts without a common line are told apart without looking at every pair", () => {
  const many = (word: string) => Array.from({ length: 3000 }, (_, place) => `${word} ${place}`).join("\n");
  const lines = diffLines(many("a"), many("b"));
  expect(lines.filter((line) => line.kind === "removed")).toHaveLength(3000);
  expect(lines.filter((line) => line.kind === "added")).toHaveLength(3000);
});

test("tables are edited whose lines are others, wherever they stand now", () => {
  const text = documentOf(tables);
  const now = edited(text, [{ table: "public.customers", columns: [], edit: { deletes: "soft" } }], null);
  expect([...editedTables(view(text), now)]).toEqual(["public.customers"]);
  expect(editedTables(view(text), view(text)).size).toBe(0);
});
