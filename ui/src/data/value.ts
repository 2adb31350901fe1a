// Values of rows, so that NULL, an empty text and blanks never look alike.

/** A value ready to be drawn. */
export type ShownValue =
  { kind: "null" } | { kind: "empty" } | { kind: "text"; parts: TextPart[] } | { kind: "plain"; text: string };

/** A stretch of text; a blank stretch is drawn with its marks. */
export type TextPart = { blank: boolean; text: string };

const marks: Record<string, string> = { " ": "␣", "\t": "⇥", "\n": "↵", "\r": "␍", "\u00a0": "⍽" };

/** Turns a value of a payload or key into what is drawn. */
export function shownValue(value: unknown): ShownValue {
  if (value === null || value === undefined) return { kind: "null" };
  if (typeof value === "string") return value === "" ? { kind: "empty" } : { kind: "text", parts: textParts(value) };
  if (typeof value === "object") return { kind: "plain", text: JSON.stringify(value) };
  return { kind: "plain", text: String(value) };
}

/** Splits a text so that blanks at its ends, and tabs and line ends anywhere, are drawn as marks. */
export function textParts(text: string): TextPart[] {
  const start = /^[\s\u00a0]*/.exec(text)?.[0].length ?? 0;
  const end = start === text.length ? start : text.length - (/[\s\u00a0]*$/.exec(text)?.[0].length ?? 0);
  const parts: TextPart[] = [];
  const add = (blank: boolean, piece: string) => {
    const last = parts.at(-1);
    if (last && last.blank === blank) last.text += piece;
    else parts.push({ blank, text: piece });
  };
  [...text].reduce((offset, character) => {
    const outside = offset < start || offset >= end;
    const mark = marks[character] ?? (/\s/.test(character) ? "␣" : undefined);
    const drawn = mark !== undefined && (outside || (character !== " " && character !== "\u00a0"));
    add(drawn, drawn ? mark : character);
    return offset + character.length;
  }, 0);
  return parts;
}

/** A value as plain text, for filters and for copying: NULL is `NULL`. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
