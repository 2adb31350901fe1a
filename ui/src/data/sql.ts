// What completes a transform while it is typed: the table's columns, and a few functions of PostgreSQL that clean values.

/** Something that can stand in an expression. */
export type Word = {
  /** What is put in. */
  text: string;
  /** What it is, for the list. */
  about: string;
  kind: "column" | "function" | "form";
};

/** Functions and forms that are the same in every supported version of PostgreSQL, and depend on nothing but the row. */
export const functions: readonly Word[] = [
  ["lower(", "in small letters"],
  ["upper(", "in capitals"],
  ["initcap(", "each word with a capital"],
  ["trim(", "without blanks at both ends"],
  ["btrim(", "without these characters at both ends"],
  ["left(", "the first characters: left(text, 4)"],
  ["right(", "the last characters: right(text, 4)"],
  ["substring(", "a part: substring(text from 1 for 4)"],
  ["split_part(", "a field: split_part(text, '-', 1)"],
  ["replace(", "another text in place of one: replace(text, 'a', 'b')"],
  ["regexp_replace(", "by a pattern: regexp_replace(text, '\\D', '', 'g')"],
  ["translate(", "characters by others: translate(text, 'äöü', 'aou')"],
  ["lpad(", "filled up at the front: lpad(text, 8, '0')"],
  ["length(", "how many characters"],
  ["concat_ws(", "joined: concat_ws(' ', a, b)"],
  ["md5(", "a digest of a text"],
  ["encode(", "bytes as text: encode(bytes, 'hex')"],
  ["coalesce(", "the first that is not NULL"],
  ["nullif(", "NULL where both are equal: nullif(text, '')"],
  ["greatest(", "the largest"],
  ["least(", "the smallest"],
  ["round(", "rounded: round(number, 2)"],
  ["trunc(", "cut off: trunc(number, 2)"],
  ["abs(", "without its sign"],
  ["ceil(", "the next whole number above"],
  ["floor(", "the next whole number below"],
  ["date_trunc(", "to the unit: date_trunc('day', moment)"],
  ["extract(", "a part: extract(year from moment)"],
  ["to_char(", "written by a pattern: to_char(moment, 'YYYY-MM')"],
  ["to_date(", "read by a pattern: to_date(text, 'DD.MM.YYYY')"],
  ["to_number(", "read by a pattern: to_number(text, '999999D99')"],
  ["jsonb_extract_path_text(", "a value inside: jsonb_extract_path_text(json, 'a', 'b')"],
  ["jsonb_array_length(", "how many elements"],
  ["array_to_string(", "elements joined: array_to_string(list, ',')"],
  ["cardinality(", "how many elements of an array"],
  ["host(", "the address of an inet, without its mask"],
  ["masklen(", "the mask of an inet"],
].map(([text, about]) => ({ text: text ?? "", about: about ?? "", kind: "function" }));

/** Forms that are no functions. */
export const forms: readonly Word[] = [
  ["CASE WHEN ", "a choice: CASE WHEN … THEN … ELSE … END"],
  ["THEN ", "what holds then"],
  ["ELSE ", "what holds otherwise"],
  ["END", "the end of CASE"],
  ["IS NULL", "whether it is missing"],
  ["::text", "as its text"],
  ["::numeric", "as a number"],
  ["::date", "as a day"],
  ["AT TIME ZONE 'UTC'", "between a moment and a wall clock"],
].map(([text, about]) => ({ text: text ?? "", about: about ?? "", kind: "form" }));

/** What could stand at a place of a text, and which part of the text it would take the place of. */
export type Completion = { from: number; to: number; words: readonly Word[] };

const LONGEST = 12;

/** Completes the word before the caret; null where nothing is being typed, or inside a text in quotes. */
export function complete(text: string, caret: number, columns: readonly Word[]): Completion | null {
  const before = text.slice(0, caret);
  if ((before.match(/'/g)?.length ?? 0) % 2 === 1) return null;
  const quoted = (before.match(/"/g)?.length ?? 0) % 2 === 1;
  const from = quoted ? before.lastIndexOf('"') : (/(?:::)?[\p{L}\p{N}_]*$/u.exec(before)?.index ?? caret);
  const typed = before.slice(from).toLowerCase();
  if (typed === "" || typed === '"') {
    return quoted ? { from, to: caret, words: columns.slice(0, LONGEST) } : null;
  }
  const bare = typed.replaceAll('"', "");
  const starts = (word: Word) => word.text.toLowerCase().replaceAll('"', "").startsWith(bare);
  const holds = (word: Word) => word.text.toLowerCase().includes(bare);
  const all = quoted ? columns : [...columns, ...functions, ...forms];
  const found = [
    ...all.filter(starts),
    ...all.filter((word) => word.kind === "column" && holds(word) && !starts(word)),
  ];
  const words = found.filter((word) => word.text.toLowerCase() !== typed).slice(0, LONGEST);
  return words.length > 0 ? { from, to: caret, words } : null;
}
