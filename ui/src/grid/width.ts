// How wide words in the monospaced font of lists are, without asking the page. Pure.

/** A letter, and what stands about the text of a cell, in pixels. */
const LETTER = 7.3;
const ABOUT = 18;

/** The width in which the longest of several words is seen whole, with `beside` pixels behind it; `most` at the most. */
export function widthOf(words: readonly string[], most: number, beside = 0): number {
  const letters = words.reduce((longest, word) => Math.max(longest, word.length), 0);
  return Math.min(most, Math.ceil(letters * LETTER) + ABOUT + beside);
}
