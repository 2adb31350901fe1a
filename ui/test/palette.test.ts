import { expect, test } from "vitest";
import { markText, matchText } from "../src/app/match";

test("every word has to be there, in any order, whatever its case", () => {
  expect(matchText("Go to rejected rows", "REJ go")).not.toBeNull();
  expect(matchText("Go to rejected rows", "rej x")).toBeNull();
  expect(matchText("anything", "  ")).toEqual([{ text: "anything", hit: false }]);
});

test("what was found is marked", () => {
  expect(markText("public.returns", "ret table")).toEqual([
    { text: "public.", hit: false },
    { text: "ret", hit: true },
    { text: "urns", hit: false },
  ]);
});
