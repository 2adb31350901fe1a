import { expect, test } from "vitest";
import { saidParts } from "../src/data/said";

test("names between backticks are set apart, a lone backtick stays", () => {
  expect(saidParts("set `on_drift: add` now")).toEqual([
    { code: false, text: "set " },
    { code: true, text: "on_drift: add" },
    { code: false, text: " now" },
  ]);
  expect(saidParts("`a`")).toEqual([{ code: true, text: "a" }]);
  expect(saidParts("it`s")).toEqual([
    { code: false, text: "it" },
    { code: false, text: "`s" },
  ]);
});
