import { expect, test } from "vitest";
import { tsv } from "../../src/grid/tsv";

test("columns are parted by tabs, rows by line ends, and a value that holds either is quoted", () => {
  expect(
    tsv([
      ["1", "Kim"],
      ["2", 'a\tb "c"'],
    ]),
  ).toBe('1\tKim\n2\t"a\tb ""c"""');
  expect(tsv([["two\nlines", "x"]])).toBe('"two\nlines"\tx');
});

test("NULL and an empty text are two things", () => {
  expect(tsv([[null, "", "x"]])).toBe('\t""\tx');
});

test("one value alone is copied as it is", () => {
  expect(tsv([['a\t"b"']])).toBe('a\t"b"');
  expect(tsv([[null]])).toBe("");
});
