import { expect, test } from "vitest";
import { shownValue, textParts, valueText } from "../src/data/value";

test("NULL, an empty text and blanks never look alike", () => {
  expect(shownValue(null)).toEqual({ kind: "null" });
  expect(shownValue("")).toEqual({ kind: "empty" });
  expect(shownValue("  ")).toEqual({ kind: "text", parts: [{ blank: true, text: "␣␣" }] });
  expect(shownValue("NULL")).toEqual({ kind: "text", parts: [{ blank: false, text: "NULL" }] });
});

test("blanks are drawn at the ends, tabs and line ends anywhere", () => {
  expect(textParts(" a b ")).toEqual([
    { blank: true, text: "␣" },
    { blank: false, text: "a b" },
    { blank: true, text: "␣" },
  ]);
  expect(textParts("two\nlines\there")).toEqual([
    { blank: false, text: "two" },
    { blank: true, text: "↵" },
    { blank: false, text: "lines" },
    { blank: true, text: "⇥" },
    { blank: false, text: "here" },
  ]);
  expect(textParts("\u00a0x")).toEqual([
    { blank: true, text: "⍽" },
    { blank: false, text: "x" },
  ]);
});

test("characters outside the first plane stay whole", () => {
  expect(textParts("😀 ")).toEqual([
    { blank: false, text: "😀" },
    { blank: true, text: "␣" },
  ]);
});

test("what is no text is written as JSON", () => {
  expect(shownValue({ a: [1, null] })).toEqual({ kind: "plain", text: '{"a":[1,null]}' });
  expect(shownValue(false)).toEqual({ kind: "plain", text: "false" });
  expect([null, 0, "x", { a: 1 }].map(valueText)).toEqual(["NULL", "0", "x", '{"a":1}']);
});
