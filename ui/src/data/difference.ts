// Where two values differ, character by character. Pure.

import { shownValue, textParts, valueText } from "./value";

/** A stretch of a value that is held against another one. */
export type DifferencePart = {
  text: string;
  /** It is not in the other value. */
  changed: boolean;
  /** It stands for blanks, which are drawn with their marks. */
  blank: boolean;
};

/** Most pairs of characters that are compared; of longer values everything between what they share at their ends counts
 * as changed. */
const MOST_PAIRS = 250_000;

/** Marks what of two values is not in the other; null where one of them is no text, or empty: then all of it is. */
export function differenceParts(
  one: unknown,
  other: unknown,
): { one: DifferencePart[]; other: DifferencePart[] } | null {
  const kinds = [shownValue(one).kind, shownValue(other).kind];
  if (kinds.some((kind) => kind === "null" || kind === "empty")) return null;
  const [left, right] = [characters(one), characters(other)];
  const [inLeft, inRight] = changed(
    left.map((character) => character.own),
    right.map((character) => character.own),
  );
  return { one: joined(left, inLeft), other: joined(right, inRight) };
}

type Character = { own: string; drawn: string; blank: boolean };

/** The characters of a value, each with how it is drawn. */
function characters(value: unknown): Character[] {
  const text = valueText(value);
  const drawn = textParts(text).flatMap((part) =>
    [...part.text].map((character) => ({ character, blank: part.blank })),
  );
  return [...text].map((own, place) => ({
    own,
    drawn: drawn[place]?.character ?? own,
    blank: drawn[place]?.blank ?? false,
  }));
}

/** For each character of both texts whether it is missing in the other. */
function changed(left: readonly string[], right: readonly string[]): [boolean[], boolean[]] {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < shorter - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end += 1;
  const inLeft = left.map((_, place) => place >= start && place < left.length - end);
  const inRight = right.map((_, place) => place >= start && place < right.length - end);
  const [rows, columns] = [left.length - end - start, right.length - end - start];
  if (rows > 0 && columns > 0 && rows * columns <= MOST_PAIRS) {
    for (const [row, column] of common(left.slice(start, start + rows), right.slice(start, start + columns))) {
      inLeft[start + row] = false;
      inRight[start + column] = false;
    }
  }
  return [inLeft, inRight];
}

/** Places of the longest run of characters, with gaps, that both have; stretches of fewer than three are chance. */
function common(left: readonly string[], right: readonly string[]): [number, number][] {
  const width = right.length + 1;
  const longest = new Uint32Array((left.length + 1) * width);
  const at = (row: number, column: number) => longest[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row -= 1)
    for (let column = right.length - 1; column >= 0; column -= 1)
      longest[row * width + column] =
        left[row] === right[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
  const found: [number, number][] = [];
  let stretch: [number, number][] = [];
  const keep = () => {
    if (stretch.length >= 3) found.push(...stretch);
    stretch = [];
  };
  for (let row = 0, column = 0; row < left.length && column < right.length;) {
    if (left[row] === right[column]) {
      stretch.push([row, column]);
      row += 1;
      column += 1;
    } else {
      keep();
      if (at(row + 1, column) >= at(row, column + 1)) row += 1;
      else column += 1;
    }
  }
  keep();
  return found;
}

/** Puts characters of one kind together. A changed blank is drawn with a mark wherever it stands. */
function joined(all: readonly Character[], marks: readonly boolean[]): DifferencePart[] {
  const parts: DifferencePart[] = [];
  for (const [place, character] of all.entries()) {
    const isChanged = marks[place] ?? false;
    const unseen = isChanged && !character.blank && /\s/u.test(character.own);
    const next = {
      text: unseen ? "␣" : character.drawn,
      changed: isChanged,
      blank: character.blank || unseen,
    };
    const last = parts.at(-1);
    if (last && last.changed === next.changed && last.blank === next.blank) last.text += next.text;
    else parts.push(next);
  }
  return parts;
}
