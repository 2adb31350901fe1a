import { expect, test } from "vitest";
import { widthOf } from "../../src/grid/width";

test("a column is as wide as its longest word, whichever that is", () => {
  expect(widthOf(["id", "DECIMAL(38,9)", "DATE"], 400)).toBe(widthOf(["DECIMAL(38,9)"], 400));
  expect(widthOf(["DECIMAL(38,9)"], 400)).toBeGreaterThan(widthOf(["DATE"], 400));
  expect(widthOf(["DATE"], 400, 20)).toBe(widthOf(["DATE"], 400) + 20);
});

test("a word that is too long is cut", () => {
  expect(widthOf(["x".repeat(500)], 200, 20)).toBe(200);
  expect(widthOf([], 200)).toBeLessThan(60);
});
