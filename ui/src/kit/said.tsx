import { saidParts } from "../data/said";

/** What the host said, with names and values between backticks in the database's own type. */
export function Said({ text }: { text: string }) {
  return saidParts(text).map((part, place) =>
    part.code ? <code key={place}>{part.text}</code> : <span key={place}>{part.text}</span>,
  );
}
