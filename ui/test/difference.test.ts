import { expect, test } from "vitest";
import { differenceParts } from "../src/data/difference";

/** Changed stretches in brackets. */
const drawn = (one: unknown, other: unknown) => {
  const parts = differenceParts(one, other);
  const text = (side: NonNullable<typeof parts>["one"]) =>
    side.map((part) => (part.changed ? `[${part.text}]` : part.text)).join("");
  return parts && [text(parts.one), text(parts.other)];
};

test("what both have stays plain, what one has is marked", () => {
  expect(drawn("Greystone Outfiters", "Greystone Outfitters")).toEqual([
    "Greystone Outfiters",
    "Greystone Outfit[t]ers",
  ]);
  expect(drawn("2026-11-20 09:11", "2026-11-21 09:11")).toEqual(["2026-11-2[0] 09:11", "2026-11-2[1] 09:11"]);
  expect(drawn("the quick brown fox", "the slow brown dog")).toEqual([
    "the [quick] brown [fox]",
    "the [slow] brown [dog]",
  ]);
  expect(drawn("same", "same")).toEqual(["same", "same"]);
});

test("one character that two texts share by chance is no stretch", () => {
  expect(drawn("abcdef", "xbyeze")).toEqual(["[abcdef]", "[xbyeze]"]);
});

test("a blank that makes the difference is seen", () => {
  expect(drawn("Kim", "Kim ")).toEqual(["Kim", "Kim[␣]"]);
  expect(drawn("a b", "ab")).toEqual(["a[␣]b", "ab"]);
  expect(drawn("a\tb", "a b")).toEqual(["a[⇥]b", "a[␣]b"]);
});

test("NULL and the empty text differ as a whole; numbers and objects by their text", () => {
  expect(drawn(null, "x")).toBeNull();
  expect(drawn("x", "")).toBeNull();
  expect(drawn("12.50", 12.5)).toEqual(["12.5[0]", "12.5"]);
  expect(drawn({ a: 1 }, { a: 2 })).toEqual(['{"a":[1]}', '{"a":[2]}']);
});

test("letters of more than one unit stay whole, and long values are marked between their ends", () => {
  expect(drawn("a😀b", "a😁b")).toEqual(["a[😀]b", "a[😁]b"]);
  const [one, other] = [`<${"x".repeat(2000)}>`, `<${"y".repeat(2000)}>`];
  expect(drawn(one, other)?.[0]).toBe(`<[${"x".repeat(2000)}]>`);
});
