/** A text cut into what was looked for and the rest. */
export type Match = { text: string; hit: boolean }[];

/** Marks in a text whatever words of what is wanted it holds. */
export function markText(text: string, wanted: string): Match {
  const low = text.toLowerCase();
  return marked(
    text,
    wanted
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "" && low.includes(word)),
  );
}

/** Finds every word of what is wanted in a text, in any order; null where one is missing. */
export function matchText(text: string, wanted: string): Match | null {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const low = text.toLowerCase();
  return words.every((word) => low.includes(word)) ? marked(text, words) : null;
}

function marked(text: string, words: readonly string[]): Match {
  const low = text.toLowerCase();
  const hit = new Array<boolean>(text.length).fill(false);
  for (const word of words) {
    const place = low.indexOf(word);
    hit.fill(true, place, place + word.length);
  }
  const parts: Match = [];
  for (let place = 0; place < text.length; place += 1) {
    const last = parts.at(-1);
    const is = hit[place] === true;
    if (last && last.hit === is) last.text += text[place];
    else parts.push({ text: text[place] ?? "", hit: is });
  }
  return parts;
}
