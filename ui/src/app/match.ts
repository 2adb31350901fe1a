/** A text cut into what was looked for and the rest. */
export type Match = { text: string; hit: boolean }[];

/** Finds every word of what is wanted in a text, in any order; null where one is missing. */
export function matchText(text: string, wanted: string): Match | null {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const low = text.toLowerCase();
  const hit = new Array<boolean>(text.length).fill(false);
  for (const word of words) {
    const place = low.indexOf(word);
    if (place < 0) return null;
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
