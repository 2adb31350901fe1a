/** A stretch of a sentence: prose, or a name or value. */
export type SaidPart = { code: boolean; text: string };

/** Cuts a sentence of the host at its backticks; one without a partner stays as it is. */
export function saidParts(text: string): SaidPart[] {
  const cuts = text.split("`");
  const odd = cuts.length % 2 === 0 ? cuts.pop() : undefined;
  const parts = cuts.map((cut, place): SaidPart => ({ code: place % 2 === 1, text: cut }));
  if (odd !== undefined) parts.push({ code: false, text: `\`${odd}` });
  return parts.filter((part) => part.text !== "");
}
