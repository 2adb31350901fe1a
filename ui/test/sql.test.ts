import { expect, test } from "vitest";
import { complete, type Word } from "../src/data/sql";

const columns: Word[] = ["email", "created at", "level"].map((name) => ({
  text: `"${name}"`,
  about: "text",
  kind: "column",
}));
const texts = (text: string, caret = text.length) => complete(text, caret, columns)?.words.map((word) => word.text);

test("columns come before functions, and beginnings before what only holds the text", () => {
  expect(texts("e")?.slice(0, 2)).toEqual(['"email"', "encode("]);
  expect(texts("le")).toEqual(['"level"', "left(", "length(", "least("]);
  expect(texts("lower(em")).toEqual(['"email"']);
});

test("within double quotes only columns are meant", () => {
  expect(texts('lower("')).toEqual(['"email"', '"created at"', '"level"']);
  expect(texts('lower("crea')).toEqual(['"created at"']);
  expect(complete('lower("crea', 11, columns)).toMatchObject({ from: 6, to: 11 });
});

test("nothing is offered inside a text, after a blank, or for what stands there already", () => {
  expect(texts("replace(x, 'em")).toBeUndefined();
  expect(texts("lower(email) ")).toBeUndefined();
  expect(texts("")).toBeUndefined();
});

test("the word at the caret is completed, whatever follows", () => {
  expect(complete("low(x)", 3, columns)).toMatchObject({ from: 0, to: 3 });
  expect(texts("::te")).toEqual(["::text"]);
});
